package deduplicate

import (
	"context"
	"fmt"

	"github.com/prefab-build/prefab/executor/stage"
)

// why says for how many rows a row stands. The ledger names it on the line of each that went in its favour.
func why(_ context.Context, _ *stage.Task, r stage.Passed) (string, error) {
	size := 1
	for _, e := range r.Named {
		if !e.Kept && e.Reason != reasonCopy {
			size++
		}
	}
	if size == 1 {
		return "no row with a smaller id is like it", nil
	}
	return fmt.Sprintf("the first by id of a group of %d", size), nil
}
