package linear

import (
	"context"

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

	shards [][]slope // for contiguous runs of blocks
	losses []float64
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
	entries := 0
	for _, b := range x.blocks {
		entries += len(b.ids) + len(b.dense)
		for _, row := range b.rows {
			o.total += c.weight[row]
		}
	}
	n := max(1, min(8, len(x.blocks), entries/(4*x.width()+1<<18)))
	o.shards, o.losses = make([][]slope, n), make([]float64, n)
	for i := range o.shards {
		o.shards[i] = make([]slope, x.width())
	}
	o.curvature = make([]float64, x.width())
	return o
}

// width is the number of weights.
func (m *matrix) width() int { return m.dense + m.sparse }

// at returns the loss at w and fills grad with its gradient. The work is spread
// over the workers unless alone is set.
func (o *objective) at(ctx context.Context, w, grad []float64, alone bool) (float64, error) {
	run := each
	if alone {
		run = inTurn
	}
	n := len(o.shards)
	if err := run(ctx, n, func(_, i int) {
		blocks := o.x.blocks[i*len(o.x.blocks)/n : (i+1)*len(o.x.blocks)/n]
		for j, v := range w {
			o.shards[i][j] = slope{w: v}
		}
		o.losses[i] = 0
		for j := range blocks {
			o.losses[i] += o.block(&blocks[j], o.shards[i])
		}
	}); err != nil {
		return 0, err
	}
	loss, square := 0.0, 0.0
	for _, l := range o.losses {
		loss += l
	}
	for j, s := range o.shards[0] {
		grad[j] = s.grad
	}
	for _, shard := range o.shards[1:] {
		for j, s := range shard {
			grad[j] += s.grad
		}
	}
	inverse := 1 / o.total
	for j, v := range w {
		grad[j] = grad[j]*inverse + o.lambda*v
		square += v * v
	}
	return loss*inverse + o.lambda/2*square, nil
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

// block adds the gradient of a block's rows to the slopes and returns their loss.
func (o *objective) block(b *block, at []slope) float64 {
	d := o.x.dense
	head, tail := at[:d], at[d:]
	loss, from := 0.0, uint32(0)
	for r, end := range b.ends {
		ids, vals := b.ids[from:end], b.vals[from:end]
		dense := b.dense[r*d:][:d]
		from = end
		row := b.rows[r]
		sign := 1.0
		if o.flipped != nil && o.flipped[row] {
			sign = -1
		}
		sum := 0.0
		for j, v := range dense {
			sum += float64(v) * head[j].w
		}
		z := sign*(sum+dotSlopes(ids, vals, tail)) - o.margin[row]
		weight := o.weight[row]
		loss += weight * reward.Softplus(-z)
		push := -weight * sign * reward.Sigmoid(-z)
		for j, v := range dense {
			head[j].grad += push * float64(v)
		}
		addSlopes(ids, vals, push, tail)
	}
	return loss
}

// dotSlopes keeps two sums so that an addition need not wait for the one before.
func dotSlopes(ids []uint32, vals []float32, at []slope) float64 {
	var a, b float64
	vals = vals[:len(ids)]
	i := 0
	for ; i+1 < len(ids); i += 2 {
		a += float64(vals[i]) * at[ids[i]].w
		b += float64(vals[i+1]) * at[ids[i+1]].w
	}
	if i < len(ids) {
		a += float64(vals[i]) * at[ids[i]].w
	}
	return a + b
}

func addSlopes(ids []uint32, vals []float32, push float64, at []slope) {
	vals = vals[:len(ids)]
	for i, id := range ids {
		at[id].grad += push * float64(vals[i])
	}
}

func dotDense(x []float32, w []float64) float64 {
	sum := 0.0
	for j, v := range x {
		sum += float64(v) * w[j]
	}
	return sum
}

func dotSparse(ids []uint32, vals []float32, w []float64) float64 {
	sum := 0.0
	for i, id := range ids {
		sum += float64(vals[i]) * w[id]
	}
	return sum
}

// margins fills out, by row of the corpus, with the margins of the rows of x.
func (m *matrix) margins(w, out []float64) {
	d := m.dense
	for i := range m.blocks {
		b, from := &m.blocks[i], uint32(0)
		for r, end := range b.ends {
			out[b.rows[r]] = dotDense(b.dense[r*d:][:d], w[:d]) + dotSparse(b.ids[from:end], b.vals[from:end], w[d:])
			from = end
		}
	}
}

// curve computes the curvature at w.
func (o *objective) curve(w []float64) {
	clear(o.curvature)
	d := o.x.dense
	for i := range o.x.blocks {
		b, from := &o.x.blocks[i], uint32(0)
		for r, end := range b.ends {
			ids, vals, dense := b.ids[from:end], b.vals[from:end], b.dense[r*d:][:d]
			from = end
			row := b.rows[r]
			z := dotDense(dense, w[:d]) + dotSparse(ids, vals, w[d:])
			if o.flipped != nil && o.flipped[row] {
				z = -z
			}
			z -= o.margin[row]
			bend := o.weight[row] / o.total * reward.Sigmoid(z) * reward.Sigmoid(-z)
			for j, v := range dense {
				o.curvature[j] += bend * float64(v) * float64(v)
			}
			for k, v := range vals {
				o.curvature[d+int(ids[k])] += bend * float64(v) * float64(v)
			}
		}
	}
}

// scaledSquare is y' D^-1 y for the diagonal D of curvatures with penalty.
func (o *objective) scaledSquare(y []float64) float64 {
	sum := 0.0
	for j, q := range o.curvature {
		sum += y[j] * y[j] / (q + o.lambda)
	}
	return sum
}
