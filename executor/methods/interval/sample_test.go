package interval

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

func TestClusteredStdErr(t *testing.T) {
	s := NewSample([]string{"a", "a", "a", "b", "b", "c"}, []float64{1, 1, 0, 1, 1, 0})
	near(t, "clustered", s.StdErr(), 0.157135, 5e-7)
	near(t, "mean", s.Mean(), 4.0/6, 1e-15)
	if s.N() != 6 || s.Groups() != 3 {
		t.Errorf("%d rows in %d groups", s.N(), s.Groups())
	}
	near(t, "naive", NewSample(nil, []float64{1, 1, 0, 1, 1, 0}).StdErr(), 0.192450, 5e-7)
	e := s.Normal(0.95)
	near(t, "half width", e.High-e.Point, 1.959963985*0.157134840, 1e-8)
}

func TestOrderChangesNothing(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	const n = 400
	keys, xs, ys := make([]string, n), make([]float64, n), make([]float64, n)
	for i := range xs {
		keys[i] = fmt.Sprint("g", r.IntN(60))
		xs[i], ys[i] = r.NormFloat64(), r.NormFloat64()
	}
	type result struct {
		se, p      float64
		boot, free Estimate
		paired     Estimate
		fit        Fit
		ece, loss  float64
	}
	all := func() result {
		s := NewSample(keys, xs)
		fit, _ := Temperature(xs)
		conf, correct := Symmetric(xs, fit.Slope)
		return result{
			s.StdErr(), s.PValue(), s.Bootstrap(1, "m", 200, 0.95), NewSample(nil, xs).Bootstrap(1, "m", 200, 0.95),
			Paired(keys, xs, ys).Normal(0.95), fit, ECE(EqualMass(conf, correct, ECEBins)), MarginLogLoss(xs, 1),
		}
	}
	want := all()
	for range 5 {
		r.Shuffle(n, func(i, j int) {
			keys[i], keys[j] = keys[j], keys[i]
			xs[i], xs[j] = xs[j], xs[i]
			ys[i], ys[j] = ys[j], ys[i]
		})
		if got := all(); got != want {
			t.Fatalf("another order gives\n%+v, not\n%+v", got, want)
		}
	}
}

func TestBootstrap(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	const n = 500
	keys, xs := make([]string, n), make([]float64, n)
	for i := range xs {
		keys[i] = fmt.Sprint(i / 2)
		if r.Float64() < 0.7 {
			xs[i] = 1
		}
	}
	s := NewSample(keys, xs)
	e := s.Bootstrap(1, "accuracy", Draws, 0.95)
	normal := s.Normal(0.95)
	near(t, "low", e.Low, normal.Low, 0.006)
	near(t, "high", e.High, normal.High, 0.006)
	if e != s.Bootstrap(1, "accuracy", Draws, 0.95) {
		t.Error("not repeatable")
	}
	if e == s.Bootstrap(2, "accuracy", Draws, 0.95) || e == s.Bootstrap(1, "loss", Draws, 0.95) {
		t.Error("seed or name makes no difference")
	}
	// Resampling groups by hand gives the same mean's interval, since both draw the same groups.
	low, high, used := Resample(1, "accuracy", s.Groups(), Draws, 0.95, func(drawn []int) float64 {
		sum, rows := 0.0, 0
		for _, g := range drawn {
			sum += s.groups[g].sum
			rows += s.groups[g].n
		}
		return sum / float64(rows)
	})
	if low != e.Low || high != e.High || used != Draws {
		t.Errorf("Resample gives [%g, %g] of %d, want [%g, %g]", low, high, used, e.Low, e.High)
	}
}

// TestClusteringWidens copies every row four times: the clustered interval must not believe in the copies.
func TestClusteringWidens(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	var keys, single []string
	var xs, once []float64
	for g := range 200 {
		v := float64(r.IntN(2))
		single, once = append(single, fmt.Sprint(g)), append(once, v)
		for range 4 {
			keys, xs = append(keys, fmt.Sprint(g)), append(xs, v)
		}
	}
	near(t, "standard error", NewSample(keys, xs).StdErr(), NewSample(single, once).StdErr(), 1e-12)
	if NewSample(nil, xs).StdErr() > 0.51*NewSample(keys, xs).StdErr() {
		t.Error("the naive error is not about half")
	}
	p := NewSample(keys, xs).Mean()
	near(t, "effective rows", EffectiveN(p, NewSample(keys, xs).StdErr()), 200, 1e-6)
}

func TestEmptyAndDegenerate(t *testing.T) {
	s := NewSample(nil, nil)
	for _, e := range []Estimate{s.Normal(0.95), s.Bootstrap(1, "x", 10, 0.95)} {
		if !math.IsNaN(e.Point) || !math.IsNaN(e.Low) {
			t.Errorf("an estimate of nothing is %+v", e)
		}
	}
	same := []float64{0.5, 0.5}
	if p := Paired(nil, same, same).PValue(); p != 1 {
		t.Errorf("no difference has p %g", p)
	}
	if _, _, used := Resample(1, "x", 0, 10, 0.95, nil); used != 0 {
		t.Error("a resample of nothing")
	}
	near(t, "p of two standard errors", Sample{n: 1, mean: 2, groups: []cluster{{"a", 1, 3}}}.PValue(), 0.0455, 1e-4)
}

func BenchmarkBootstrap(b *testing.B) {
	xs := make([]float64, 1000)
	for i := range xs {
		xs[i] = float64(i % 3)
	}
	s := NewSample(nil, xs)
	for b.Loop() {
		s.Bootstrap(1, "x", Draws, 0.95)
	}
}

// Twenty of twenty right is no proof of more than Wilson's .8389; copies of one prompt are one row.
func TestShareOfRowsThatAreAllAlike(t *testing.T) {
	credits, keys := make([]float64, 20), make([]string, 20)
	for i := range credits {
		credits[i], keys[i] = 1, string(rune('a'+i/2))
	}
	e := NewSample(nil, credits).Share(1, "accuracy", Draws, 0.95)
	if math.Abs(e.Low-0.8389) > 1e-4 || e.High != 1 || e.Point != 1 {
		t.Errorf("20 of 20: %+v", e)
	}
	want := Wilson(10, 10, 0.95)
	if e = NewSample(keys, credits).Share(1, "accuracy", Draws, 0.95); e.Low != want.Low || e.Groups != 10 || e.N != 20 {
		t.Errorf("20 rows of 10 prompts: %+v, want from %v", e, want.Low)
	}
	credits[3] = 0
	if a, b := NewSample(keys, credits).Share(1, "x", 200, 0.95), NewSample(keys, credits).Bootstrap(1, "x", 200, 0.95); a != b {
		t.Errorf("%+v, want the bootstrap's %+v", a, b)
	}
}
