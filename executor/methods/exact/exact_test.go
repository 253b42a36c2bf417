package exact

import (
	"bytes"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// oracle sums with arbitrary precision.
func oracle(xs []float64) float64 {
	sum := new(big.Float).SetPrec(4608)
	for _, x := range xs {
		sum.Add(sum, new(big.Float).SetFloat64(x))
	}
	f, _ := sum.Float64()
	return f
}

func wild(r *rand.Rand) float64 {
	for {
		x := math.Float64frombits(r.Uint64())
		if !math.IsNaN(x) && !math.IsInf(x, 0) {
			return x
		}
	}
}

func TestTotalAgainstBigFloat(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for trial := range 3000 {
		xs := make([]float64, 1+r.IntN(40))
		for i := range xs {
			switch trial % 4 {
			case 0:
				xs[i] = wild(r)
			case 1:
				xs[i] = r.NormFloat64() * math.Ldexp(1, r.IntN(120)-60)
			case 2: // subnormals
				xs[i] = math.Float64frombits(r.Uint64N(1<<54) | r.Uint64()&(1<<63))
			case 3: // heavy cancellation
				xs[i] = wild(r)
				if i > 0 && r.IntN(2) == 0 {
					xs[i] = -xs[i-1]
				}
			}
		}
		got, want := Total(xs), oracle(xs)
		if got != want {
			t.Fatalf("trial %d: Total(%v) = %b, want %b", trial, xs, got, want)
		}
	}
}

func TestTotalVectors(t *testing.T) {
	big := math.MaxFloat64
	tiny := math.SmallestNonzeroFloat64
	inf := math.Inf(1)
	for _, c := range []struct {
		xs   []float64
		want float64
	}{
		{nil, 0},
		{[]float64{math.Copysign(0, -1)}, 0},
		{[]float64{1e16, 1, -1e16}, 1},
		{[]float64{1, 1e100, 1, -1e100}, 2},
		{[]float64{0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1}, 5.5},
		{[]float64{big, big, -big}, big},
		{[]float64{big, big}, inf},
		{[]float64{-big, -big}, -inf},
		{[]float64{tiny, tiny}, 2 * tiny},
		{[]float64{1, math.Ldexp(1, -53)}, 1},                                // tie to even
		{[]float64{1, math.Ldexp(1, -53), tiny}, 1 + math.Ldexp(1, -52)},     // just above the tie
		{[]float64{1, math.Ldexp(3, -53)}, 1 + math.Ldexp(1, -51)},           // tie to even, upwards
		{[]float64{-1, -math.Ldexp(1, -53), -tiny}, -1 - math.Ldexp(1, -52)}, // symmetric
		{[]float64{big, math.Ldexp(1, 970)}, inf},                            // rounds over the top
		{[]float64{big, math.Ldexp(1, 970), -tiny}, big},                     // just below that
		{[]float64{inf, 1}, inf},
		{[]float64{-inf, 1}, -inf},
	} {
		if got := Total(c.xs); got != c.want || math.Signbit(got) != math.Signbit(c.want) {
			t.Errorf("Total(%v) = %v, want %v", c.xs, got, c.want)
		}
	}
	for _, xs := range [][]float64{{math.NaN()}, {inf, -inf}, {inf, math.NaN()}} {
		if got := Total(xs); !math.IsNaN(got) {
			t.Errorf("Total(%v) = %v, want NaN", xs, got)
		}
	}
}

func TestOrderAndChunkingChangeNothing(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	xs := make([]float64, 5000)
	for i := range xs {
		xs[i] = wild(r)
	}
	var whole Moments
	for _, x := range xs {
		whole.Add(x / 1e160) // keeps the squares finite
	}
	want, _ := whole.MarshalBinary()
	for range 10 {
		r.Shuffle(len(xs), func(i, j int) { xs[i], xs[j] = xs[j], xs[i] })
		var total Moments
		for rest := xs; len(rest) > 0; {
			n := min(len(rest), 1+r.IntN(700))
			var part Moments
			for _, x := range rest[:n] {
				part.Add(x / 1e160)
			}
			b, err := part.MarshalBinary()
			if err != nil {
				t.Fatal(err)
			}
			var back Moments
			if err := back.UnmarshalBinary(b); err != nil {
				t.Fatal(err)
			}
			total.Merge(&back)
			rest = rest[n:]
		}
		if got, _ := total.MarshalBinary(); !bytes.Equal(got, want) {
			t.Fatal("the encoding depends on order or chunking")
		}
		if total.Mean() != whole.Mean() || total.Variance() != whole.Variance() {
			t.Fatal("mean or variance depends on order or chunking")
		}
	}
}

func TestManyAdditionsCarry(t *testing.T) {
	var s Sum
	s.Add(math.MaxFloat64)
	s.pending = maxPending - 3 // as if that many had been added
	for range 10 {
		s.Add(-1)
	}
	if s.pending > 10 {
		t.Error("carries were not propagated")
	}
	s.Add(-math.MaxFloat64)
	if got := s.Float64(); got != -10 {
		t.Errorf("got %v, want -10", got)
	}
}

func TestVariance(t *testing.T) {
	// Shifting by 1e9 destroys the naive formula; here the variance stays exact.
	base := []float64{4, 7, 13, 16}
	for _, shift := range []float64{0, 1e9, -1e12} {
		xs := make([]float64, len(base))
		for i, b := range base {
			xs[i] = b + shift
		}
		if got := Variance(xs); got != 30 {
			t.Errorf("shift %g: variance %v, want 30", shift, got)
		}
	}
	if v := Variance([]float64{2.5}); !math.IsNaN(v) {
		t.Errorf("variance of one value is %v, want NaN", v)
	}
	if v := Variance([]float64{0.1, 0.1, 0.1}); v != 0 {
		t.Errorf("variance of equal values is %v, want 0", v)
	}
	if m := Mean(nil); !math.IsNaN(m) {
		t.Errorf("mean of nothing is %v, want NaN", m)
	}
}

func TestAddProductIsExact(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 2000 {
		var s Sum
		want := new(big.Float).SetPrec(4608)
		for range 10 {
			a, b := r.NormFloat64(), r.NormFloat64()*1e8
			s.AddProduct(a, b)
			want.Add(want, new(big.Float).SetPrec(200).Mul(big.NewFloat(a), big.NewFloat(b)))
		}
		if f, _ := want.Float64(); s.Float64() != f {
			t.Fatalf("got %v, want %v", s.Float64(), f)
		}
	}
	var s Sum
	s.AddProduct(1e300, 1e300)
	if !math.IsInf(s.Float64(), 1) {
		t.Error("an overflowing product is not +Inf")
	}
}

func TestUnmarshalRefusesOtherBytes(t *testing.T) {
	var s Sum
	s.Add(-3.25)
	s.Add(math.Inf(1))
	good, _ := s.MarshalBinary()
	var back Sum
	if err := back.UnmarshalBinary(good); err != nil {
		t.Fatal(err)
	}
	again, _ := back.MarshalBinary()
	if !bytes.Equal(good, again) {
		t.Fatal("encoding does not survive a round trip")
	}
	for _, bad := range [][]byte{
		nil,
		{0},
		{0, 0, 1},
		{1, 0, 0},
		{0, 3, 0},
		{16, 0, 0},
		{0, 68, 1, 1, 0, 0, 0},
		{0, 0, 1, 0, 0, 0, 0},
		append(bytes.Clone(good), 0), good[:len(good)-1],
	} {
		if err := back.UnmarshalBinary(bad); err == nil {
			t.Errorf("% x was accepted", bad)
		}
		var m Moments
		if err := m.UnmarshalBinary(bad); err == nil {
			t.Errorf("% x was accepted as moments", bad)
		}
	}
}

func BenchmarkAdd(b *testing.B) {
	r := rand.New(rand.NewPCG(7, 8))
	xs := make([]float64, 4096)
	for i := range xs {
		xs[i] = r.NormFloat64()
	}
	b.SetBytes(int64(8 * len(xs)))
	var s Sum
	for b.Loop() {
		s.AddAll(xs)
	}
}
