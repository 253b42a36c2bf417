package exact

import (
	"math"
	"math/big"
)

// Moments gathers the count, sum and sum of squares of values, for a mean and a variance that depend on the values
// alone. The zero value is empty. Parts merge as sums do.
type Moments struct {
	n       int64
	sum, sq Sum
}

// Add takes in one value.
func (m *Moments) Add(x float64) {
	m.n++
	m.sum.Add(x)
	m.sq.AddProduct(x, x)
}

// Merge takes in all that o holds.
func (m *Moments) Merge(o *Moments) {
	m.n += o.n
	m.sum.Merge(&o.sum)
	m.sq.Merge(&o.sq)
}

// N is how many values were added.
func (m *Moments) N() int64 { return m.n }

// Sum is the correctly rounded sum.
func (m *Moments) Sum() float64 { return m.sum.Float64() }

// Mean is the correctly rounded sum divided by n; NaN without values.
func (m *Moments) Mean() float64 { return m.Sum() / float64(m.n) }

// Variance is the sample variance, divided by n-1: n times the sum of squares less the square of the sum is formed
// exactly, so no cancellation takes place, and the quotient is rounded once. It is NaN under two values or where a value
// is not finite.
func (m *Moments) Variance() float64 {
	if m.n < 2 || m.sum.special|m.sq.special != 0 {
		return math.NaN()
	}
	// 2 x 2176 bits for the square of the sum, and the count's 63: nothing below is rounded before the quotient.
	exact := func() *big.Float { return new(big.Float).SetPrec(4608) }
	n := exact().SetInt64(m.n)
	sum, sq := m.sum.big(), m.sq.big()
	num := exact().Sub(exact().Mul(n, sq), exact().Mul(sum, sum))
	den := exact().Mul(n, exact().SetInt64(m.n-1))
	v, _ := new(big.Float).SetPrec(53).Quo(num, den).Float64()
	// Squares that underflow can leave the difference a hair below zero.
	return max(v, 0)
}

// StdDev is the square root of Variance.
func (m *Moments) StdDev() float64 { return math.Sqrt(m.Variance()) }

// StdErr is the standard error of the mean of independent values, StdDev/sqrt(n).
func (m *Moments) StdErr() float64 { return math.Sqrt(m.Variance() / float64(m.n)) }

// Mean is the mean of xs; NaN for none.
func Mean(xs []float64) float64 { return Total(xs) / float64(len(xs)) }

// Variance is the sample variance of xs; NaN for fewer than two.
func Variance(xs []float64) float64 {
	var m Moments
	for _, x := range xs {
		m.Add(x)
	}
	return m.Variance()
}

// big is the exact value of a sum of finite values.
func (s *Sum) big() *big.Float {
	neg, mag := s.magnitude()
	var b [4 * digits]byte
	for i, d := range mag {
		at := 4 * (digits - 1 - i)
		b[at], b[at+1], b[at+2], b[at+3] = byte(d>>24), byte(d>>16), byte(d>>8), byte(d)
	}
	f := new(big.Float).SetPrec(4608).SetInt(new(big.Int).SetBytes(b[:]))
	f.SetMantExp(f, -bias)
	if neg {
		f.Neg(f)
	}
	return f
}
