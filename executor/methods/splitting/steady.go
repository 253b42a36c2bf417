package splitting

import "slices"

// steady exchanges groups that are alike, which have equally many rows of each stratum, so that each part has those of a
// stretch of draws, as Stable would give it: of groups that are alike the last part gets those with the smallest draws.
// Nothing that is counted changes. It is for data that are edited: as groups were placed, one that comes or goes shifts all
// behind it by a place, and a fifth of a validation part were other rows when one row of a million was edited. The border
// between two stretches moves by a group or so. It does not help where hardly two groups are alike.
func (w *work) steady(order []*group) {
	for len(order) > 0 {
		n := 1
		for n < len(order) && slices.Equal(order[n].tallies, order[0].tallies) {
			n++
		}
		groups := order[:n]
		order = order[n:]
		sizes := make([]int, len(w.parts))
		for _, gr := range groups {
			sizes[gr.part]++
		}
		for p := len(sizes) - 1; p >= 0; p-- {
			for _, gr := range groups[:sizes[p]] {
				gr.part = p
			}
			groups = groups[sizes[p]:]
		}
	}
}
