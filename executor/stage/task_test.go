package stage

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"syscall"
	"testing"

	"github.com/prefab-build/prefab/executor/dataset"
	"github.com/prefab-build/prefab/spec"
)

// numbered is a table of n rows in chunks of some, with the ids of their numbers and two columns.
func numbered(n, perChunk int, columns ...string) *Table {
	return NewTable(int64(n), (n+perChunk-1)/perChunk, columns, func(chunk int, names []string) (dataset.Chunk, error) {
		var ids []spec.Digest
		values := dataset.NewBuilder(spec.Int64)
		for i := chunk * perChunk; i < min(n, (chunk+1)*perChunk); i++ {
			ids = append(ids, spec.HashBytes(fmt.Append(nil, i)))
			values.AppendInt(int64(i))
		}
		all := dataset.Chunk{Rows: len(ids), Columns: []dataset.Column{dataset.IDColumn(ids), values.Finish("n")}}
		return all.Select(names...), nil
	}, scratch)
}

func TestByIDGivesEveryRowOnceInOrder(t *testing.T) {
	// More rows than a few stretches: the table is dealt out on disk, and the order goes on across them.
	for _, n := range []int{0, 1, batchRows, batchRows + 1, stretchRows + 1, 5*stretchRows + 1} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			var last []byte
			seen := make([]bool, n)
			rows := 0
			for c, err := range numbered(n, 7_000, spec.ID, "n").ByID(t.Context()) {
				if err != nil {
					t.Fatal(err)
				}
				if c.Rows == 0 || c.Rows > batchRows {
					t.Fatalf("a batch has %d rows", c.Rows)
				}
				ids, values := c.IDs(), c.Ints("n")
				for r := range c.Rows {
					id := bytes.Clone(ids.At(r))
					if bytes.Compare(last, id) >= 0 {
						t.Fatalf("row %d is out of order", rows)
					}
					v := values.At(r)
					if want := spec.HashBytes(fmt.Append(nil, v)); seen[v] || !bytes.Equal(id, want[:]) {
						t.Fatalf("row %d comes twice, or with the id of another", v)
					}
					last, seen[v] = id, true
					rows++
				}
			}
			if rows != n {
				t.Errorf("%d rows of %d", rows, n)
			}
		})
	}
}

func TestByIDEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	batches := 0
	for _, err := range numbered(10, 3, spec.ID).ByID(ctx) {
		if err == nil {
			t.Fatal("rows come after the end")
		}
		batches++
	}
	if batches != 1 {
		t.Errorf("%d errors, want 1", batches)
	}
}

func panics(t *testing.T, what string, f func()) {
	t.Helper()
	defer func() {
		if recover() == nil {
			t.Errorf("%s does not panic", what)
		}
	}()
	f()
}

// What is not declared is in no key.
func TestUndeclaredColumnsAreRefused(t *testing.T) {
	table := numbered(3, 3, "n")
	panics(t, "Chunk", func() { _, _ = table.Chunk(0, spec.ID) })
	panics(t, "All", func() {
		for _, err := range table.All(t.Context(), spec.ID) {
			t.Error("a chunk was read", err)
		}
	})
	panics(t, "ByID without the ids", func() { table.ByID(t.Context()) })
	panics(t, "ByID of another column", func() { numbered(3, 3, spec.ID).ByID(t.Context(), "n") })
	if c, err := table.Chunk(0); err != nil || len(c.Columns) != 1 {
		t.Errorf("the declared columns are %d (%v)", len(c.Columns), err)
	}
}

type metricsHost struct {
	Host
	got []spec.Metric
}

func (h *metricsHost) Metric(m spec.Metric) { h.got = append(h.got, m) }

func TestMetricsAreDefinedAndNumbers(t *testing.T) {
	h := &metricsHost{}
	task := NewTask(h, spec.Ports{Metrics: []spec.MetricDef{{Name: "share", Unit: "share"}}})
	panics(t, "a metric that is not defined", func() { task.Metric(spec.Value("other", 1, 1)) })
	for _, x := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		panics(t, fmt.Sprint(x), func() { task.Metric(spec.Value("share", x, 1)) })
		m := spec.Value("share", 1, 1)
		m.Low = &x
		panics(t, fmt.Sprint("an interval to ", x), func() { task.Metric(m) })
	}
	task.Metric(spec.Value("share", 0.5, 1))
	task.Metric(spec.Unavailable("share", "no rows"))
	if len(h.got) != 2 || h.got[0].Unit != "share" {
		t.Errorf("recorded are %+v", h.got)
	}
}

// An interval does not reach beyond what a metric can be, and what a kind handed over stays as it was.
func TestIntervalsEndWhereTheMetricDoes(t *testing.T) {
	h := &metricsHost{}
	task := NewTask(h, spec.Ports{Metrics: []spec.MetricDef{{Name: "share", Min: spec.F(0), Max: spec.F(1)}, {Name: "gap"}}})
	for _, name := range []string{"share", "gap"} {
		m := spec.Value(name, 0.5, 1)
		m.Low, m.High = spec.F(-0.1), spec.F(1.1)
		if task.Metric(m); *m.Low != -0.1 || *m.High != 1.1 {
			t.Errorf("the interval of %s became %v to %v", name, *m.Low, *m.High)
		}
	}
	if m := h.got[0]; *m.Low != 0 || *m.High != 1 {
		t.Errorf("the interval of a share is %v to %v", *m.Low, *m.High)
	}
	if m := h.got[1]; *m.Low != -0.1 || *m.High != 1.1 {
		t.Errorf("the interval of a number without bounds is %v to %v", *m.Low, *m.High)
	}
}

func scratch() (*os.File, error) {
	f, err := os.CreateTemp("", "prefab-test-")
	if err == nil {
		err = os.Remove(f.Name())
	}
	return f, err
}

func TestByIDTellsThatTheDiskIsFull(t *testing.T) {
	full := func() (*os.File, error) { return os.OpenFile("/dev/full", os.O_RDWR, 0) }
	if f, err := full(); err != nil {
		t.Skip("this system has no /dev/full")
	} else {
		f.Close()
	}
	table := numbered(3*stretchRows, 7_000, spec.ID, "n")
	table.scratch = full
	for _, err := range table.ByID(t.Context()) {
		if !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("it ends with %v", err)
		}
	}
}
