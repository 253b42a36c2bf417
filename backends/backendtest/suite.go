package backendtest

import (
	"math"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/prefab-build/prefab/backends"
	"github.com/prefab-build/prefab/backends/adamw"
	"github.com/prefab-build/prefab/executor/methods/stream"
)

// Run puts a device through the suite.
func Run(t *testing.T, d *backends.Device) {
	for _, c := range []struct {
		name string
		test func(*testing.T, *backends.Device)
	}{
		{"matmul", matmul},
		{"rows", rows},
		{"gradients", gradients},
		{"adamw", optimizer},
		{"no-hang", noHang},
		{"repeat", repeat},
		{"errors", reportsErrors},
	} {
		t.Run(c.name, func(t *testing.T) {
			Within(t, 2*time.Minute, func() {
				var err error
				func() {
					defer backends.Recover(&err)
					c.test(t, d)
				}()
				if err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// call runs a graph of several inputs once and returns each output's values.
func call(t *testing.T, d *backends.Device, f func(in []*graph.Node) []*graph.Node, args ...any) [][]float32 {
	t.Helper()
	exec, err := graph.NewExec(d.Backend(), f)
	if err != nil {
		panic(err)
	}
	defer exec.Finalize()
	out, err := exec.Call(args...)
	if err != nil {
		panic(err)
	}
	var all [][]float32
	for _, o := range out {
		v, err := tensors.CopyFlatData[float32](o)
		if err != nil {
			panic(err)
		}
		all = append(all, v)
	}
	return all
}

func draws(name string, n int) []float32 {
	s := stream.New(11, "backendtest", name)
	v := make([]float32, n)
	for i := range v {
		v[i] = float32(2*s.Float64() - 1)
	}
	return v
}

// matmul compares products of odd, thin and large shapes, in all layouts, with sums in float64. Rounding errors of a
// float32 sum of k products of numbers up to 1 add up like a random walk of steps that grow with the sum: 3e-5 was seen
// at k = 512. Inputs cut to the ten bits of TF32 would add about 1e-3 to that and fail.
func matmul(t *testing.T, d *backends.Device) {
	for _, size := range [][3]int{{1, 1, 1}, {3, 5, 7}, {1, 300, 1}, {65, 129, 33}, {192, 512, 32}, {256, 256, 256}} {
		m, k, n := size[0], size[1], size[2]
		a, b := draws("a", m*k), draws("b", k*n)
		at, bt := transposed(a, m, k), transposed(b, k, n)
		out := call(t, d, func(in []*graph.Node) []*graph.Node {
			return []*graph.Node{
				graph.Einsum("mk,kn->mn", in[0], in[2]), graph.Einsum("km,kn->mn", in[1], in[2]),
				graph.Einsum("mk,nk->mn", in[0], in[3]), graph.Einsum("km,nk->mn", in[1], in[3]),
			}
		}, tensors.FromFlatDataAndDimensions(a, m, k), tensors.FromFlatDataAndDimensions(at, k, m),
			tensors.FromFlatDataAndDimensions(b, k, n), tensors.FromFlatDataAndDimensions(bt, n, k))
		bound := 3e-6 * (2 + math.Sqrt(float64(k)))
		for layout, c := range out {
			worst := 0.0
			for i := range m {
				for j := range n {
					want := 0.0
					for l := range k {
						want += float64(a[i*k+l]) * float64(b[l*n+j])
					}
					worst = max(worst, math.Abs(want-float64(c[i*n+j])))
				}
			}
			if worst > bound {
				t.Errorf("%dx%d by %dx%d in layout %d: off by %.2g, more than %.2g", m, k, k, n, layout, worst, bound)
			}
		}
	}
}

func transposed(a []float32, rows, columns int) []float32 {
	out := make([]float32, len(a))
	for i := range rows {
		for j := range columns {
			out[j*rows+i] = a[i*columns+j]
		}
	}
	return out
}

// rows multiplies a matrix of equal rows: the rows of the product are equal to the bit, in the two layouts that models
// score with. Else a score would depend on what else is scored. (The layout nk,km does not pass on the Go backend.)
func rows(t *testing.T, d *backends.Device) {
	for _, size := range [][3]int{{128, 512, 8}, {64, 24, 16}, {64, 96, 64}, {128, 8192, 32}} {
		n, k, m := size[0], size[1], size[2]
		row, w := draws("row", k), draws("w", k*m)
		var a []float32
		for range n {
			a = append(a, row...)
		}
		out := call(t, d, func(in []*graph.Node) []*graph.Node {
			return []*graph.Node{graph.Einsum("kn,km->nm", in[1], in[2]), graph.Einsum("nk,mk->nm", in[0], in[3])}
		}, tensors.FromFlatDataAndDimensions(a, n, k), tensors.FromFlatDataAndDimensions(transposed(a, n, k), k, n),
			tensors.FromFlatDataAndDimensions(w, k, m), tensors.FromFlatDataAndDimensions(transposed(w, k, m), m, k))
		for layout, c := range out {
			for i := 1; i < n; i++ {
				if !slices.Equal(c[i*m:(i+1)*m], c[:m]) {
					t.Errorf("%dx%d by %dx%d in layout %d: row %d is not like row 0", n, k, k, m, layout, i)
					break
				}
			}
		}
	}
}

// gradients compares the library's differentiation with central differences, for a function of all the operations that
// the models here are made of. The step balances the function's curvature against float32.
func gradients(t *testing.T, d *backends.Device) {
	f := func(x, w *graph.Node) *graph.Node {
		rows := graph.Gather(x, graph.Const(x.Graph(), [][]int32{{2}, {0}, {2}}))
		h := graph.Einsum("nd,dh->nh", rows, w)
		h = graph.Concatenate([]*graph.Node{h, graph.Mul(h, h), graph.Exp(graph.MulScalar(h, 0.5))}, -1)
		h = graph.Div(h, graph.AddScalar(graph.Sqrt(graph.AddScalar(graph.Mul(h, h), 1)), 1))
		s := graph.ReduceSum(graph.Slice(h, graph.AxisRange(), graph.AxisRangeToEnd(1)), -1)
		s = graph.Add(s, graph.MaxScalar(graph.AddScalar(s, 0.3), 0))
		return graph.ReduceAllMean(graph.Add(graph.MaxScalar(s, 0), graph.Log1P(graph.Exp(graph.Neg(graph.Abs(s))))))
	}
	value, err := graph.NewExec(d.Backend(), f)
	if err != nil {
		t.Error(err)
		return
	}
	defer value.Finalize()
	x, w := draws("x", 12), draws("w", 8)
	at := func() float64 {
		out, err := value.Call1(tensors.FromFlatDataAndDimensions(x, 3, 4), tensors.FromFlatDataAndDimensions(w, 4, 2))
		if err != nil {
			panic(err)
		}
		return float64(tensors.ToScalar[float32](out))
	}
	out := call(t, d, func(in []*graph.Node) []*graph.Node { return graph.Gradient(f(in[0], in[1]), in...) },
		tensors.FromFlatDataAndDimensions(x, 3, 4), tensors.FromFlatDataAndDimensions(w, 4, 2))
	for p, values := range [][]float32{x, w} {
		for i, old := range values {
			const h = 1.0 / 128
			values[i] = old + h
			up := at()
			values[i] = old - h
			down := at()
			values[i] = old
			want := (up - down) / (2 * h)
			if got := float64(out[p][i]); math.Abs(got-want) > 2e-4 {
				t.Errorf("input %d, element %d: the gradient is %.6f, differences give %.6f", p, i, got, want)
			}
		}
	}
	if !slices.Equal(out[0][4:8], make([]float32, 4)) {
		t.Errorf("a row that was not looked up has the gradient %v", out[0][4:8])
	}
}

// optimizer compares three steps of AdamW with the formula in float64.
func optimizer(t *testing.T, d *backends.Device) {
	c := adamw.Config{Beta1: 0.9, Beta2: 0.95, Epsilon: 1e-6, WeightDecay: 0.2, ClipNorm: 1}
	const rate = 0.1
	p, m, v := []float64{1, -2, 0.25}, make([]float64, 3), make([]float64, 3)
	values, first, second := []float32{1, -2, 0.25}, make([]float32, 3), make([]float32, 3)
	for step := 1; step <= 3; step++ {
		out := call(t, d, func(in []*graph.Node) []*graph.Node {
			// The gradient of sum(p^2) is 2p; it is taken by the library.
			g := graph.Gradient(graph.ReduceAllSum(graph.Mul(in[1], in[1])), in[1])[0]
			a, b, c := c.Update(in[0], []adamw.Param{{Value: in[1], First: in[2], Second: in[3], Gradient: g, Decay: true}})
			return []*graph.Node{a[0], b[0], c[0]}
		}, c.Scale(step, rate), values, first, second)
		values, first, second = out[0], out[1], out[2]
		norm := 0.0
		for i := range p {
			norm += 4 * p[i] * p[i]
		}
		clip := 1 / max(math.Sqrt(norm), 1)
		for i := range p {
			g := 2 * p[i] * clip
			m[i] = 0.9*m[i] + 0.1*g
			v[i] = 0.95*v[i] + 0.05*g*g
			mHat, vHat := m[i]/(1-math.Pow(0.9, float64(step))), v[i]/(1-math.Pow(0.95, float64(step)))
			p[i] -= rate * (mHat/(math.Sqrt(vHat)+1e-6) + 0.2*p[i])
			if math.Abs(p[i]-float64(values[i])) > 1e-5 {
				t.Errorf("step %d, value %d: %.7f, by hand %.7f", step, i, values[i], p[i])
			}
		}
	}
}

// noHang trains thirty steps, which must end and must learn.
func noHang(t *testing.T, d *backends.Device) {
	losses, _, err := trained(d, 30)
	if err != nil {
		t.Error(err)
		return
	}
	if first, last := losses[0], losses[29]; !(last < first-0.1) || math.Abs(float64(first)-math.Ln2) > 0.1 {
		t.Errorf("the loss went from %g to %g in thirty steps", first, last)
	}
}

// repeat trains twice, the second time with one thread for Go's part, and compares bits.
func repeat(t *testing.T, d *backends.Device) {
	_, one, err := trained(d, 8)
	if err != nil {
		t.Error(err)
		return
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	_, two, err := trained(d, 8)
	if err != nil {
		t.Error(err)
		return
	}
	for i := range one {
		if math.Float32bits(one[i]) != math.Float32bits(two[i]) {
			t.Errorf("a second run gives %g for parameter %d, the first gave %g", two[i], i, one[i])
			return
		}
	}
}

// reportsErrors makes a graph whose shapes do not fit: an error, and the device works on.
func reportsErrors(t *testing.T, d *backends.Device) {
	exec, err := graph.NewExec(d.Backend(), func(a, b *graph.Node) *graph.Node { return graph.Einsum("ab,bc->ac", a, b) })
	if err != nil {
		t.Error(err)
		return
	}
	defer exec.Finalize()
	if _, err := exec.Call1([][]float32{{1, 2}}, [][]float32{{1, 2}}); err == nil {
		t.Error("a product of 1x2 by 1x2 is no error")
	}
	out, err := exec.Call1([][]float32{{1, 2}}, [][]float32{{3}, {4}})
	if err != nil || out.Value().([][]float32)[0][0] != 11 {
		t.Errorf("after an error, 1x2 by 2x1 gives %v, %v", out, err)
	}
}

// Agree trains the same model from the same weights on two devices and compares within rounding: scores before any
// step to 1e-5, losses of ten steps to 1e-4.
func Agree(t *testing.T, a, b *backends.Device) {
	t.Helper()
	score := func(d *backends.Device) []float32 {
		n, err := newNet(d)
		if err != nil {
			t.Fatal(err)
		}
		out, err := n.score.Call1(append([]any{inputs(0)}, n.state[:len(parameterShapes)]...)...)
		if err != nil {
			t.Fatal(err)
		}
		v, err := tensors.CopyFlatData[float32](out)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	compare := func(what string, x, y []float32, bound float64) {
		for i := range x {
			if diff := math.Abs(float64(x[i]) - float64(y[i])); !(diff <= bound) {
				t.Errorf("%s %d: %g on %s, %g on %s", what, i, x[i], a.Name(), y[i], b.Name())
				return
			}
		}
	}
	compare("score", score(a), score(b), 1e-5)
	lossesA, _, errA := trained(a, 10)
	lossesB, _, errB := trained(b, 10)
	if errA != nil || errB != nil {
		t.Fatal(errA, errB)
	}
	compare("loss before step", lossesA, lossesB, 1e-4)
}
