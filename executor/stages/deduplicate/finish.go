package deduplicate

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/prefab-build/prefab/executor/dataset"
	"github.com/prefab-build/prefab/executor/stage"
	"github.com/prefab-build/prefab/spec"
)

// The reasons in the ledger.
const (
	reasonExact = "exact duplicate"
	reasonNear  = "near duplicate"
	reasonCopy  = "re-labelled copy"
)

// A fate is what becomes of a row.
type fate struct {
	reason string // empty: it stays
	note   string // of a row that stays
	detail string
	leader int32 // the record that stays in its place
}

// A finish is the work of Finish: records in the order of their ids, and a fate for each.
type finish struct {
	config
	records []record
	fates   []fate
	copies  int64 // pairs that stand both ways
}

// Finish decides which rows stay: of the rows in the order of their ids, each that repeats none before it.
func (mapper) Finish(ctx context.Context, t *stage.Task, all *stage.Mapped) error {
	var f finish
	if err := t.Config(&f.config); err != nil {
		return err
	}
	for i, d := range all.Deltas {
		var err error
		if f.records, err = appendRecords(f.records, i, d.Partial); err != nil {
			return err
		}
	}
	slices.SortFunc(f.records, func(a, b record) int {
		return cmp.Or(bytes.Compare(a.id[:], b.id[:]), cmp.Compare(a.chunk, b.chunk), cmp.Compare(a.row, b.row))
	})
	f.fates = make([]fate, len(f.records))
	f.relabelled()
	f.exact()
	if f.Near {
		if err := f.near(ctx, t); err != nil {
			return err
		}
	}
	f.apply(all)
	f.report(t)
	return nil
}

// relabelled finds the pairs that stand in the data both ways.
func (f *finish) relabelled() {
	type sides struct{ first, second int32 } // a record of each, plus 1
	seen := make(map[pairKey]sides, len(f.records))
	for i := range f.records {
		k, chosenFirst := f.records[i].unordered()
		if k.first == k.second {
			continue // the same response twice has no other way round
		}
		s := seen[k]
		switch {
		case chosenFirst && s.first == 0:
			s.first = int32(i) + 1
		case !chosenFirst && s.second == 0:
			s.second = int32(i) + 1
		default:
			continue
		}
		if s.first > 0 && s.second > 0 {
			f.copies++
		}
		seen[k] = s
	}
	for i := range f.records {
		k, chosenFirst := f.records[i].unordered()
		s := seen[k]
		if s.first == 0 || s.second == 0 {
			continue
		}
		other := s.first
		if chosenFirst {
			other = s.second
		}
		f.fates[i].detail = "row " + f.records[other-1].id.Short() + " has the two responses exchanged"
		if f.Relabelled == dropCopies {
			f.fates[i].reason, f.fates[i].leader = reasonCopy, -1
		} else {
			f.fates[i].note = reasonCopy
		}
	}
}

// exact finds the rows that are equal to one with a smaller id.
func (f *finish) exact() {
	seen := make(map[pairKey]int32, len(f.records))
	for i := range f.records {
		if f.fates[i].reason != "" {
			continue
		}
		k := f.records[i].exact(f.Scope)
		if first, ok := seen[k]; ok {
			f.drop(i, int(first), reasonExact, "of row "+f.records[first].id.Short())
			continue
		}
		seen[k] = int32(i)
	}
}

func (f *finish) drop(i, leader int, reason, detail string) {
	f.fates[i] = fate{reason: reason, detail: detail, leader: int32(leader)}
}

// apply makes selections and ledger lines of the fates.
func (f *finish) apply(all *stage.Mapped) {
	gone := make([]map[int]bool, len(all.Deltas))
	for i, r := range f.records {
		d, e := all.Deltas[r.chunk], stage.Entry{Row: int(r.row), Detail: f.fates[i].detail}
		switch {
		case f.fates[i].reason != "":
			e.Reason = f.fates[i].reason
			if gone[r.chunk] == nil {
				gone[r.chunk] = map[int]bool{}
			}
			gone[r.chunk][e.Row] = true
		case f.fates[i].note != "":
			e.Reason, e.Kept = f.fates[i].note, true
		default:
			continue
		}
		d.Ledger = append(d.Ledger, e)
	}
	for i, d := range all.Deltas {
		slices.SortStableFunc(d.Ledger, func(a, b stage.Entry) int { return cmp.Compare(a.Row, b.Row) })
		if gone[i] != nil {
			d.Out["pairs"] = &stage.PortDelta{Keep: dataset.Select(all.Rows[i], func(row int) bool { return !gone[i][row] })}
		}
	}
}

// A group is a row that stays and those that it stands for, as reported.
type group struct {
	Kept string   `json:"kept"`
	Size int      `json:"size"`
	Rows []string `json:"rows"` // some of the others
}

// How many groups a report lists, and how many rows of each.
const (
	listedGroups = 20
	listedRows   = 10
)

func (f *finish) report(t *stage.Task) {
	var exact, near, out int64
	groups := map[int32]*group{}
	for i, fate := range f.fates {
		switch fate.reason {
		case "":
			out++
			continue
		case reasonCopy:
			continue
		case reasonExact:
			exact++
		case reasonNear:
			near++
		}
		g := groups[f.leader(fate.leader)]
		if g == nil {
			g = &group{Kept: f.records[f.leader(fate.leader)].id.String(), Size: 1}
			groups[f.leader(fate.leader)] = g
		}
		g.Size++
		if len(g.Rows) < listedRows {
			g.Rows = append(g.Rows, f.records[i].id.String())
		}
	}
	sizes := map[string]int{}
	list := make([]*group, 0, len(groups))
	for _, g := range groups {
		sizes[fmt.Sprint(g.Size)]++
		list = append(list, g)
	}
	slices.SortFunc(list, func(a, b *group) int { return cmp.Or(b.Size-a.Size, cmp.Compare(a.Kept, b.Kept)) })
	rows := int64(len(f.records))
	t.Metric(spec.Value("rows_out", float64(out), rows))
	t.Metric(spec.Value("exact_duplicates", float64(exact), rows))
	if f.Near {
		t.Metric(spec.Value("near_duplicates", float64(near), rows))
	} else {
		t.Metric(spec.Unavailable("near_duplicates", "near = false: they were not looked for"))
	}
	if rows == 0 {
		t.Metric(spec.Unavailable("duplicate_share", "no rows came in"))
	} else {
		t.Metric(spec.Value("duplicate_share", float64(exact+near)/float64(rows), rows))
	}
	t.Metric(spec.Value("relabelled_copies", float64(f.copies), rows))
	m := spec.Value("groups", float64(len(groups)), rows)
	m.Table = map[string]any{"sizes": sizes, "largest": list[:min(len(list), listedGroups)]}
	t.Metric(m)
}

// leader follows an exact duplicate of a row that went as a near duplicate to the row that stays.
func (f *finish) leader(i int32) int32 {
	for f.fates[i].reason != "" {
		i = f.fates[i].leader
	}
	return i
}
