package agreement

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"
)

// Measure is a coefficient of a table, such as
//
//	func(t *Table) Coefficient { return t.Krippendorff(DistanceOrdinal) }
type Measure func(*Table) Coefficient

// Interval is a confidence interval of a coefficient, or why there is none.
type Interval struct {
	Low, High float64
	SE        float64
	Undefined string
	// Skipped counts the resamples for which the coefficient was undefined. They are left out; many of them mean that
	// the interval is not to be relied on.
	Skipped int
}

// OK reports whether there is an interval.
func (i Interval) OK() bool { return i.Undefined == "" }

// TooFew is the reason when a resample cannot be made.
const TooFew = "fewer than two items"

// Source gives uniform 64-bit words; stream.Stream is one.
type Source interface {
	Uint64() uint64
}

// Jackknife returns the interval from leaving one item out at a time, at the given level such as 0.95: the value plus
// and minus Student's t with items-1 degrees of freedom times the standard error, not above 1. It is exact in the sense
// that nothing is drawn.
func (t *Table) Jackknife(measure Measure, level float64) Interval {
	checkLevel(level)
	whole := measure(t)
	n := t.Items()
	switch {
	case !whole.OK():
		return Interval{Undefined: whole.Undefined}
	case n < 2:
		return Interval{Undefined: TooFew}
	}
	less := Table{values: t.values, rows: slices.Clone(t.rows)}
	values := make([]float64, len(t.rows))
	mean := 0.0
	for i, r := range t.rows {
		if r.times == 0 {
			continue
		}
		less.rows[i].times--
		c := measure(&less)
		less.rows[i].times++
		if !c.OK() {
			return Interval{Undefined: "without one of the items: " + c.Undefined}
		}
		values[i] = c.Value
		mean += float64(c.Value * float64(r.times))
	}
	mean /= float64(n)
	sum := 0.0
	for i, r := range t.rows {
		sum += float64(square(values[i]-mean) * float64(r.times))
	}
	se := math.Sqrt(sum * float64(n-1) / float64(n))
	half := se * distuv.StudentsT{Mu: 0, Sigma: 1, Nu: float64(n - 1)}.Quantile(0.5+level/2)
	return Interval{Low: whole.Value - half, High: min(1, whole.Value+half), SE: se}
}

// Bootstrap returns the percentile interval of resampled items, at the given level, and the standard deviation of the
// resamples. Whole items are drawn, ratings never apart: drawing ratings with a fixed expectation, as Krippendorff
// first proposed, covers far less than it promises. 2,000 draws are customary. It panics when draws is not positive.
func (t *Table) Bootstrap(measure Measure, draws int, level float64, source Source) Interval {
	checkLevel(level)
	if draws < 1 {
		panic("agreement: a bootstrap of no draws")
	}
	n := t.Items()
	whole := measure(t)
	switch {
	case !whole.OK():
		return Interval{Undefined: whole.Undefined}
	case n < 2:
		return Interval{Undefined: TooFew}
	}
	// Items in the order of their counts, so that the draws fall on the same items whatever order they came in.
	of := make([]int32, 0, n)
	for i, r := range t.rows {
		for range r.times {
			of = append(of, int32(i))
		}
	}
	again := Table{values: t.values, rows: slices.Clone(t.rows)}
	values := make([]float64, 0, draws)
	skipped := 0
	for range draws {
		for i := range again.rows {
			again.rows[i].times = 0
		}
		for range n {
			again.rows[of[below(source, uint64(n))]].times++
		}
		if c := measure(&again); c.OK() {
			values = append(values, c.Value)
		} else {
			skipped++
		}
	}
	if len(values) < 2 {
		return Interval{Undefined: "the coefficient is undefined for nearly all resamples", Skipped: skipped}
	}
	slices.Sort(values)
	tail := (1 - level) / 2
	return Interval{Low: quantile(values, tail), High: quantile(values, 1-tail), SE: deviation(values), Skipped: skipped}
}

func checkLevel(level float64) {
	if !(level > 0 && level < 1) {
		panic(fmt.Sprintf("agreement: a confidence level of %v", level))
	}
}

// below draws uniformly from [0, n), refusing the words that would favour some numbers.
func below(source Source, n uint64) uint64 {
	for {
		if x := source.Uint64(); x <= math.MaxUint64-(math.MaxUint64%n+1)%n {
			return x % n
		}
	}
}

// quantile interpolates between order statistics (type 7 of Hyndman and Fan).
func quantile(sorted []float64, q float64) float64 {
	place := q * float64(len(sorted)-1)
	i := int(place)
	low, high := sorted[i], sorted[min(i+1, len(sorted)-1)]
	return low + float64((place-float64(i))*(high-low))
}

func deviation(values []float64) float64 {
	mean := 0.0
	for _, v := range values {
		mean += v
	}
	mean /= float64(len(values))
	sum := 0.0
	for _, v := range values {
		sum += square(v - mean)
	}
	return math.Sqrt(sum / float64(len(values)-1))
}
