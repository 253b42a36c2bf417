package interval

import (
	"cmp"
	"math"
	"slices"

	"github.com/prefab-build/prefab/executor/methods/exact"
)

// ECEBins is the number of equal-mass bins that reports use.
const ECEBins = 15

// Symmetric turns margins into what a reliability table needs. All labels say chosen, so calibration of p = sigmoid(slope *
// margin) against them would be trivial; instead each row is the confidence max(p, 1-p) in the preferred side and whether
// that side is the label's, 1/2 where the margin is 0.
func Symmetric(margins []float64, slope float64) (confidence, correct []float64) {
	confidence = make([]float64, len(margins))
	correct = make([]float64, len(margins))
	for i, m := range margins {
		confidence[i] = Sigmoid(math.Abs(float64(slope * m)))
		switch {
		case m > 0:
			correct[i] = 1
		case m == 0:
			correct[i] = 0.5
		}
	}
	return confidence, correct
}

// Bin is a row of a reliability table: the predictions in (Low, High], their mean, and the mean outcome with its Wilson
// interval.
type Bin struct {
	Low, High float64
	N         int
	Predicted float64
	Observed  Estimate
}

// gathering is a bin while it fills.
type gathering struct {
	n               int
	p, y            exact.Sum
	lowest, highest float64
}

// EqualWidth sorts predictions in [0, 1] into bins of equal width, closed on the right; a prediction of 0 is in the first.
// Empty bins are left out.
func EqualWidth(p, y []float64, bins int) []Bin {
	same(p, y)
	table := make([]gathering, bins)
	edge := func(i int) float64 { return float64(i) / float64(bins) }
	for i := range p {
		b := min(max(int(math.Ceil(p[i]*float64(bins)))-1, 0), bins-1)
		// The product rounds, so 0.3 in ten bins could come out on either side of its edge.
		for b > 0 && p[i] <= edge(b) {
			b--
		}
		for b < bins-1 && p[i] > edge(b+1) {
			b++
		}
		table[b].add(p[i], y[i])
	}
	var out []Bin
	for b := range table {
		if table[b].n > 0 {
			out = append(out, table[b].bin(edge(b), edge(b+1)))
		}
	}
	return out
}

// EqualMass sorts predictions into bins of as equal numbers as possible. Equal predictions share a bin, or else the table
// would depend on the order of rows; so there can be fewer bins than asked for.
func EqualMass(p, y []float64, bins int) []Bin {
	same(p, y)
	order := make([]int, len(p))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(p[a], p[b]) })
	table := make([]gathering, bins)
	b := 0
	for at, i := range order {
		if at > 0 && p[order[at-1]] != p[i] {
			// The bin that this place falls into; places of a run of ties follow its first.
			b = at * bins / len(order)
		}
		table[b].add(p[i], y[i])
	}
	var out []Bin
	for b := range table {
		g := &table[b]
		if g.n == 0 {
			continue
		}
		low := g.lowest
		if len(out) > 0 {
			low = out[len(out)-1].High
		}
		out = append(out, g.bin(low, g.highest))
	}
	return out
}

func (g *gathering) add(p, y float64) {
	if g.n == 0 {
		g.lowest, g.highest = p, p
	}
	g.lowest, g.highest = min(g.lowest, p), max(g.highest, p)
	g.n++
	g.p.Add(p)
	g.y.Add(y)
}

func (g *gathering) bin(low, high float64) Bin {
	n := float64(g.n)
	e := Estimate{Point: g.y.Float64() / n, N: g.n, Groups: g.n, Method: "wilson"}
	e.Low, e.High = WilsonShare(e.Point, n, Confidence)
	return Bin{Low: low, High: high, N: g.n, Predicted: g.p.Float64() / n, Observed: e}
}

// ECE is the expected calibration error of a reliability table: the mean over rows of the distance between predicted and
// observed in the row's bin. NaN for an empty table.
func ECE(table []Bin) float64 {
	var s exact.Sum
	n := 0
	for i := range table {
		b := &table[i]
		s.Add(float64(float64(b.N) * math.Abs(b.Observed.Point-b.Predicted)))
		n += b.N
	}
	return s.Float64() / float64(n)
}
