package agreement

import (
	"fmt"
	"math"
)

// Kappa is Cohen's kappa of two named raters, with its large-sample standard errors (Fleiss, Cohen, Everitt 1969).
type Kappa struct {
	Coefficient
	N int // items that both rated
	// SE is for an interval around the value, SE0 for a test of kappa = 0.
	SE, SE0 float64
}

// Cohen returns kappa from the table of two raters: m[i][j] items that the first put into category i and the second into j.
// The weights are those of agreement; see Weights. It panics when the table is not square or the weights have another size.
func Cohen(m [][]int, w Weights) Kappa {
	p, n := shares(m)
	if len(w) != len(m) {
		panic(fmt.Sprintf("agreement: weights of %d categories for a table of %d", len(w), len(m)))
	}
	if n == 0 {
		return Kappa{Coefficient: Coefficient{Undefined: NoPairs}}
	}
	rows, cols := margins(p)
	observed, expected := 0.0, 0.0
	byRow, byCol := make([]float64, len(m)), make([]float64, len(m)) // mean weight of a rating against the other rater
	for i := range p {
		for j := range p {
			observed += float64(w[i][j] * p[i][j])
			expected += float64(float64(w[i][j]*rows[i]) * cols[j])
			byRow[i] += float64(w[i][j] * cols[j])
			byCol[j] += float64(w[i][j] * rows[i])
		}
	}
	k := Kappa{Coefficient: beyond(observed, expected), N: n}
	if !k.OK() {
		return k
	}
	rest := 1 - k.Value
	seen, null := 0.0, 0.0
	for i := range p {
		for j := range p {
			mean := byRow[i] + byCol[j]
			seen += float64(p[i][j] * square(w[i][j]-float64(mean*rest)))
			null += float64(float64(rows[i]*cols[j]) * square(w[i][j]-mean))
		}
	}
	scale := float64(n) * square(1-expected)
	k.SE = math.Sqrt(max(0, seen-square(k.Value-float64(expected*rest))) / scale)
	k.SE0 = math.Sqrt(max(0, null-square(expected)) / scale)
	return k
}

func square(x float64) float64 { return float64(x * x) }

// shares divides a table by its sum.
func shares(m [][]int) (p [][]float64, n int) {
	for _, row := range m {
		if len(row) != len(m) {
			panic("agreement: the table of two raters is not square")
		}
		for _, c := range row {
			n += c
		}
	}
	p = make([][]float64, len(m))
	for i, row := range m {
		p[i] = make([]float64, len(m))
		for j, c := range row {
			p[i][j] = float64(c) / float64(n)
		}
	}
	return p, n
}

func margins(p [][]float64) (rows, cols []float64) {
	rows, cols = make([]float64, len(p)), make([]float64, len(p))
	for i, row := range p {
		for j, x := range row {
			rows[i] += x
			cols[j] += x
		}
	}
	return rows, cols
}
