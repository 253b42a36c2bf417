package simjoin_test

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"

	"github.com/prefab-build/prefab/executor/methods/simjoin"
	"github.com/prefab-build/prefab/executor/methods/stream"
	"github.com/prefab-build/prefab/executor/methods/text"
)

// promptSets makes n prompts of 10 to 40 words from a vocabulary of 50,000 whose frequencies fall as 1/rank, one in
// five being an earlier prompt with a few words changed.
func promptSets(n int) [][]uint64 {
	s := stream.New(1, "prompts")
	const vocabulary = 50_000
	harmonic := math.Log(vocabulary)
	word := func() uint64 { return uint64(math.Exp(s.Float64() * harmonic)) }
	prompts := make([][]uint64, n)
	for i := range prompts {
		var words []uint64
		if i > 0 && s.IntN(5) == 0 {
			words = slices.Clone(prompts[s.IntN(i)])
			for range s.IntN(6) {
				words[s.IntN(len(words))] = word()
			}
		} else {
			for range 10 + s.IntN(31) {
				words = append(words, word())
			}
		}
		prompts[i] = words
	}
	for i, words := range prompts {
		set := make([]uint64, len(words))
		for j, w := range words {
			h := stream.New(w)
			set[j] = h.Uint64()
		}
		slices.Sort(set)
		prompts[i] = slices.Compact(set)
	}
	return prompts
}

// evalSets reads the real templated prompts as sets of 5-character shingles.
func evalSets(b *testing.B) [][]uint64 {
	root := os.Getenv("PREFAB_TEST_DATA")
	if root == "" {
		root = filepath.Join("..", "..", "..", "..", "shared", "data")
	}
	f, err := os.Open(filepath.Join(root, "prompts", "anthropic_evals_30cat.jsonl.gz"))
	if err != nil {
		b.Skip("the test data prompts/anthropic_evals_30cat.jsonl.gz is absent; PREFAB_TEST_DATA names its folder")
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		b.Fatal(err)
	}
	var sets [][]uint64
	for lines := bufio.NewScanner(z); lines.Scan(); {
		var row struct{ Question string }
		if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
			b.Fatal(err)
		}
		sets = append(sets, text.CharShingles(row.Question, 5))
	}
	return sets
}

// bench runs building and joining and reports rows by CPU second, so that other load on the machine shows less.
func bench(b *testing.B, sets [][]uint64, join func(*simjoin.Collection) int) {
	runtime.GC()
	before := cpuSeconds()
	found := 0
	for b.Loop() {
		found = join(simjoin.New(sets))
	}
	b.ReportMetric(float64(len(sets)*b.N)/(cpuSeconds()-before), "rows/cpu-s")
	b.ReportMetric(float64(found), "found")
}

var tau = simjoin.Ratio{Num: 7, Den: 10}

func pairs(b *testing.B) func(*simjoin.Collection) int {
	return func(c *simjoin.Collection) int {
		p, err := c.Join(context.Background(), tau, 0)
		if err != nil {
			b.Fatal(err)
		}
		return int(p.Count())
	}
}

func guessed(b *testing.B) func(*simjoin.Collection) int {
	return func(c *simjoin.Collection) int {
		if _, err := c.GuessedClusters(context.Background(), tau, 0, 4); err != nil {
			b.Fatal(err)
		}
		return int(c.Work(tau))
	}
}

func clusters(b *testing.B) func(*simjoin.Collection) int {
	return func(c *simjoin.Collection) int {
		labels, err := c.Clusters(context.Background(), tau, 0)
		if err != nil {
			b.Fatal(err)
		}
		n := 0
		for row, l := range labels {
			if row == l {
				n++
			}
		}
		return n
	}
}

func BenchmarkPrompts(b *testing.B) {
	sets := promptSets(100_000)
	b.Run("build", func(b *testing.B) { bench(b, sets, (*simjoin.Collection).Classes) })
	b.Run("join", func(b *testing.B) { bench(b, sets, pairs(b)) })
	b.Run("clusters", func(b *testing.B) { bench(b, sets, clusters(b)) })
	b.Run("guessed", func(b *testing.B) { bench(b, sets, guessed(b)) })
}

// BenchmarkOneTemplate is 20,000 prompts of one long template: 200 million pairs.
func BenchmarkOneTemplate(b *testing.B) {
	s := stream.New(1, "template")
	sets := make([][]uint64, 20_000)
	for i := range sets {
		for t := range uint64(300) {
			sets[i] = append(sets[i], t)
		}
		for range 10 + s.IntN(30) {
			sets[i] = append(sets[i], 1000+s.Uint64N(10_000))
		}
		slices.Sort(sets[i])
		sets[i] = slices.Compact(sets[i])
	}
	b.Run("clusters", func(b *testing.B) { bench(b, sets, clusters(b)) })
	b.Run("guessed", func(b *testing.B) { bench(b, sets, guessed(b)) })
}

func BenchmarkTemplated(b *testing.B) {
	sets := evalSets(b)
	b.Run("build", func(b *testing.B) { bench(b, sets, (*simjoin.Collection).Classes) })
	b.Run("join", func(b *testing.B) { bench(b, sets, pairs(b)) })
	b.Run("clusters", func(b *testing.B) { bench(b, sets, clusters(b)) })
	b.Run("guessed", func(b *testing.B) { bench(b, sets, guessed(b)) })
}
