package ngram

import (
	"strings"
	"testing"
)

// BenchmarkScan scans clean rows, as nearly all rows are, against a benchmark of the size of MMLU.
func BenchmarkScan(b *testing.B) {
	x := build(b, Defaults(), corpus(14000, 1))
	var rows []string
	size := 0
	for i, it := range corpus(2000, 2).Items {
		row := it.Question + strings.Repeat(" and then some ordinary words about it,", i%20)
		rows = append(rows, row)
		size += len(row)
	}
	s := x.NewScanner()
	b.SetBytes(int64(size))
	b.ReportAllocs()
	hits := 0
	for b.Loop() {
		hits = 0
		for _, row := range rows {
			hits += len(s.Scan(row))
		}
	}
	b.ReportMetric(float64(hits), "matches")
}

// BenchmarkScanHits scans rows that are all copies.
func BenchmarkScanHits(b *testing.B) {
	bench := corpus(2000, 1)
	s := build(b, Defaults(), bench).NewScanner()
	size := 0
	for _, it := range bench.Items {
		size += len(it.Question)
	}
	b.SetBytes(int64(size))
	for b.Loop() {
		for _, it := range bench.Items {
			if len(s.Scan(it.Question)) == 0 {
				b.Fatal("a copy was missed")
			}
		}
	}
}

func BenchmarkNewIndex(b *testing.B) {
	bench := corpus(10000, 1)
	size := 0
	for _, it := range bench.Items {
		size += len(it.Question)
	}
	b.SetBytes(int64(size))
	for b.Loop() {
		build(b, Defaults(), bench)
	}
}

// BenchmarkScanRepeats scans a text for an item, both of which say two words fifty thousand times: its time is to grow with
// their lengths, not with the product.
func BenchmarkScanRepeats(b *testing.B) {
	passage := strings.Repeat("a b ", 50_000)
	s := build(b, Defaults(), Benchmark{Name: "b", Items: []Item{{Passage: passage}}}).NewScanner()
	row := "x " + passage + "end"
	b.SetBytes(int64(len(row)))
	for b.Loop() {
		if len(s.Scan(row)) != 1 {
			b.Fatal("the copy was missed")
		}
	}
}
