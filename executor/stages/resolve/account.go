package resolve

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/prefab-build/prefab/executor/stage"
	"github.com/prefab-build/prefab/spec"
)

// recount counts the votes again as Finish did, and returns what became of each item.
func recount(ctx context.Context, t *stage.Task) (map[hash]*tally, error) {
	var c config
	if err := t.Config(&c); err != nil {
		return nil, err
	}
	votes := t.Table("votes")
	all := &stage.Mapped{}
	for i := range votes.Chunks {
		rows, err := votes.Chunk(i)
		if err != nil {
			return nil, err
		}
		d, err := mapper{}.MapChunk(ctx, t, nil, stage.Chunk{Chunk: rows, Index: i})
		if err != nil {
			return nil, err
		}
		all.Deltas, all.Rows = append(all.Deltas, d), append(all.Rows, rows.Rows)
	}
	ballots, err := gather(all)
	if err != nil {
		return nil, err
	}
	list, err := tallies(ballots)
	if err != nil {
		return nil, err
	}
	items := make(map[hash]*tally, len(list))
	for _, it := range list {
		if c.OnePerWorker {
			it.repeats()
		}
		items[it.item] = it
	}
	return items, nil
}

// parents tells which votes each pair was made of: those that counted on the item that stands in its extra field.
func parents(ctx context.Context, t *stage.Task, made *stage.Table, tell func(row spec.Digest, of []spec.Digest)) error {
	items, err := recount(ctx, t)
	if err != nil {
		return err
	}
	for c, err := range made.All(ctx, spec.ID, spec.Extra) {
		if err != nil {
			return err
		}
		ids, extra := c.IDs(), c.Strings(spec.Extra)
		for r := range c.Rows {
			var of struct{ Item string }
			if json.Unmarshal([]byte(extra.At(r)), &of) != nil {
				continue
			}
			if it := items[hashText([]byte(of.Item))]; it != nil {
				tell(ids.Digest(r), it.ids())
			}
		}
	}
	return nil
}

// why counts the votes that a pair was made of.
func why(ctx context.Context, t *stage.Task, r stage.Passed) (string, error) {
	items, err := recount(ctx, t)
	if err != nil {
		return "", err
	}
	for _, it := range items {
		if len(r.Of) > 0 && it.votes[0].id == r.Of[0] {
			return it.words(), nil
		}
	}
	return "", nil
}

// words say how the votes on an item fell.
func (t *tally) words() string {
	n := t.counts()
	text := fmt.Sprintf("%d of %d votes", max(n[sideX], n[sideY]), len(t.votes))
	if n[tied] > 0 {
		text += fmt.Sprintf(", %d ties among them", n[tied])
	}
	return text
}
