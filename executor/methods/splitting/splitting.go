// Package splitting divides rows into train, validation and test parts, and into folds for cross-fitting, so that no group
// is torn apart and every stratum is shared out in proportion. It is for the split kind and for whatever has to score rows
// with models that have not seen them. It refuses to find groups (simjoin and cluster do) and never looks at a label's
// orientation: what a stratum is, the caller says.
//
// Balanced meets the shares as exactly as whole groups allow, and moves few rows when data are edited; Stable decides each
// group by a hash of its key alone, so that data can grow without moving any. Both are functions of the set of rows: ids,
// groups, strata, weights and salt. The order of the rows and the numbering of groups do not show, and floating point is
// kept from being fused, so the answer is the same on every machine.
package splitting

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/big"
	"strconv"
)

// Version names the behaviour of this package in cache keys; it is raised when the same rows would be split otherwise.
const Version = "splitting/2"

// Row is what a split knows of a row.
type Row struct {
	ID      string // distinct among the rows
	Group   int    // rows of one group stay together; any numbering in [0, number of rows)
	Stratum int    // 0 to strata-1, with no number unused
}

// Part is one side of a split: its name for messages, and its share as a weight relative to the sum of all weights.
// Parts are listed from the least to the most protected: train, validation, test.
type Part struct {
	Name   string
	Weight int64
}

// Options say how to split.
type Options struct {
	Parts []Part
	// Salt makes different splits of the same rows; the same salt always makes the same one.
	Salt string
	// Previous holds, by row id, the part (an index into Parts, or Evicted) that rows had in an earlier split. A row
	// that was once in a part other than the first never changes sides: see Assignment.Evictions. Ids that are not
	// among the rows are ignored; nil means there was no earlier split.
	Previous map[string]int
}

// Evicted marks, in place of a part, a row that has been left out of all parts: it was in one part earlier, and its group now
// belongs to a more protected one.
const Evicted = -1

// Eviction is a row left out, the part it had and the part of its group, as indexes into Parts. A row that was evicted
// before counts as one that was in the first part.
type Eviction struct {
	Row, From, To int
}

// Assignment is a split: for each row its part, or Evicted.
type Assignment struct {
	Part []int
	// Evictions lists the rows left out, by row id. Rows that new ones have connected with a more protected part cannot
	// stay where they were without leaking across the border, nor may they move there, where nothing may have been
	// trained on: so they are dropped.
	Evictions []Eviction
	// Counts[p][s] is the number of rows of stratum s in part p.
	Counts [][]int
}

// maxWeight bounds the sum of weights so that products with row counts stay exact in float64 and int64.
const maxWeight = 1_000_000_000

// Weights turns shares written as decimals, such as 0.8 and 0.2, into exact weights. It fails when a share is not
// positive or when their sum, taken exactly, is not 1.
func Weights(shares ...float64) ([]int64, error) {
	sum, scale := new(big.Rat), big.NewInt(1)
	exact := make([]*big.Rat, len(shares))
	for i, s := range shares {
		text := strconv.FormatFloat(s, 'f', -1, 64)
		r, ok := new(big.Rat).SetString(text)
		if !ok || r.Sign() <= 0 {
			return nil, fmt.Errorf("share %s: want a number above 0", text)
		}
		exact[i] = r
		sum.Add(sum, r)
		gcd := new(big.Int).GCD(nil, nil, scale, r.Denom())
		scale.Mul(scale, new(big.Int).Div(r.Denom(), gcd))
	}
	if sum.Cmp(big.NewRat(1, 1)) != 0 {
		return nil, fmt.Errorf("shares sum to %s, not to 1", decimal(sum))
	}
	if !scale.IsInt64() || scale.Int64() > maxWeight {
		return nil, fmt.Errorf("shares with more than nine decimals are not supported")
	}
	weights := make([]int64, len(shares))
	for i, r := range exact {
		weights[i] = new(big.Int).Div(new(big.Int).Mul(r.Num(), scale), r.Denom()).Int64()
	}
	return weights, nil
}

// decimal writes a sum of decimals without the digits that it does not have.
func decimal(r *big.Rat) string {
	n, _ := r.FloatPrec()
	return r.FloatString(n)
}

// draw is the place of a group in [0, 2^64): the first eight bytes, big-endian, of SHA-256(salt, 0x00, key).
func draw(salt, key string) uint64 {
	buf := make([]byte, 0, len(salt)+1+len(key))
	buf = append(append(append(buf, salt...), 0), key...)
	sum := sha256.Sum256(buf)
	return binary.BigEndian.Uint64(sum[:8])
}

// total checks the parts and returns the sum of their weights.
func total(parts []Part) (int64, error) {
	if len(parts) < 2 {
		return 0, fmt.Errorf("a split needs two parts or more, not %d", len(parts))
	}
	sum := int64(0)
	for _, p := range parts {
		if p.Weight <= 0 || p.Weight > maxWeight {
			return 0, fmt.Errorf("part %q has a weight of %d: want 1 to %d", p.Name, p.Weight, int64(maxWeight))
		}
		sum += p.Weight
	}
	if sum > maxWeight {
		return 0, fmt.Errorf("the parts' weights sum to %d: want at most %d", sum, int64(maxWeight))
	}
	return sum, nil
}
