package ngram

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// lines decodes a file of JSON lines of the public test data, or skips the test.
func lines[T any](t testing.TB, name string) []T {
	t.Helper()
	root := os.Getenv("PREFAB_TEST_DATA")
	if root == "" {
		root = filepath.Join("..", "..", "..", "..", "shared", "data")
	}
	f, err := os.Open(filepath.Join(root, filepath.FromSlash(name)))
	if err != nil {
		t.Skipf("public test data are not here, set PREFAB_TEST_DATA: %v", err)
	}
	defer f.Close()
	var r io.Reader = bufio.NewReader(f)
	if strings.HasSuffix(name, ".gz") {
		if r, err = gzip.NewReader(r); err != nil {
			t.Fatal(err)
		}
	}
	var out []T
	for dec := json.NewDecoder(r); ; {
		var row T
		if err := dec.Decode(&row); err == io.EOF {
			return out
		} else if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		out = append(out, row)
	}
}

// TestRephrasedHumanEval: of 147 problems rewritten by a model, 8-grams catch 17, half coverage and 13-grams one, as an
// independent count of the same public file found; and none of the pairs shifted by one, which are different problems.
func TestRephrasedHumanEval(t *testing.T) {
	type problem struct {
		ID       string `json:"task_id"`
		Prompt   string
		Solution string `json:"canonical_solution"`
	}
	byID := map[string]problem{}
	for _, p := range lines[problem](t, "benchmarks/human_eval.jsonl") {
		byID[p.ID] = p
	}
	rephrased := lines[struct{ Text string }](t, "decontam_truth/rephrase_humaneval_python.jsonl.gz")
	loose := Defaults()
	loose.CovTest = 1e-9 // every shared n-gram is a match
	count := func(shift int) (counts [4]int) {
		for i, r := range rephrased {
			if r.Text == "" {
				continue
			}
			counts[0]++
			p := byID[fmt.Sprint("HumanEval/", (i+shift)%len(rephrased))]
			for _, m := range build(t, loose, questions(p.Prompt+p.Solution)).NewScanner().Scan(r.Text) {
				counts[1]++
				if m.CovTest >= 0.5 {
					counts[2]++
				}
				if m.LongestSpan >= 13 {
					counts[3]++
				}
			}
		}
		return counts
	}
	if got, want := count(0), [4]int{147, 17, 1, 1}; got != want {
		t.Errorf("problems, 8-grams, half coverage, spans of 13: %v, want %v", got, want)
	}
	if got, want := count(1), [4]int{147, 0, 0, 0}; got != want {
		t.Errorf("shifted: %v, want %v", got, want)
	}
}

// TestCopiesInRealText copies every GSM8K question into other text, and scans public preference data beside it.
func TestCopiesInRealText(t *testing.T) {
	type item struct{ Question, Answer string }
	b := Benchmark{Name: "gsm8k"}
	for _, it := range lines[item](t, "benchmarks/gsm8k_test.jsonl.gz") {
		b.Items = append(b.Items, Item{Question: it.Question, Answer: it.Answer})
	}
	s := build(t, Defaults(), b).NewScanner()
	for i, it := range b.Items {
		found := false
		for _, m := range s.Scan("Human: I have a question. " + it.Question + "\nAssistant: Let us see.") {
			for _, r := range m.Refs {
				found = found || r.Item == i && r.Field == Question
			}
		}
		if !found {
			t.Errorf("item %d is not found: %q", i, it.Question)
		}
	}
	flagged, rows := 0, lines[struct{ Chosen, Rejected string }](t, "pairs/hh_harmless.jsonl.gz")
	for _, r := range rows {
		if len(s.Scan(r.Chosen)) > 0 || len(s.Scan(r.Rejected)) > 0 {
			flagged++
		}
	}
	if flagged > 0 {
		t.Errorf("%d of %d harmless dialogues are said to hold grade-school arithmetic", flagged, len(rows))
	}
}

func BenchmarkScanReal(b *testing.B) {
	type item struct{ Question, Answer, Text, Prompt, Code string }
	var benchmarks []Benchmark
	for _, name := range []string{"gsm8k_test.jsonl.gz", "mbpp.jsonl", "human_eval.jsonl"} {
		bench := Benchmark{Name: name}
		for _, it := range lines[item](b, "benchmarks/"+name) {
			bench.Items = append(bench.Items, Item{Question: it.Question + it.Text + it.Prompt, Answer: it.Answer + it.Code})
		}
		benchmarks = append(benchmarks, bench)
	}
	s := build(b, Defaults(), benchmarks...).NewScanner()
	rows := lines[struct{ Chosen string }](b, "pairs/hh_harmless.jsonl.gz")
	size := 0
	for _, r := range rows {
		size += len(r.Chosen)
	}
	b.SetBytes(int64(size))
	b.ReportAllocs()
	for b.Loop() {
		for _, r := range rows {
			s.Scan(r.Chosen)
		}
	}
}
