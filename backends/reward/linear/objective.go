package linear

import (
	"context"
	"sync"

	"github.com/prefab-build/prefab/backends/reward"
)

// objective is the loss of one fit as a function of the weights, interactions
// first, then n-grams:
//
//	sum_i w_i softplus(-(s_i x_i'w - m_i)) / sum_i w_i  +  lambda/2 |w|^2
//
// with s_i = -1 where a permutation has flipped the label.
type objective struct {
	x       *matrix
	weight  []float64 // by row of the corpus
	margin  []float64
	flipped []bool // nil: none
	lambda  float64
	total   float64 // sum of weights over the rows of x
	origin  float64 // length of the gradient where all weights are 0; a fit from there sets it

	// curvature is the diagonal of the loss's second derivative where the fit
	// began, without the penalty.
	curvature []float64

	shards int       // into which the parts are divided
	slopes [][]slope // by worker
}

// slope is a weight and the gradient along it. A row reads all its weights and
// then changes all their gradients; side by side, what it reads has brought what
// it changes into the cache, and half the waiting is saved once the weights are
// too many for it.
type slope struct{ w, grad float64 }

// newObjective prepares the loss over the rows of x; the caller sets lambda. The number of shards, and
// with it the order of addition, depends on the data alone: enough rows in each
// to make up for adding its gradient to the rest.
func newObjective(c *Corpus, x *matrix) *objective {
	o := &objective{x: x, weight: c.weight, margin: c.margin}
	for row, weight := range c.weight {
		if x.has(row) {
			o.total += weight
		}
	}
	o.shards = max(1, min(8, len(c.parts), x.entries/(4*x.width()+1<<18)))
	o.slopes = make([][]slope, min(workers(), o.shards))
	o.curvature = make([]float64, x.width())
	return o
}

// buffer is a worker's slopes.
func (o *objective) buffer(worker int) []slope {
	if o.slopes[worker] == nil {
		o.slopes[worker] = make([]slope, o.x.width())
	}
	return o.slopes[worker]
}

// at returns the loss at w and fills grad with its gradient. The work is spread
// over the workers unless alone is set.
func (o *objective) at(ctx context.Context, w, grad []float64, alone bool) (float64, error) {
	loss, err := o.sum(ctx, w, grad, alone, func(_, n int, at []slope) float64 { return o.part(n, at) })
	if err != nil {
		return 0, err
	}
	d, inverse, square := o.x.c.dense(), 1/o.total, 0.0
	for i, idf := range o.x.w.idf {
		grad[d+i] *= float64(idf)
	}
	for j, v := range w {
		grad[j] = grad[j]*inverse + o.lambda*v
		square += v * v
	}
	return loss*inverse + o.lambda/2*square, nil
}

// sum goes over the parts of the corpus with the weights w, and adds up what part
// returns, and the gradients that it leaves. Shards are added up in their order,
// whoever is done first.
func (o *objective) sum(ctx context.Context, w, grad []float64, alone bool, part func(worker, n int, at []slope) float64) (float64, error) {
	run := each
	if alone {
		run = inTurn
	}
	clear(grad)
	parts, n := len(o.x.c.parts), o.shards
	turn := sync.NewCond(new(sync.Mutex))
	total, next := 0.0, 0 // next is the shard to be added
	err := run(ctx, n, func(worker, i int) {
		at := o.buffer(worker)
		o.x.load(at, w)
		value := 0.0
		for p := i * parts / n; p < (i+1)*parts/n; p++ {
			value += part(worker, p, at)
		}
		turn.L.Lock()
		defer turn.L.Unlock()
		for next != i {
			turn.Wait()
		}
		total += value
		for j := range at {
			grad[j] += at[j].grad
		}
		next++
		turn.Broadcast()
	})
	return total, err
}

// inTurn is each without goroutines.
func inTurn(ctx context.Context, n int, work func(worker, i int)) error {
	for i := range n {
		if ctx.Err() != nil {
			break
		}
		work(0, i)
	}
	return ctx.Err()
}

// part adds the gradient of a part's rows to the slopes and returns their loss.
func (o *objective) part(n int, at []slope) float64 {
	p, loss := &o.x.c.parts[n], 0.0
	for r := range o.x.c.rowsOf(n) {
		row := n*partRows + r
		if !o.x.has(row) {
			continue
		}
		sign := o.sign(row)
		z := sign*o.x.dot(p, r, row, at) - o.margin[row]
		weight := o.weight[row]
		loss += weight * reward.Softplus(-z)
		o.x.push(p, r, row, -weight*sign*reward.Sigmoid(-z), at)
	}
	return loss
}

// sign is -1 where a permutation has flipped the label.
func (o *objective) sign(row int) float64 {
	if o.flipped != nil && o.flipped[row] {
		return -1
	}
	return 1
}

// curve computes the curvature at w.
func (o *objective) curve(ctx context.Context, w []float64, alone bool) error {
	of := make([]*squares, len(o.slopes))
	_, err := o.sum(ctx, w, o.curvature, alone, func(worker, n int, at []slope) float64 {
		if of[worker] == nil {
			of[worker] = o.x.squares()
		}
		p := &o.x.c.parts[n]
		for r := range o.x.c.rowsOf(n) {
			row := n*partRows + r
			if !o.x.has(row) {
				continue
			}
			z := o.sign(row)*o.x.dot(p, r, row, at) - o.margin[row]
			bend := o.weight[row] / o.total * reward.Sigmoid(z) * reward.Sigmoid(-z)
			of[worker].add(p, r, row, bend, at)
		}
		return 0
	})
	return err
}

// scaledSquare is y' D^-1 y for the diagonal D of curvatures with penalty.
func (o *objective) scaledSquare(y []float32) float64 {
	sum := 0.0
	for j, q := range o.curvature {
		sum += float64(y[j]) * float64(y[j]) / (q + o.lambda)
	}
	return sum
}
