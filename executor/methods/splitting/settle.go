package splitting

import (
	"cmp"
	"container/heap"
	"slices"
)

// settle corrects the sizes of parts. Each stratum rounds to whole groups on its own, and thirty strata that all round
// the same way put a validation part of 200 at 210 or at 190. So while one part is above its size and another below, a
// group moves that fits into both differences, the one first that raises the strata's error least. Each move brings two
// parts nearer to their sizes.
//
// A group that would take a stratum further than one largest group from its share stays: the guarantee for strata comes
// first.
func (w *work) settle(order []*group) {
	over := make([]int, len(w.parts))
	for p, size := range w.targets() {
		over[p] = w.size(p) - size
	}
	largest := 0
	for g := range w.groups {
		largest = max(largest, w.groups[g].rows)
	}
	for moves := w.moves(order, over, largest); moves.Len() > 0 && slices.Max(over) > 0; {
		m := moves[0]
		m.skip()
		if len(m.groups) == 0 {
			heap.Pop(&moves)
			continue
		}
		cost, within := w.cost(m.group(), m.to, largest)
		switch {
		case !m.fits(over) || !within:
			heap.Pop(&moves)
		case cost > m.cost:
			// Earlier moves in the same strata have made this one dearer.
			m.cost = cost
			heap.Fix(&moves, 0)
		default:
			gr := m.group()
			over[m.from] -= gr.rows
			over[m.to] += gr.rows
			w.remove(gr)
			w.place(gr, m.to)
		}
	}
}

// move is what could go from one part to another, and what it would cost when that was last worked out: groups that
// have equally many rows of one stratum, so that it is the same whichever goes, or a group of several strata alone.
type move struct {
	groups   []*group // in their order
	from, to int
	place    int // of the first group in the order
	cost     float64
}

func (m *move) group() *group { return m.groups[0] }

// skip takes the first groups off that have moved since.
func (m *move) skip() {
	for len(m.groups) > 0 && m.group().part != m.from {
		m.groups = m.groups[1:]
	}
}

// fits says whether the part that the group leaves is too large by the group at least, and the other too small.
func (m *move) fits(over []int) bool { return fits(m.group(), m.from, m.to, over) }

func fits(gr *group, from, to int, over []int) bool {
	return gr.rows <= over[from] && gr.rows <= -over[to]
}

// moves lists all moves that fit, as a heap.
func (w *work) moves(order []*group, over []int, largest int) queue {
	type kind struct{ from, to, stratum, rows int }
	same := map[kind]*move{}
	var q queue
	for place, gr := range order {
		if gr.rows == 0 {
			continue
		}
		for to := range w.parts {
			if !fits(gr, gr.part, to, over) {
				continue
			}
			k := kind{gr.part, to, gr.tallies[0].stratum, gr.rows}
			if m := same[k]; m != nil && len(gr.tallies) == 1 {
				m.groups = append(m.groups, gr)
				continue
			}
			cost, within := w.cost(gr, to, largest)
			if !within {
				continue
			}
			m := &move{groups: []*group{gr}, from: gr.part, to: to, place: place, cost: cost}
			if len(gr.tallies) == 1 {
				same[k] = m
			}
			q = append(q, m)
		}
	}
	heap.Init(&q)
	return q
}

// queue is a heap of moves, the cheapest first, ties in the order of groups, then of parts.
type queue []*move

func (q queue) Len() int      { return len(q) }
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q queue) Less(i, j int) bool {
	a, b := q[i], q[j]
	switch {
	case a.cost != b.cost:
		return a.cost < b.cost
	case a.place != b.place:
		return a.place < b.place
	}
	return a.to < b.to
}
func (q *queue) Push(x any) { *q = append(*q, x.(*move)) }
func (q *queue) Pop() any {
	last := len(*q) - 1
	m := (*q)[last]
	*q = (*q)[:last]
	return m
}

// targets divides the rows by the weights, the rows left over by rounding down going to the largest remainders, then to
// the first parts.
func (w *work) targets() []int {
	rows := int64(0)
	for _, n := range w.strata {
		rows += int64(n)
	}
	sizes := make([]int, len(w.parts))
	byRest := make([]int, len(w.parts))
	left := int(rows)
	for p, part := range w.parts {
		sizes[p] = int(rows * part.Weight / w.sum)
		byRest[p] = p
		left -= sizes[p]
	}
	slices.SortStableFunc(byRest, func(a, b int) int {
		return cmp.Compare(rows*w.parts[b].Weight%w.sum, rows*w.parts[a].Weight%w.sum)
	})
	for _, p := range byRest[:left] {
		sizes[p]++
	}
	return sizes
}

// cost is by how much a move changes the sum over strata and parts of (count/total - share)^2, and whether the strata
// then stay within limit rows of their shares in both parts (or come nearer).
func (w *work) cost(gr *group, to, limit int) (cost float64, within bool) {
	for _, t := range gr.tallies {
		n := float64(w.strata[t.stratum])
		for _, step := range [2]struct{ part, rows int }{{gr.part, -t.rows}, {to, t.rows}} {
			share := n * float64(w.parts[step.part].Weight) / float64(w.sum)
			before := float64(w.counts[step.part][t.stratum]) - share
			after := before + float64(step.rows)
			if max(after, -after) > float64(limit) && max(after, -after) > max(before, -before) {
				return 0, false
			}
			// after^2 - before^2, as a product so that nothing can be fused.
			cost += float64((after-before)*(after+before)) / float64(n*n)
		}
	}
	return cost, true
}
