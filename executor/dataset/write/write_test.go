package write

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/prefab-build/prefab/executor/dataset"
	"github.com/prefab-build/prefab/executor/dataset/frame"
	"github.com/prefab-build/prefab/executor/dataset/read"
	"github.com/prefab-build/prefab/spec"
)

func user(s string) dataset.Message      { return dataset.Message{Role: "user", Content: s} }
func assistant(s string) dataset.Message { return dataset.Message{Role: "assistant", Content: s} }

// plainPairs and turnPairs are pairs of strings and of conversations, with awkward text in both.
func plainPairs(n int) dataset.Chunk {
	b := dataset.NewChunkBuilder(spec.Pairs.Columns())
	for i := range n {
		b.Column("prompt").AppendString(fmt.Sprintf("Why is %d,\n\"so\"?\t\u2028é", i))
		b.Column("chosen").AppendString(fmt.Sprintf(" Because %d\\ is.\r\n", i))
		b.Column("rejected").AppendString(" ,\"\x1f")
		if i%2 == 0 {
			b.Column("chosen_score").AppendFloat(float64(i) / 3)
			b.Column("votes_tie").AppendInt(int64(i))
			b.Column("category").AppendString("a, b")
		}
		if i%3 == 0 {
			b.Column(spec.Extra).AppendString(fmt.Sprintf(`{"tags":["x"],"uid":%d}`, i))
		}
		b.EndRow()
	}
	return identified(b.Finish())
}

func turnPairs(n int) dataset.Chunk {
	b := dataset.NewChunkBuilder(spec.Pairs.Columns())
	for i := range n {
		b.Column("prompt").AppendMessages(user(fmt.Sprint("Q", i)), assistant("A,\n\"1\""), user("and?"))
		b.Column("chosen").AppendMessages(assistant(fmt.Sprint("yes ", i)))
		b.Column("rejected").AppendMessages(assistant("no"))
		b.Column("margin").AppendFloat(0.5)
		b.EndRow()
	}
	return identified(b.Finish())
}

func identified(c dataset.Chunk) dataset.Chunk {
	return c.With(dataset.IDColumn(dataset.ContentIDs(c, spec.Pairs.Columns())))
}

func render(t testing.TB, name string, o Options, chunks ...dataset.Chunk) []byte {
	t.Helper()
	out, err := tryRender(name, o, chunks...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func tryRender(name string, o Options, chunks ...dataset.Chunk) ([]byte, error) {
	var b bytes.Buffer
	o.Artifact = spec.Pairs
	w, err := New(name, &b, o)
	if err != nil {
		return nil, err
	}
	for _, c := range chunks {
		if err := w.Write(c); err != nil {
			return nil, err
		}
	}
	err = w.Close()
	return b.Bytes(), err
}

// readBack reads a file as the dataset stage does and returns all of its rows.
func readBack(t testing.TB, format string, content []byte) dataset.Chunk {
	t.Helper()
	src := spec.Source{Format: format, Header: format == frame.CSV || format == frame.TSV}
	p, err := read.New(read.Options{Artifact: spec.Pairs, Format: format, Header: src.Header, ImplicitPrompt: true})
	if err != nil {
		t.Fatal(err)
	}
	var parts []dataset.Chunk
	_, err = frame.Frame("f", bytes.NewReader(content), src, func(s frame.Segment) error {
		r, err := p.Parse(s.Header, s.Bytes)
		if len(r.Rejected) > 0 {
			t.Fatalf("%+v", r.Rejected[0])
		}
		parts = append(parts, r.Chunk)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	all, err := dataset.Concat(parts)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func sameIDs(a, b dataset.Chunk) bool {
	return a.Rows == b.Rows && slices.Equal(dataset.ContentIDs(a, spec.Pairs.Columns()), dataset.ContentIDs(b, spec.Pairs.Columns()))
}

// What is written is read back as the same rows, whatever the file is made of.
func TestRoundTrip(t *testing.T) {
	for _, c := range []struct {
		name, format string
		o            Options
		rows         dataset.Chunk
	}{
		{"a.jsonl", frame.JSONL, Options{Layout: Rows}, plainPairs(3000)},
		{"a.jsonl.gz", frame.JSONL, Options{Layout: Rows}, turnPairs(300)},
		{"a.jsonl.zst", frame.JSONL, Options{Layout: Rows}, plainPairs(300)},
		{"a.json", frame.JSON, Options{Layout: Rows}, plainPairs(30)},
		{"a.json", frame.JSON, Options{Layout: Rows}, turnPairs(1)},
		{"a.csv", frame.CSV, Options{Layout: Rows}, plainPairs(30)},
		{"a.tsv.gz", frame.TSV, Options{Layout: Rows}, plainPairs(30)},
		{"a.parquet", frame.Parquet, Options{Layout: Rows}, plainPairs(9000)},
		{"a.parquet", frame.Parquet, Options{Layout: Rows}, turnPairs(1500)},
		{"a.arrow", frame.Arrow, Options{Layout: Rows}, plainPairs(3000)},
		{"a.arrow", frame.Arrow, Options{Layout: Rows}, turnPairs(1500)},
		{"a.jsonl", frame.JSONL, Options{Layout: TRL, Columns: []string{"margin"}}, turnPairs(5)},
		{"a.jsonl", frame.JSONL, Options{Layout: TRL, Form: Implicit, Columns: []string{"margin"}}, turnPairs(5)},
		{"a.parquet", frame.Parquet, Options{Layout: TRL, Form: Implicit, Columns: []string{"margin"}}, turnPairs(5)},
		{"a.jsonl.gz", frame.HHRLHF, Options{Layout: HHRLHF, Columns: []string{"margin"}}, turnPairs(5)},
	} {
		t.Run(c.name+" "+c.o.Layout+" "+c.o.Form, func(t *testing.T) {
			got := readBack(t, c.format, render(t, c.name, c.o, c.rows))
			if !sameIDs(got, c.rows) {
				t.Errorf("%d rows come back as %d, or as others: %s", c.rows.Rows, got.Rows,
					got.RowJSON("prompt", "chosen", "rejected", "extra", "category", "margin").Append(nil, 0))
			}
		})
	}
}

// The bytes depend on the rows alone, not on the chunks that they came in.
func TestChunksDoNotMatter(t *testing.T) {
	rows := plainPairs(5000)
	for _, name := range []string{"a.jsonl", "a.jsonl.gz", "a.jsonl.zst", "a.json", "a.csv", "a.parquet", "a.arrow"} {
		whole := render(t, name, Options{Layout: Rows}, rows)
		var parts []dataset.Chunk
		for i, n := 0, 1; i < rows.Rows; i, n = i+n, n*3 {
			parts = append(parts, rows.Slice(i, min(i+n, rows.Rows)))
		}
		if pieces := render(t, name, Options{Layout: Rows}, parts...); !bytes.Equal(whole, pieces) {
			t.Errorf("%s: %x in one chunk, %x in %d", name, sha256.Sum256(whole), sha256.Sum256(pieces), len(parts))
		}
	}
}

func TestTRL(t *testing.T) {
	text := dataset.NewChunkBuilder(spec.Pairs.Columns())
	text.Column("prompt").AppendString("Q?")
	text.Column("chosen").AppendString("A")
	text.Column("rejected").AppendString(" B")
	text.EndRow()
	texts := text.Finish()
	turn := dataset.NewChunkBuilder(spec.Pairs.Columns())
	turn.Column("prompt").AppendMessages(user("Q?"))
	turn.Column("chosen").AppendMessages(assistant("A"))
	turn.Column("rejected").AppendMessages(assistant("B"))
	turn.EndRow()
	turns := turn.Finish()
	const turnsOut = `{"prompt":[{"content":"Q?","role":"user"}],"chosen":[{"content":"A","role":"assistant"}],"rejected":[{"content":"B","role":"assistant"}]}`
	const joinedOut = `{"chosen":[{"content":"Q?","role":"user"},{"content":"A","role":"assistant"}],"rejected":[{"content":"Q?","role":"user"},{"content":"B","role":"assistant"}]}`
	for _, c := range []struct {
		form, style string
		rows        dataset.Chunk
		want        string
	}{
		{Explicit, AsGiven, texts, `{"prompt":"Q?","chosen":"A","rejected":" B"}`},
		{Explicit, Text, texts, `{"prompt":"Q?","chosen":" A","rejected":" B"}`},
		{Explicit, Conversational, texts, turnsOut},
		{Implicit, AsGiven, texts, `{"chosen":"Q? A","rejected":"Q? B"}`},
		{Implicit, Text, texts, `{"chosen":"Q? A","rejected":"Q? B"}`},
		{Implicit, Conversational, texts, joinedOut},
		{Explicit, AsGiven, turns, turnsOut},
		{Explicit, Text, turns, `{"prompt":"Q?","chosen":" A","rejected":" B"}`},
		{Explicit, Conversational, turns, turnsOut},
		{Implicit, AsGiven, turns, joinedOut},
		{Implicit, Text, turns, `{"chosen":"Q? A","rejected":"Q? B"}`},
		{Implicit, Conversational, turns, joinedOut},
	} {
		got := string(render(t, "a.jsonl", Options{Layout: TRL, Form: c.form, Style: c.style}, c.rows))
		if got != c.want+"\n" {
			t.Errorf("%s %s: got %swant %s", c.form, c.style, got, c.want)
		}
	}
}

func TestRefusals(t *testing.T) {
	plain, turns := plainPairs(2), turnPairs(2)
	both, err := dataset.Concat([]dataset.Chunk{plain, turns})
	if err != nil {
		t.Fatal(err)
	}
	id := turns.IDs().Digest(0).Short()
	for _, c := range []struct {
		name string
		o    Options
		rows dataset.Chunk
		want string
	}{
		{"a.txt", Options{Layout: Rows}, plain, "ending"},
		{"a.parquet.gz", Options{Layout: Rows}, plain, "compressed within"},
		{"a.arrow.gz", Options{Layout: Rows}, plain, "its ending says nothing"},
		{"a.jsonl", Options{Layout: "xml"}, plain, "no layout"},
		{"a.jsonl", Options{Layout: TRL, Form: "x"}, plain, "no form"},
		{"a.jsonl", Options{Layout: TRL, Style: "x"}, plain, "no style"},
		{"a.jsonl", Options{Layout: TRL, Columns: []string{"x"}}, plain, `no column "x"`},
		{"a.jsonl", Options{Layout: TRL, Style: Text}, turns, id},
		{"a.csv", Options{Layout: Rows}, turns, id},
		{"a.parquet", Options{Layout: Rows}, both, id},
		{"a.jsonl", Options{Layout: HHRLHF}, identified(turns.With(system())), "system"},
	} {
		if _, err := tryRender(c.name, c.o, c.rows); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %+v: got %v, want it to say %q", c.name, c.o, err, c.want)
		}
	}
	if _, err := New("a.jsonl", io.Discard, Options{Artifact: spec.Votes, Layout: TRL}); err == nil {
		t.Error("votes were taken for pairs")
	}
}

func system() dataset.Column {
	b := dataset.NewBuilder(spec.Messages)
	b.AppendMessages(dataset.Message{Role: "system", Content: "s"}, user("Q"))
	b.AppendMessages(user("Q"))
	return b.Finish("prompt")
}

func TestEmptyFiles(t *testing.T) {
	for name, want := range map[string]string{"a.jsonl": "", "a.json": "[]\n", "a.csv": "prompt,chosen,rejected\n"} {
		if got := string(render(t, name, Options{Layout: TRL})); got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
	if got := readBack(t, frame.Parquet, render(t, "a.parquet", Options{Layout: TRL})); got.Rows != 0 {
		t.Errorf("an empty Parquet file has %d rows", got.Rows)
	}
}

// The packed bytes hold no time and no name.
func TestPackedBytes(t *testing.T) {
	rows := plainPairs(10)
	want := render(t, "a.jsonl", Options{Layout: Rows}, rows)
	z, err := gzip.NewReader(bytes.NewReader(render(t, "a.jsonl.gz", Options{Layout: Rows}, rows)))
	if err != nil {
		t.Fatal(err)
	}
	if z.ModTime.Unix() != 0 || z.Name != "" {
		t.Errorf("the gzip header says %v %q", z.ModTime, z.Name)
	}
	if got, err := io.ReadAll(z); err != nil || !bytes.Equal(got, want) {
		t.Errorf("gzip: %v", err)
	}
	d, err := zstd.NewReader(bytes.NewReader(render(t, "a.jsonl.zst", Options{Layout: Rows}, rows)))
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if got, err := io.ReadAll(d); err != nil || !bytes.Equal(got, want) {
		t.Errorf("zstd: %v", err)
	}
}

// What is packed is what one goroutine would pack, which is what the promise of equal bytes rests on.
func TestPackedBytesAreThoseOfOneGoroutine(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, size := range []int{0, 1, blockSize, blockSize + 1, 2<<20 + 77} {
		text := make([]byte, size)
		for i := range text {
			text[i] = "abcdefgh "[r.IntN(9)]
		}
		var got, want bytes.Buffer
		_, packer, err := compression("x.zst", &got)
		if err != nil {
			t.Fatal(err)
		}
		one, err := zstd.NewWriter(&want, zstd.WithEncoderConcurrency(1), zstd.WithEncoderCRC(true))
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range []io.WriteCloser{packer, one} {
			blocks := &blockWriter{w: w}
			_, err := blocks.Write(text)
			if err := errors.Join(err, blocks.flush(), w.Close()); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(got.Bytes(), want.Bytes()) {
			t.Errorf("%d bytes are packed otherwise than one goroutine packs them", size)
		}
	}
}
