package command

import (
	"context"
	"path/filepath"

	"github.com/prefab-build/prefab/executor/stage"
)

// why says whether the program gave a row back or made it. Of what it is made then, nobody knows.
func why(_ context.Context, t *stage.Task, r stage.Passed) (string, error) {
	c := decode(nil)
	if err := t.Config(&c); err != nil {
		return "", err
	}
	for _, o := range c.Output {
		switch {
		case o.Name != r.Port:
		case o.Rows != "":
			return filepath.Base(c.Argv[0]) + " returned it, as a row of " + o.Rows, nil
		default:
			return filepath.Base(c.Argv[0]) + " made it, and cannot say of which rows", nil
		}
	}
	return "", nil
}
