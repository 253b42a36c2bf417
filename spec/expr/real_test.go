package expr_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prefab-build/prefab/spec/expr"
)

// dataDir is where the real data for tests is, outside the repository.
func dataDir(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("PREFAB_TEST_DATA")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared", "data")
	}
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("no real data here: set PREFAB_TEST_DATA to its folder (%v)", err)
	}
	return dir
}

func readData(t testing.TB, path string) []byte {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := io.Reader(f)
	if strings.HasSuffix(path, ".gz") {
		if r, err = gzip.NewReader(f); err != nil {
			t.Fatal(err)
		}
	}
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestRealRecords reads every JSON record of the real data and holds it against encoding/json.
func TestRealRecords(t *testing.T) {
	dir := dataDir(t)
	records := 0
	for _, pattern := range []string{"pairs/*.json*", "prompts/*.json*", "multi_annotator/llmbar*.json*", "benchmarks/*.json*"} {
		paths, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			texts := [][]byte{readData(t, path)}
			if strings.Contains(path, ".jsonl") {
				texts = bytes.Split(bytes.TrimSpace(texts[0]), []byte("\n"))
			}
			for i, text := range texts[:min(len(texts), 2000)] {
				records++
				v, err := expr.FromJSON(text)
				if err != nil {
					t.Errorf("%s, record %d: %v", filepath.Base(path), i, err)
					continue
				}
				var want, got any
				if json.Unmarshal(text, &want) != nil || json.Unmarshal(v.AppendJSON(nil), &got) != nil {
					t.Fatalf("%s, record %d is no JSON", filepath.Base(path), i)
				}
				a, _ := json.Marshal(want)
				if b, _ := json.Marshal(got); !bytes.Equal(a, b) {
					t.Fatalf("%s, record %d\n got %.300s\nwant %.300s", filepath.Base(path), i, b, a)
				}
			}
		}
	}
	if records < 1000 {
		t.Errorf("only %d records were tried", records)
	}
}

func BenchmarkRealRecords(b *testing.B) {
	text := readData(b, filepath.Join(dataDir(b), "pairs", "hh_harmless.jsonl.gz"))
	lines := bytes.Split(bytes.TrimSpace(text), []byte("\n"))
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		for _, l := range lines {
			if _, err := expr.FromJSON(l); err != nil {
				b.Fatal(err)
			}
		}
	}
}
