package splitting

import "encoding/binary"

// steady exchanges groups that are alike, which have equally many rows of each stratum, so that each part has those of a
// stretch of draws, as Stable would give it: of groups that are alike the last part gets those with the smallest draws.
// Nothing that is counted changes. It is for data that are edited: as groups were placed, one that comes or goes shifts all
// behind it by a place, and a fifth of a validation part were other rows when one row of a million was edited. The border
// between two stretches moves by a group or so.
func (w *work) steady(order []*group) {
	for _, groups := range alike(order) {
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

// alike puts those groups together that have the same tallies, each by draw, as they are in the order.
func alike(order []*group) (kinds [][]*group) {
	kindOf := map[string]int{}
	var key []byte
	for _, gr := range order {
		key = key[:0]
		for _, t := range gr.tallies {
			key = binary.AppendUvarint(binary.AppendUvarint(key, uint64(t.stratum)), uint64(t.rows))
		}
		kind, ok := kindOf[string(key)]
		if !ok {
			kind = len(kinds)
			kindOf[string(key)] = kind
			kinds = append(kinds, nil)
		}
		kinds[kind] = append(kinds[kind], gr)
	}
	return kinds
}
