package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/prefab-build/prefab/cmd/prefab/internal/view"
	"github.com/prefab-build/prefab/executor/dataset/find"
	"github.com/prefab-build/prefab/executor/dataset/frame"
	"github.com/prefab-build/prefab/executor/resolve"
	"github.com/prefab-build/prefab/planner"
	"github.com/prefab-build/prefab/spec"
)

// content returns a row of a stage as JSON, or nil where the stage has no such row.
func (i *inspected) content(ctx context.Context, n *planner.Node, id spec.Digest) ([]byte, error) {
	r := i.made(n)
	if r == nil {
		return nil, nil
	}
	for _, o := range r.Outputs {
		if o.Table == nil {
			continue
		}
		for c := range o.Table.Chunks() {
			ids, err := rowIDs(ctx, o.Table, c)
			if err != nil {
				return nil, err
			}
			if row := slices.Index(ids, id); row >= 0 {
				names := slices.DeleteFunc(o.Table.Names(o.Artifact), func(name string) bool { return name == spec.ID })
				chunk, err := o.Table.Load(ctx, c, names)
				if err != nil {
					return nil, err
				}
				return chunk.RowJSON(names...).Append(nil, row), nil
			}
		}
	}
	return nil, nil
}

// texts returns the texts of a row of a stage.
func (i *inspected) texts(ctx context.Context, n *planner.Node, id spec.Digest) (*find.Texts, error) {
	row, err := i.content(ctx, n, id)
	if err != nil || row == nil {
		return find.New(), err
	}
	list, err := stringsIn(row)
	return find.New(list...), err
}

// stringsIn lists the strings that a JSON value holds.
func stringsIn(b []byte) (list []string, err error) {
	var v any
	if err := json.Unmarshal(b, &v); err != nil {
		return nil, err
	}
	var walk func(v any)
	walk = func(v any) {
		switch x := v.(type) {
		case string:
			list = append(list, x)
		case []any:
			for _, e := range x {
				walk(e)
			}
		case map[string]any:
			for _, e := range x {
				walk(e)
			}
		}
	}
	walk(v)
	slices.Sort(list)
	return slices.Compact(list), nil
}

// seek finds the records of a stage's files, as they are now, that hold all of the texts.
func (i *inspected) seek(n *planner.Node, texts *find.Texts) (list []view.Place, err error) {
	return list, i.eachRecord(n, texts, func(at view.Place, folded []byte) {
		if texts.All(folded) {
			list = append(list, at)
		}
	})
}

// eachRecord tells of the records of a stage's files, as they are now, where any of the texts is near.
func (i *inspected) eachRecord(n *planner.Node, texts *find.Texts, tell func(at view.Place, folded []byte)) error {
	sources := i.specs[n.Kind].Sources(n.Block.Full())
	for _, file := range i.plan.Facts.Files[n.Addr.String()] {
		if file.Path == "" || texts.Len() == 0 {
			continue
		}
		f, err := resolve.Open(resolve.Path(i.dir, file.Path))
		if err != nil {
			return resolve.Named(file.Path, err)
		}
		source, folded := sources[file.Source], []byte(nil)
		_, err = frame.Frame(file.Path, f, source, func(seg frame.Segment) error {
			if folded = find.Fold(folded[:0], seg.Bytes); !texts.Any(folded) {
				return nil
			}
			for k, record := range recordsOf(source.Format, seg) {
				folded = find.Fold(folded[:0], record)
				tell(view.Place{File: file.Path, Line: seg.Places[k].Line, Last: seg.Places[k].Last}, folded)
			}
			return nil
		})
		f.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

// recordsOf parts a segment into its records. Where their ends cannot be told, as those of a table in which other bytes lie
// between, the whole segment stands for each.
func recordsOf(format string, seg frame.Segment) [][]byte {
	list := make([][]byte, len(seg.Places))
	switch format {
	case frame.JSONL, frame.HHRLHF, frame.Parquet:
		copy(list, bytes.Split(bytes.TrimSuffix(seg.Bytes, []byte("\n")), []byte("\n")))
		return list
	case frame.JSON:
		var elements []json.RawMessage
		if json.Unmarshal(fmt.Appendf(nil, "[%s]", bytes.TrimRight(seg.Bytes, ", \t\r\n")), &elements) == nil && len(elements) == len(list) {
			for k, e := range elements {
				list[k] = e
			}
			return list
		}
	}
	first := seg.Places[0].Offset
	for k, p := range seg.Places {
		end := int64(len(seg.Bytes))
		if k+1 < len(seg.Places) {
			end = seg.Places[k+1].Offset - first
		}
		if p.Offset-first > end || end > int64(len(seg.Bytes)) {
			list[k] = seg.Bytes
			continue
		}
		list[k] = seg.Bytes[p.Offset-first : end]
	}
	return list
}
