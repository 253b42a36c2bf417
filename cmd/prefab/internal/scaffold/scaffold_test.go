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
			[]string{"scale = [1, 10]", `threshold "gap" {}`},
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
			[]string{"begin with in common", "implicit_prompt = true"},
		},
		{
			"votes",
			map[string]string{"a.jsonl": `{"task": 7, "question": "Why?", "answer_a": "So.", "answer_b": "No.", "winner": "model_b", "judge": "x"}`},
			"a.jsonl",
			`jsonl votes item=tostring(row.task) label=row.winner == "model_b" ? "b" : null prompt=row.question response_a=row.answer_a response_b=row.answer_b worker=tostring(row.judge)`,
			[]string{`resolve "majority"`, `gap = "vote_gap"`},
		},
		{
			"folder",
			map[string]string{"x/a.jsonl.gz": zipped(t, pair), "x/b.jsonl": pair, "x/a.csv": "a,b\n", "x/README": "?"},
			"x",
			"jsonl pairs chosen=row.chosen prompt=row.prompt rejected=row.rejected",
			[]string{`"../data/x/a.jsonl.gz",`, `"../data/x/b.jsonl",`, "Note: a.csv was left aside"},
		},
		{
			"the ending of most bytes, though another stands first",
			map[string]string{"x/b.csv": "a,b\n1,2\n", "x/c.jsonl": strings.Repeat(pair, 10)},
			"x",
			"jsonl pairs chosen=row.chosen prompt=row.prompt rejected=row.rejected",
			[]string{"b.csv was left aside"},
		},
		{
			"a table about the pairs beside them",
			map[string]string{"x/a.jsonl": `{"model": "m", "elo": 1200}`, "x/b.jsonl": pair, "x/c.jsonl": pair},
			"x",
			"jsonl pairs chosen=row.chosen prompt=row.prompt rejected=row.rejected",
			[]string{`"../data/x/b.jsonl",`, "Note: a.jsonl was left aside: the records have elo, model, which"},
		},
		{
			"parts that are held out",
			map[string]string{"x/train.jsonl": pair, "x/test.jsonl": pair},
			"x",
			"jsonl pairs chosen=row.chosen prompt=row.prompt rejected=row.rejected",
			[]string{`path = "../data/x/train.jsonl"`, "# Note: test.jsonl was left aside", `#       path = "../data/x/test.jsonl"`, "test = dataset.test.pairs"},
		},
		{
			"Chatbot Arena",
			map[string]string{"a.jsonl": `{"question_id": "q1", "model_a": "m", "model_b": "n", "winner": "model_a", "judge": "arena_user_1", "conversation_a": [{"role": "user", "content": "Why?"}, {"role": "assistant", "content": "So."}], "conversation_b": [{"role": "user", "content": "Why?"}, {"role": "assistant", "content": "No."}], "turn": 1}
{"question_id": "q2", "model_a": "m", "model_b": "n", "winner": "tie (bothbad)", "judge": "arena_user_1", "conversation_a": [{"role": "user", "content": "Why?"}, {"role": "assistant", "content": "So."}, {"role": "user", "content": "Why?"}, {"role": "assistant", "content": "So."}], "conversation_b": [], "turn": 2}
`},
			"a.jsonl",
			`jsonl votes item=tostring(row.question_id) label=row.winner == "model_a" ? "a" : row.winner == "tie (bothbad)" ? "tie" : null prompt=row.conversation_a[0].content response_a=row.conversation_a[1].content response_b=row.conversation_b[1].content worker=tostring(row.judge)`,
			[]string{"where = length(row.conversation_a) == 2 && length(row.conversation_b) == 2"},
		},
		{
			"PKU-SafeRLHF",
			map[string]string{"a.jsonl": `{"prompt": "Why?", "response_0": "So.", "response_1": "No.", "is_response_0_safe": true, "is_response_1_safe": false, "better_response_id": 0, "safer_response_id": 0}`},
			"a.jsonl",
			`jsonl pairs chosen=row.better_response_id == 0 ? row.response_0 : row.response_1 prompt=row.prompt rejected=row.better_response_id == 0 ? row.response_1 : row.response_0`,
			[]string{"where = row.better_response_id == 0 || row.better_response_id == 1"},
		},
		{
			"SHP",
			map[string]string{"a.jsonl": `{"post_id": "p", "domain": "askbaking", "history": "Why?", "human_ref_A": "So.", "human_ref_B": "No.", "labels": 1, "score_A": 5, "score_B": 2}`},
			"a.jsonl",
			`jsonl pairs category=row.domain chosen=row.labels == 1 ? row.human_ref_A : row.human_ref_B group=row.post_id prompt=row.history rejected=row.labels == 1 ? row.human_ref_B : row.human_ref_A`, nil,
		},
		{
			"HelpSteer3",
			map[string]string{"a.jsonl": `{"domain": "general", "language": "english", "context": [{"role": "user", "content": "Why?"}], "response1": "So.", "response2": "No.", "overall_preference": -2}`},
			"a.jsonl",
			`jsonl pairs category=row.domain chosen=row.overall_preference < 0 ? row.response1 : row.response2 margin=abs(row.overall_preference) prompt=row.context rejected=row.overall_preference < 0 ? row.response2 : row.response1`,
			[]string{"where = row.overall_preference < 0 || row.overall_preference > 0"},
		},
		{
			"WebGPT",
			map[string]string{"a.jsonl": `{"question": {"dataset": "eli5", "id": "x", "full_text": "Why?"}, "answer_0": "So.", "answer_1": "No.", "score_0": 0.33, "score_1": -0.33, "tokens_0": {}, "tokens_1": {}}`},
			"a.jsonl",
			`jsonl pairs chosen=row.score_0 > row.score_1 ? row.answer_0 : row.answer_1 margin=abs(row.score_0 - row.score_1) prompt=row.question.full_text rejected=row.score_0 > row.score_1 ? row.answer_1 : row.answer_0`, nil,
		},
		{
			"a table of comparisons",
			map[string]string{"a.csv": "question,answer_a,answer_b,preferred\nWhy?,So,No,answer_b\nWhy?,So,No,answer_a\n"},
			"a.csv",
			`csv pairs chosen=row.preferred == "answer_a" ? row.answer_a : row.answer_b prompt=row.question rejected=row.preferred == "answer_a" ? row.answer_b : row.answer_a`, nil,
		},
		{
			"good and bad",
			map[string]string{"a.jsonl": `{"question": "Why?", "good_answer": "So.", "bad_answer": "No."}`},
			"a.jsonl",
			"jsonl pairs chosen=row.good_answer prompt=row.question rejected=row.bad_answer", nil,
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
	for _, test := range []struct{ content, want, has string }{
		{`{"messages": [], "label": true}`, "which are the chosen and the rejected response?", "rejected = row.FIELD"},
		{`{"chosen": "Because.", "rejected": "No."}`, "what is the prompt?", "prompt   = row.FIELD"},
		{`{"prompt": 7, "chosen": "Because.", "rejected": "No."}`, "prompt is neither a text nor a list of messages", "chosen   = row.chosen"},
		{`{"prompt": "Why?", "chosen": 1, "rejected": 2}`, "chosen is neither", "prompt   = row.prompt"},
		{`{"prompt": "Why?", "response_a": "x", "response_b": "y", "label": 0}`, `label is 0, which does not say`, "chosen   = row.label == FIRST ? row.response_a : row.response_b"},
		{`{"prompt": "Why?", "answer_1": "x", "answer_2": "y"}`, "which of answer_1 and answer_2 is the better one?", "row.FIELD == FIRST ? row.answer_1"},
		{`{"Best Answer": "x <b> & y", "other": 1}`, "which are", `written as in row["Best Answer"]`},
		{`{"Best Answer": "x <b> & y", "other": 1}`, "which are", `"x <b> & y"`},
		{`{"prompt": "Why?", "answer_1": "x", "answer_2": "y", "rater": 7}`, "which of", `type = "votes"`},
	} {
		dir := write(t, map[string]string{"a.jsonl": test.content})
		_, err := From(filepath.Join(dir, "a.jsonl"), dir)
		if err == nil {
			t.Errorf("%s: was guessed", test.content)
			continue
		}
		for _, want := range []string{test.want, "Fields in the first record", test.has} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: the message lacks %q: %v", test.content, want, err)
			}
		}
	}
}

// TestBenchmark checks that questions with one answer are not taken for preferences.
func TestBenchmark(t *testing.T) {
	dir := write(t, map[string]string{"a.jsonl": `{"question": "What is 1 + 1?", "answer": "#### 2"}`})
	_, err := From(filepath.Join(dir, "a.jsonl"), dir)
	if err == nil {
		t.Fatal("was guessed")
	}
	for _, want := range []string{"looks like a benchmark", `benchmark "mine"`, "question = row.question", "answer   = row.answer"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the message lacks %q: %v", want, err)
		}
	}
}

// TestLines checks that comments have no blanks at their ends and fit into 80 columns.
func TestLines(t *testing.T) {
	dir := write(t, map[string]string{"x/train.jsonl": hh, "x/test.jsonl": hh, "x/a.csv": "a,b\n"})
	s, err := From(filepath.Join(dir, "x"), dir)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(lang.Format(s.Text))) {
		line = strings.TrimSuffix(line, "\n")
		if strings.TrimRight(line, " ") != line || strings.HasPrefix(line, "#") && len(line) > 80 {
			t.Errorf("%q", line)
		}
		if strings.Contains(line, "stage document") {
			t.Errorf("nobody knows the stage documents: %q", line)
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
