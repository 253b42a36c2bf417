package simjoin

// posting says that a class holds a token, and how many shared tokens of the class come after it.
type posting struct {
	class uint32
	rest  uint32
}

// index lists, for each token rank, the classes that have it in their index prefix, ascending and so by size.
//
// Usually a class y is only met by classes x that come after it, which are no smaller. They need an overlap of
// ceil(2n|y|/(n+d)) or more, so one of the first |y| minus that plus 1 tokens of y must be among the common ones. In a wide
// index y may be met by smaller classes too, which need only ceil(n|y|/d).
type index struct {
	start []uint32
	list  []posting
	spans map[uint32][]span // of long lists that gather has reordered
}

// build indexes the classes for which member holds; nil means all.
func (c *Collection) build(tau Ratio, wide bool, member func(class uint32) bool) *index {
	ix := &index{start: make([]uint32, c.vocab+2)}
	var shared []uint32
	each := func(visit func(rank, class, rest uint32)) {
		for class := range uint32(len(c.first)) {
			c.beat(int(class))
			if member != nil && !member(class) {
				continue
			}
			size := int(c.size[class])
			need := tau.need(size, size)
			if wide {
				need = tau.shortest(size)
			}
			n := prefix(int(c.shared[class]), need)
			if n == 0 {
				continue
			}
			shared = c.ranks(shared, class)
			for pos := range n {
				visit(shared[pos], class, uint32(len(shared)-pos-1))
			}
		}
	}
	// Counting into the cell two behind makes start[r+1] the place to fill next and, when all is filled, the end.
	each(func(rank, _, _ uint32) { ix.start[rank+2]++ })
	for r := 2; r < len(ix.start); r++ {
		ix.start[r] += ix.start[r-1]
	}
	ix.list = make([]posting, ix.start[len(ix.start)-1])
	each(func(rank, class, rest uint32) {
		ix.list[ix.start[rank+1]] = posting{class, rest}
		ix.start[rank+1]++
	})
	return ix
}

// prefix returns how many of a class's shared tokens lie within its first size-need+1 tokens. The tokens that it shares
// with nobody are the rarest, so they come first and use the prefix up: size cancels out.
func prefix(shared, need int) int { return min(shared, max(0, shared-need+1)) }

// of returns the postings of a rank.
func (ix *index) of(rank uint32) []posting { return ix.list[ix.start[rank]:ix.start[rank+1]] }

// between returns the postings, of those ordered by class, for classes in [from, to). Most lists are short and lie
// within as a whole, so the ends are looked at before anything is searched.
func between(list []posting, from, to uint32) []posting {
	if n := len(list); n > 0 && list[n-1].class >= to {
		list = list[:search(list, to)]
	}
	if len(list) > 0 && list[0].class < from {
		list = list[search(list, from):]
	}
	return list
}

// search returns the place of the first posting whose class is at least the given one.
func search(list []posting, class uint32) int {
	lo, hi := 0, len(list)
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		if list[mid].class < class {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}
