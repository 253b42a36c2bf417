package prompts

import (
	"context"

	"github.com/prefab-build/prefab/executor/dataset"
	"github.com/prefab-build/prefab/executor/methods/grouping"
	"github.com/prefab-build/prefab/executor/stage"
)

// Read returns the prompts of a table whose column prompt is declared. It goes through them once, on all cores.
func Read(ctx context.Context, table *stage.Table) (Source, error) {
	var keys [][]Key
	for list, err := range stage.Ahead(ctx, table.Chunks, func(i int) ([]Key, error) {
		c, err := table.Chunk(i, "prompt")
		if err != nil {
			return nil, err
		}
		return KeysOf(c), nil
	}) {
		if err != nil {
			return Source{}, err
		}
		keys = append(keys, list)
	}
	return Source{Keys: keys, Load: Load(table)}, nil
}

// KeysOf returns the keys of the prompts of a chunk.
func KeysOf(c dataset.Chunk) []Key {
	keys, prompts := make([]Key, c.Rows), c.Messages("prompt")
	for r := range keys {
		keys[r] = KeyOf(prompts.Text(r))
	}
	return keys
}

// Load reads the prompts of all rows of a chunk of a table.
func Load(table *stage.Table) func(chunk int) (func(k int) string, error) {
	return func(chunk int) (func(k int) string, error) {
		c, err := table.Chunk(chunk, "prompt")
		if err != nil {
			return nil, err
		}
		return c.Messages("prompt").Text, nil
	}
}

// Rows puts the rows of a table into groups: those with similar prompts and those that the data says are of one.
type Rows struct {
	prompts *Groups // nil: prompts do not count
	named   grouping.Names
	alike   []Key
}

// GroupRows groups the prompts of a table by grouping.Shingle; with a similarity of 0 prompts do not count. The rows are
// then to be added, in any order.
func GroupRows(ctx context.Context, t *stage.Task, table *stage.Table, similarity float64) (*Rows, error) {
	if similarity == 0 {
		return &Rows{}, nil
	}
	src, err := Read(ctx, table)
	if err != nil {
		return nil, err
	}
	g, err := Group(ctx, t, Method{Similarity: similarity, Shingle: grouping.Shingle}, src)
	return &Rows{prompts: g}, err
}

// Add takes the next row: its prompt, and its group, empty for none.
func (r *Rows) Add(prompt, group string) {
	r.named.Add(group)
	if r.prompts != nil {
		r.alike = append(r.alike, r.prompts.Of(KeyOf(prompt)))
	}
}

// Groups returns the group of each row, numbered from 0 in the order of their first rows.
func (r *Rows) Groups() []int { return grouping.Rows(r.named.Rows(), r.alike) }
