package interval

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/prefab-build/prefab/executor/methods/exact"
	"github.com/prefab-build/prefab/executor/methods/stream"
)

const (
	// Draws is how many resamples a bootstrap takes: the ends of a 95 % interval then rest on 50 draws each.
	Draws = 2000
	// FewGroups is the number of groups under which an interval over groups deserves a warning.
	FewGroups = 20
)

// Sample is values in groups, such as the credits of pairs grouped by prompt. Rows of one group are not independent, so
// both the standard error and the bootstrap treat the group as the unit. A Sample is immutable.
type Sample struct {
	n      int
	mean   float64
	groups []cluster
}

// cluster is one group: how many rows it has, and their exact sum rounded once.
type cluster struct {
	key string
	n   int
	sum float64
}

// NewSample groups values by key. A nil keys makes every row a group of its own; it then keys rows by value, since rows of
// equal value are interchangeable. It panics when keys are given in another number than values.
func NewSample(keys []string, values []float64) Sample {
	if keys == nil {
		return independent(values)
	}
	if len(keys) != len(values) {
		panic("interval: as many keys as values are needed")
	}
	order := make([]int, len(values))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return strings.Compare(keys[a], keys[b]) })
	s := Sample{n: len(values)}
	var total, part exact.Sum
	for i := 0; i < len(order); {
		key := keys[order[i]]
		first := i
		part = exact.Sum{}
		for ; i < len(order) && keys[order[i]] == key; i++ {
			part.Add(values[order[i]])
		}
		total.Merge(&part)
		s.groups = append(s.groups, cluster{key, i - first, part.Float64()})
	}
	s.mean = total.Float64() / float64(s.n)
	return s
}

func independent(values []float64) Sample {
	s := Sample{n: len(values), mean: exact.Mean(values), groups: make([]cluster, len(values))}
	for i, v := range values {
		s.groups[i] = cluster{n: 1, sum: v}
	}
	slices.SortFunc(s.groups, func(a, b cluster) int { return cmp.Compare(a.sum, b.sum) })
	return s
}

// Paired is the sample of differences a-b of two models on the same rows.
func Paired(keys []string, a, b []float64) Sample {
	if len(a) != len(b) {
		panic("interval: paired values differ in number")
	}
	d := make([]float64, len(a))
	for i := range d {
		d[i] = a[i] - b[i]
	}
	return NewSample(keys, d)
}

// N is the number of rows.
func (s Sample) N() int { return s.n }

// Groups is the number of groups.
func (s Sample) Groups() int { return len(s.groups) }

// Mean is the mean over rows; NaN without any.
func (s Sample) Mean() float64 { return s.mean }

// StdErr is the clustered standard error of the mean, the root of the sum over groups of the squared sum of deviations,
// divided by n (E. Miller, "Adding error bars to evals", 2024). Where every row is a group it is the usual one with
// divisor n.
func (s Sample) StdErr() float64 {
	var sq exact.Sum
	for _, g := range s.groups {
		d := g.sum - float64(float64(g.n)*s.mean)
		sq.AddProduct(d, d)
	}
	return math.Sqrt(sq.Float64()) / float64(s.n)
}

// Normal is the mean with a normal interval of the clustered standard error.
func (s Sample) Normal(confidence float64) Estimate {
	if s.n == 0 {
		return nothing("clustered")
	}
	half := float64(Z(confidence) * s.StdErr())
	return Estimate{s.mean, s.mean - half, s.mean + half, s.n, len(s.groups), "clustered"}
}

// PValue is the two-sided p-value of the mean being 0, from the normal distribution and the clustered standard error. It
// is 1 where mean and standard error are both 0, and NaN without rows.
func (s Sample) PValue() float64 {
	se := s.StdErr()
	if s.mean == 0 && se == 0 {
		return 1
	}
	return math.Erfc(math.Abs(s.mean) / se / math.Sqrt2)
}

// Bootstrap is the mean with the percentile interval of a cluster bootstrap: groups are drawn with replacement, draws
// times. The stream is named by the seed and the metric's name, and the groups are sorted, so the interval depends on
// nothing else. It costs draws times groups random numbers: half a second at 100,000 groups.
func (s Sample) Bootstrap(seed uint64, metric string, draws int, confidence float64) Estimate {
	if s.n == 0 {
		return nothing("cluster bootstrap")
	}
	means := make([]float64, draws)
	rng := stream.New(seed, "interval.bootstrap", metric)
	for d := range means {
		sum, n := 0.0, 0
		for range s.groups {
			g := &s.groups[rng.IntN(len(s.groups))]
			sum += g.sum
			n += g.n
		}
		means[d] = sum / float64(n)
	}
	low, high := percentile(means, confidence)
	return Estimate{s.mean, low, high, s.n, len(s.groups), "cluster bootstrap"}
}

// Share is Bootstrap for a sample of credits between 0 and 1. Where all are 0 or all are 1 every resample is alike, and a
// bootstrap would be sure of it after three rows; then the interval is Wilson's over the groups.
func (s Sample) Share(seed uint64, metric string, draws int, confidence float64) Estimate {
	if s.n == 0 || (s.mean != 0 && s.mean != 1) {
		return s.Bootstrap(seed, metric, draws, confidence)
	}
	e := Estimate{Point: s.mean, N: s.n, Groups: len(s.groups), Method: "wilson over groups"}
	e.Low, e.High = WilsonShare(s.mean, float64(len(s.groups)), confidence)
	return e
}

// Resample is the bootstrap for statistics other than a mean: it draws from groups groups with replacement, calls
// statistic with the numbers drawn, and returns the percentile interval. The caller numbers the groups in an order of
// their keys. Draws whose statistic is NaN, as a correlation without spread, are left out; used says how many remained.
func Resample(seed uint64, metric string, groups, draws int, confidence float64, statistic func(drawn []int) float64) (low, high float64, used int) {
	if groups == 0 {
		return math.NaN(), math.NaN(), 0
	}
	rng := stream.New(seed, "interval.bootstrap", metric)
	drawn := make([]int, groups)
	values := make([]float64, 0, draws)
	for range draws {
		for i := range drawn {
			drawn[i] = rng.IntN(groups)
		}
		if v := statistic(drawn); v == v {
			values = append(values, v)
		}
	}
	low, high = percentile(values, confidence)
	return low, high, len(values)
}

func percentile(values []float64, confidence float64) (low, high float64) {
	slices.Sort(values)
	tail := (1 - confidence) / 2
	return SortedQuantile(values, tail), SortedQuantile(values, 1-tail)
}
