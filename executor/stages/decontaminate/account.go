package decontaminate

import (
	"context"
	"fmt"

	"github.com/prefab-build/prefab/executor/stage"
)

// why says that nothing was found, where the ledger has nothing on the row.
func why(_ context.Context, t *stage.Task, r stage.Passed) (string, error) {
	if len(r.Noted) > 0 {
		return "", nil
	}
	var items int64
	for _, m := range t.Members("against") {
		items += m.Table.Rows
	}
	return fmt.Sprintf("no match with any of the benchmarks' items (%d)", items), nil
}
