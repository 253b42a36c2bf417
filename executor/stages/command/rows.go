package command

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"github.com/prefab-build/prefab/executor/dataset"
	"github.com/prefab-build/prefab/executor/dataset/frame"
	"github.com/prefab-build/prefab/executor/dataset/read"
	"github.com/prefab-build/prefab/executor/stage"
	"github.com/prefab-build/prefab/spec"
)

// A reading is one file of rows on its way into the store.
type reading struct {
	*program
	output *output
	shown  string
	parser *read.Parser
	given  ids                    // of the input whose rows these are; nil for new rows
	seen   map[spec.Digest]int64  // of those, where
	equal  map[spec.Digest]uint64 // of new rows, how many with that content
	unit   string                 // of places: line or row
}

// readRows reads a file of rows strictly: a record that makes no row is an error of the program's.
func (p *program) readRows(ctx context.Context, o *output, full string, info fs.FileInfo, given ids) error {
	format := formatOf(o.path())
	r := &reading{program: p, output: o, shown: p.shown(full), given: given, seen: map[spec.Digest]int64{}, equal: map[spec.Digest]uint64{}, unit: "row"}
	if format == frame.JSONL {
		r.unit = "line"
	}
	var err error
	if r.parser, err = read.New(read.Options{Artifact: o.Type, Format: format, IDs: true}); err != nil {
		return err
	}
	if info.Size() == 0 && format != frame.JSONL {
		return fmt.Errorf("%s is empty, which a file of %s is not, even without rows", r.shown, format)
	}
	file, err := os.Open(full)
	if err != nil {
		return fmt.Errorf("%s: %w", r.shown, cause(err))
	}
	defer file.Close()
	_, err = frame.Frame(r.shown, file, spec.Source{Format: format, Read: r.parser.Fields()}, func(seg frame.Segment) error {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return r.segment(seg)
	})
	return err
}

func (r *reading) segment(seg frame.Segment) error {
	rows, err := r.parser.Parse(seg.Header, bytes.Clone(seg.Bytes))
	if err != nil {
		return fmt.Errorf("%s: %w", r.shown, err)
	}
	if len(rows.Rejected) > 0 {
		bad := rows.Rejected[0]
		return fmt.Errorf("%s, %s %d: %s: %s", r.shown, r.unit, seg.Places[bad.Record].Line+int64(bad.Line), bad.Reason, bad.Detail)
	}
	if rows.Chunk.Rows == 0 {
		return nil
	}
	list := make([]spec.Digest, rows.Chunk.Rows)
	column := rows.Chunk.IDs()
	for i := range list {
		line := seg.Places[rows.Records[i]].Line
		if list[i], err = r.id(column.Digest(i), rows.Given[i], line); err != nil {
			return fmt.Errorf("%s, %s %d: %w", r.shown, r.unit, line, err)
		}
	}
	return r.task.Emit(r.output.Name, rows.Chunk.With(dataset.IDColumn(list)))
}

// id returns the id of a row: that which it has in the input, or one that is made of its content.
func (r *reading) id(id spec.Digest, given bool, line int64) (spec.Digest, error) {
	if r.given == nil {
		if given {
			return id, errors.New("the record has an id, and the output does not say of which input its rows are. Write rows = \"NAME\" in the output block, or leave the id out where rows are new")
		}
		n := r.equal[id]
		r.equal[id]++
		return dataset.MadeID(nil, "command", id, n), nil
	}
	if !given {
		return id, fmt.Errorf("the record has no id, and the output has the rows of %s: write the id that the row has there", r.output.Rows)
	}
	if _, known := r.given[id]; !known {
		return id, fmt.Errorf("%s is none of %s, of which the output has the rows: the id is %s", short(id), r.output.Rows, id)
	}
	if first, twice := r.seen[id]; twice {
		return id, fmt.Errorf("%s is there already, in %s %d", short(id), r.unit, first)
	}
	r.seen[id] = line
	if r.output.Type != spec.Scores {
		r.given[id] = true
	}
	return id, nil
}

// account puts rows that the program did not return into the ledger: rows in are rows out and rows there. A row without a
// score is noted, since nothing was dropped.
func (p *program) account(kept map[string]ids) {
	for _, name := range p.accounted() {
		var gone []spec.Digest
		for id, there := range kept[name] {
			if !there {
				gone = append(gone, id)
			}
		}
		slices.SortFunc(gone, func(a, b spec.Digest) int { return slices.Compare(a[:], b[:]) })
		for _, id := range gone {
			p.task.Note(stage.Entry{ID: id, Reason: "not returned", Detail: "a row of " + name})
		}
	}
}

// accounted lists the inputs whose rows some table, other than scores, has.
func (p *program) accounted() (names []string) {
	for _, o := range p.Output {
		if o.Rows != "" && o.Type != spec.Scores {
			names = append(names, o.Rows)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
