package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/prefab-build/prefab/executor/dataset"
	"github.com/prefab-build/prefab/executor/resolve"
	"github.com/prefab-build/prefab/planner"
	"github.com/prefab-build/prefab/spec"
	"github.com/prefab-build/prefab/spec/expr"
)

// rowHelp says how a command takes a row.
const rowHelp = "ID is the row's id or how it begins, the value of the dataset's key (or, where it has none, of the field id that " +
	"stayed in extra), or FILE:LINE of one of its files as they are now."

// source finds a stage that reads files.
func (i *inspected) source(text string) (*planner.Node, error) {
	n, err := i.node(text)
	if err != nil {
		return nil, err
	}
	if !i.reads(n) {
		return nil, fmt.Errorf("%s reads no files: name the dataset that the row comes from", n.Addr)
	}
	return n, nil
}

// row finds the row of a dataset that a person means, in any of the runs.
func (i *inspected) row(ctx context.Context, runs []*inspected, n *planner.Node, text string) (id spec.Digest, err error) {
	if !slices.ContainsFunc(runs, func(r *inspected) bool { return r.made(n) != nil }) {
		return id, fmt.Errorf("the cache has no rows of %s, as its files are now or as earlier runs read them: run prefab apply", n.Addr)
	}
	if file, line, ok := i.fileLine(n, text); ok {
		return i.rowAt(ctx, runs, n, file, line)
	}
	found := map[spec.Digest]bool{}
	for _, wanted := range []func(*inspected, map[spec.Digest]bool) error{
		func(r *inspected, found map[spec.Digest]bool) error { return r.byKey(ctx, n, text, found) },
		func(r *inspected, found map[spec.Digest]bool) error { return r.byPrefix(ctx, n, text, found) },
	} {
		for _, r := range runs {
			if err := wanted(r, found); err != nil {
				return id, err
			}
		}
		if len(found) > 0 {
			break
		}
	}
	ids := slices.SortedFunc(maps.Keys(found), func(a, b spec.Digest) int { return bytes.Compare(a[:], b[:]) })
	switch {
	case len(ids) == 1:
		return ids[0], nil
	case len(ids) > 1:
		var names []string
		for _, id := range ids[:min(len(ids), 5)] {
			names = append(names, id.String()[:16])
		}
		return id, fmt.Errorf("%d rows of %s answer to %s: give more of the id, of %s", len(ids), n.Addr, text, strings.Join(names, ", "))
	}
	return id, fmt.Errorf("%s has no row %q, now or in a run whose results are kept. %s", n.Addr, text, rowHelp)
}

// fileLine reads FILE:LINE, when the file is one of the stage's.
func (i *inspected) fileLine(n *planner.Node, text string) (file int, line int64, ok bool) {
	at := strings.LastIndexByte(text, ':')
	if at <= 0 {
		return 0, 0, false
	}
	line, err := strconv.ParseInt(text[at+1:], 10, 64)
	file = slices.IndexFunc(i.plan.Facts.Files[n.Addr.String()], func(f planner.File) bool {
		full := resolve.Real(resolve.Path(i.dir, f.Path))
		return f.Path != "" && (resolve.Real(text[:at]) == full || resolve.Real(resolve.Path(i.dir, text[:at])) == full)
	})
	return file, line, err == nil && file >= 0
}

// rowAt finds the row that was read from a line of a file.
func (i *inspected) rowAt(ctx context.Context, runs []*inspected, n *planner.Node, file int, line int64) (id spec.Digest, err error) {
	at := slices.IndexFunc(runs, func(r *inspected) bool { return r.made(n) != nil && (r.past == nil || !r.past.edited(n)) })
	files := i.plan.Facts.Files[n.Addr.String()]
	f := files[file]
	if at < 0 {
		return id, fmt.Errorf("%s was edited since it was read, so its lines tell no row: run prefab apply, or give the row's id", f.Path)
	}
	before := 0 // segments of the files that are read earlier
	for _, earlier := range files[:file] {
		before += len(earlier.Segments)
	}
	wanted := map[int]bool{}
	for s := range f.Segments {
		wanted[s] = true
	}
	places, err := resolve.Places(i.dir, i.specs[n.Kind].Sources(n.Block.Full())[f.Source], f, wanted)
	if err != nil {
		return id, err
	}
	for s, list := range places {
		for record, p := range list {
			if line < p.Line || line > max(p.Line, p.Last) {
				continue
			}
			made := false
			err := runs[at].origins(ctx, n, func(row spec.Digest, o origin) {
				if o.segment == before+s && o.record == record {
					id, made = row, true
				}
			})
			if err == nil && !made {
				err = fmt.Errorf("%s:%d makes no row: prefab show %s says why", f.Path, line, n.Addr)
			}
			return id, err
		}
	}
	return id, fmt.Errorf("no record of %s stands in line %d", f.Path, line)
}

// byPrefix finds rows whose ids begin with those digits.
func (i *inspected) byPrefix(ctx context.Context, n *planner.Node, text string, found map[spec.Digest]bool) error {
	if text == "" || strings.Trim(text, "0123456789abcdef") != "" {
		return nil
	}
	return i.eachRow(ctx, n, func(id spec.Digest, _ dataset.Chunk, _ int) {
		if strings.HasPrefix(id.String(), text) {
			found[id] = true
		}
	})
}

// byKey finds the row of a key, or rows whose field id, which no column took, has a value.
func (i *inspected) byKey(ctx context.Context, n *planner.Node, text string, found map[spec.Digest]bool) error {
	var c struct{ Key json.RawMessage }
	if err := n.Block.Full().Decode(&c); err != nil {
		return err
	}
	quoted := dataset.AppendJSONString(nil, text)
	values := [][]byte{quoted}
	if v, err := expr.FromJSON([]byte(text)); err == nil {
		values = append(values, dataset.AppendJSON(nil, v))
	}
	if len(c.Key) > 0 && string(c.Key) != "null" {
		keys := map[spec.Digest]bool{}
		for _, v := range values {
			keys[dataset.KeyID(v)] = true
		}
		return i.eachRow(ctx, n, func(id spec.Digest, _ dataset.Chunk, _ int) {
			if keys[id] {
				found[id] = true
			}
		})
	}
	return i.eachRow(ctx, n, func(id spec.Digest, c dataset.Chunk, row int) {
		var extra struct{ ID json.RawMessage }
		if s := c.Strings(spec.Extra); s.Null(row) || json.Unmarshal([]byte(s.At(row)), &extra) != nil {
			return
		}
		if slices.ContainsFunc(values, func(v []byte) bool { return bytes.Equal(v, extra.ID) }) {
			found[id] = true
		}
	}, spec.Extra)
}

// eachRow tells the rows of a stage, with those columns.
func (i *inspected) eachRow(ctx context.Context, n *planner.Node, tell func(id spec.Digest, c dataset.Chunk, row int), columns ...string) error {
	r := i.made(n)
	if r == nil {
		return nil
	}
	for _, o := range r.Outputs {
		if o.Table == nil {
			continue
		}
		for c := range o.Table.Chunks() {
			chunk, err := o.Table.Load(ctx, c, append([]string{spec.ID}, columns...))
			if err != nil {
				return err
			}
			ids := chunk.IDs()
			for row := range chunk.Rows {
				tell(ids.Digest(row), chunk, row)
			}
		}
	}
	return nil
}
