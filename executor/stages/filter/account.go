package filter

import (
	"context"
	"fmt"

	"github.com/prefab-build/prefab/executor/stage"
)

// why compares the probability of a row's label with the least that is asked for.
func why(ctx context.Context, t *stage.Task, r stage.Passed) (string, error) {
	var cfg config
	if err := t.Config(&cfg); err != nil {
		return "", err
	}
	rows, err := join(ctx, t)
	if err != nil {
		return "", err
	}
	for _, row := range rows {
		if row.id != r.ID {
			continue
		}
		text := fmt.Sprintf("probability of the label %.4f out of fold", row.p)
		switch {
		case row.p >= cfg.MinProbability:
			return fmt.Sprintf("%s, at least min_probability %v", text, cfg.MinProbability), nil
		case cfg.Action == drop:
			return fmt.Sprintf("%s, under min_probability %v, and max_drop %v lets no more go", text, cfg.MinProbability, cfg.MaxDrop), nil
		}
		return fmt.Sprintf("%s, under min_probability %v, and action = %q drops nothing", text, cfg.MinProbability, cfg.Action), nil
	}
	return "", nil
}
