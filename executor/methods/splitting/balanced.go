package splitting

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
)

// Balanced assigns groups so that every stratum, and the total, is divided by the weights as exactly as whole groups
// allow. Groups go one after another, the most uneven first (by the variance of their strata counts, ties by hash),
// each to the part where the strata then deviate least from their shares; a second pass moves groups that fit until the
// parts' sizes are right. With equal weights the first pass is the greedy rule of scikit-learn's StratifiedGroupKFold. Which of
// groups that are alike are in which part is decided by their hashes at the end, so that an edit moves few rows.
//
// It fails on fewer groups than parts, an unused stratum number, a part that was left empty, and unusable options. The
// time is linear in the number of tallies (group and stratum) times the square of the number of parts.
func Balanced(rows []Row, o Options) (*Assignment, error) {
	w, err := gather(rows, o)
	if err != nil {
		return nil, err
	}
	order := w.order()
	byKind(order)
	w.fill(order)
	w.settle(order)
	w.steady(order)
	return w.assignment()
}

// Folds divides rows into k folds of equal shares, groups whole and strata in proportion, by the first pass of Balanced,
// and returns the fold of each row. It is what cross-fitting uses: train on all folds but one, score that one.
func Folds(rows []Row, k int, salt string) ([]int, error) {
	if k < 2 {
		return nil, fmt.Errorf("cross-validation needs 2 folds or more, not %d", k)
	}
	parts := make([]Part, k)
	for i := range parts {
		parts[i] = Part{Name: fmt.Sprintf("fold %d", i), Weight: 1}
	}
	w, err := gather(rows, Options{Parts: parts, Salt: salt})
	if err != nil {
		return nil, err
	}
	w.fill(w.order())
	a, err := w.assignment()
	if err != nil {
		return nil, err
	}
	return a.Part, nil
}

// order returns the undecided groups, the most uneven first. The variance of a group's counts over all C strata orders as
// C*sum(c^2) - (sum c)^2, which is exact.
func (w *work) order() []*group {
	var free []*group
	for g := range w.groups {
		if gr := &w.groups[g]; !gr.fixed {
			free = append(free, gr)
		}
	}
	for _, gr := range free {
		squares := 0
		for _, t := range gr.tallies {
			squares += t.rows * t.rows
		}
		gr.uneven = len(w.strata)*squares - gr.rows*gr.rows
	}
	slices.SortFunc(free, func(a, b *group) int {
		return cmp.Or(cmp.Compare(b.uneven, a.uneven), cmp.Compare(a.draw, b.draw), strings.Compare(a.key, b.key))
	})
	return free
}

// byKind brings those that are alike together, the larger ones first, without changing which are the most uneven: so how
// many of a kind a part gets depends little on the others.
func byKind(order []*group) {
	slices.SortStableFunc(order, func(a, b *group) int {
		return cmp.Or(
			cmp.Compare(b.uneven, a.uneven),
			cmp.Compare(b.rows, a.rows),
			slices.CompareFunc(a.tallies, b.tallies, func(x, y tally) int {
				return cmp.Or(cmp.Compare(x.stratum, y.stratum), cmp.Compare(x.rows, y.rows))
			}))
	})
}

// tie is the relative difference below which two deviations count as equal: sums of a few square roots are right to
// about 1e-15, and counts differ by more than one part in a thousand million wherever the difference means something.
const tie = 1e-9

// fill gives each group to the part that leaves the smallest sum, over the group's strata, of the standard deviation between
// what the parts hold and their shares of what has been placed; among equals to the part that is furthest below its share,
// then to the first. Strata that the group does not touch are the same for every choice.
func (w *work) fill(order []*group) {
	placed := make([]int, len(w.strata))
	sizes := make([]int, len(w.parts))
	for p := range w.parts {
		sizes[p] = w.size(p)
		for s, n := range w.counts[p] {
			placed[s] += n
		}
	}
	score := make([]float64, len(w.parts))
	for _, gr := range order {
		for p := range score {
			score[p] = 0
		}
		for _, t := range gr.tallies {
			placed[t.stratum] += t.rows
			for p := range w.parts {
				score[p] += w.deviation(t, p, placed[t.stratum])
			}
		}
		best := 0
		for p := 1; p < len(score); p++ {
			switch band := tie * score[best]; {
			case score[p] < score[best]-band:
				best = p
			case score[p] <= score[best]+band && w.fullness(sizes, p, best) < 0:
				best = p
			}
		}
		w.place(gr, best)
		sizes[best] += gr.rows
	}
}

// deviation is the standard deviation over the parts of (count - share*placed)/total in one stratum, up to a factor that is
// common to all strata, if a tally's rows, which are in placed, go to the part.
func (w *work) deviation(t tally, part, placed int) float64 {
	sum := 0.0
	for p := range w.parts {
		n := w.counts[p][t.stratum]
		if p == part {
			n += t.rows
		}
		d := float64(n) - float64(float64(placed)*float64(w.parts[p].Weight))/float64(w.sum)
		sum += float64(d * d) // the conversion keeps arm64 from fusing it with the addition
	}
	return math.Sqrt(sum) / float64(w.strata[t.stratum])
}

// fullness compares how full two parts are for their weights.
func (w *work) fullness(sizes []int, a, b int) int {
	return cmp.Compare(int64(sizes[a])*w.parts[b].Weight, int64(sizes[b])*w.parts[a].Weight)
}
