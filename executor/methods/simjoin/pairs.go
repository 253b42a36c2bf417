package simjoin

import (
	"cmp"
	"iter"
	"slices"

	"github.com/prefab-build/prefab/executor/methods/cluster"
)

// Edge is a pair of rows, A < B, with the sizes of the intersection and of the union of their sets.
type Edge struct {
	A, B           int
	Overlap, Union int
}

// Jaccard returns Overlap/Union, and 1 for two empty sets.
func (e Edge) Jaccard() float64 {
	if e.Union == 0 {
		return 1
	}
	return float64(e.Overlap) / float64(e.Union)
}

// Pairs is what a join found. It holds pairs of distinct sets only, twelve bytes each; rows with equal sets are multiplied
// out when they are read. It never changes and may be read from any number of goroutines.
type Pairs struct {
	c     *Collection
	rows  cluster.Groups // the rows of each class
	edges []edge
	split int // rows below are joined with rows from there on only; -1: all with all
}

// rows lists the rows of each class, ascending.
func (c *Collection) rows() cluster.Groups {
	g := cluster.Groups{Start: make([]int, c.Classes()+1), Members: make([]int, c.Rows())}
	for _, class := range c.class {
		g.Start[class+1]++
	}
	for i := range c.Classes() {
		g.Start[i+1] += g.Start[i]
	}
	next := slices.Clone(g.Start[:c.Classes()])
	for row, class := range c.class {
		g.Members[next[class]] = row
		next[class]++
	}
	return g
}

// cut returns the rows of a class on the two sides of the border.
func (p *Pairs) cut(class uint32) (below, above []int) {
	rows := p.rows.Of(int(class))
	i, _ := slices.BinarySearch(rows, p.split)
	return rows[:i], rows[i:]
}

// Count returns the number of pairs of rows, without multiplying anything out.
func (p *Pairs) Count() int64 {
	size := func(class uint32) int64 { return int64(len(p.rows.Of(int(class)))) }
	total := int64(0)
	for class := range uint32(p.c.Classes()) {
		if p.split < 0 {
			total += size(class) * (size(class) - 1) / 2
		} else {
			below, above := p.cut(class)
			total += int64(len(below)) * int64(len(above))
		}
	}
	for _, e := range p.edges {
		if p.split < 0 {
			total += size(e.x) * size(e.y)
		} else {
			xb, xa := p.cut(e.x)
			yb, ya := p.cut(e.y)
			total += int64(len(xb))*int64(len(ya)) + int64(len(yb))*int64(len(xa))
		}
	}
	return total
}

// neighbour is one end of an edge seen from the other.
type neighbour struct {
	class, overlap uint32
}

// adjacency lists each class's neighbours, itself included.
func (p *Pairs) adjacency() (start []int, list []neighbour) {
	n := p.c.Classes()
	start = make([]int, n+1)
	for class := range n {
		start[class+1] = 1
	}
	for _, e := range p.edges {
		start[e.x+1]++
		start[e.y+1]++
	}
	for class := range n {
		start[class+1] += start[class]
	}
	list = make([]neighbour, start[n])
	next := slices.Clone(start[:n])
	put := func(at, other, overlap uint32) {
		list[next[at]] = neighbour{other, overlap}
		next[at]++
	}
	for class := range uint32(n) {
		put(class, class, uint32(p.c.size[class]))
	}
	for _, e := range p.edges {
		put(e.x, e.y, e.overlap)
		put(e.y, e.x, e.overlap)
	}
	return start, list
}

// All yields every pair of rows, ordered by A, then B. After Between, A is below the border and B is not. The number of
// pairs is quadratic in the number of equal rows; Distinct is not.
func (p *Pairs) All() iter.Seq[Edge] {
	return func(yield func(Edge) bool) {
		start, list := p.adjacency()
		var out []Edge
		end := p.c.Rows()
		if p.split >= 0 {
			end = p.split
		}
		for a, class := range p.c.class[:end] {
			out = out[:0]
			from := max(a+1, p.split)
			for _, nb := range list[start[class]:start[class+1]] {
				rows := p.rows.Of(int(nb.class))
				i, _ := slices.BinarySearch(rows, from)
				union := int(p.c.size[class]) + int(p.c.size[nb.class]) - int(nb.overlap)
				for _, b := range rows[i:] {
					out = append(out, Edge{a, b, int(nb.overlap), union})
				}
			}
			slices.SortFunc(out, func(x, y Edge) int { return cmp.Compare(x.B, y.B) })
			for _, e := range out {
				if !yield(e) {
					return
				}
			}
		}
	}
}

// Distinct yields one edge for each pair of different sets, between the first rows that have them, ordered by A, then
// B. After Between the first rows may be on the same side: the sets have rows on both.
func (p *Pairs) Distinct() iter.Seq[Edge] {
	return func(yield func(Edge) bool) {
		out := make([]Edge, 0, len(p.edges))
		for _, e := range p.edges {
			a, b := int(p.c.first[e.x]), int(p.c.first[e.y])
			union := int(p.c.size[e.x]) + int(p.c.size[e.y]) - int(e.overlap)
			out = append(out, Edge{min(a, b), max(a, b), int(e.overlap), union})
		}
		slices.SortFunc(out, func(x, y Edge) int {
			return cmp.Or(cmp.Compare(x.A, y.A), cmp.Compare(x.B, y.B))
		})
		for _, e := range out {
			if !yield(e) {
				return
			}
		}
	}
}

// Labels returns for each row the smallest row of its component under these pairs and equality. After Join it equals what
// Clusters finds.
func (p *Pairs) Labels() []int {
	forest := cluster.New(p.c.Classes())
	for _, e := range p.edges {
		forest.Union(int(e.x), int(e.y))
	}
	return p.c.label(forest)
}
