package dataset

import (
	"math"
	"testing"

	"github.com/prefab-build/prefab/spec"
	"github.com/prefab-build/prefab/spec/expr"
)

func pair(prompt, chosen, rejected string) Chunk {
	b := NewChunkBuilder(spec.Pairs.Columns())
	b.Column("prompt").AppendString(prompt)
	b.Column("chosen").AppendString(chosen)
	b.Column("rejected").AppendMessages(Message{"user", prompt}, Message{"assistant", rejected})
	b.Column("chosen_score").AppendFloat(8)
	b.Column(spec.Extra).AppendString(`{"uid":17}`)
	b.EndRow()
	return b.Finish()
}

// Row ids are frozen: votes, splits and ledgers that were stored name rows by them.
func TestRowIDGolden(t *testing.T) {
	c := pair("Why \"so\"?", "Because…", "\x01\t")
	const row = `{"chosen":"Because…","chosen_score":8.0,"extra":{"uid":17},"prompt":"Why \"so\"?",` +
		`"rejected":[{"content":"Why \"so\"?","role":"user"},{"content":"\u0001\t","role":"assistant"}]}`
	if got := string(c.RowJSON("prompt", "chosen", "rejected", "chosen_score", "margin", "extra").Append(nil, 0)); got != row {
		t.Errorf("the row is written as %s", got)
	}
	id := ContentIDs(c, spec.Pairs.Columns())[0]
	for _, g := range []struct {
		name string
		got  spec.Digest
		want string
	}{
		{"content", id, goldenContent},
		{"key", KeyID([]byte(`"hh/17"`)), goldenKey},
		{"occurrence", OccurrenceID(id, 1), goldenOccurrence},
		{"made", MadeID([]spec.Digest{id, KeyID([]byte("1"))}, "augment", id, 2), goldenMade},
		{"row", RowContents(c, spec.Pairs.Columns())[0], goldenRow},
	} {
		if g.got.String() != g.want {
			t.Errorf("%s: %s", g.name, g.got)
		}
	}
	if OccurrenceID(id, 0) != id {
		t.Error("the first copy does not keep its id")
	}
}

func TestRowIDLeavesNullsOut(t *testing.T) {
	c := pair("p", "c", "r")
	want := ContentIDs(c, spec.Pairs.Columns())
	empty := NewBuilder(spec.String)
	empty.AppendNull()
	id := IDColumn(want)
	wide := c.With(empty.Finish("category"), id)
	if got := ContentIDs(wide, spec.Pairs.Columns()); got[0] != want[0] {
		t.Error("a null column or the id column changed the id")
	}
	b := NewBuilder(spec.String)
	b.AppendString("maths")
	if got := ContentIDs(c.With(b.Finish("category")), spec.Pairs.Columns()); got[0] == want[0] {
		t.Error("a value did not change the id")
	}
}

func TestCanonicalNumbers(t *testing.T) {
	for x, want := range map[float64]string{
		0: "0.0", math.Copysign(0, -1): "0.0", 1: "1.0", -1.5: "-1.5", 0.1: "0.1", 1e20: "100000000000000000000.0",
		1e21: "1e+21", 1e-6: "0.000001", 1e-7: "1e-07", math.MaxFloat64: "1.7976931348623157e+308",
		math.Inf(-1): `"-Infinity"`,
	} {
		if got := string(AppendJSONFloat(nil, x)); got != want {
			t.Errorf("%g is written %s, want %s", x, got, want)
		}
	}
	if got := string(AppendJSONFloat(nil, math.NaN())); got != `"NaN"` {
		t.Errorf("NaN is written %s", got)
	}
}

func TestAppendJSONLeavesNullsOut(t *testing.T) {
	v, err := expr.FromJSONString(`{"b":[null,{"x":null,"y":1}],"a":null,"c":{"z":null},"\u00e9":"é"}`)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := string(AppendJSON(nil, v)), `{"b":[null,{"y":1}],"c":{},"é":"é"}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
