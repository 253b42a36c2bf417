package splitting

import (
	"cmp"
	"slices"
)

// settle corrects the sizes of parts. Each stratum rounds to whole groups on its own, and thirty strata that all round
// the same way put a validation part of 200 at 210 or at 190. So while one part is above its size and another below, the
// group moves that fits into both differences and raises the strata's error least. Each move brings two parts nearer to
// their sizes, so there are few, and each costs one pass over the groups.
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
	for {
		var best *group
		bestTo, bestCost := 0, 0.0
		for _, gr := range order {
			if gr.rows == 0 || gr.rows > over[gr.part] {
				continue
			}
			for to := range w.parts {
				if gr.rows > -over[to] {
					continue
				}
				cost, within := w.cost(gr, to, largest)
				if within && (best == nil || cost < bestCost) {
					best, bestTo, bestCost = gr, to, cost
				}
			}
		}
		if best == nil {
			return
		}
		over[best.part] -= best.rows
		over[bestTo] += best.rows
		w.remove(best)
		w.place(best, bestTo)
	}
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

// cost is by how much a move changes the sum over strata and parts of (count/total - share)^2, and whether the strata then stay
// within limit rows of their shares in both parts (or come nearer).
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
