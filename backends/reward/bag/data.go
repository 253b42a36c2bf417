package bag

import (
	"context"
	"strconv"

	"github.com/gomlx/gomlx/core/tensors"

	"github.com/prefab-build/prefab/backends/reward"
	"github.com/prefab-build/prefab/executor/methods/stream"
)

// A pairSet is examples ready for the device, in the order of their keys.
type pairSet struct {
	prompt, chosen, rejected []counts
	weight, margin           []float64 // weights have mean 1
}

func (p *pairSet) len() int { return len(p.prompt) }

func prepare(ctx context.Context, examples []reward.Example, c Config) (*pairSet, error) {
	p := &pairSet{}
	counter := newCounter(c)
	prompts := map[string]counts{} // pairs share prompts
	total := 0.0
	for i, at := range reward.Order(examples) {
		if i%1024 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		e := examples[at]
		prompt, ok := prompts[e.Prompt]
		if !ok {
			prompt = counter.count(e.Prompt)
			prompts[e.Prompt] = prompt
		}
		p.prompt = append(p.prompt, prompt)
		p.chosen = append(p.chosen, counter.count(e.Chosen))
		p.rejected = append(p.rejected, counter.count(e.Rejected))
		p.weight = append(p.weight, e.Weight)
		p.margin = append(p.margin, e.Margin)
		total += e.Weight
	}
	for i := range p.weight {
		p.weight[i] *= float64(len(p.weight)) / total
	}
	return p, nil
}

// shuffled is the order in which an epoch, counted from 0, sees the pairs. It is drawn from the seed and the epoch
// alone, so a resumed run needs to know only how many steps are done.
func (p *pairSet) shuffled(seed uint64, epoch int) []int {
	draw := stream.New(seed, "bag", "epoch", strconv.Itoa(epoch))
	return draw.Perm(p.len())
}

// A batch is the host's side of one training step's input. It is filled anew for each step.
type batch struct {
	grid           *grid
	weight, margin []float32
}

func newBatch(c Config) *batch {
	return &batch{grid: newGrid(c, 3*c.BatchSize), weight: make([]float32, c.BatchSize), margin: make([]float32, c.BatchSize)}
}

// fill takes the pairs at the given positions, at most as many as the batch has places; places left over weigh nothing.
func (b *batch) fill(p *pairSet, positions []int) {
	b.grid.clear()
	clear(b.weight)
	clear(b.margin)
	size := len(b.weight)
	for i, at := range positions {
		b.grid.set(i, p.prompt[at])
		b.grid.set(size+i, p.chosen[at])
		b.grid.set(2*size+i, p.rejected[at])
		b.weight[i], b.margin[i] = float32(p.weight[at]), float32(p.margin[at])
	}
}

func (b *batch) tensors() []*tensors.Tensor {
	return []*tensors.Tensor{
		tensors.FromFlatDataAndDimensions(b.grid.values, len(b.grid.values)/b.grid.columns, b.grid.columns),
		tensors.FromFlatDataAndDimensions(b.weight, len(b.weight)),
		tensors.FromFlatDataAndDimensions(b.margin, len(b.margin)),
	}
}
