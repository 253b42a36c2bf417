package linear

import (
	"context"
	"testing"

	"github.com/prefab-build/prefab/backends/reward"
)

const benchRows = 100_000

// benchPairs are pairs of about 650 bytes, prompt included.
func benchPairs(n int) []reward.Example { return synthetic(n, 65, 7) }

func report(b *testing.B, examples []reward.Example) {
	size := 0
	for _, e := range examples {
		size += len(e.Prompt) + len(e.Chosen) + len(e.Rejected)
	}
	b.ReportMetric(float64(len(examples)*b.N)/b.Elapsed().Seconds(), "pairs/s")
	b.ReportMetric(float64(size)/float64(len(examples)), "bytes/pair")
}

func BenchmarkPrepare(b *testing.B) {
	examples := benchPairs(benchRows)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Prepare(context.Background(), examples, Defaults(), nil); err != nil {
			b.Fatal(err)
		}
	}
	report(b, examples)
}

func BenchmarkPrepareAndFit(b *testing.B) {
	examples := benchPairs(benchRows)
	b.ReportAllocs()
	for b.Loop() {
		c, err := Prepare(context.Background(), examples, Defaults(), nil)
		if err != nil {
			b.Fatal(err)
		}
		if _, fit, err := c.Fit(context.Background(), 3e-3); err != nil || !fit.Converged {
			b.Fatal(fit, err)
		}
	}
	report(b, examples)
}

func BenchmarkLoss(b *testing.B) {
	examples := benchPairs(benchRows)
	c, err := Prepare(context.Background(), examples, Defaults(), nil)
	if err != nil {
		b.Fatal(err)
	}
	x, err := c.differences(context.Background(), c.weigh(nil), nil)
	if err != nil {
		b.Fatal(err)
	}
	o := newObjective(c, x)
	o.lambda = 1e-3
	w, grad := make([]float64, x.width()), make([]float64, x.width())
	for b.Loop() {
		if _, err := o.at(context.Background(), w, grad, true); err != nil {
			b.Fatal(err)
		}
	}
	report(b, examples)
}

func BenchmarkScore(b *testing.B) {
	examples := benchPairs(2_000)
	c, err := Prepare(context.Background(), examples, Defaults(), nil)
	if err != nil {
		b.Fatal(err)
	}
	m, _, err := c.Fit(context.Background(), 1e-2)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := m.Margins(context.Background(), examples); err != nil {
			b.Fatal(err)
		}
	}
	report(b, examples)
}

func BenchmarkTrain(b *testing.B) {
	examples := benchPairs(benchRows)
	folds := groupFolds(examples, 5)
	for b.Loop() {
		_, r, err := Train(context.Background(), examples, folds, Defaults(), nil)
		if err != nil {
			b.Fatal(err)
		}
		for _, p := range r.Curve {
			b.Logf("%g: %.4f %d", p.Penalty, p.LogLoss, p.Iterations)
		}
	}
	report(b, examples)
}
