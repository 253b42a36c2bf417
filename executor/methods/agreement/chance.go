package agreement

// Weights says how much a rating in one category agrees with one in another: 1 on the diagonal, between 0 and 1 elsewhere,
// symmetric.
type Weights [][]float64

// Identity returns the weights by which only equal ratings agree.
func (t *Table) Identity() Weights {
	return t.weights(func(_, _ float64) float64 { return 0 })
}

// Linear returns the weights by which agreement falls with the difference of values, to 0 between the first and the last.
func (t *Table) Linear() Weights {
	span := t.values[len(t.values)-1] - t.values[0]
	return t.weights(func(a, b float64) float64 { return 1 - max(a-b, b-a)/span })
}

// Quadratic returns the weights by which agreement falls with the square of the difference.
func (t *Table) Quadratic() Weights {
	span := t.values[len(t.values)-1] - t.values[0]
	return t.weights(func(a, b float64) float64 {
		d := (a - b) / span
		return 1 - float64(d*d)
	})
}

func (t *Table) weights(between func(a, b float64) float64) Weights {
	w := make(Weights, len(t.values))
	for i, a := range t.values {
		w[i] = make([]float64, len(t.values))
		for j, b := range t.values {
			if i == j {
				w[i][j] = 1
			} else {
				w[i][j] = between(a, b)
			}
		}
	}
	return w
}

// sum is the sum of all weights.
func (w Weights) sum() float64 {
	s := 0.0
	for _, row := range w {
		for _, x := range row {
			s += x
		}
	}
	return s
}

// Percent is the observed agreement alone: the share of agreeing pairs of ratings, averaged over the items with two
// ratings or more. It is not the majority share, and nothing is deducted for chance.
func (t *Table) Percent() Coefficient {
	p, ok := t.observed(t.Identity())
	if !ok {
		return Coefficient{Undefined: NoPairs}
	}
	return Coefficient{Value: p, Observed: p}
}

// observed is the weighted share of agreeing pairs, averaged over pairable items (Gwet 2014). Products are
// converted before they are added, here and below, so that no machine fuses the two and gets another last digit.
func (t *Table) observed(w Weights) (p float64, ok bool) {
	items := 0
	for _, r := range t.rows {
		if r.n < 2 || r.times == 0 {
			continue
		}
		pairs := 0.0
		for k, c := range r.counts {
			if c == 0 {
				continue
			}
			with := -1.0 // the rating itself
			for l, d := range r.counts {
				with += float64(w[k][l] * float64(d))
			}
			pairs += float64(float64(c) * with)
		}
		p += float64(pairs/float64(r.n*(r.n-1))) * float64(r.times)
		items += r.times
	}
	if items == 0 {
		return 0, false
	}
	return p / float64(items), true
}

// prevalence is, for each category, the mean over all rated items of its share of the item's ratings.
func (t *Table) prevalence() []float64 {
	pi := make([]float64, len(t.values))
	items := 0
	for _, r := range t.rows {
		items += r.times
		for k, c := range r.counts {
			pi[k] += float64(float64(c*r.times) / float64(r.n))
		}
	}
	for k := range pi {
		pi[k] /= float64(items)
	}
	return pi
}

// Fleiss is Fleiss' kappa as Gwet generalised it to missing ratings and weights. Chance is raters who all have the overall
// prevalences. It collapses when one category dominates (the kappa paradox); see AC.
func (t *Table) Fleiss(w Weights) Coefficient {
	return t.versus(w, func(pi []float64) float64 {
		e := 0.0
		for k, p := range pi {
			for l, q := range pi {
				e += float64(float64(w[k][l]*p) * q)
			}
		}
		return e
	})
}

// AC is Gwet's AC1 with Identity weights and AC2 with others: robust when one category dominates. Chance is a share of
// ratings made at random, larger where the prevalences are even. Declared categories that nobody used count.
func (t *Table) AC(w Weights) Coefficient {
	return t.versus(w, func(pi []float64) float64 {
		spread := 0.0
		for _, p := range pi {
			spread += float64(p * (1 - p))
		}
		q := float64(len(pi))
		return w.sum() * spread / (q * (q - 1))
	})
}

// BrennanPrediger takes all declared categories as equally likely by chance (also Randolph's free-marginal kappa).
func (t *Table) BrennanPrediger(w Weights) Coefficient {
	return t.versus(w, func(pi []float64) float64 {
		q := float64(len(pi))
		return w.sum() / (q * q)
	})
}

func (t *Table) versus(w Weights, expected func(pi []float64) float64) Coefficient {
	observed, ok := t.observed(w)
	if !ok {
		return Coefficient{Undefined: NoPairs}
	}
	return beyond(observed, expected(t.prevalence()))
}
