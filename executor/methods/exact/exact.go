// Package exact adds float64 values without rounding until the very end, so that neither the order of the values nor
// how they were cut into chunks changes one bit of a result. Every mean, rate and loss that prefab reports is a sum over
// rows; this package is why two runs with other chunk sizes or thread counts print the same digits.
//
// The method is a superaccumulator: a fixed-point number wide enough for every float64 (R. M. Neal, "Fast exact summation
// using small and large superaccumulators", 2015, describes the family). The package does not make exp or log
// reproducible across machines, and it keeps no individual values.
package exact

import (
	"math"
	"math/bits"
)

// Version names the method in cache keys.
const Version = "exact/1"

const (
	digitBits = 32
	// The lowest bit stands for 2^-1074, the smallest subnormal. The largest float64 ends at bit 2098, and 2^63 of them
	// at bit 2161: 68 digits of 32 bits hold any sum that can be formed.
	digits = 68
	bias   = 1074
	// Every addition puts less than 2^32 into a digit, so this many fit an int64 before carries must be propagated.
	maxPending = 1 << 30
)

// Sum is an exact running sum. The zero value is an empty sum. A Sum is about half a kilobyte, and it must not be used
// by two goroutines at once; give each its own and Merge them.
type Sum struct {
	digit   [digits]int64 // value = sum of digit[i] * 2^(32 i - 1074)
	pending int           // additions since carries were last propagated
	special uint8         // which of NaN, +Inf and -Inf were added
}

const (
	sawNaN uint8 = 1 << iota
	sawPosInf
	sawNegInf
)

// Add adds x. NaN and the infinities are remembered, and decide the result as they would in ordinary addition.
func (s *Sum) Add(x float64) {
	b := math.Float64bits(x)
	exp := int(b>>52) & 0x7ff
	mant := b & (1<<52 - 1)
	switch exp {
	case 0x7ff:
		s.addSpecial(x)
		return
	case 0:
		if mant == 0 {
			return
		}
		exp = 1
	default:
		mant |= 1 << 52
	}
	pos := uint(exp - 1) // of the mantissa's lowest bit
	i, shift := pos/digitBits, pos%digitBits
	hi, lo := bits.Mul64(mant, 1<<shift)
	d0, d1, d2 := int64(lo&0xffffffff), int64(lo>>32), int64(hi)
	if int64(b) < 0 {
		d0, d1, d2 = -d0, -d1, -d2
	}
	s.digit[i] += d0
	s.digit[i+1] += d1
	s.digit[i+2] += d2
	if s.pending++; s.pending >= maxPending {
		s.carry()
	}
}

// AddProduct adds a*b as two float64 values whose sum is the product. That is exact when the product and its rounding
// error are in the range of normal numbers (about 1e-290 to 1e308 in magnitude). Outside it the error of each product is
// still a function of a and b alone, so the result keeps its independence of order.
func (s *Sum) AddProduct(a, b float64) {
	p := float64(a * b)
	s.Add(p)
	if !math.IsInf(p, 0) && p == p {
		s.Add(math.FMA(a, b, -p))
	}
}

// AddAll adds every value of xs.
func (s *Sum) AddAll(xs []float64) {
	for _, x := range xs {
		s.Add(x)
	}
}

// Merge adds all that t holds. Merging the parts of a partition, in any order, equals adding all values to one Sum.
func (s *Sum) Merge(t *Sum) {
	s.carry()
	o := *t
	o.carry()
	for i := range s.digit {
		s.digit[i] += o.digit[i]
	}
	s.pending = 1
	s.special |= o.special
}

// Float64 is the float64 nearest to the exact sum, ties to even; an empty sum and an exact zero are +0.
func (s *Sum) Float64() float64 {
	switch {
	case s.special&sawNaN != 0, s.special&(sawPosInf|sawNegInf) == sawPosInf|sawNegInf:
		return math.NaN()
	case s.special&sawPosInf != 0:
		return math.Inf(1)
	case s.special&sawNegInf != 0:
		return math.Inf(-1)
	}
	neg, mag := s.magnitude()
	f := round(&mag)
	if neg {
		return -f
	}
	return f
}

func (s *Sum) addSpecial(x float64) {
	switch {
	case x != x:
		s.special |= sawNaN
	case x > 0:
		s.special |= sawPosInf
	default:
		s.special |= sawNegInf
	}
}

// carry brings every digit but the last into [0, 2^32); the last takes the sign. The form is unique for a value.
func (s *Sum) carry() {
	for i := range digits - 1 {
		c := s.digit[i] >> digitBits
		s.digit[i] -= c << digitBits
		s.digit[i+1] += c
	}
	s.pending = 1
}

// magnitude is the sum as a sign and digits in [0, 2^32). It leaves s untouched.
func (s *Sum) magnitude() (neg bool, mag [digits]uint32) {
	t := *s
	t.carry()
	if neg = t.digit[digits-1] < 0; neg {
		for i := range t.digit {
			t.digit[i] = -t.digit[i]
		}
		t.carry()
	}
	for i, d := range t.digit {
		mag[i] = uint32(d)
	}
	return neg, mag
}

// round is the float64 nearest to the magnitude. The top 64 bits are collected, with one sticky bit for all below; the
// conversion to float64 then rounds once, and scaling by a power of two is exact: a sum of so few bits that it would be
// subnormal has no bits below 2^-1074 to lose.
func round(mag *[digits]uint32) float64 {
	top := digits - 1
	for top >= 0 && mag[top] == 0 {
		top--
	}
	if top < 0 {
		return 0
	}
	at := func(i int) uint64 {
		if i < 0 {
			return 0
		}
		return uint64(mag[i])
	}
	lead := uint(bits.LeadingZeros32(mag[top]))
	word := at(top)<<32 | at(top-1)
	word = word<<lead | at(top-2)>>(digitBits-lead)
	sticky := at(top-2)<<lead&0xffffffff != 0
	for i := top - 3; i >= 0 && !sticky; i-- {
		sticky = mag[i] != 0
	}
	if sticky {
		word |= 1
	}
	return math.Ldexp(float64(word), digitBits*(top-1)-int(lead)-bias)
}

// Total is the correctly rounded sum of xs.
func Total(xs []float64) float64 {
	var s Sum
	s.AddAll(xs)
	return s.Float64()
}
