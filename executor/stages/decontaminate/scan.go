package decontaminate

import (
	"slices"

	"github.com/prefab-build/prefab/executor/dataset"
	"github.com/prefab-build/prefab/executor/methods/ngram"
)

// A reader judges the rows of a chunk one by one, with a scanner of its own.
type reader struct {
	state *state
	scan  *ngram.Scanner
	ids   dataset.Digests
	texts [3]dataset.Messages
}

var textNames = [3]string{"prompt", "chosen", "rejected"}

func (s *state) reader(c dataset.Chunk) *reader {
	r := &reader{state: s, scan: s.index.NewScanner(), ids: c.IDs()}
	for i, name := range textNames {
		r.texts[i] = c.Messages(name)
	}
	return r
}

// A verdict is what is known of a row.
type verdict struct {
	hits       []hit // those that count, the strongest first
	items      []ngram.Ref
	allowed    []int // the allowances that let other hits pass
	unresolved bool  // no hit, and a text is missing
}

// row judges one row.
func (r *reader) row(row int) verdict {
	var v verdict
	rowAllowance, rowAllowed := r.state.allow.row(r.ids.At(row))
	for i, m := range r.texts {
		if m.Len(row) == 0 {
			v.unresolved = true
			continue
		}
		for _, match := range r.scan.Scan(m.Text(row)) {
			allowance, ok := r.state.allow.match(match.Refs)
			if rowAllowed {
				allowance, ok = rowAllowance, true
			}
			if ok {
				v.allowed = append(v.allowed, allowance)
				continue
			}
			v.hits = append(v.hits, r.hit(match, i, row))
			v.items = append(v.items, match.Refs...)
		}
	}
	slices.SortStableFunc(v.hits, func(a, b hit) int { return int(a.rule) - int(b.rule) })
	slices.Sort(v.allowed)
	v.allowed = slices.Compact(v.allowed)
	if len(v.hits) > 0 {
		v.unresolved = false
	}
	return v
}

func (r *reader) hit(m ngram.Match, text, row int) hit {
	first := m.Refs[0]
	h := hit{
		Benchmark: first.Benchmark, Item: r.state.names[first.Benchmark][first.Item], Field: first.Field.String(),
		Rule: m.Rule.String(), rule: m.Rule, Coverage: m.CovTest, Text: textNames[text], Others: len(m.Refs) - 1,
	}
	h.Message, h.Start, h.End = locate(r.texts[text], row, m.Start, m.End)
	return h
}
