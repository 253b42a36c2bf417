package read

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/prefab-build/prefab/executor/dataset"
	"github.com/prefab-build/prefab/executor/dataset/frame"
	"github.com/prefab-build/prefab/spec"
	"github.com/prefab-build/prefab/spec/expr"
)

func parser(t testing.TB, o Options) *Parser {
	t.Helper()
	p, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func parse(t testing.TB, o Options, header, segment string) Result {
	t.Helper()
	r, err := parser(t, o).Parse([]byte(header), []byte(segment))
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Records) != r.Chunk.Rows {
		t.Fatalf("%d records for %d rows", len(r.Records), r.Chunk.Rows)
	}
	return r
}

// rows shows the rows of a result as JSON, without their ids.
func rows(r Result) []string {
	var names []string
	for _, c := range r.Chunk.Columns {
		if c.Name != spec.ID {
			names = append(names, c.Name)
		}
	}
	w := r.Chunk.RowJSON(names...)
	list := make([]string, r.Chunk.Rows)
	for i := range list {
		list[i] = string(w.Append(nil, i))
	}
	return list
}

func TestForms(t *testing.T) {
	jsonl := Options{Artifact: spec.Pairs, Format: frame.JSONL}
	implicit := jsonl
	implicit.ImplicitPrompt = true
	hh := Options{Artifact: spec.Pairs, Format: frame.HHRLHF}
	for _, c := range []struct {
		name     string
		o        Options
		in, want string
	}{
		{
			"explicit strings", jsonl,
			`{"prompt":"Explain gravity.","chosen":" Mass attracts mass.","rejected":" It is magic."}`,
			`{"chosen":" Mass attracts mass.","prompt":"Explain gravity.","rejected":" It is magic."}`,
		}, {
			"implicit strings", implicit,
			`{"chosen":"Explain gravity. Mass attracts mass.","rejected":"Explain gravity. It is magic."}`,
			`{"chosen":" Mass attracts mass.","prompt":"Explain gravity.","rejected":" It is magic."}`,
		}, {
			"implicit strings are cut where they differ, as TRL does", implicit,
			`{"chosen":"What is 2+2? four","rejected":"What is 2+2? five"}`,
			`{"chosen":"our","prompt":"What is 2+2? f","rejected":"ive"}`,
		}, {
			"implicit strings without space cut no character", implicit,
			`{"chosen":"重力é","rejected":"重力è"}`,
			`{"chosen":"é","prompt":"重力","rejected":"è"}`,
		}, {
			"a record with a prompt of its own keeps it", implicit,
			`{"prompt":"Q","chosen":"The sky is blue.","rejected":"The sky is red."}`,
			`{"chosen":"The sky is blue.","prompt":"Q","rejected":"The sky is red."}`,
		}, {
			"explicit conversation", jsonl,
			`{"prompt":[{"role":"user","content":"Q"}],"chosen":[{"role":"assistant","content":"A"}],"rejected":[{"content":"B","role":"assistant"}]}`,
			`{"chosen":[{"content":"A","role":"assistant"}],"prompt":[{"content":"Q","role":"user"}],"rejected":[{"content":"B","role":"assistant"}]}`,
		}, {
			"implicit conversation with margin", implicit,
			`{"chosen":[{"role":"user","content":"Q"},{"role":"assistant","content":"A"}],"rejected":[{"role":"user","content":"Q"},{"role":"assistant","content":"B"}],"margin":0.4}`,
			`{"chosen":[{"content":"A","role":"assistant"}],"margin":0.4,"prompt":[{"content":"Q","role":"user"}],"rejected":[{"content":"B","role":"assistant"}]}`,
		}, {
			"binarised UltraFeedback", jsonl,
			`{"prompt":"Q","prompt_id":"7f","chosen":[{"role":"user","content":"Q"},{"role":"assistant","content":"A"}],"rejected":[{"role":"user","content":"Q"},{"role":"assistant","content":"B"}],"score_chosen":8.5,"score_rejected":6}`,
			`{"chosen":[{"content":"A","role":"assistant"}],"chosen_score":8.5,"extra":{"prompt_id":"7f"},"prompt":[{"content":"Q","role":"user"}],"rejected":[{"content":"B","role":"assistant"}],"rejected_score":6.0}`,
		}, {
			"a prompt that says something else is kept", jsonl,
			`{"prompt":"topic","chosen":[{"role":"user","content":"Q"},{"role":"assistant","content":"A"}],"rejected":[{"role":"user","content":"Q"},{"role":"assistant","content":"B"}]}`,
			`{"chosen":[{"content":"A","role":"assistant"}],"extra":{"prompt":"topic"},"prompt":[{"content":"Q","role":"user"}],"rejected":[{"content":"B","role":"assistant"}]}`,
		}, {
			"one message instead of a list, with more in it", jsonl,
			`{"prompt":"Q","chosen":{"role":"assistant","content":"A","name":"x","tool_calls":null},"rejected":{"role":"assistant","content":"B"}}`,
			`{"chosen":[{"content":"A","role":"assistant"}],"extra":{"chosen[0].name":"x"},"prompt":"Q","rejected":[{"content":"B","role":"assistant"}]}`,
		}, {
			"other fields", jsonl,
			`{"z":[1,{"b":null,"a":1.50}],"prompt":"Q","chosen":"A","rejected":"B","category":"maths","group":17,"votes_tie":2,"extra":{"uid":1},"none":null}`,
			`{"category":"maths","chosen":"A","extra":{"uid":1,"z":[1,{"a":1.5}]},"group":"17","prompt":"Q","rejected":"B","votes_tie":2}`,
		}, {
			"two names of one column", jsonl,
			`{"prompt":"Q","chosen":"A","rejected":"B","score_chosen":1,"chosen_score":2}`,
			`{"chosen":"A","chosen_score":2.0,"extra":{"score_chosen":1},"prompt":"Q","rejected":"B"}`,
		}, {
			"dialogue", hh,
			`{"chosen":"\n\nHuman: Hi\n\nAssistant: Hello.\n\nHuman: Why?\n\nAssistant: So.","rejected":"\n\nHuman: Hi\n\nAssistant: Hello.\n\nHuman: Why?\n\nAssistant: What?\n","uid":3}`,
			`{"chosen":[{"content":"So.","role":"assistant"}],"extra":{"uid":3},"prompt":[{"content":"Hi","role":"user"},{"content":"Hello.","role":"assistant"},{"content":"Why?","role":"user"}],"rejected":[{"content":"What?","role":"assistant"}]}`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := parse(t, c.o, "", c.in+"\n")
			if len(r.Rejected) > 0 {
				t.Fatalf("%+v", r.Rejected)
			}
			if got := rows(r)[0]; got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestRejections(t *testing.T) {
	const ok = `"prompt":"Q","chosen":"A","rejected":"B"`
	for _, c := range []struct{ in, reason string }{
		{`{` + ok, NotJSON},
		{`{` + ok + `} x`, NotJSON},
		{`{` + ok + `,}`, NotJSON},
		{"{" + ok + ",\"x\":\"\x01\"}", NotJSON},
		{"{" + ok + ",\"x\":\"\xff\"}", NotUTF8},
		{`{` + ok + `,"x":"\ud800"}`, LoneSurrogate},
		{`{` + ok + `,"x":{"a":1,"a":1}}`, DuplicateName},
		{`{` + ok + `,"x":1e999}`, BadNumber},
		{`{` + ok + `,"x":` + strings.Repeat("[", 2000) + strings.Repeat("]", 2000) + `}`, TooDeep},
		{`{` + ok + `,"x":["\u0000"]}`, NULCharacter},
		{"\xef\xbb\xbf{" + ok + "}", ByteOrderMark},
		{`[1]`, NotAnObject},
		{``, NotJSON},
		{`{"chosen":"A","rejected":"B"}`, NoPrompt},
		{`{"chosen":"The sky is blue.","rejected":"The sky is red."}`, NoPrompt},
		{`{"chosen":[{"role":"user","content":"Q"},{"role":"assistant","content":"A"}],"rejected":[{"role":"user","content":"Q"},{"role":"assistant","content":"B"}]}`, NoPrompt},
		{`{"prompt":"Q","chosen":"A"}`, MissingField},
		{`{"prompt":"Q","chosen":"A","rejected":null}`, MissingField},
		{`{"prompt":null,"chosen":[{"role":"assistant","content":"A"}],"rejected":[{"role":"assistant","content":"B"}]}`, NoPrompt},
		{`{"prompt":[],"chosen":"A","rejected":"B"}`, EmptyText},
		{`{"prompt":"Q","chosen":"A","rejected":" \n"}`, EmptyText},
		{`{"prompt":" ","chosen":"A","rejected":"B"}`, EmptyText},
		{`{"prompt":"Q","chosen":[],"rejected":"B"}`, EmptyText},
		{`{"prompt":"Q","chosen":"A","rejected":"A"}`, SameResponses},
		{`{"prompt":"Q","chosen":"A","rejected":7}`, WrongType},
		{`{"prompt":"Q","chosen":"A","rejected":[{"role":"assistant","content":"B"}]}`, WrongType},
		{`{"prompt":"Q","chosen":[{"role":"assistant","content":null}],"rejected":[{"role":"assistant","content":"B"}]}`, WrongType},
		{`{"prompt":[{"role":"","content":"Q"}],"chosen":"A","rejected":"B"}`, WrongType},
		{`{` + ok + `,"margin":"0.5"}`, WrongType},
		{`{` + ok + `,"votes_tie":1.5}`, WrongType},
		{`{` + ok + `,"category":["a"]}`, WrongType},
		{`{"prompt":"P","chosen":[{"role":"user","content":"Q"},{"role":"assistant","content":"A"}],"rejected":[{"role":"user","content":"R"},{"role":"assistant","content":"B"}]}`, PromptsDiffer},
	} {
		// A good record on each side: what is rejected must leave no trace in the rows.
		in := "{" + ok + "}\n" + c.in + "\n{" + ok + "}\n"
		r := parse(t, Options{Artifact: spec.Pairs, Format: frame.JSONL}, "", in)
		if len(r.Rejected) != 1 || r.Rejected[0].Reason != c.reason || r.Rejected[0].Record != 1 || r.Rejected[0].Detail == "" {
			t.Errorf("%.80s: got %+v, want %s", c.in, r.Rejected, c.reason)
			continue
		}
		if got := r.Rejected[0]; got.Offset != int64(len(ok)+3) || got.At > int64(len(c.in)) {
			t.Errorf("%.80s: at byte %d of the record at %d", c.in, got.At, got.Offset)
		}
		if got := rows(r); !slices.Equal(got, []string{`{"chosen":"A","prompt":"Q","rejected":"B"}`, `{"chosen":"A","prompt":"Q","rejected":"B"}`}) || !slices.Equal(r.Records, []uint32{0, 2}) {
			t.Errorf("%.80s: rows %q of records %v", c.in, got, r.Records)
		}
	}
}

// A record without a prompt gives none, unless the source says that the responses begin with it.
func TestImplicitRejections(t *testing.T) {
	for _, c := range []struct{ in, reason string }{
		{`{"chosen":"A","rejected":"B"}`, NoPrompt},
		{`{"chosen":" A","rejected":" B"}`, NoPrompt},
		{`{"chosen":"Q A","rejected":"Q A"}`, SameResponses},
		{`{"chosen":"Q A","rejected":"Q"}`, EmptyText},
		{`{"chosen":"Q","rejected":"Q A"}`, EmptyText},
		{`{"chosen":[{"role":"assistant","content":"A"}],"rejected":[{"role":"assistant","content":"B"}]}`, NoPrompt},
		{`{"chosen":[{"role":"user","content":"Q"},{"role":"assistant","content":"A"}],"rejected":[{"role":"user","content":"R"},{"role":"assistant","content":"B"}]}`, PromptsDiffer},
	} {
		r := parse(t, Options{Artifact: spec.Pairs, Format: frame.JSONL, ImplicitPrompt: true}, "", c.in+"\n")
		if len(r.Rejected) != 1 || r.Rejected[0].Reason != c.reason {
			t.Errorf("%s: got %+v, want %s", c.in, r.Rejected, c.reason)
		}
	}
}

// What is said of a record that lacks a column is enough to mend the map.
func TestMissing(t *testing.T) {
	pairs := func(m map[string]*expr.Node) Options {
		return Options{Artifact: spec.Pairs, Format: frame.JSONL, Map: m}
	}
	csv := Options{Artifact: spec.Pairs, Format: frame.CSV, Header: true}
	for _, c := range []struct {
		o                  Options
		header, in, detail string
	}{
		{
			pairs(map[string]*expr.Node{"prompt": field("instrction")}), "", `{"instruction":"I","chosen":"The A","rejected":"The B"}`,
			"there is no prompt: its map reads row.instrction, which the record lacks (did you mean row.instruction?); the record has chosen, " +
				"instruction, rejected. Correct the map, or set implicit_prompt = true in the source where chosen and rejected begin with the prompt",
		}, {
			pairs(map[string]*expr.Node{"chosen": field("chosn")}), "", `{"prompt":"Q","chosen":"A","rejected":"B","x":null}`,
			"there is no chosen: its map reads row.chosn, which the record lacks (did you mean row.chosen?); the record has chosen, prompt, rejected. Correct the map",
		}, {
			pairs(nil), "", `{"prompt":"Q","answer 1":"A"}`, `there is no chosen; the record has "answer 1", prompt. Map a field to chosen`,
		}, {
			csv, "What is 2+2?,four,five", "Why?,so,no\n",
			`there is no chosen; the record has "What is 2+2?", five, four. Map a field to chosen; if the first line of the file is data and no header, set header = false`,
		}, {
			pairs(nil), "", `[{"prompt":"Q"},`, `not JSON`,
		},
	} {
		r := parse(t, c.o, c.header, c.in+"\n")
		if len(r.Rejected) == 0 {
			t.Errorf("%s: not rejected", c.in)
			continue
		}
		got := r.Rejected[0]
		if c.detail == "not JSON" {
			if !strings.HasSuffix(got.Detail, "if it is one JSON array, read it with source \"json\"") {
				t.Errorf("%s: %s", c.in, got.Detail)
			}
		} else if got.Detail != c.detail {
			t.Errorf("%s:\ngot  %s\nwant %s", c.in, got.Detail, c.detail)
		}
	}
}

func TestDialogueRejections(t *testing.T) {
	const q = `\n\nHuman: Q\n\nAssistant:`
	for _, c := range []struct{ chosen, rejected, reason string }{
		{q + ` A`, q + ` `, EmptyText},
		{q + ` A`, `\n\nHuman: R\n\nAssistant: B`, PromptsDiffer},
		{q + ` A`, `B`, NoDialogue},
		{`Q\n\nAssistant: A`, `Q\n\nAssistant: B`, NoDialogue},
		{q + ` A`, q + ` A\n`, SameResponses},
		{q + ` A\n\nHuman: And?`, q + ` B`, HumanLast},
		{q + ` A`, q + `\n\nHuman: And?`, HumanLast},
	} {
		in := fmt.Sprintf(`{"chosen":"%s","rejected":"%s"}`, c.chosen, c.rejected)
		r := parse(t, Options{Artifact: spec.Pairs, Format: frame.HHRLHF}, "", in+"\n")
		if len(r.Rejected) != 1 || r.Rejected[0].Reason != c.reason {
			t.Errorf("%s: got %+v, want %s", in, r.Rejected, c.reason)
		}
	}
}

// What people put into text that is awkward but right goes through as it is.
func TestAwkwardText(t *testing.T) {
	in := "{\"prompt\":\"a\u2028b\ufeff\",\"chosen\":\"\\ud83d\\ude00\\\\u0000\",\"rejected\":\"B\"}\r\n"
	r := parse(t, Options{Artifact: spec.Pairs, Format: frame.JSONL}, "", in)
	if len(r.Rejected) > 0 || r.CRLF != 1 {
		t.Fatalf("%+v, %d", r.Rejected, r.CRLF)
	}
	if got := r.Chunk.Messages("prompt").Text(0) + r.Chunk.Messages("chosen").Text(0); got != "a\u2028b\ufeff😀\\u0000" {
		t.Errorf("got %q", got)
	}
}

func TestJSONArray(t *testing.T) {
	r := parse(t, Options{Artifact: spec.Items, Format: frame.JSON}, "", "{\n \"question\": \"Q,]\"},,7,{\n\n\"question\":\n\"\xff\"},{\"answer\":4},")
	if got := rows(r); !slices.Equal(got, []string{`{"question":"Q,]"}`, `{"answer":"4"}`}) {
		t.Errorf("rows %q", got)
	}
	var reasons []string
	for _, x := range r.Rejected {
		reasons = append(reasons, fmt.Sprint(x.Record, " ", x.Line, " ", x.Reason))
	}
	if want := []string{"1 0 not JSON", "2 0 not an object", "3 3 not UTF-8"}; !slices.Equal(reasons, want) {
		t.Errorf("rejected %q, want %q", reasons, want)
	}
}

func TestTables(t *testing.T) {
	csv := Options{Artifact: spec.Pairs, Format: frame.CSV, Header: true}
	r := parse(t, csv, "prompt,chosen,rejected,margin,note\r", "Q,\"A, \"\"so\"\"\nyes\",B,0.5,\r\nQ,A,B,,\"\"\nQ,A,B\nQ,A,\"B\"x,1,\nQ,A,B\",1,\nQ,A,,1,\nQ,A,B,many,\n")
	if got, want := rows(r), []string{`{"chosen":"A, \"so\"\nyes","margin":0.5,"prompt":"Q","rejected":"B"}`, `{"chosen":"A","extra":{"note":""},"prompt":"Q","rejected":"B"}`}; !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	var reasons []string
	for _, x := range r.Rejected {
		reasons = append(reasons, x.Reason)
	}
	if want := []string{WrongFields, BadQuote, BadQuote, MissingField, WrongType}; !slices.Equal(reasons, want) {
		t.Errorf("got %q", reasons)
	}
	if _, err := parser(t, csv).Parse([]byte("a,a"), []byte("1,2\n")); err == nil {
		t.Error("two columns of one name were taken")
	}
	votes := Options{Artifact: spec.Votes, Format: frame.TSV, Map: map[string]*expr.Node{
		"item": field("column1"), "prompt": field("column2"), "response_a": field("column3"), "response_b": field("column4"), "label": field("column5"),
	}}
	r = parse(t, votes, "", "7\tQ\tx\ty\tLeft\n8\tQ\tx\ty\tmaybe\n9\tQ\tx\ty\ttie\tann\n")
	if got, want := rows(r), []string{
		`{"item":"7","label":"a","prompt":"Q","response_a":"x","response_b":"y"}`,
		`{"extra":{"column6":"ann"},"item":"9","label":"tie","prompt":"Q","response_a":"x","response_b":"y"}`,
	}; !slices.Equal(got, want) || len(r.Rejected) != 1 {
		t.Errorf("got %q, %+v", got, r.Rejected)
	}
}

func field(name string) *expr.Node { return &expr.Node{Op: expr.Row, Name: name} }

func TestMapAndKey(t *testing.T) {
	o := Options{
		Artifact: spec.Pairs, Format: frame.JSONL, Key: field("uid"),
		Map: map[string]*expr.Node{
			"prompt": {Op: expr.Template, Args: []*expr.Node{field("instruction"), {Op: expr.Literal, Value: "\n"}, field("input")}},
		},
	}
	r := parse(t, o, "", `{"instruction":"Say","input":"hi","chosen":"A","rejected":"B","uid":7,"source":"s"}
{"instruction":"Say","input":["hi"],"chosen":"A","rejected":"B","uid":8}
{"instruction":"Say","input":"hi","chosen":"A","rejected":"B"}
`)
	if got := rows(r); !slices.Equal(got, []string{`{"chosen":"A","extra":{"uid":7},"prompt":"Say\nhi","rejected":"B","source":"s"}`}) {
		t.Errorf("got %q", got)
	}
	if r.Chunk.IDs().Digest(0) != dataset.KeyID([]byte("7")) {
		t.Error("the id is not that of the key")
	}
	if len(r.Rejected) != 2 || r.Rejected[0].Reason != MapFailed || r.Rejected[1].Reason != NullKey {
		t.Errorf("%+v", r.Rejected)
	}
	for _, o := range []Options{
		{Artifact: spec.Pairs, Format: frame.JSONL, Map: map[string]*expr.Node{"promt": field("x")}},
		{Artifact: spec.Pairs, Format: frame.HHRLHF, Map: map[string]*expr.Node{"prompt": field("x")}},
		{Artifact: spec.Pairs, Format: "xml"},
		{Artifact: spec.Pairs, Format: frame.JSONL, Key: &expr.Node{Op: "nothing"}},
	} {
		if _, err := New(o); err == nil {
			t.Errorf("%+v was taken", o)
		}
	}
}

// An id says what a row is, not how its file was written.
func TestIDsIgnoreTheFile(t *testing.T) {
	a := parse(t, Options{Artifact: spec.Pairs, Format: frame.JSONL}, "", `{"prompt":"Qé","chosen":"A","rejected":"B","n":1,"x":null}`+"\n")
	b := parse(t, Options{Artifact: spec.Pairs, Format: frame.JSON}, "", "{ \"n\" : 1,\n\"rejected\":\"B\", \"chosen\":\"A\", \"prompt\":\"Q\\u00e9\"},")
	if a.Chunk.IDs().Digest(0) != b.Chunk.IDs().Digest(0) {
		t.Errorf("%q and %q have different ids", rows(a), rows(b))
	}
	c := parse(t, Options{Artifact: spec.Pairs, Format: frame.CSV, Header: true}, "prompt,chosen,rejected", "Qé,A,B\n")
	d := parse(t, Options{Artifact: spec.Pairs, Format: frame.JSONL}, "", `{"prompt":"Qé","chosen":"A","rejected":"B"}`+"\n")
	if c.Chunk.IDs().Digest(0) != d.Chunk.IDs().Digest(0) {
		t.Errorf("%q and %q have different ids", rows(c), rows(d))
	}
}

func TestOversizedRecord(t *testing.T) {
	var r Result
	src := spec.Source{Format: frame.JSON, MaxSize: 100}
	_, err := frame.Frame("f", strings.NewReader(`[{"question":"`+strings.Repeat("x", 200)+`"}]`), src, func(s frame.Segment) error {
		r = parse(t, Options{Artifact: spec.Items, Format: frame.JSON}, "", string(s.Bytes))
		return nil
	})
	if err != nil || len(r.Rejected) != 1 || r.Rejected[0].Reason != TooLarge || !strings.Contains(r.Rejected[0].Detail, "215 bytes") {
		t.Errorf("%v, %+v", err, r.Rejected)
	}
}

func testData(t testing.TB, path string) *os.File {
	t.Helper()
	dir := os.Getenv("PREFAB_TEST_DATA")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "..", "shared", "data")
	}
	f, err := os.Open(filepath.Join(dir, filepath.FromSlash(path)))
	if err != nil {
		t.Skip("set PREFAB_TEST_DATA to the folder of test data: ", err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func TestRealPairs(t *testing.T) {
	for _, c := range []struct {
		path, format string
		rows         int
		reasons      map[string]int
	}{
		{"pairs/hh_harmless.jsonl.gz", frame.HHRLHF, 1403, map[string]int{EmptyText: 3, PromptsDiffer: 2}},
		{"pairs/hhh_alignment.jsonl.gz", frame.JSONL, 221, nil},
	} {
		p := parser(t, Options{Artifact: spec.Pairs, Format: c.format})
		got, reasons := 0, map[string]int{}
		sum, err := frame.Frame(c.path, testData(t, c.path), spec.Source{Format: c.format}, func(s frame.Segment) error {
			r, err := p.Parse(s.Header, s.Bytes)
			got += r.Chunk.Rows
			for _, x := range r.Rejected {
				reasons[x.Reason]++
			}
			if r.Chunk.Rows+len(r.Rejected) != s.Records {
				t.Errorf("%d rows and %d rejections of %d records", r.Chunk.Rows, len(r.Rejected), s.Records)
			}
			return err
		})
		if err != nil || got != c.rows || fmt.Sprint(reasons) != fmt.Sprint(c.reasons) {
			t.Errorf("%s: %d rows of %d, %v, %v", c.path, got, sum.Records, reasons, err)
		}
	}
}

// Whatever a file holds, each record that was framed is a row or a rejection.
func FuzzRead(f *testing.F) {
	for format, seeds := range []([]string){
		{"{\"prompt\":\"Q\",\"chosen\":\"A\",\"rejected\":\"B\",\"x\":1}\n{}\n", "{\"chosen\":[{\"role\":\"user\",\"content\":\"Q\"}],\"rejected\":[]}"},
		{"[{\"prompt\":\"Q\",\"chosen\":\"Q A\",\"rejected\":\"Q B\"},7]", "[,]"},
		{"prompt,chosen,rejected\nQ,\"A\n\"\"\",B\n", "a\n\"\"b,"},
		{"1\t2\t3\n", "\"\t\"\n"},
		{"{\"chosen\":\"\\n\\nHuman: Q\\n\\nAssistant: A\",\"rejected\":\"\\n\\nHuman: Q\\n\\nAssistant: B\"}\n"},
	} {
		for _, s := range seeds {
			f.Add(format, []byte(s))
		}
	}
	f.Fuzz(func(t *testing.T, format int, content []byte) {
		src := spec.Source{Format: []string{frame.JSONL, frame.JSON, frame.CSV, frame.TSV, frame.HHRLHF}[uint(format)%5], MaxSize: 1 << 16}
		src.Header = src.Format == frame.CSV
		p := parser(t, Options{Artifact: spec.Pairs, Format: src.Format, Header: src.Header, ImplicitPrompt: uint(format)%10 >= 5})
		_, _ = frame.Frame("f", bytes.NewReader(content), src, func(s frame.Segment) error {
			r, err := p.Parse(s.Header, s.Bytes)
			if err == nil && r.Chunk.Rows+len(r.Rejected) != s.Records {
				t.Errorf("%q: %d rows and %d rejections of %d records", s.Bytes, r.Chunk.Rows, len(r.Rejected), s.Records)
			}
			return err
		})
	})
}

func BenchmarkParse(b *testing.B) {
	for _, c := range []struct{ path, format string }{{"pairs/hh_harmless.jsonl.gz", frame.HHRLHF}, {"pairs/hhh_alignment.jsonl.gz", frame.JSONL}} {
		b.Run(c.format, func(b *testing.B) {
			var segments [][]byte
			size := 0
			if _, err := frame.Frame(c.path, testData(b, c.path), spec.Source{Format: c.format}, func(s frame.Segment) error {
				segments = append(segments, bytes.Clone(s.Bytes))
				size += len(s.Bytes)
				return nil
			}); err != nil {
				b.Fatal(err)
			}
			p := parser(b, Options{Artifact: spec.Pairs, Format: c.format})
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				for _, s := range segments {
					if _, err := p.Parse(nil, s); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}

// A record may have its row's id, which is then no field of the row's; whoever reads is told which had.
func TestGivenIDs(t *testing.T) {
	id := spec.HashBytes([]byte("x"))
	p, err := New(Options{Artifact: spec.Pairs, Format: frame.JSONL, IDs: true})
	if err != nil {
		t.Fatal(err)
	}
	const row = `"prompt": "p", "chosen": "c", "rejected": "r"}`
	got, err := p.Parse(nil, []byte(`{"id": "`+id.String()+`", `+row+"\n{"+row+"\n"+`{"id": null, `+row+"\n"+`{"id": "7", `+row+"\n"))
	if err != nil || got.Chunk.Rows != 3 || len(got.Rejected) != 1 {
		t.Fatalf("%d rows, rejected %+v, %v", got.Chunk.Rows, got.Rejected, err)
	}
	ids, content := got.Chunk.IDs(), dataset.ContentIDs(got.Chunk, spec.Pairs.Columns())
	for i, given := range []bool{true, false, false} {
		want := content[i]
		if given {
			want = id
		}
		if got.Given[i] != given || ids.Digest(i) != want {
			t.Errorf("row %d has id %s (given: %v)", i, ids.Digest(i), got.Given[i])
		}
	}
	if _, extra := got.Chunk.Column(spec.Extra); extra {
		t.Error("the id is among the extra fields")
	}
	if bad := got.Rejected[0]; bad.Reason != WrongType || !strings.Contains(bad.Detail, `7`) {
		t.Errorf("an id that is none is %+v", bad)
	}
}

// What begins like the mark of a record that was too large is such a record only where it is alone.
func TestForgedMarkTakesNoOtherRecord(t *testing.T) {
	good := `{"prompt":"P","chosen":"C","rejected":"R"}` + "\n"
	r, err := parser(t, Options{Artifact: spec.Pairs, Format: frame.JSONL}).Parse(nil, []byte(frame.OversizedMark+"9 x\n"+good+good))
	if err != nil || r.Chunk.Rows != 2 || len(r.Rejected) != 1 {
		t.Errorf("%d rows and %d rejections (%v), want 2 and 1", r.Chunk.Rows, len(r.Rejected), err)
	}
}

// Room is made by what the last segment came to, and not for more than there is: a map may make a long text of a short
// record.
func TestRoomIsBounded(t *testing.T) {
	long := &expr.Node{Op: expr.Literal, Value: strings.Repeat("long ", 10_000)}
	p := parser(t, Options{Artifact: spec.Pairs, Format: frame.JSONL, Map: map[string]*expr.Node{"prompt": long}})
	var before, after runtime.MemStats
	record := func(size int) []byte {
		return []byte(`{"chosen":"` + strings.Repeat("c", size) + `","rejected":"R"}` + "\n")
	}
	if _, err := p.Parse(nil, record(1)); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&before)
	if _, err := p.Parse(nil, record(1<<20)); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if took := after.TotalAlloc - before.TotalAlloc; took > 20<<20 {
		t.Errorf("a record of 1 MB takes %d MB", took>>20)
	}
}
