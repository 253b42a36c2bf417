package scaffold

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"

	"github.com/prefab-build/prefab/executor/stages"
	"github.com/prefab-build/prefab/lang"
	"github.com/prefab-build/prefab/spec"
)

// write puts files into a folder of their own, and returns it.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func zipped(t *testing.T, s string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(s)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func parquetOf(t *testing.T, rows string) string {
	t.Helper()
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "query", Type: arrow.BinaryTypes.String},
		{Name: "chosen", Type: arrow.BinaryTypes.String},
		{Name: "rejected", Type: arrow.BinaryTypes.String},
	}, nil)
	rec, _, err := array.RecordFromJSON(memory.DefaultAllocator, schema, strings.NewReader(rows))
	if err != nil {
		t.Fatal(err)
	}
	defer rec.Release()
	table := array.NewTableFromRecords(schema, []arrow.RecordBatch{rec})
	defer table.Release()
	var b bytes.Buffer
	if err := pqarrow.WriteTable(table, &b, 100, nil, pqarrow.DefaultWriterProps()); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

const (
	pair = `{"prompt": "Why?", "chosen": "Because of it.", "rejected": "No."}` + "\n"
	hh   = `{"chosen": "\n\nHuman: Hi\n\nAssistant: Hello!", "rejected": "\n\nHuman: Hi\n\nAssistant: Go away."}` + "\n"
)

// TestFrom looks at files of many forms, and checks what was guessed and that the spec is valid.
func TestFrom(t *testing.T) {
	for _, test := range []struct {
		name  string
		files map[string]string
		from  string
		want  string // format, rows and columns
		has   []string
	}{
		{
			"plain jsonl",
			map[string]string{"a.jsonl": pair},
			"a.jsonl",
			"jsonl pairs chosen=row.chosen prompt=row.prompt rejected=row.rejected",
			[]string{`path = "../data/a.jsonl"`, "There are no ratings or votes"},
		},
		{
			"array with ratings",
			map[string]string{"a.json": `[{"Question": "Why?", "chosen": "Because.", "rejected": "No.", "score_chosen": 9, "score_rejected": 2.5}]`},
			"a.json",
			"json pairs chosen=row.chosen chosen_score=row.score_chosen prompt=row.Question rejected=row.rejected rejected_score=row.score_rejected",
			[]string{"scale = [1, 10]", `check "gap"`},
		},
		{
			"alpaca",
			map[string]string{"a.jsonl": `{"instruction": "Add.", "input": "1 2", "chosen": "3", "rejected": "4"}`},
			"a.jsonl",
			`jsonl pairs chosen=row.chosen prompt=row.input == null || row.input == "" ? row.instruction : "${row.instruction}\n\n${row.input}" rejected=row.rejected`, nil,
		},
		{
			"semicolons and names with spaces",
			map[string]string{"a.csv": "Question;Chosen Response;worse;Score-Chosen\nWhy?;Because;No;\n"},
			"a.csv",
			"csv pairs chosen=row[\"Chosen Response\"] prompt=row.Question rejected=row.worse",
			[]string{`comma = ";"`},
		},
		{
			"tabs",
			map[string]string{"a.txt": "prompt\tchosen\trejected\nWhy?\tBecause\tNo\n"},
			"a.txt",
			"tsv pairs chosen=row.chosen prompt=row.prompt rejected=row.rejected", nil,
		},
		{
			"parquet",
			map[string]string{"a.bin": parquetOf(t, `[{"query": "Why?", "chosen": "So.", "rejected": "No."}]`)},
			"a.bin",
			"parquet pairs chosen=row.chosen prompt=row.query rejected=row.rejected", nil,
		},
		{"transcripts", map[string]string{"hh.jsonl.gz": zipped(t, hh)}, "hh.jsonl.gz", "hh-rlhf pairs ", []string{`stratify = ["turns", "length"]`}},
		{
			"conversations",
			map[string]string{"a.json": `[{"conversations": [{"from": "human", "value": "Hi"}], "chosen": {"from": "gpt", "value": "Hello"}, "rejected": {"from": "gpt", "value": "No"}}]`},
			"a.json",
			`json pairs chosen=row.chosen.value prompt=[for m in row.conversations : { role = m.from == "human" ? "user" : m.from == "gpt" ? "assistant" : m.from, content = m.value }] rejected=row.rejected.value`, nil,
		},
		{
			"prompt within the responses",
			map[string]string{"a.jsonl": `{"chosen": "Tell me why. Because.", "rejected": "Tell me why. No."}`},
			"a.jsonl",
			"jsonl pairs chosen=row.chosen rejected=row.rejected",
			[]string{"begin with in common"},
		},
		{
			"votes",
			map[string]string{"a.jsonl": `{"task": 7, "question": "Why?", "answer_a": "So.", "answer_b": "No.", "winner": "model_b", "judge": "x"}`},
			"a.jsonl",
			`jsonl votes item=tostring(row.task) label=tostring(row.winner) == "model_b" ? "b" : null prompt=row.question response_a=row.answer_a response_b=row.answer_b worker=tostring(row.judge)`,
			[]string{`resolve "majority"`, `gap = "vote_gap"`},
		},
		{
			"folder",
			map[string]string{"x/a.jsonl.gz": zipped(t, pair), "x/b.jsonl": pair, "x/c.csv": "a,b\n", "x/README": "?"},
			"x",
			"jsonl pairs chosen=row.chosen prompt=row.prompt rejected=row.rejected",
			[]string{`"../data/x/a.jsonl.gz",`, `"../data/x/b.jsonl",`, "1 files that end in .csv were left aside"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			root := t.TempDir()
			data := write(t, test.files)
			if err := os.Rename(data, filepath.Join(root, "data")); err != nil {
				t.Fatal(err)
			}
			dir := filepath.Join(root, "spec")
			if err := os.Mkdir(dir, 0o755); err != nil {
				t.Fatal(err)
			}
			s, err := From(filepath.Join(root, "data", test.from), dir)
			if err != nil {
				t.Fatal(err)
			}
			var columns []string
			for _, name := range slices.Sorted(maps.Keys(s.Columns)) {
				columns = append(columns, name+"="+s.Columns[name])
			}
			if got := s.Format + " " + s.Rows + " " + strings.Join(columns, " "); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
			text := lang.Format(s.Text)
			for _, h := range test.has {
				if !strings.Contains(string(text), h) {
					t.Errorf("the spec lacks %s:\n%s", h, text)
				}
			}
			if err := os.WriteFile(filepath.Join(dir, "main.prefab.hcl"), text, 0o644); err != nil {
				t.Fatal(err)
			}
			valid(t, dir)
		})
	}
}

// valid checks that a spec has no problems.
func valid(t *testing.T, dir string) {
	t.Helper()
	var kinds []spec.KindSpec
	for _, k := range stages.All() {
		kinds = append(kinds, k.KindSpec)
	}
	_, _, problems := lang.Load(t.Context(), dir, lang.Options{Kinds: kinds, Version: "0.1.0", Environ: func(string) (string, bool) { return "", false }})
	for _, p := range problems {
		t.Errorf("%s: %s %s", p.Subject, p.Summary, p.Detail)
	}
}

// TestUnclear checks that what cannot be told is not guessed, and that the message says what was seen and what to do.
func TestUnclear(t *testing.T) {
	for _, test := range []struct{ content, want string }{
		{`{"messages": [], "label": true}`, "which are the chosen and the rejected response?"},
		{`{"chosen": "Because.", "rejected": "No."}`, "what is the prompt?"},
		{`{"prompt": 7, "chosen": "Because.", "rejected": "No."}`, "prompt is neither a text nor a list of messages"},
		{`{"prompt": "Why?", "chosen": 1, "rejected": 2}`, "chosen is neither"},
		{`{"prompt": "Why?", "response_a": "x", "response_b": "y", "label": 0}`, `label is "0", which does not say`},
	} {
		dir := write(t, map[string]string{"a.jsonl": test.content})
		_, err := From(filepath.Join(dir, "a.jsonl"), dir)
		if err == nil {
			t.Errorf("%s: was guessed", test.content)
			continue
		}
		for _, want := range []string{test.want, "Fields in the first 1 records", "rejected = row.FIELD"} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: the message lacks %q: %v", test.content, want, err)
			}
		}
	}
}

func TestNoData(t *testing.T) {
	for content, want := range map[string]string{
		"":                          "no records",
		"{\n  \"prompt\": \"x\"\n}": "over several lines",
		"just words":                "no JSON, CSV, TSV or Parquet",
	} {
		dir := write(t, map[string]string{"a.jsonl": content})
		if _, err := From(filepath.Join(dir, "a.jsonl"), dir); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", content, err)
		}
	}
	dir := write(t, map[string]string{"notes.txt": "x"})
	if _, err := From(dir, dir); err == nil || !strings.Contains(err.Error(), "holds no file that ends in") {
		t.Errorf("a folder without data: %v", err)
	}
	if _, err := From(filepath.Join(dir, "none"), dir); err == nil {
		t.Error("a file that is not there was read")
	}
}

// TestOrder checks that the same data give the same spec.
func TestOrder(t *testing.T) {
	dir := write(t, map[string]string{"a.jsonl": strings.Repeat(pair, 3)})
	first, err := From(dir, dir)
	if err != nil {
		t.Fatal(err)
	}
	for range 5 {
		if again, err := From(dir, dir); err != nil || fmt.Sprint(again) != fmt.Sprint(first) {
			t.Fatalf("another spec the second time: %v", err)
		}
	}
}
