package backendtest

import (
	"fmt"
	"math"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/prefab-build/prefab/backends"
	"github.com/prefab-build/prefab/backends/adamw"
	"github.com/prefab-build/prefab/executor/methods/stream"
)

// The model of the suite: a table of rows, looked up, two dense layers wide enough that a product is divided among
// threads, and a pairwise loss. Its size makes a step a few milliseconds on the slowest backend.
const (
	words, width, hidden = 512, 64, 128
	batch, length        = 32, 16
)

// net is the model's state on a device: per parameter the value and two moments, as the step's graph takes them.
type net struct {
	step, score *graph.Exec
	state       []any
	config      adamw.Config
}

var parameterShapes = [][]int{{words, width}, {width, hidden}, {hidden}, {hidden}}

// weights draws the start, the same on every backend since it is drawn here.
func weights() [][]float32 {
	draw := stream.New(7, "backendtest", "weights")
	var all [][]float32
	for _, shape := range parameterShapes {
		n, in := 1, shape[0]
		for _, s := range shape {
			n *= s
		}
		w := make([]float32, n)
		for i := range w {
			w[i] = float32((2*draw.Float64() - 1) / math.Sqrt(float64(in)))
		}
		all = append(all, w)
	}
	return all
}

// inputs draws batch i: rows of word ids, the first half preferred to the second.
func inputs(i int) *tensors.Tensor {
	draw := stream.New(7, "backendtest", "batch", fmt.Sprint(i))
	ids := make([]int32, 2*batch*length)
	for j := range ids {
		ids[j] = int32(draw.IntN(words / 2))
		if j < batch*length { // the preferred rows use one word in eight of the other half
			ids[j] += int32(words / 2 * (draw.IntN(8) / 7))
		}
	}
	return tensors.FromFlatDataAndDimensions(ids, 2*batch, length)
}

// scores is the forward pass: one number per row of ids.
func scores(ids, table, w1, b1, w2 *graph.Node) *graph.Node {
	rows := graph.ReduceMean(graph.Gather(table, graph.InsertAxes(ids, -1)), 1)
	h := graph.Einsum("nd,dh->nh", rows, w1)
	h = graph.MaxScalar(graph.Add(h, graph.ExpandAxes(b1, 0)), 0)
	return graph.ReduceSum(graph.Mul(h, graph.ExpandAxes(w2, 0)), -1)
}

// pairLoss is the mean of softplus(-d) over the differences of the two halves, written without IsFinite so that it runs
// on every backend.
func pairLoss(s *graph.Node) *graph.Node {
	n := s.Shape().Dimensions[0] / 2
	d := graph.Sub(graph.Slice(s, graph.AxisRangeFromStart(n)), graph.Slice(s, graph.AxisRangeToEnd(n)))
	soft := graph.Add(graph.MaxScalar(graph.Neg(d), 0), graph.Log1P(graph.Exp(graph.Neg(graph.Abs(d)))))
	return graph.ReduceAllMean(soft)
}

func newNet(d *backends.Device) (*net, error) {
	n := &net{config: adamw.Default()}
	// With the usual 1e-8, Adam turns gradients that are nothing but rounding into full steps, and two backends part.
	n.config.Epsilon = 1e-4
	var err error
	n.score, err = graph.NewExec(d.Backend(), func(in []*graph.Node) *graph.Node {
		return scores(in[0], in[1], in[2], in[3], in[4])
	})
	if err != nil {
		return nil, err
	}
	n.step, err = graph.NewExec(d.Backend(), func(in []*graph.Node) []*graph.Node {
		scale, ids, state := in[0], in[1], in[2:]
		k := len(parameterShapes)
		loss := pairLoss(scores(ids, state[0], state[1], state[2], state[3]))
		var params []adamw.Param
		for i, g := range graph.Gradient(loss, state[:k]...) {
			params = append(params, adamw.Param{Value: state[i], Gradient: g, First: state[k+i], Second: state[2*k+i], Decay: len(parameterShapes[i]) > 1})
		}
		values, first, second := n.config.Update(scale, params)
		return append(append(append([]*graph.Node{loss}, values...), first...), second...)
	})
	for i, w := range weights() {
		n.state = append(n.state, tensors.FromFlatDataAndDimensions(w, parameterShapes[i]...))
	}
	for range 2 {
		for _, shape := range parameterShapes {
			size := 1
			for _, s := range shape {
				size *= s
			}
			n.state = append(n.state, tensors.FromFlatDataAndDimensions(make([]float32, size), shape...))
		}
	}
	return n, err
}

// run makes steps and returns the loss before each.
func (n *net) run(steps int) ([]float32, error) {
	var losses []float32
	for i := range steps {
		out, err := n.step.Call(append([]any{n.config.Scale(i+1, 0.01), inputs(i)}, n.state...)...)
		if err != nil {
			return nil, err
		}
		losses = append(losses, tensors.ToScalar[float32](out[0]))
		for j, o := range out[1:] {
			n.state[j] = o
		}
	}
	return losses, nil
}

// values copies parameter i from the device.
func (n *net) values(i int) ([]float32, error) {
	return tensors.CopyFlatData[float32](n.state[i].(*tensors.Tensor))
}

// trained makes a new net, runs it and returns losses and all parameters in one slice.
func trained(d *backends.Device, steps int) (losses, all []float32, err error) {
	defer backends.Recover(&err)
	n, err := newNet(d)
	if err != nil {
		return nil, nil, err
	}
	if losses, err = n.run(steps); err != nil {
		return nil, nil, err
	}
	for i := range parameterShapes {
		v, err := n.values(i)
		if err != nil {
			return nil, nil, err
		}
		all = append(all, v...)
	}
	return losses, all, nil
}
