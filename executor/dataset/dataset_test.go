package dataset

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/prefab-build/prefab/spec"
)

var allTypes = []spec.ColumnType{spec.String, spec.Int64, spec.Float64, spec.Bool, spec.Bytes32, spec.Messages, spec.JSON}

// appendValue appends the value that k stands for, a null now and then.
func appendValue(b *Builder, t spec.ColumnType, k int) {
	if k%5 == 4 {
		b.AppendNull()
		return
	}
	switch t {
	case spec.String:
		b.AppendString([]string{"", "a", "žluťoučký kůň", "two\nlines\x01"}[k%4])
	case spec.JSON:
		b.AppendString([]string{`{}`, `{"a":1}`, `[1,"x"]`, `true`}[k%4])
	case spec.Int64:
		b.AppendInt([]int64{0, -1, math.MaxInt64, math.MinInt64}[k%4])
	case spec.Float64:
		b.AppendFloat([]float64{0, -1.5, math.Inf(1), math.Float64frombits(0xfff8_dead_beef_0001)}[k%4])
	case spec.Bool:
		b.AppendBool(k%2 == 0)
	case spec.Bytes32:
		b.AppendDigest(spec.HashBytes([]byte{byte(k % 4)}))
	case spec.Messages:
		switch k % 4 {
		case 0:
			b.AppendString("plain")
		case 1:
			b.AppendMessages()
		default:
			b.AppendMessages(Message{"user", fmt.Sprint("q", k%4)}, Message{"assistant", ""})
		}
	}
}

func sample(t spec.ColumnType, ks []int) Column {
	b := NewBuilder(t)
	for _, k := range ks {
		appendValue(b, t, k)
	}
	return b.Finish("c")
}

func upTo(n int) []int {
	ks := make([]int, n)
	for i := range ks {
		ks[i] = i
	}
	return ks
}

// The encoding is what every stored column is made of: when one of these digests moves, every cache is void.
func TestEncodeGolden(t *testing.T) {
	want := map[spec.ColumnType][2]string{}
	for _, line := range goldenColumns {
		want[line.t] = [2]string{line.nulls, line.full}
	}
	for _, typ := range allTypes {
		withNulls := spec.HashBytes(encode(sample(typ, upTo(23)))).Short()
		full := spec.HashBytes(encode(sample(typ, []int{0, 1, 2, 3}))).Short()
		if got := [2]string{withNulls, full}; got != want[typ] {
			t.Errorf("{spec.ColumnType(%q), %q, %q},", typ, got[0], got[1])
		}
	}
}

func TestEncodeLayout(t *testing.T) {
	b := NewBuilder(spec.String)
	b.AppendString("ab")
	b.AppendNull()
	b.AppendString("c")
	want := []byte("pfc1\x01\x01\x00\x00" + "\x03\x00\x00\x00\x00\x00\x00\x00" +
		"\x05\x00\x00\x00\x00\x00\x00\x00" +
		"\x00\x00\x00\x00\x02\x00\x00\x00\x02\x00\x00\x00\x03\x00\x00\x00" +
		"abc\x00\x00\x00\x00\x00")
	if got := encode(b.Finish("x")); !bytes.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestEncodeRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		typ := rapid.SampledFrom(allTypes).Draw(t, "type")
		ks := rapid.SliceOfN(rapid.IntRange(0, 19), 0, 40).Draw(t, "values")
		c := sample(typ, ks)
		enc := encode(c)
		got, err := Decode(enc, "c")
		if err != nil {
			t.Fatal(err)
		}
		if got.Rows() != len(ks) || !bytes.Equal(encode(got), enc) {
			t.Fatalf("%s %v does not survive a round trip", typ, ks)
		}
		// A slice has the encoding of the same values built afresh, wherever it was cut.
		i := rapid.IntRange(0, len(ks)).Draw(t, "from")
		j := rapid.IntRange(i, len(ks)).Draw(t, "to")
		if !bytes.Equal(encode(got.Slice(i, j)), encode(sample(typ, ks[i:j]))) {
			t.Fatalf("%s %v[%d:%d] is not encoded as its values", typ, ks, i, j)
		}
		// So has what was gathered, and what was decoded from an odd address.
		sel, picked := []uint32{}, []int{}
		for range rapid.IntRange(0, 5).Draw(t, "picks") {
			if len(ks) > 0 {
				r := rapid.IntRange(0, len(ks)-1).Draw(t, "pick")
				sel, picked = append(sel, uint32(r)), append(picked, ks[r])
			}
		}
		if !bytes.Equal(encode(Gather(got, sel)), encode(sample(typ, picked))) {
			t.Fatalf("%s %v gathered at %v is not encoded as its values", typ, ks, sel)
		}
		odd, err := Decode(append([]byte{0}, enc...)[1:], "c")
		if err != nil || !bytes.Equal(encode(odd), enc) {
			t.Fatalf("decoding at an odd address: %v", err)
		}
	})
}

func TestBuilderTruncate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		typ := rapid.SampledFrom(allTypes).Draw(t, "type")
		before := rapid.SliceOfN(rapid.IntRange(0, 19), 0, 20).Draw(t, "before")
		taken := rapid.SliceOfN(rapid.IntRange(0, 19), 0, 20).Draw(t, "taken back")
		after := rapid.SliceOfN(rapid.IntRange(0, 19), 0, 20).Draw(t, "after")
		b := NewBuilder(typ)
		for _, k := range slices.Concat(before, taken) {
			appendValue(b, typ, k)
		}
		if typ == spec.Messages {
			b.AppendTurn("user", "not ended")
		}
		b.Truncate(len(before))
		for _, k := range after {
			appendValue(b, typ, k)
		}
		if !bytes.Equal(encode(b.Finish("c")), encode(sample(typ, slices.Concat(before, after)))) {
			t.Fatalf("%s: truncating %v from %v leaves a trace", typ, taken, before)
		}
	})
}

func TestDecodeRefuses(t *testing.T) {
	for _, typ := range allTypes {
		enc := encode(sample(typ, upTo(11)))
		for n := range enc {
			if _, err := Decode(enc[:n], "c"); err == nil {
				t.Errorf("%s: %d of %d bytes were decoded", typ, n, len(enc))
			}
		}
		if _, err := Decode(append(bytes.Clone(enc), make([]byte, 8)...), "c"); err == nil {
			t.Errorf("%s: trailing bytes were decoded", typ)
		}
	}
	huge := append([]byte("pfc1\x01\x00\x00\x00"), bytes.Repeat([]byte{0xff}, 8)...)
	if _, err := Decode(huge, "c"); err == nil {
		t.Error("a row count past all bytes was believed")
	}
}

func FuzzDecode(f *testing.F) {
	for _, typ := range allTypes {
		f.Add(encode(sample(typ, upTo(9))))
		f.Add(encode(sample(typ, []int{0, 1})))
		f.Add(encode(sample(typ, nil)))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := Decode(b, "c")
		if err != nil {
			return
		}
		if !bytes.Equal(encode(c), b) {
			t.Errorf("%q decodes but is not what the column is encoded as", b)
		}
	})
}

func TestViews(t *testing.T) {
	b := NewChunkBuilder(spec.Pairs.Columns())
	b.Column("prompt").AppendString("Why?")
	b.Column("chosen").AppendMessages(Message{"user", "Why?"}, Message{"assistant", "So."})
	b.Column("margin").AppendFloat(0.5)
	b.EndRow()
	b.Column("prompt").AppendString("taken back")
	b.Column("chosen").AppendTurn("user", "taken back")
	b.CancelRow()
	b.Column("votes_tie").AppendInt(3)
	b.EndRow()
	c := b.Finish()
	if c.Rows != 2 || len(c.Columns) != 4 {
		t.Fatalf("%d rows of %d columns", c.Rows, len(c.Columns))
	}
	prompt, chosen := c.Messages("prompt"), c.Messages("chosen")
	if !prompt.IsText(0) || prompt.Text(0) != "Why?" || !prompt.Null(1) || prompt.Len(1) != 0 || prompt.Text(1) != "" {
		t.Error("prompt is read wrongly")
	}
	if chosen.Len(0) != 2 || chosen.Role(0, 1) != "assistant" || chosen.Content(0, 1) != "So." ||
		chosen.Text(0) != "Why?\n\nSo." || chosen.IsText(0) {
		t.Error("chosen is read wrongly")
	}
	if m := c.Floats("margin"); m.At(0) != 0.5 || !m.Null(1) || m.At(1) != 0 {
		t.Error("margin is read wrongly")
	}
	if v := c.Ints("votes_tie"); !v.Null(0) || v.At(1) != 3 {
		t.Error("votes are read wrongly")
	}
	if s := c.Strings("source"); !s.Null(0) || s.At(1) != "" {
		t.Error("a column that is not there is not null")
	}
	tail := c.Slice(1, 2)
	if !tail.Messages("prompt").Null(0) || tail.Ints("votes_tie").At(0) != 3 {
		t.Error("a slice is read wrongly")
	}
}

func TestConcat(t *testing.T) {
	a := Chunk{Rows: 3}.With(sample(spec.Messages, upTo(3)))
	b := Chunk{Rows: 2}.With(sample(spec.Messages, []int{3, 4}))
	got, err := Concat([]Chunk{a, {Rows: 1}, b})
	if err != nil || got.Rows != 6 {
		t.Fatal(got.Rows, err)
	}
	col, _ := got.Column("c")
	if !bytes.Equal(encode(col), encode(sample(spec.Messages, []int{0, 1, 2, 4, 3, 4}))) {
		t.Error("the rows are not one after the other with nulls between")
	}
	if _, err := Concat([]Chunk{a, Chunk{Rows: 2}.With(sample(spec.Int64, upTo(2)))}); err == nil {
		t.Error("two types of one column were joined")
	}
}

func TestMessagesAllocateNothing(t *testing.T) {
	m := sample(spec.Messages, upTo(20)).Messages()
	n := 0
	if got := testing.AllocsPerRun(10, func() {
		for r := range 20 {
			for i := range m.Len(r) {
				n += len(m.Role(r, i)) + len(m.Content(r, i))
			}
		}
	}); got != 0 {
		t.Errorf("%v allocations", got)
	}
}

// encode returns a column's encoding in memory of its own.
func encode(c Column) []byte { return AppendEncoded(nil, c) }
