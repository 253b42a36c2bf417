package simjoin_test

import (
	"fmt"
	"testing"

	"github.com/prefab-build/prefab/executor/methods/simjoin"
	"github.com/prefab-build/prefab/executor/methods/synthetic/bulk"
	"github.com/prefab-build/prefab/executor/methods/text"
)

// BenchmarkCorpus groups the prompts of package bulk by their 5-character shingles, as the stages do: with the words of
// natural text, and with few words. Shingling is not in the time. One size at a time shows its memory:
//
//	go test ./executor/methods/simjoin -run '^$' -bench 'Corpus/words=50000/rows=1000000' -benchtime 1x
func BenchmarkCorpus(b *testing.B) {
	const batch = 1000
	for _, words := range []int{50_000, 1000} {
		for _, rows := range []int{62_500, 250_000, 1_000_000} {
			b.Run(fmt.Sprintf("words=%d/rows=%d", words, rows), func(b *testing.B) {
				if testing.Short() && rows > 100_000 {
					b.Skip("large tables are not for short runs")
				}
				corpus := bulk.New(1, words, 20_000)
				for b.Loop() {
					b.StopTimer()
					builder, adding := simjoin.NewBuilder(), 0.0
					for first := 0; first < rows; first += batch {
						var sets simjoin.Sets
						for n := first; n < min(rows, first+batch); n++ {
							sets.Append(func(dst []uint64) []uint64 { return text.N1.AppendCharShingles(dst, corpus.Prompt(n), 5) })
						}
						from := cpuSeconds()
						for n := range sets.Len() {
							builder.Add(sets.At(n))
						}
						adding += cpuSeconds() - from
					}
					b.StartTimer()
					from := cpuSeconds()
					c := builder.Collection()
					built := cpuSeconds() - from
					from = cpuSeconds()
					n := clusters(b)(c)
					joined := cpuSeconds() - from
					b.ReportMetric(adding, "cpu-s/add")
					b.ReportMetric(built, "cpu-s/build")
					b.ReportMetric(joined, "cpu-s/join")
					b.ReportMetric(float64(rows)/(adding+built+joined), "rows/cpu-s")
					b.ReportMetric(float64(n), "groups")
					b.ReportMetric(peakMB(), "peak-MB")
				}
			})
		}
	}
}
