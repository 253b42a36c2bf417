package dataset

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func drawSelection(t *rapid.T, n int, label string) (Selection, []uint32) {
	var rows []uint32
	for i, keep := range rapid.SliceOfN(rapid.Bool(), n, n).Draw(t, label) {
		if keep {
			rows = append(rows, uint32(i))
		}
	}
	return SelectRows(n, rows), rows
}

func TestSelection(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 40).Draw(t, "n")
		outer, rows := drawSelection(t, n, "outer")
		if outer.Of() != n || outer.Len() != len(rows) || !slices.Equal(outer.Rows(), rows) {
			t.Fatalf("%v became %v", rows, outer.Rows())
		}
		inner, kept := drawSelection(t, len(rows), "inner")
		var want []uint32
		for _, k := range kept {
			want = append(want, rows[k])
		}
		both := Compose(outer, inner)
		if !slices.Equal(both.Rows(), want) || both.Len() != len(want) || both.Digest() != SelectRows(n, want).Digest() {
			t.Fatalf("%v of %v is %v", kept, rows, both.Rows())
		}
		back, err := ParseSelection(both.Bytes())
		if err != nil || back.Digest() != both.Digest() || back.Len() != both.Len() {
			t.Fatalf("%v does not survive a round trip: %v", want, err)
		}
		if same := Select(n, both.Has); same.Digest() != both.Digest() {
			t.Fatal("Select and Has disagree")
		}
		if Compose(outer, All(len(rows))).Digest() != outer.Digest() || Compose(outer, None(len(rows))).Len() != 0 {
			t.Fatal("all of a selection is not the selection")
		}
	})
}

func TestSelectionGolden(t *testing.T) {
	got := string(SelectRows(11, []uint32{0, 9}).Bytes())
	if want := "pfs1\x0b\x00\x00\x00\x00\x00\x00\x00\x01\x02"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func FuzzParseSelection(f *testing.F) {
	f.Add(All(11).Bytes())
	f.Add(None(8).Bytes())
	f.Add([]byte("pfs1\xff\xff\xff\xff\xff\xff\xff\xff\x01"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if s, err := ParseSelection(b); err == nil && string(s.Bytes()) != string(b) {
			t.Errorf("%q is read as %q", b, s.Bytes())
		}
	})
}
