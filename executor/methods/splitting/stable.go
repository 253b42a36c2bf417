package splitting

import "math/bits"

// Stable assigns each group by its own hash: with u in [0, 1) from SHA-256(salt, 0x00, smallest row id of the group),
// the last part takes u below its share, the one before it the next stretch, and the first part the rest. A new row
// moves no row that is there, unless it joins groups or becomes the smallest of one; with Previous not even then. The
// price is that shares hold only in expectation: the standard deviation of a share p over G groups is sqrt(p(1-p)/G),
// and strata are balanced only as well (see Assignment.Balance).
//
// It fails on fewer groups than parts, an unused stratum number, a part that was left empty, and unusable options.
func Stable(rows []Row, o Options) (*Assignment, error) {
	w, err := gather(rows, o)
	if err != nil {
		return nil, err
	}
	for g := range w.groups {
		if gr := &w.groups[g]; !gr.fixed {
			w.place(gr, w.threshold(gr.draw))
		}
	}
	return w.assignment()
}

// threshold returns the part whose stretch of [0, 2^64) holds the draw: draw < 2^64*c/sum is hi(draw*sum) < c in integers.
func (w *work) threshold(draw uint64) int {
	hi, _ := bits.Mul64(draw, uint64(w.sum))
	upTo := uint64(0)
	for p := len(w.parts) - 1; p > 0; p-- {
		upTo += uint64(w.parts[p].Weight)
		if hi < upTo {
			return p
		}
	}
	return 0
}
