// Package adamw is the optimizer of the neural models: Adam with decoupled weight decay (Loshchilov and Hutter, 2019),
// clipping of the gradients' global norm, and a learning rate that warms up and then falls along a cosine.
//
// It is for packages that write their training step as one graph: Update adds the optimizer to that graph, and the
// moments are tensors like the parameters, which the caller keeps, feeds back and stores. It owns no state, so a
// training run resumes to the same bits from stored tensors and a step number. The graph library's own optimizer is not
// used: selected by name it drops the weight decay, and it decays biases too.
package adamw

import (
	"fmt"
	"math"

	"github.com/gomlx/gomlx/core/graph"
)

// Config holds what stays the same over all steps.
type Config struct {
	Beta1, Beta2 float64 // decay of the first and second moment, each in [0, 1)
	Epsilon      float64 // added to the root of the second moment, above 0
	// WeightDecay is the share of each decayed parameter that a step takes away, before the learning rate multiplies it.
	WeightDecay float64
	// ClipNorm is the largest global norm of the gradients; longer ones are scaled down to it. 0 never clips.
	ClipNorm float64
}

// Default is the usual setting: betas .9 and .999, epsilon 1e-8, decay .01, norm 1.
func Default() Config {
	return Config{Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8, WeightDecay: 0.01, ClipNorm: 1}
}

// ScaleSize is the length of what Scale returns.
const ScaleSize = 3

// Scale returns the numbers that change from step to step, for the graph's input of shape [ScaleSize]: the learning
// rate, and the factors that correct the moments of step t (from 1) for having started at 0. They are computed in
// float64, where 1-beta2^t keeps its digits.
func (c Config) Scale(t int, rate float64) []float32 {
	if t < 1 {
		panic(fmt.Sprintf("adamw: step %d: steps count from 1", t))
	}
	return []float32{
		float32(rate),
		float32(1 / (1 - math.Pow(c.Beta1, float64(t)))),
		float32(1 / (1 - math.Pow(c.Beta2, float64(t)))),
	}
}

// Param is one parameter in the graph of a training step, all of one shape.
type Param struct {
	Value, Gradient *graph.Node
	First, Second   *graph.Node // moments, zeros before the first step
	Decay           bool        // whether weight decay applies: to matrices, not to biases and gains
}

// Update returns the parameters and moments after one step, in the order of params:
//
//	g  = gradient * min(1, ClipNorm/|all gradients|)
//	m' = Beta1 m + (1-Beta1) g          v' = Beta2 v + (1-Beta2) g^2
//	p' = p - rate (m'/(1-Beta1^t) / (sqrt(v'/(1-Beta2^t)) + Epsilon) + WeightDecay p)
//
// scale is the input that Scale fills. It panics as the graph library does.
func (c Config) Update(scale *graph.Node, params []Param) (values, first, second []*graph.Node) {
	at := func(i int) *graph.Node {
		return graph.Reshape(graph.Slice(scale, graph.AxisRange(i, i+1)))
	}
	rate, correct1, correct2 := at(0), at(1), at(2)
	clip := c.clip(params)
	for _, p := range params {
		g := p.Gradient
		if clip != nil {
			g = graph.Mul(g, clip)
		}
		m := graph.Add(graph.MulScalar(p.First, c.Beta1), graph.MulScalar(g, 1-c.Beta1))
		v := graph.Add(graph.MulScalar(p.Second, c.Beta2), graph.MulScalar(graph.Mul(g, g), 1-c.Beta2))
		root := graph.AddScalar(graph.Sqrt(graph.Mul(v, correct2)), c.Epsilon)
		value := p.Value
		if p.Decay && c.WeightDecay != 0 {
			value = graph.Mul(value, graph.OneMinus(graph.MulScalar(rate, c.WeightDecay)))
		}
		value = graph.Sub(value, graph.Mul(graph.Div(m, root), graph.Mul(rate, correct1)))
		values, first, second = append(values, value), append(first, m), append(second, v)
	}
	return values, first, second
}

// clip is the factor of all gradients; nil when there is no limit.
func (c Config) clip(params []Param) *graph.Node {
	if c.ClipNorm == 0 || len(params) == 0 {
		return nil
	}
	var squares *graph.Node
	for _, p := range params {
		s := graph.ReduceAllSum(graph.Mul(p.Gradient, p.Gradient))
		if squares == nil {
			squares = s
		} else {
			squares = graph.Add(squares, s)
		}
	}
	// The norm is at least ClipNorm in the denominator, so gradients of zero divide nothing by zero.
	return graph.Div(graph.Const(squares.Graph(), float32(c.ClipNorm)), graph.MaxScalar(graph.Sqrt(squares), c.ClipNorm))
}

// Cosine is the learning rate at step t of total, both from 1: it rises linearly to peak over the first warmup steps
// and then falls along half a cosine to floor times peak at the last step.
func Cosine(peak, floor float64, t, warmup, total int) float64 {
	if t <= warmup {
		return peak * float64(t) / float64(warmup)
	}
	done := 1.0
	if total > warmup {
		done = float64(t-warmup) / float64(total-warmup)
	}
	return peak * (floor + (1-floor)*(1+math.Cos(math.Pi*min(done, 1)))/2)
}
