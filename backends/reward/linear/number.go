package linear

import (
	"cmp"
	"context"
	"math"
	"slices"
)

// number gives the n-grams that occur often enough their final numbers: the most
// frequent first, so that the weights which every row needs lie close together,
// and by hash among equals. Then it renumbers the parts.
func (c *Corpus) number(ctx context.Context, tables []*table) error {
	total := merge(tables)
	frequent := 0
	for _, e := range total.slots {
		if e.id != 0 && int(e.df) >= c.cfg.MinDF {
			frequent++
		}
	}
	c.features = make([]feature, 0, frequent)
	for _, e := range total.slots {
		if e.id != 0 && int(e.df) >= c.cfg.MinDF {
			c.features = append(c.features, feature{e.hash, e.df, total.seen[e.id-1]})
		}
	}
	slices.SortFunc(c.features, func(a, b feature) int {
		if a.df != b.df {
			return cmp.Compare(b.df, a.df)
		}
		return cmp.Compare(a.hash, b.hash)
	})
	final := make([]uint64, len(c.features))
	for i, f := range c.features {
		final[i] = f.hash
	}
	numbers := newIndex(final)
	renumber := make([][]uint32, len(tables))
	if err := each(ctx, len(tables), func(_, w int) { renumber[w] = tables[w].renumber(numbers) }); err != nil {
		return err
	}
	return each(ctx, len(c.parts), func(_, i int) { c.parts[i].renumber(renumber[c.parts[i].worker]) })
}

// merge adds the tables up into the first, whose own numbers stay as they are: a sum of its own would be the largest
// thing there is.
func merge(tables []*table) *table {
	tables = slices.DeleteFunc(slices.Clone(tables), func(t *table) bool { return t == nil })
	total := tables[0]
	for _, t := range tables[1:] {
		for _, e := range t.slots {
			if e.id == 0 {
				continue
			}
			s := t.seen[e.id-1]
			sum := total.find(e.hash)
			if sum.id == 0 {
				sum = total.insert(sum, gram{hash: e.hash, at: s.at, shape: s.shape}, s.doc)
			} else if first := &total.seen[sum.id-1]; s.doc < first.doc {
				*first = s
			}
			sum.df += e.df
		}
	}
	return total
}

// dropped is the number of an n-gram that is no feature.
const dropped = math.MaxUint32

// renumber lists the final number of each of the table's own.
func (t *table) renumber(numbers *index) []uint32 {
	if t == nil {
		return nil
	}
	to := make([]uint32, len(t.seen))
	for _, e := range t.slots {
		if e.id == 0 {
			continue
		}
		if n, ok := numbers.find(e.hash); ok {
			to[e.id-1] = n
		} else {
			to[e.id-1] = dropped
		}
	}
	return to
}

func (p *part) renumber(to []uint32) {
	kept, from := 0, 0
	for d, end := range p.ends {
		for i := from; i < int(end); i++ {
			if n := to[p.ids[i]]; n != dropped {
				p.ids[kept], p.counts[kept] = n, p.counts[i]
				kept++
			}
		}
		from, p.ends[d] = int(end), uint32(kept)
	}
	p.ids, p.counts = slices.Clip(p.ids[:kept]), slices.Clip(p.counts[:kept])
}
