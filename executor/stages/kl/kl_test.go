package kl

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/prefab-build/prefab/executor/stage/stagetest"
	"github.com/prefab-build/prefab/planner"
	"github.com/prefab-build/prefab/spec"
)

func TestCases(t *testing.T) { stagetest.Run(t, Kind) }

// rollouts writes n samples of each of 100 prompts; lists gives the log-probabilities under policy and reference.
func rollouts(n int, lists func(prompt int) (policy, reference []float64)) string {
	var b strings.Builder
	for prompt := range 100 {
		p, q := lists(prompt)
		h := spec.HashBytes(fmt.Append(nil, prompt)).String()
		for range n {
			fmt.Fprintf(&b, "{\"prompt\": \"%s %s %s\", \"policy_logprobs\": %s, \"reference_logprobs\": %s}\n",
				h[:9], h[9:18], h[18:27], spec.Canonical(p), spec.Canonical(q))
		}
	}
	return b.String()
}

func measured(t *testing.T, samples string) (*stagetest.Finished, map[string]spec.Metric) {
	t.Helper()
	f, err := stagetest.Try(t, Kind, `{"inputs": {"samples": "samples.jsonl"}}`, map[string]string{"samples.jsonl": samples})
	if err != nil {
		t.Fatal(err)
	}
	list := map[string]spec.Metric{}
	for _, m := range f.Result.Metrics {
		list[m.Name] = m
	}
	return f, list
}

func verdict(t *testing.T, f *stagetest.Finished, want planner.Outcome) {
	t.Helper()
	for _, profile := range []string{"documented", "strict"} {
		if v := stagetest.Judge(Kind, f, profile, perToken); v.Outcome != want || v.Severity != "error" {
			t.Errorf("%s: %s (%s), want %s", profile, v.Outcome, v.Severity, want)
		}
	}
}

// Tokens in the proportions of p = [.5 .3 .2] diverge from q = [.4 .4 .2] by .025267 nats each, ten of them by ten times as
// much, by k1 as by k3.
func TestADivergenceThatPasses(t *testing.T) {
	p, q := []float64{.5, .3, .2}, []float64{.4, .4, .2}
	f, m := measured(t, rollouts(4, func(int) (policy, reference []float64) {
		for i, n := range []int{5, 3, 2} {
			for range n {
				policy, reference = append(policy, math.Log(p[i])), append(reference, math.Log(q[i]))
			}
		}
		return policy, reference
	}))
	for name, want := range map[string]float64{
		perToken: 0.025267, k1PerToken: 0.025267, perSequence: 0.25267, usable: 400, promptCount: 100, unusable: 0,
		largest: .4/.3 - 1 - math.Log(.4/.3),
	} {
		if x := m[name]; !x.Available() || math.Abs(*x.Value-want) > 1e-5 {
			t.Errorf("%s is %s, want %v", name, spec.Canonical(x), want)
		}
	}
	if x := m[perToken]; x.Groups != 100 || *x.High-*x.Low > 1e-12 {
		t.Errorf("samples that are all alike leave an interval: %s", spec.Canonical(x))
	}
	verdict(t, f, planner.Pass)
}

// Twelve of a hundred prompts diverge by e - 2 a token, the others not at all. The mean of .086 is below the limit, the
// upper end of its interval is not, and four samples a prompt make it no narrower: they are no evidence of their own.
func TestADivergenceWhoseUpperEndFails(t *testing.T) {
	lists := func(prompt int) (policy, reference []float64) {
		if prompt < 12 {
			return []float64{-2, -3}, []float64{-1, -2}
		}
		return []float64{-1, -2}, []float64{-1, -2}
	}
	f, m := measured(t, rollouts(4, lists))
	x := m[perToken]
	mean := 0.12 * (math.E - 2)
	se := math.Sqrt(0.12*0.88) * (math.E - 2) / 10
	if math.Abs(*x.Value-mean) > 1e-12 || math.Abs(*x.High-(mean+1.959964*se)) > 1e-6 {
		t.Errorf("%s, want %v and an upper end of %v", spec.Canonical(x), mean, mean+1.959964*se)
	}
	verdict(t, f, planner.Fail)
	f, _ = measured(t, rollouts(3, lists)) // three samples a prompt are under the minimum
	verdict(t, f, planner.NotEvaluated)
}

// Nothing is clipped: one token that the reference finds likelier by 12 nats outweighs a thousand others.
func TestALargeTermCounts(t *testing.T) {
	_, m := measured(t, rollouts(4, func(prompt int) (policy, reference []float64) {
		policy, reference = []float64{-1, -1, -1}, []float64{-1, -1, -1}
		if prompt == 7 {
			policy[1] = -13
		}
		return policy, reference
	}))
	term := math.Expm1(12) - 12
	if x := m[largest]; math.Abs(*x.Value-term) > 1e-6 {
		t.Errorf("the largest term is %s, want %v", spec.Canonical(x), term)
	}
	if x := m[perToken]; math.Abs(*x.Value-term/300) > 1e-6 {
		t.Errorf("the mean is %s, want %v", spec.Canonical(x), term/300)
	}
}
