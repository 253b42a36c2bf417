package frame

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"

	"github.com/prefab-build/prefab/spec"
)

// parquetOf writes a Parquet file of rows given as JSON.
func parquetOf(t testing.TB, schema *arrow.Schema, rows string) []byte {
	t.Helper()
	rec, _, err := array.RecordFromJSON(memory.DefaultAllocator, schema, strings.NewReader(rows))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	w, err := pqarrow.NewFileWriter(schema, &b, parquet.NewWriterProperties(), pqarrow.DefaultWriterProps())
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write(rec); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

var nested = arrow.NewSchema([]arrow.Field{
	{Name: "text", Type: arrow.BinaryTypes.String, Nullable: true},
	{Name: "n", Type: arrow.PrimitiveTypes.Int32, Nullable: true},
	{Name: "f32", Type: arrow.PrimitiveTypes.Float32, Nullable: true},
	{Name: "f64", Type: arrow.PrimitiveTypes.Float64, Nullable: true},
	{Name: "ok", Type: arrow.FixedWidthTypes.Boolean, Nullable: true},
	{Name: "when", Type: arrow.FixedWidthTypes.Timestamp_ms, Nullable: true},
	{Name: "turns", Type: arrow.ListOf(arrow.StructOf(
		arrow.Field{Name: "role", Type: arrow.BinaryTypes.String, Nullable: true},
		arrow.Field{Name: "content", Type: arrow.BinaryTypes.String, Nullable: true},
	)), Nullable: true},
	{Name: "tags", Type: arrow.MapOf(arrow.BinaryTypes.String, arrow.PrimitiveTypes.Int64), Nullable: true},
}, nil)

const nestedRows = `[
{"text":"a\n\"b\"é","n":-3,"f32":0.1,"f64":2,"ok":true,"when":"2024-02-29 12:30:00Z","turns":[{"role":"user","content":"Q"},null,{"role":"x","content":null}],"tags":[{"key":"z","value":1},{"key":"b","value":2}]},
{"text":null,"n":null,"f32":null,"f64":null,"ok":null,"when":null,"turns":[],"tags":[]},
{"text":"last","n":0,"f32":1e-7,"f64":-0.5,"ok":false,"when":null,"turns":null,"tags":null}
]`

func TestParquetRows(t *testing.T) {
	segs, sum := frameAll(t, spec.Source{Format: Parquet}, parquetOf(t, nested, nestedRows))
	want := []string{
		`{"f32":0.1,"f64":2.0,"n":-3,"ok":true,"tags":{"b":2,"z":1},"text":"a\n\"b\"é","turns":[{"content":"Q","role":"user"},null,{"role":"x"}],"when":"2024-02-29T12:30:00Z"}`,
		`{"tags":{},"turns":[]}`,
		`{"f32":1e-07,"f64":-0.5,"n":0,"ok":false,"text":"last"}`,
	}
	if got := strings.Split(strings.TrimSuffix(joined(segs), "\n"), "\n"); !slices.Equal(got, want) {
		t.Errorf("got %s", strings.Join(got, "\n"))
	}
	if sum.Records != 3 || segs[0].places[2].Line != 3 {
		t.Errorf("%+v, %v", sum, segs[0].places)
	}
}

// damagedParquet reads a file that may be damaged, under a limit of time.
func damagedParquet(t *testing.T, content []byte) {
	begin := time.Now()
	_, err := Frame("f", bytes.NewReader(content), spec.Source{Format: Parquet}, func(Segment) error { return nil })
	if took := time.Since(begin); took > 10*time.Second {
		t.Errorf("%d bytes took %v; %v", len(content), took, err)
	}
}

func TestParquetDamaged(t *testing.T) {
	whole := parquetOf(t, nested, nestedRows)
	for n := 0; n < len(whole); n += 7 {
		if _, _, err := tryFrame(spec.Source{Format: Parquet}, whole[:n]); err == nil {
			t.Errorf("%d of %d bytes were read as a whole file", n, len(whole))
		}
	}
	if _, err := Frame("f", io.MultiReader(bytes.NewReader(whole)), spec.Source{Format: Parquet}, nil); err == nil {
		t.Error("a stream was read as a Parquet file")
	}
}

func FuzzParquet(f *testing.F) {
	f.Add(parquetOf(f, nested, nestedRows))
	f.Add(parquetOf(f, arrow.NewSchema([]arrow.Field{{Name: "a", Type: arrow.BinaryTypes.String}}, nil), `[{"a":"x"}]`))
	f.Fuzz(damagedParquet)
}
