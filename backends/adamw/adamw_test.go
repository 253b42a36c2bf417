package adamw

import (
	"math"
	"testing"

	"github.com/gomlx/compute/gobackend"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// steps runs n updates of two parameters with fixed gradients, a = [a0, a1] decayed and b not, and returns their values.
func steps(t *testing.T, c Config, n int, rate float64) (a, b []float32) {
	t.Helper()
	backend, err := gobackend.New("ops_sequential")
	if err != nil {
		t.Fatal(err)
	}
	defer backend.Finalize()
	exec, err := graph.NewExec(backend, func(in []*graph.Node) []*graph.Node {
		g := in[0].Graph()
		values, first, second := c.Update(in[0], []Param{
			{Value: in[1], First: in[2], Second: in[3], Gradient: graph.Const(g, []float32{3, -4}), Decay: true},
			{Value: in[4], First: in[5], Second: in[6], Gradient: graph.Const(g, []float32{12})},
		})
		return []*graph.Node{values[0], first[0], second[0], values[1], first[1], second[1]}
	})
	if err != nil {
		t.Fatal(err)
	}
	state := []any{[]float32{1, -2}, []float32{0, 0}, []float32{0, 0}, []float32{0.5}, []float32{0}, []float32{0}}
	for i := range n {
		out, err := exec.Call(append([]any{c.Scale(i+1, rate)}, state...)...)
		if err != nil {
			t.Fatal(err)
		}
		for j, o := range out {
			state[j] = o
		}
	}
	read := func(v any) []float32 {
		values, err := tensors.CopyFlatData[float32](v.(*tensors.Tensor))
		if err != nil {
			t.Fatal(err)
		}
		return values
	}
	return read(state[0]), read(state[3])
}

func near(a float32, b float64) bool { return math.Abs(float64(a)-b) < 1e-6 }

// TestFirstStep: after one step the corrected moments are g and g^2, so each value moves by the rate against the
// gradient's sign whatever its size, and a decayed one shrinks by rate x decay of itself besides.
func TestFirstStep(t *testing.T) {
	a, b := steps(t, Config{Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8, WeightDecay: 0.1}, 1, 0.01)
	if !near(a[0], 1-0.01*(1+0.1*1)) || !near(a[1], -2+0.01*(1+0.1*2)) || !near(b[0], 0.5-0.01) {
		t.Errorf("after one step %v, %v", a, b)
	}
}

// TestClip: the gradients (3, -4, 12) have the norm 13, and with a norm of 6.5 are halved. With betas of 0 and an
// epsilon of 1 the step is g/(|g|+1).
func TestClip(t *testing.T) {
	a, b := steps(t, Config{Epsilon: 1, ClipNorm: 6.5}, 1, 1)
	if !near(a[0], 1-1.5/2.5) || !near(a[1], -2+2.0/3) || !near(b[0], 0.5-6.0/7) {
		t.Errorf("halved gradients give %v, %v", a, b)
	}
	a, _ = steps(t, Config{Epsilon: 1, ClipNorm: 14}, 1, 1)
	if !near(a[0], 1-3.0/4) {
		t.Errorf("gradients below the limit give %v", a)
	}
}

// TestDecayOnly: what ten steps take from a decayed value beyond the same run without decay is the decay alone.
func TestDecayOnly(t *testing.T) {
	c := Config{Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8}
	plain, plainB := steps(t, c, 10, 0.01)
	c.WeightDecay = 0.5
	decayed, decayedB := steps(t, c, 10, 0.01)
	if plainB[0] != decayedB[0] {
		t.Errorf("an undecayed value moved from %g to %g", plainB[0], decayedB[0])
	}
	// The gradient is constant, so each step moves by 0.01 exactly, with decay on the value before.
	want, free := 1.0, 1.0
	for range 10 {
		want, free = want*(1-0.005)-0.01, free-0.01
	}
	if !near(plain[0], free) || !near(decayed[0], want) {
		t.Errorf("ten steps give %g, want %g; with decay %g, want %g", plain[0], free, decayed[0], want)
	}
}

func TestCosine(t *testing.T) {
	for _, c := range []struct {
		t    int
		want float64
	}{{1, 0.2}, {5, 1}, {55, 0.55}, {105, 0.1}, {200, 0.1}} {
		if got := Cosine(1, 0.1, c.t, 5, 105); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("step %d has rate %g, want %g", c.t, got, c.want)
		}
	}
	if got := Cosine(2, 0.1, 1, 0, 1); math.Abs(got-0.2) > 1e-12 {
		t.Errorf("the only step has rate %g", got)
	}
}
