package executor

import (
	"context"

	"github.com/prefab-build/prefab/executor/dataset"
	"github.com/prefab-build/prefab/spec"
)

// MadeRows returns the ids of the rows that a stored result made itself. ok is false where it is not stored, or passes on
// rows of its inputs, which the result alone does not have.
func MadeRows(ctx context.Context, s Store, base, inputs spec.Digest) (ids map[spec.Digest]bool, ok bool, err error) {
	raw, err := s.GetAction(base, inputs)
	if err != nil {
		return nil, false, nil //nolint:nilerr // it was removed since
	}
	r, err := openEntry(ctx, s, raw, nil)
	if err != nil {
		return nil, false, nil //nolint:nilerr // it lies over an input
	}
	ids = map[spec.Digest]bool{}
	for _, o := range r.Outputs {
		if o.Table == nil {
			continue
		}
		ok = true
		for i := range o.Table.Chunks() {
			c, err := o.Table.Load(ctx, i, []string{spec.ID})
			if err != nil {
				return nil, false, err
			}
			each(c, func(id spec.Digest) { ids[id] = true })
		}
	}
	return ids, ok, nil
}

func each(c dataset.Chunk, do func(spec.Digest)) {
	ids := c.IDs()
	for r := range c.Rows {
		do(spec.Digest(ids.At(r)))
	}
}
