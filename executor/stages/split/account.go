package split

import (
	"context"
	"fmt"
	"slices"

	"github.com/prefab-build/prefab/executor/stage"
)

// why names the part of a row, and what it shares it with: a group is on one side as a whole. The groups are worked out
// again, of the similar prompts that the store keeps.
func why(ctx context.Context, t *stage.Task, r stage.Passed) (string, error) {
	var cfg config
	if err := t.Config(&cfg); err != nil {
		return "", err
	}
	rows, err := read(ctx, t, &cfg)
	if err != nil {
		return "", err
	}
	text := "part " + r.Port
	at := slices.Index(rows.ids, string(r.ID[:]))
	if at < 0 {
		return text, nil
	}
	groups, err := rows.groups(ctx, t, &cfg)
	if err != nil {
		return "", err
	}
	size := 0
	for _, g := range groups {
		if g == groups[at] {
			size++
		}
	}
	if size == 1 {
		return text + ", by itself", nil
	}
	by := "of one group or of similar prompts"
	if cfg.GroupBy == noGroup {
		by = "of one group"
	}
	return fmt.Sprintf("%s, with %d other rows %s", text, size-1, by), nil
}
