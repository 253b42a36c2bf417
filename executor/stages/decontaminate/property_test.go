package decontaminate

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/prefab-build/prefab/executor/dataset"
	"github.com/prefab-build/prefab/executor/stage/stagetest"
	"github.com/prefab-build/prefab/spec"
)

// A row is a pair or an item of a made case.
type row map[string]any

func jsonLines(list []row) string {
	var b strings.Builder
	for _, r := range list {
		b.Write(append(spec.Canonical(r), '\n'))
	}
	return b.String()
}

func run(t *testing.T, config string, pairs []row, benchmarks ...[]row) *stagetest.Finished {
	t.Helper()
	files := map[string]string{"pairs.jsonl": jsonLines(pairs)}
	var names []string
	for i, b := range benchmarks {
		names = append(names, fmt.Sprintf("%d.jsonl", i))
		files[names[i]] = jsonLines(b)
	}
	return stagetest.Case(t, Kind, fmt.Sprintf(`{"config": %s, "inputs": {"pairs": "pairs.jsonl", "against": %s}}`, config, spec.Canonical(names)), files)
}

func value(t *testing.T, f *stagetest.Finished, name string) float64 {
	t.Helper()
	for _, m := range f.Result.Metrics {
		if m.Name == name && m.Value != nil {
			return *m.Value
		}
	}
	t.Fatalf("%s was not measured", name)
	return 0
}

func words(r *rand.Rand, n int) string {
	parts := make([]string, n)
	for i := range parts {
		parts[i] = string(rune('a'+r.IntN(26))) + string(rune('a'+r.IntN(26))) + string(rune('a'+r.IntN(26)))
	}
	return strings.Join(parts, " ")
}

// mixed makes a benchmark, and pairs of which some hold one of its items.
func mixed(r *rand.Rand, items, pairs int) (benchmark, rows []row, planted int) {
	for i := range items {
		benchmark = append(benchmark, row{"name": fmt.Sprint("item ", i), "question": words(r, 5+r.IntN(20)), "answer": words(r, 1+r.IntN(6))})
	}
	for range pairs {
		p := row{"prompt": words(r, 12), "chosen": words(r, 20), "rejected": words(r, 20)}
		if r.IntN(4) == 0 {
			text := []string{"prompt", "chosen", "rejected"}[r.IntN(3)]
			p[text] = "say: " + strings.ToUpper(benchmark[r.IntN(items)]["question"].(string)) + "!"
			planted++
		}
		rows = append(rows, p)
	}
	return benchmark, rows, planted
}

// Neither the order of the pairs nor that of the items shows in what goes out or in what is measured.
func TestOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	benchmark, pairs, planted := mixed(r, 20, 60)
	var metrics string
	var kept []string
	for round := range 4 {
		f := run(t, `{}`, pairs, benchmark, benchmark[:5])
		got, rows := string(spec.Canonical(f.Result.Metrics)), stagetest.RowsOf(t, f.Result.Outputs["pairs"])
		slices.Sort(rows)
		if round == 0 {
			metrics, kept = got, rows
		}
		if got != metrics {
			t.Fatalf("round %d: the metrics are\n%s\nwant\n%s", round, got, metrics)
		}
		if !slices.Equal(rows, kept) {
			t.Fatalf("round %d: other rows go out", round)
		}
		r.Shuffle(len(pairs), func(i, j int) { pairs[i], pairs[j] = pairs[j], pairs[i] })
		r.Shuffle(len(benchmark)-5, func(i, j int) { benchmark[i+5], benchmark[j+5] = benchmark[j+5], benchmark[i+5] })
	}
	if len(pairs)-len(kept) != planted {
		t.Errorf("%d rows went, %d were planted", len(pairs)-len(kept), planted)
	}
}

// What is marked is what would be removed, and a run over what is left finds nothing.
func TestMarkAndRemoveAgree(t *testing.T) {
	benchmark, pairs, planted := mixed(rand.New(rand.NewPCG(3, 4)), 15, 50)
	removed, marked := run(t, `{}`, pairs, benchmark), run(t, `{"action": "mark"}`, pairs, benchmark)
	var left []row
	for _, line := range stagetest.RowsOf(t, marked.Result.Outputs["pairs"]) {
		var p row
		if err := json.Unmarshal([]byte(line), &p); err != nil {
			t.Fatal(err)
		}
		flag := p[columnFlag].(bool)
		if _, evidence := p[columnEvidence]; evidence != flag {
			t.Errorf("the row %s has a flag without evidence, or evidence without a flag", line)
		}
		delete(p, columnFlag)
		delete(p, columnEvidence)
		if !flag {
			left = append(left, p)
		}
	}
	if got := strings.Join(stagetest.RowsOf(t, removed.Result.Outputs["pairs"]), "\n") + "\n"; got != jsonLines(left) {
		t.Errorf("removal leaves\n%s\nand marking leaves clean\n%s", got, jsonLines(left))
	}
	if got, want := value(t, marked, "decontamination"), 1-float64(planted)/float64(len(pairs)); got != want {
		t.Errorf("the share of clean rows after marking is %v, want %v", got, want)
	}
	again := run(t, `{}`, left, benchmark)
	if value(t, removed, "decontamination") != 1 || value(t, again, "contaminated_in") != 0 || len(again.Ledger) > 0 {
		t.Error("something is left after removal")
	}
}

// The bytes of the evidence are those of the item in the text, in the message that they are said to be in.
func TestEvidence(t *testing.T) {
	b := dataset.NewBuilder(spec.Messages)
	b.AppendMessages(dataset.Message{Role: "user", Content: "Grüß Gott"}, dataset.Message{Role: "assistant", Content: "one two three"})
	b.AppendString("one two three")
	m := b.Finish("prompt").Messages()
	for _, c := range []struct {
		row, start, end int
		message         int // -1: none
		from, to        int
	}{
		{0, 0, 11, 0, 0, 11},
		{0, 17, 20, 1, 4, 7},
		{0, 7, 20, -1, 7, 20},
		{1, 4, 7, -1, 4, 7},
	} {
		message, from, to := locate(m, c.row, c.start, c.end)
		number := -1
		if message != nil {
			number = *message
		}
		if number != c.message || from != c.from || to != c.to {
			t.Errorf("bytes %d-%d of row %d are bytes %d-%d of message %d, want %d-%d of %d", c.start, c.end, c.row, from, to, number, c.from, c.to, c.message)
		}
	}
}

// public returns the records of a file of public test data.
func public(t *testing.T, name string) (list []row) {
	t.Helper()
	root := os.Getenv("PREFAB_TEST_DATA")
	if root == "" {
		root = "../../../../shared/data"
	}
	f, err := os.Open(filepath.Join(root, name))
	if err != nil {
		t.Skipf("public test data are not here, set PREFAB_TEST_DATA: %v", err)
	}
	defer f.Close()
	var in io.Reader = f
	if strings.HasSuffix(name, ".gz") {
		if in, err = gzip.NewReader(f); err != nil {
			t.Fatal(err)
		}
	}
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var r row
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		list = append(list, r)
	}
	return list
}

// Every tenth question of GSM8K, copied under wrappers into real pairs, is found, and nothing else; of the rephrased
// problems, which are known leaks too, one in a hundred is at most: that is what the report says was not looked for.
func TestPublicBenchmarks(t *testing.T) {
	var gsm8k, pairs []row
	planted := 0
	for i, item := range public(t, "benchmarks/gsm8k_test.jsonl.gz") {
		gsm8k = append(gsm8k, row{"name": fmt.Sprint("gsm8k/", i), "question": item["question"]})
		if i%10 == 0 {
			pairs = append(pairs, row{"prompt": fmt.Sprintf("Here is number %d for you:\n\n%s\n\nThink step by step.", i, item["question"]), "chosen": "Fine.", "rejected": "No."})
			planted++
		}
	}
	hh := public(t, "pairs/hh_harmless.jsonl.gz")
	for _, p := range hh[:400] {
		prompt, chosen, _ := strings.Cut(p["chosen"].(string), "\n\nAssistant:")
		pairs = append(pairs, row{"prompt": prompt, "chosen": chosen, "rejected": p["rejected"]})
	}
	f := run(t, `{}`, pairs, gsm8k)
	if got := value(t, f, "contaminated"); got != float64(planted) {
		t.Errorf("%v rows are contaminated, %d hold an item", got, planted)
	}
	if got, want := value(t, f, "items_hit_in_max"), float64(planted)/float64(len(gsm8k)); got != want {
		t.Errorf("the share of items hit is %v, want %v", got, want)
	}

	var rephrased []row
	for _, p := range public(t, "decontam_truth/rephrase_gsm8k.jsonl.gz") {
		rephrased = append(rephrased, row{"prompt": p["text"], "chosen": "Fine.", "rejected": "No."})
	}
	if got := value(t, run(t, `{}`, rephrased, gsm8k), "contaminated"); got > 13 {
		t.Errorf("%v of %d rephrased problems are found: that many cannot be verbatim copies", got, len(rephrased))
	} else {
		t.Logf("%v of %d rephrased problems share enough words to be found", got, len(rephrased))
	}
}
