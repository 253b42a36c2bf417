package validate

import (
	"context"

	"github.com/prefab-build/prefab/executor/stage"
)

// why says that a row passed: one that does not is in no output.
func why(context.Context, *stage.Task, stage.Passed) (string, error) {
	return "passed: its texts are whole, and its responses differ", nil
}
