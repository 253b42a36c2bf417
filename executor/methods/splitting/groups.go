package splitting

import (
	"fmt"
	"slices"
	"strings"

	"github.com/prefab-build/prefab/executor/methods/cluster"
)

// tally is how many rows of one stratum a group has.
type tally struct {
	stratum, rows int
}

// group is what a strategy decides about.
type group struct {
	key     string // smallest row id
	draw    uint64
	rows    int // without those evicted
	tallies []tally
	uneven  int // variance of the counts over all strata, up to a common factor
	part    int // -1 until decided
	fixed   bool
}

// work is a split in the making.
type work struct {
	rows    []Row
	parts   []Part
	sum     int64 // of weights
	members cluster.Groups
	groups  []group
	strata  []int   // rows of each stratum, without those evicted
	counts  [][]int // part, stratum
	evicted []Eviction
}

// gather checks the input and settles what an earlier split has decided already.
func gather(rows []Row, o Options) (*work, error) {
	sum, err := total(o.Parts)
	if err != nil {
		return nil, err
	}
	w := &work{rows: rows, parts: o.Parts, sum: sum}
	labels := make([]int, len(rows))
	for i, r := range rows {
		labels[i] = r.Group
	}
	w.members = cluster.Collect(labels)
	if n := w.members.Len(); n < len(o.Parts) {
		return nil, fmt.Errorf("rows: %d, groups of rows that belong together: %d, too few for %d parts, as a group is never torn: collect more prompts, or ask for fewer parts", len(rows), n, len(o.Parts))
	}
	strata, err := countStrata(rows)
	if err != nil {
		return nil, err
	}
	w.strata = make([]int, strata)
	w.counts = make([][]int, len(o.Parts))
	for p := range w.counts {
		w.counts[p] = make([]int, strata)
	}
	w.groups = make([]group, w.members.Len())
	for g := range w.groups {
		if err := w.gatherGroup(g, o); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(w.evicted, func(a, b Eviction) int {
		return strings.Compare(rows[a.Row].ID, rows[b.Row].ID)
	})
	return w, nil
}

// countStrata returns the number of strata, and an error when one between 0 and the largest has no row.
func countStrata(rows []Row) (int, error) {
	var seen []bool
	for _, r := range rows {
		if r.Stratum < 0 || r.Stratum > len(rows) {
			return 0, fmt.Errorf("row %q has stratum %d: strata are numbered from 0 and none may be empty", r.ID, r.Stratum)
		}
		for len(seen) <= r.Stratum {
			seen = append(seen, false)
		}
		seen[r.Stratum] = true
	}
	if s := slices.Index(seen, false); s >= 0 {
		return 0, fmt.Errorf("stratum %d of %d has no row: leave empty strata out", s, len(seen))
	}
	return len(seen), nil
}

// gatherGroup fills in one group and, when rows of it were assigned before, fixes its part: the most protected one that
// any of them had. Rows that had another are evicted.
func (w *work) gatherGroup(g int, o Options) error {
	members, gr := w.members.Of(g), &w.groups[g]
	gr.key, gr.part = w.rows[members[0]].ID, -1
	for _, row := range members {
		gr.key = min(gr.key, w.rows[row].ID)
		before, known := o.Previous[w.rows[row].ID]
		if !known {
			continue
		}
		if before < Evicted || before >= len(o.Parts) {
			return fmt.Errorf("row %q was in part %d in the earlier split, but there are only %d parts", w.rows[row].ID, before, len(o.Parts))
		}
		gr.part, gr.fixed = max(gr.part, before, 0), true
	}
	gr.draw = draw(o.Salt, gr.key)
	strata := make([]int, 0, len(members))
	for _, row := range members {
		if before, known := o.Previous[w.rows[row].ID]; known && max(before, 0) != gr.part {
			w.evicted = append(w.evicted, Eviction{Row: row, From: max(before, 0), To: gr.part})
			continue
		}
		strata = append(strata, w.rows[row].Stratum)
	}
	slices.Sort(strata)
	gr.rows = len(strata)
	for i, s := range strata {
		w.strata[s]++
		if i == 0 || s != strata[i-1] {
			gr.tallies = append(gr.tallies, tally{stratum: s})
		}
		gr.tallies[len(gr.tallies)-1].rows++
	}
	if gr.fixed {
		w.place(gr, gr.part)
	}
	return nil
}

// place puts a group into a part.
func (w *work) place(gr *group, part int) {
	gr.part = part
	for _, t := range gr.tallies {
		w.counts[part][t.stratum] += t.rows
	}
}

// remove takes a group out of its part.
func (w *work) remove(gr *group) {
	for _, t := range gr.tallies {
		w.counts[gr.part][t.stratum] -= t.rows
	}
	gr.part = -1
}

// size returns the number of rows in a part.
func (w *work) size(part int) int {
	n := 0
	for _, c := range w.counts[part] {
		n += c
	}
	return n
}

// assignment hands the result out, or the error that a part has nothing in it.
func (w *work) assignment() (*Assignment, error) {
	for p, part := range w.parts {
		if w.size(p) == 0 {
			return nil, fmt.Errorf("part %q gets none of the %d groups: add rows, raise its share, or use another salt or strategy", part.Name, len(w.groups))
		}
	}
	a := &Assignment{Part: make([]int, len(w.rows)), Evictions: w.evicted, Counts: w.counts}
	for g := range w.groups {
		for _, row := range w.members.Of(g) {
			a.Part[row] = w.groups[g].part
		}
	}
	for _, e := range w.evicted {
		a.Part[e.Row] = Evicted
	}
	return a, nil
}
