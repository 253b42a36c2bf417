package executor

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"github.com/prefab-build/prefab/executor/cas"
	"github.com/prefab-build/prefab/executor/dataset"
	"github.com/prefab-build/prefab/executor/stage"
	"github.com/prefab-build/prefab/spec"
)

// The model of a table is its rows: chunks of rows, each a value by column name.
type (
	modelRow   map[string]int64
	modelChunk []modelRow
)

var modelColumns = []string{"a", "b", "c", "d"}

func ints(name string, values []int64) dataset.Column {
	b := dataset.NewBuilder(spec.Int64)
	for _, v := range values {
		b.AppendInt(v)
	}
	return b.Finish(name)
}

// columnsOf makes columns of the named values of rows.
func columnsOf(rows modelChunk, names []string) []dataset.Column {
	var list []dataset.Column
	for _, name := range names {
		values := make([]int64, len(rows))
		for i, r := range rows {
			values[i] = r[name]
		}
		list = append(list, ints(name, values))
	}
	return list
}

// made stores rows as a chunk that has no other beneath.
func made(t require, s Store, rows modelChunk, names []string) chunkDelta {
	c := dataset.Chunk{Rows: len(rows), Columns: columnsOf(rows, names)}
	d, err := storeDelta(t.Context(), s, &stage.PortDelta{Make: &c})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// flat stores a model as one level.
func flat(t require, s Store, model []modelChunk) *Table {
	var deltas []chunkDelta
	for _, c := range model {
		var names []string
		if len(c) > 0 {
			names = slices.Sorted(maps.Keys(c[0]))
		}
		deltas = append(deltas, made(t, s, c, names))
	}
	table, err := lay(s, nil, deltas)
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// present are the chunks that a table has of a model: those with rows.
func nonEmpty(model []modelChunk) []modelChunk {
	return slices.DeleteFunc(slices.Clone(model), func(c modelChunk) bool { return len(c) == 0 })
}

func sameRows(t require, table *Table, model []modelChunk) {
	t.Helper()
	if table.Chunks() != len(model) {
		t.Fatalf("%d chunks, want %d", table.Chunks(), len(model))
	}
	for i, want := range model {
		got, err := table.Load(t.Context(), i, modelColumns)
		if err != nil {
			t.Fatal(err)
		}
		names := slices.Sorted(maps.Keys(want[0]))
		if got.Rows != len(want) || len(got.Columns) != len(names) {
			t.Fatalf("chunk %d has %d rows and %d columns, want %d and %d", i, got.Rows, len(got.Columns), len(want), len(names))
		}
		for _, name := range names {
			col, _ := got.Column(name)
			values := col.Ints()
			for r := range want {
				if x := values.At(r); x != want[r][name] {
					t.Fatalf("chunk %d, row %d: %s is %d, want %d", i, r, name, x, want[r][name])
				}
			}
		}
	}
}

// A require is a *testing.T or a *rapid.T.
type require interface {
	rapid.TB
	Context() context.Context
}

// A step is one stage of the property: what it keeps and adds, in MapChunk and again in Finish.
type step struct{ serial int64 }

func (s *step) value() int64 { s.serial++; return s.serial }

func (s *step) subset(t *rapid.T, n int, label string) dataset.Selection {
	bits := rapid.SliceOfN(rapid.Bool(), n, n).Draw(t, label)
	switch rapid.IntRange(0, 4).Draw(t, label+" mode") {
	case 0:
		return dataset.All(n)
	case 1:
		return dataset.None(n)
	}
	return dataset.Select(n, func(i int) bool { return bits[i] })
}

// edit gives kept rows new values in some columns.
func (s *step) edit(t *rapid.T, rows modelChunk, label string) []dataset.Column {
	var names []string
	for _, name := range modelColumns {
		if rapid.IntRange(0, 3).Draw(t, label+" "+name) == 0 {
			names = append(names, name)
		}
	}
	for _, r := range rows {
		for _, name := range names {
			r[name] = s.value()
		}
	}
	return columnsOf(rows, names)
}

func pick(c modelChunk, sel dataset.Selection) modelChunk {
	var out modelChunk
	for _, r := range sel.Rows() {
		out = append(out, maps.Clone(c[r]))
	}
	return out
}

// apply runs one stage over a chunk, and over the model of it.
func (s *step) apply(t *rapid.T, store Store, in modelChunk) (chunkDelta, modelChunk) {
	keep := s.subset(t, len(in), "keep")
	out := pick(in, keep)
	mapped := &stage.PortDelta{Keep: keep, Columns: s.edit(t, out, "map")}
	d, err := storeDelta(t.Context(), store, mapped)
	if err != nil {
		t.Fatal(err)
	}
	if rapid.Bool().Draw(t, "finish") {
		narrow := s.subset(t, len(out), "narrow")
		left := pick(out, narrow)
		p := &stage.PortDelta{Keep: dataset.Compose(keep, narrow), Columns: s.edit(t, left, "finish")}
		if d, err = d.refine(t.Context(), store, d.keep(len(in)), p); err != nil {
			t.Fatal(err)
		}
		out = left
	}
	return d, out
}

func drawModel(t *rapid.T, s *step) []modelChunk {
	var model []modelChunk
	for range rapid.IntRange(0, 4).Draw(t, "chunks") {
		var c modelChunk
		names := []string{"a", "b"}
		if rapid.Bool().Draw(t, "c too") {
			names = append(names, "c")
		}
		for range rapid.IntRange(0, 9).Draw(t, "rows") {
			r := modelRow{}
			for _, name := range names {
				r[name] = s.value()
			}
			c = append(c, r)
		}
		model = append(model, c)
	}
	return model
}

func TestLaidTablesHoldTheRowsOfTheirModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		store, s := cas.NewMem(), &step{}
		model := nonEmpty(drawModel(t, s))
		table := flat(t, store, model)
		for range rapid.IntRange(1, 4).Draw(t, "stages") {
			var deltas []chunkDelta
			var next []modelChunk
			for _, c := range model {
				d, rows := s.apply(t, store, c)
				deltas, next = append(deltas, d), append(next, rows)
			}
			// What is stored is what is laid.
			digest, err := store.Put(t.Context(), encodeDeltas(deltas))
			if err != nil {
				t.Fatal(err)
			}
			if deltas, err = loadDeltas(t.Context(), store, digest); err != nil {
				t.Fatal(err)
			}
			if table, err = lay(store, table, deltas); err != nil {
				t.Fatal(err)
			}
			model = nonEmpty(next)
			sameRows(t, table, model)
		}
		frozenRows(t, store, table, model)
		sameKeys(t, table, flat(t, store, model))
	})
}

// frozenRows checks that a table written out as a union writes it holds the same rows, without what is not named.
func frozenRows(t *rapid.T, store Store, table *Table, model []modelChunk) {
	var deltas []chunkDelta
	var want []modelChunk
	s := &step{}
	for i, c := range model {
		keep := s.subset(t, len(c), "freeze")
		deltas = append(deltas, frozen(&table.chunks[i], keep, []string{"a", "c"}))
		rows := pick(c, keep)
		for _, r := range rows {
			delete(r, "b")
			delete(r, "d")
		}
		want = append(want, rows)
	}
	laid, err := lay(store, nil, deltas)
	if err != nil {
		t.Fatal(err)
	}
	sameRows(t, laid, nonEmpty(want))
}

func sameKeys(t require, a, b *Table) {
	t.Helper()
	for _, sorted := range []bool{false, true} {
		x, err := a.Key(modelColumns, sorted)
		if err != nil {
			t.Fatal(err)
		}
		y, err := b.Key(modelColumns, sorted)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(x, y) {
			t.Fatalf("the same rows have other keys (sorted: %t)", sorted)
		}
	}
}

func key(t require, table *Table, sorted bool, columns ...string) string {
	t.Helper()
	k, err := table.Key(columns, sorted)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(k)
}

func chunkOf(values ...int64) modelChunk {
	var c modelChunk
	for _, v := range values {
		c = append(c, modelRow{"a": v, "b": v * v})
	}
	return c
}

func TestSortedKeysForgetTheOrderOfChunksAndNotTheirAlignment(t *testing.T) {
	store := cas.NewMem()
	one, two := chunkOf(1, 2, 3), chunkOf(4, 5)
	forth, back := flat(t, store, []modelChunk{one, two}), flat(t, store, []modelChunk{two, one})
	if key(t, forth, false, "a", "b") == key(t, back, false, "a", "b") {
		t.Error("chunks in another order have the same key")
	}
	if key(t, forth, true, "a", "b") != key(t, back, true, "a", "b") {
		t.Error("the order of chunks is in a sorted key")
	}
	x, y := chunkOf(1, 2), chunkOf(3, 4)
	crossed := []modelChunk{chunkOf(1, 2), chunkOf(3, 4)}
	for i := range x {
		crossed[0][i]["b"], crossed[1][i]["b"] = y[i]["b"], x[i]["b"]
	}
	if key(t, flat(t, store, []modelChunk{x, y}), true, "a", "b") == key(t, flat(t, store, crossed), true, "a", "b") {
		t.Error("chunks that exchanged the values of one column have the same sorted key")
	}
}

func TestKeysOfAbsentColumnsTellTheRows(t *testing.T) {
	store := cas.NewMem()
	a := flat(t, store, []modelChunk{chunkOf(1, 2, 3, 4), chunkOf(5)})
	b := flat(t, store, []modelChunk{chunkOf(1, 2), chunkOf(3, 4, 5)})
	if key(t, a, false, "c") == key(t, b, false, "c") {
		t.Error("tables with other chunks have the same key by a column that neither has")
	}
	if key(t, a, false, "") == key(t, b, false, "") {
		t.Error("tables with other chunks have the same key by no column")
	}
}

func TestEmptyChunksAreNotThere(t *testing.T) {
	store := cas.NewMem()
	model := []modelChunk{nil, chunkOf(1, 2, 3), nil, chunkOf(4), nil}
	with, without := flat(t, store, model), flat(t, store, nonEmpty(model))
	sameKeys(t, with, without)
	// A result of the one is a result of the other.
	narrow := func(n, row int) chunkDelta {
		return chunkDelta{Rows: 1, In: &selection{dataset.SelectRows(n, []uint32{uint32(row)})}}
	}
	for _, table := range []*Table{with, without} {
		laid, err := lay(store, table, []chunkDelta{narrow(3, 1), {Rows: 1}})
		if err != nil {
			t.Fatal(err)
		}
		sameRows(t, laid, []modelChunk{chunkOf(2), chunkOf(4)})
	}
}

// A damaged or foreign result is an error, and neither rows of another nor the end of the program.
func TestLayRefusesWhatDoesNotFit(t *testing.T) {
	store := cas.NewMem()
	table := flat(t, store, []modelChunk{chunkOf(1, 2, 3)})
	all := func(n int) *selection { return &selection{dataset.All(n)} }
	for i, d := range []chunkDelta{
		{Rows: 2},             // keeps all of another number of rows
		{Rows: 4, In: all(4)}, // selects from more rows
		{Rows: 1, In: all(3)}, // has other rows than it selects
		{Rows: 3, Layers: []layer{{Sel: all(2)}}}, // has columns of other rows
	} {
		t.Run(strconv.Itoa(i), func(t *testing.T) {
			if _, err := lay(store, table, []chunkDelta{d}); err == nil {
				t.Error("it was laid")
			}
		})
	}
	if _, err := lay(store, table, []chunkDelta{{Rows: 3}, {Rows: 1}}); err == nil {
		t.Error("a second delta was laid over one chunk")
	}
}

func TestFinishCannotBringBackWhatMapChunkDropped(t *testing.T) {
	store := cas.NewMem()
	p := &stage.PortDelta{Keep: dataset.SelectRows(3, []uint32{0, 1}), Columns: []dataset.Column{ints("d", []int64{7, 8})}}
	d, err := storeDelta(t.Context(), store, p)
	if err != nil {
		t.Fatal(err)
	}
	for _, keep := range []dataset.Selection{dataset.All(3), dataset.SelectRows(3, []uint32{1, 2}), dataset.All(2)} {
		if _, err := d.refine(t.Context(), store, d.keep(3), &stage.PortDelta{Keep: keep}); err == nil {
			t.Errorf("Finish kept %v of %d, where MapChunk kept 0 and 1 of 3", keep.Rows(), keep.Of())
		}
	}
}
