package frame

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/prefab-build/prefab/spec"
)

// TestPageChecksums flips each bit in turn of files whose pages have checksums: what is read is what was written, or
// nothing. The files were written by pyarrow 26 with write_page_checksum.
func TestPageChecksums(t *testing.T) {
	for _, name := range []string{"checksums_v1.parquet", "checksums_v2.parquet"} {
		whole, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		segs, _ := frameAll(t, spec.Source{Format: Parquet}, whole)
		want, refused := joined(segs), 0
		if strings.Count(want, "\n") != 40 {
			t.Fatalf("%s: %s", name, want)
		}
		footer := len(whole) - 624
		for at := 4; at < footer; at++ {
			damaged := slices.Clone(whole)
			damaged[at] ^= 1 << (at % 8)
			segs, _, err := tryFrame(spec.Source{Format: Parquet}, damaged)
			switch {
			case err != nil:
				refused++
			case joined(segs) != want:
				t.Errorf("%s: a bit at byte %d was flipped, and %d rows were read: %.300s", name, at, strings.Count(joined(segs), "\n"), joined(segs))
			}
		}
		if refused < footer*3/4 {
			t.Errorf("%s: %d of %d damaged files were refused", name, refused, footer)
		}
	}
}

var untyped = arrow.NewSchema([]arrow.Field{
	{Name: "prompt", Type: arrow.BinaryTypes.Binary},
	{Name: "text", Type: arrow.BinaryTypes.Binary, Nullable: true},
	{Name: "image", Type: arrow.StructOf(arrow.Field{Name: "bytes", Type: arrow.BinaryTypes.Binary}), Nullable: true},
}, nil)

// TestParquetBytes: bytes in a field that is read are text, and package read refuses what is none; a field that is not
// read has one form for all rows.
func TestParquetBytes(t *testing.T) {
	// Base 64: "q", "é\xff\"", "plain" and "\xff\xfe" of the one, "aa" and "\xff" of the other.
	content := parquetOf(t, untyped, `[
		{"prompt":"cQ==","text":"cGxhaW4=","image":{"bytes":"YWE="}},
		{"prompt":"w6n/Ig==","text":null,"image":{"bytes":"/w=="}}]`)
	for _, c := range []struct {
		read []string
		want string
	}{
		{nil, `{"image":{"bytes":"aa"},"prompt":"q","text":"plain"}` + "\n" + `{"image":{"bytes":"` + "\xff" + `"},"prompt":"é` + "\xff" + `\""}` + "\n"},
		{[]string{"prompt"}, `{"image":{"bytes":"YWE="},"prompt":"q","text":"plain"}` + "\n" + `{"image":{"bytes":"/w=="},"prompt":"é` + "\xff" + `\""}` + "\n"},
	} {
		segs, _ := frameAll(t, spec.Source{Format: Parquet, Read: c.read}, content)
		if got := joined(segs); got != c.want {
			t.Errorf("reading %q: %q, not %q", c.read, got, c.want)
		}
	}
}

func TestParquetTypes(t *testing.T) {
	content := parquetOf(t, arrow.NewSchema([]arrow.Field{
		{Name: "a", Type: arrow.BinaryTypes.String},
		{Name: "at", Type: arrow.FixedWidthTypes.Time64us},
		{Name: "b", Type: arrow.ListOf(arrow.FixedWidthTypes.Time32ms)},
	}, nil), `[{"a":"x","at":"10:00:00","b":["10:00:00"]}]`)
	segs, sum := frameAll(t, spec.Source{Format: Parquet, Read: []string{"a"}}, content)
	if got := joined(segs); got != `{"a":"x"}`+"\n" || len(sum.Notes) != 2 || !strings.Contains(sum.Notes[0], `"at" is left out: values of type time64[us]`) {
		t.Errorf("%s, %q", got, sum.Notes)
	}
	_, _, err := tryFrame(spec.Source{Format: Parquet, Read: []string{"b"}}, content)
	if err == nil || !strings.Contains(err.Error(), `the column "b" has a type that is not read: values of type time32[ms]`) || strings.Contains(err.Error(), "damaged") {
		t.Error(err)
	}
}
