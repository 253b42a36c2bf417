package simjoin

import (
	"fmt"
	"math"
	"math/big"
	"strconv"
)

// Ratio is a threshold Num/Den in (0, 1]. It is a fraction of integers because 0.7 is not a float64: a pair with an
// overlap of 7 and a union of 10 has to reach it on every machine.
type Ratio struct {
	Num, Den int64
}

// maxDen keeps every product of a threshold with a size below 2^63 (sizes are below 2^31, and two are added).
const maxDen = 1_000_000_000

// NewRatio returns num/den. It fails unless 0 < num <= den <= 10^9.
func NewRatio(num, den int64) (Ratio, error) {
	if num <= 0 || num > den || den > maxDen {
		return Ratio{}, fmt.Errorf("similarity threshold %d/%d: want a fraction above 0 and up to 1 with a denominator of at most %d", num, den, int64(maxDen))
	}
	return Ratio{num, den}, nil
}

// Decimal returns the threshold that the shortest decimal form of f writes, so that 0.7 is 7/10. It fails when f is not in
// (0, 1] or has more than nine decimals.
func Decimal(f float64) (Ratio, error) {
	text := strconv.FormatFloat(f, 'f', -1, 64)
	r, ok := new(big.Rat).SetString(text)
	if !ok || r.Sign() <= 0 || !r.Num().IsInt64() || !r.Denom().IsInt64() || r.Denom().Int64() > maxDen {
		return Ratio{}, fmt.Errorf("similarity threshold %s: want a number above 0 and up to 1 with at most nine decimals", text)
	}
	return NewRatio(r.Num().Int64(), r.Denom().Int64())
}

// Reached reports whether overlap/union >= r. A union of 0, two empty sets, counts as 1.
func (r Ratio) Reached(overlap, union int) bool {
	return union == 0 || int64(overlap)*r.Den >= int64(union)*r.Num
}

// String returns the fraction.
func (r Ratio) String() string { return fmt.Sprintf("%d/%d", r.Num, r.Den) }

// valid panics unless r was made by NewRatio or Decimal, or could have been.
func (r Ratio) valid() Ratio {
	if _, err := NewRatio(r.Num, r.Den); err != nil {
		panic("simjoin: " + err.Error())
	}
	return r
}

// need is the smallest overlap with which sets of sizes a and b reach r: o/(a+b-o) >= n/d <=> o >= n(a+b)/(n+d).
func (r Ratio) need(a, b int) int { return int(ceilDiv(r.Num*int64(a+b), r.Num+r.Den)) }

// shortest is the smallest size of a set that can reach r with one of the given size.
func (r Ratio) shortest(size int) int { return int(ceilDiv(r.Num*int64(size), r.Den)) }

// longest is the largest size of a set that can reach r with one of the given size.
func (r Ratio) longest(size int) int { return int(min(r.Den*int64(size)/r.Num, math.MaxInt32)) }

func ceilDiv(a, b int64) int64 { return (a + b - 1) / b }
