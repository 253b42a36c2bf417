package export

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"

	"github.com/prefab-build/prefab/executor/dataset"
	"github.com/prefab-build/prefab/executor/dataset/write"
	"github.com/prefab-build/prefab/executor/stage"
	"github.com/prefab-build/prefab/spec"
)

type runner struct{}

// A counter counts the bytes that go to the file.
type counter struct {
	io.Writer
	n int64
}

func (c *counter) Write(b []byte) (int, error) {
	n, err := c.Writer.Write(b)
	c.n += int64(n)
	return n, err
}

// Run streams the rows into the file and writes its card.
func (runner) Run(ctx context.Context, t *stage.Task) error {
	var c config
	if err := t.Config(&c); err != nil {
		return err
	}
	table := t.Table("pairs")
	if table.Rows == 0 {
		return errors.New("there is no row to export: look at the ledgers of the stages before it")
	}
	f, err := t.Create("files", "") // a name is what comes behind the path: the file itself has none
	if err != nil {
		return err
	}
	size := &counter{Writer: f}
	rows, err := render(ctx, t, &c, table, size)
	if closed := f.Close(); err == nil {
		err = closed // where writing failed it says the same once more
	}
	if err != nil {
		return err
	}
	if rows != table.Rows {
		return fmt.Errorf("export: %d of %d rows were written", rows, table.Rows)
	}
	t.Metric(spec.Value("rows", float64(rows), rows))
	t.Metric(spec.Value("bytes", float64(size.n), rows))
	return t.PutFile("files", cardName, c.card(rows, size.n))
}

func render(ctx context.Context, t *stage.Task, c *config, table *stage.Table, w io.Writer) (int64, error) {
	out, err := write.New("file."+c.Container, w, c.options())
	if err != nil {
		return 0, err
	}
	var rows int64
	for chunk, err := range c.chunks(ctx, table, c.columns()...) {
		if err != nil {
			return rows, err
		}
		if err := out.Write(chunk); err != nil {
			return rows, err
		}
		rows += int64(chunk.Rows)
		t.Progress(rows, table.Rows, "rows")
	}
	return rows, out.Close()
}

// chunks gives columns of the rows in the order of the file.
func (c *config) chunks(ctx context.Context, table *stage.Table, columns ...string) iter.Seq2[dataset.Chunk, error] {
	if c.Order == orderSource {
		return table.All(ctx, columns...)
	}
	return table.ByID(ctx, columns...)
}
