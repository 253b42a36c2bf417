package splitting_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/prefab-build/prefab/executor/methods/splitting"
)

// BenchmarkSplit is a million rows, most of them alone in their group, in 30 strata of uneven sizes, or in so many that
// all of them round the same way.
func BenchmarkSplit(b *testing.B) {
	const n = 1_000_000
	rows := make([]splitting.Row, n)
	for i := range rows {
		rows[i] = splitting.Row{ID: fmt.Sprintf("dataset/%07d", i), Group: i, Stratum: min(29, (i*7919%n)*(i*7919%n)/(n*n/60))}
		if i%10 == 9 {
			rows[i].Group = i - i%100
		}
	}
	manyStrata := slices.Clone(rows)
	for i := range manyStrata {
		manyStrata[i].Stratum = i % 77_000
	}
	o := splitting.Options{Parts: []splitting.Part{{"train", 8}, {"validation", 1}, {"test", 1}}, Salt: "s"}
	for name, rows := range map[string][]splitting.Row{"30 strata": rows, "77000 strata": manyStrata} {
		for _, s := range strategies {
			b.Run(s.name+" "+name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if _, err := s.split(rows, o); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
			})
		}
	}
}
