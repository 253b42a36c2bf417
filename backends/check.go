package backends

import (
	"context"
	"fmt"
	"math"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// Check trains a tiny model on the device, a logistic regression of three weights on six points, by 40 steps of
// gradient descent through the library's differentiation. It returns the log-loss before and after in nats, and an
// error unless the weights are those of the same computation in plain Go with the gradient written out, to 1e-5.
func Check(ctx context.Context, device *Device) (first, last float64, err error) {
	defer Recover(&err)
	const steps, rate = 40, 0.5
	x := [][]float32{{1, 0, 1}, {1, 1, 0}, {1, 2, -1}, {1, -1, 0.5}, {1, -2, 2}, {1, 0.5, -2}}
	y := []float32{1, 1, 1, 0, 0, 1}

	step, err := graph.NewExec(device.backend, func(w, x, y *graph.Node) (loss, next *graph.Node) {
		z := graph.Einsum("nd,d->n", x, w)
		// softplus(z) - y z is the log-loss of the label y at the logit z.
		soft := graph.Add(graph.MaxScalar(z, 0), graph.Log1P(graph.Exp(graph.Neg(graph.Abs(z)))))
		loss = graph.ReduceAllMean(graph.Sub(soft, graph.Mul(y, z)))
		return loss, graph.Sub(w, graph.MulScalar(graph.Gradient(loss, w)[0], rate))
	})
	if err != nil {
		return 0, 0, err
	}
	defer step.Finalize()
	w := tensors.FromValue([]float32{0.1, -0.2, 0.3})
	for i := range steps {
		if err := ctx.Err(); err != nil {
			return 0, 0, err
		}
		loss, next, err := step.Call2(w, x, y)
		if err != nil {
			return 0, 0, err
		}
		if last = float64(tensors.ToScalar[float32](loss)); i == 0 {
			first = last
		}
		w = next
	}
	got, err := tensors.CopyFlatData[float32](w)
	if err != nil {
		return 0, 0, err
	}
	want := descend([]float64{0.1, -0.2, 0.3}, x, y, steps, rate)
	for i := range want {
		if math.Abs(float64(got[i])-want[i]) > 1e-5 {
			return 0, 0, fmt.Errorf("backend %s computes wrongly: after %d steps the weights are %v where the same by hand gives %.6f", device.name, steps, got, want)
		}
	}
	return first, last, nil
}

// descend is the reference: the gradient of the mean log-loss of a logistic regression is X'(sigmoid(Xw) - y)/n.
func descend(w []float64, x [][]float32, y []float32, steps int, rate float64) []float64 {
	for range steps {
		gradient := make([]float64, len(w))
		for i, row := range x {
			z := 0.0
			for j, v := range row {
				z += float64(v) * w[j]
			}
			miss := 1/(1+math.Exp(-z)) - float64(y[i])
			for j, v := range row {
				gradient[j] += miss * float64(v) / float64(len(x))
			}
		}
		for j := range w {
			w[j] -= rate * gradient[j]
		}
	}
	return w
}
