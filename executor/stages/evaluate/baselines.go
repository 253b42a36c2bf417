package evaluate

import (
	"math"

	"github.com/prefab-build/prefab/executor/methods/exact"
	"github.com/prefab-build/prefab/executor/methods/interval"
	"github.com/prefab-build/prefab/executor/stage"
	"github.com/prefab-build/prefab/spec"
)

// A baseline is a rule that reads nothing, as credits row by row: 1 right, 0 wrong, one half where it cannot tell.
type baseline struct {
	name    string
	credits []float64
	reason  string // why there is none
}

// baselines measures the rules, and the model's lead over the best of them.
func baselines(t *stage.Task, p, train *part, credits []float64) error {
	n := int64(len(p.ids))
	var best *baseline
	bestAccuracy := math.Inf(-1)
	missing := []string{}
	list := []baseline{longer(p), shorter(p), lengthFit(p, train), majority(p, train)}
	for i := range list {
		b := &list[i]
		if b.credits == nil {
			t.Metric(spec.Unavailable(p.name+"."+b.name, b.reason))
			missing = append(missing, b.name)
			continue
		}
		accuracy := exact.Mean(b.credits)
		t.Metric(spec.Value(p.name+"."+b.name, accuracy, n))
		if accuracy > bestAccuracy {
			best, bestAccuracy = b, accuracy
		}
	}
	name := p.name + ".improvement"
	paired := interval.Paired(p.groups, credits, best.credits)
	m := metric(name, paired.Bootstrap(t.Seed(), name, interval.Draws, 0.95))
	onlyModel, onlyBaseline := 0, 0
	for i, c := range credits {
		switch {
		case c == 1 && best.credits[i] == 0:
			onlyModel++
		case c == 0 && best.credits[i] == 1:
			onlyBaseline++
		}
	}
	test := interval.NewMcNemar(onlyModel, onlyBaseline)
	m.Table = map[string]any{
		"baseline": best.name, "baseline_accuracy": bestAccuracy,
		"only_model_right": onlyModel, "only_baseline_right": onlyBaseline, "mcnemar_exact_p": test.Exact,
		"not_compared_with": missing,
	}
	t.Metric(m)
	return nil
}

func longer(p *part) baseline {
	b := baseline{name: "longer", credits: make([]float64, len(p.lengths))}
	for i, l := range p.lengths {
		b.credits[i] = credit(l[0] - l[1])
	}
	return b
}

func shorter(p *part) baseline {
	b := baseline{name: "shorter", credits: make([]float64, len(p.lengths))}
	for i, l := range p.lengths {
		b.credits[i] = credit(l[1] - l[0])
	}
	return b
}

func credit(sign int) float64 {
	switch {
	case sign > 0:
		return 1
	case sign < 0:
		return 0
	}
	return 0.5
}

// lengthFit is logistic in the difference of log lengths and of lengths: the best that length can do, with weights from
// the training rows. It is fitted to their differences by Newton's method, without an intercept, as sides have none.
func lengthFit(p, train *part) baseline {
	b := baseline{name: "length_fit"}
	if train == nil || len(train.ids) == 0 {
		b.reason = "it learns from the part train, which the stage does not have"
		return b
	}
	w := fitLengths(train)
	b.credits = make([]float64, len(p.lengths))
	for i, l := range p.lengths {
		x := lengthFeatures(l)
		margin := w[0]*x[0] + w[1]*x[1]
		switch {
		case margin > 0:
			b.credits[i] = 1
		case margin == 0:
			b.credits[i] = 0.5
		}
	}
	return b
}

func lengthFeatures(l [2]int) [2]float64 {
	return [2]float64{math.Log1p(float64(l[0])) - math.Log1p(float64(l[1])), float64(l[0]-l[1]) / 1000}
}

// fitLengths minimises the mean softplus loss plus a small ridge, which keeps the minimum finite when length separates
// the labels. Newton's steps are halved while they do not bring the loss down: lengths have long tails, on which a full
// step can go astray.
func fitLengths(train *part) (w [2]float64) {
	const steps, halvings, enough = 50, 30, 1e-12
	loss := lengthLoss(train, w)
	for range steps {
		d := lengthStep(train, w)
		scale, next := 1.0, 0.0
		try := w
		for range halvings {
			try = [2]float64{w[0] - scale*d[0], w[1] - scale*d[1]}
			if next = lengthLoss(train, try); next < loss {
				break
			}
			scale /= 2
		}
		if !(next < loss-enough) {
			return w
		}
		w, loss = try, next
	}
	return w
}

const lengthRidge = 1e-3

func lengthLoss(train *part, w [2]float64) float64 {
	var sum exact.Sum
	for _, l := range train.lengths {
		x := lengthFeatures(l)
		sum.Add(interval.Softplus(-(w[0]*x[0] + w[1]*x[1])))
	}
	return sum.Float64()/float64(len(train.lengths)) + lengthRidge/2*(w[0]*w[0]+w[1]*w[1])
}

// lengthStep solves for Newton's step: the inverse of the Hessian times the gradient.
func lengthStep(train *part, w [2]float64) [2]float64 {
	var g [2]exact.Sum
	var h [3]exact.Sum
	for _, l := range train.lengths {
		x := lengthFeatures(l)
		q := interval.Sigmoid(-(w[0]*x[0] + w[1]*x[1])) // probability that the rule is wrong
		v := q * (1 - q)
		for k := range x {
			g[k].Add(-q * x[k])
		}
		h[0].Add(v * x[0] * x[0])
		h[1].Add(v * x[0] * x[1])
		h[2].Add(v * x[1] * x[1])
	}
	n := float64(len(train.lengths))
	g0, g1 := g[0].Float64()/n+lengthRidge*w[0], g[1].Float64()/n+lengthRidge*w[1]
	a, c, d := h[0].Float64()/n+lengthRidge, h[1].Float64()/n, h[2].Float64()/n+lengthRidge
	det := a*d - c*c
	return [2]float64{(d*g0 - c*g1) / det, (a*g1 - c*g0) / det}
}

// majority prefers the response whose very text was chosen more often than rejected among the training rows; where that
// says nothing of either side it is a tie. Canned answers are what it lives on.
func majority(p, train *part) baseline {
	b := baseline{name: "majority"}
	if train == nil {
		b.reason = "it learns from the part train, which the stage does not have"
		return b
	}
	lead := map[textKey]int{}
	for _, pair := range train.texts {
		lead[pair[0]]++
		lead[pair[1]]--
	}
	b.credits = make([]float64, len(p.texts))
	for i, pair := range p.texts {
		own := [2]int{}
		if p == train { // a row does not vote on itself
			own = [2]int{1, -1}
		}
		b.credits[i] = credit((lead[pair[0]] - own[0]) - (lead[pair[1]] - own[1]))
	}
	return b
}
