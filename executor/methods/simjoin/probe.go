package simjoin

import "slices"

// prober looks classes up in blocks, one after another. It belongs to one goroutine.
type prober struct {
	c    *Collection
	tau  Ratio
	x, y []uint32 // ranks of the class looked up, those of its prefix or all, and of one met
	full bool     // x holds all

	// count says for each class of the block how many prefix tokens it has in common with x; what is no more than base
	// is left from earlier look-ups and is 0. At most span have been added since base.
	count      *[blockClasses]uint16
	base, span int
	found      []uint16 // the classes that have enough in common
	lists      []extent // of the prefix tokens

	block  *block
	size   int // of x, which together with block these are for:
	left   int // how many tokens are behind the look-up prefix
	enough int // how many any class of the block must have in common
	first  int // number in the block of the first class that is large enough

	to  int // number in the block of the first class that is not before x
	one [1]span

	tried []uint32 // root -> class+1 that was last compared with its component
}

func (c *Collection) prober(tau Ratio) *prober {
	return &prober{c: c, tau: tau, count: new([blockClasses]uint16)}
}

// prepare reckons what a look-up of a size in a block needs.
func (p *prober) prepare(b *block, size int) {
	if p.block == b && p.size == size {
		return
	}
	p.block, p.size = b, size
	least := p.tau.shortest(size)
	smallest, largest := max(b.smallest, least), min(b.largest, size)
	p.left = max(0, p.tau.need(size, smallest)-more(size))
	p.enough = size
	for s := smallest; s <= largest; s++ {
		p.enough = min(p.enough, p.fewest(s))
	}
	p.first, _ = slices.BinarySearch(b.classes, p.c.upTo(least-1))
}

// fewest is how many tokens a class of a size must have in common with the prefix of x. All that the two have in common is
// counted up to the end of the one prefix or of the other, whichever comes first; so what is not counted is no more than
// what lies behind that.
func (p *prober) fewest(size int) int {
	return max(1, p.tau.need(p.size, size)-max(p.left, rest(p.tau, size)))
}

// meet collects in p.found the classes of the block before x that could match it. Of lists that are kept by component, and
// of parts of at least many classes, pass says whether to leave them out; a root is then loose.
func (p *prober) meet(x uint32, b *block, many int, pass func(root uint32, part []uint16) bool) {
	p.prepare(b, int(p.c.size[x]))
	p.found, p.full = p.found[:0], false
	p.x = p.c.prefix(p.x, x, p.left)
	p.base += p.span
	p.span = len(p.x)
	if p.span < p.enough {
		return
	}
	if p.to = len(b.classes); b.classes[p.to-1] >= x {
		p.to, _ = slices.BinarySearch(b.classes, x)
	}
	if p.span > p.c.shape.most {
		p.span = 0
		for y := p.first; y < p.to; y++ {
			p.found = append(p.found, uint16(y))
		}
		return
	}
	if p.base+p.span >= 1<<16 {
		clear(p.count[:])
		p.base = 0
	}
	// All places are looked up before any list is read, so that the processor waits for many at a time.
	p.lists = p.lists[:0]
	for _, rank := range p.x {
		if b.has[rank>>6]>>(rank&63)&1 != 0 {
			p.lists = append(p.lists, extent{b.start[rank], b.start[rank+1]})
		}
	}
	for _, e := range p.lists {
		list := b.list[e.from:e.to]
		if len(list) < p.c.shape.few {
			p.scan(list)
			continue
		}
		spans := b.spans[e.from]
		if spans == nil {
			spans = p.one[:]
			spans[0] = span{root: loose, to: uint32(len(list))}
		}
		for _, s := range spans {
			part := cut(list[s.from:s.to], p.first, p.to)
			if len(part) > 0 && (s.root == loose && len(part) < many || !pass(s.root, part)) {
				p.scan(part)
			}
		}
	}
}

// scan counts a token for the classes of a list.
func (p *prober) scan(list []uint16) {
	count, base, enough := p.count, uint16(p.base), uint16(p.base+p.enough)
	for _, y := range list {
		n := max(count[y], base) + 1
		count[y] = n
		if n == enough {
			p.found = append(p.found, y)
		}
	}
}

// hopeless reports whether a class that was found, by its number in the block, is none that x is compared with or has too
// little in common for its size.
func (p *prober) hopeless(y uint16) bool {
	if p.span == 0 {
		return false // nothing was counted
	}
	return int(y) < p.first || int(y) >= p.to || int(p.count[y])-p.base < p.fewest(int(p.c.size[p.block.classes[y]]))
}

// similar decides a pair of classes, the one that is looked up and another, and gives the size of their intersection.
func (p *prober) similar(x, y uint32) (overlap int, ok bool) {
	need := p.tau.need(int(p.c.size[x]), int(p.c.size[y]))
	if p.c.atMost(x, y) < need {
		return 0, false
	}
	if !p.full {
		p.x, p.full = p.c.ranks(p.x, x), true
	}
	p.y = p.c.ranks(p.y, y)
	return merge(p.x, p.y, need)
}
