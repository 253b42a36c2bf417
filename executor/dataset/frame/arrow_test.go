package frame

import (
	"bytes"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/prefab-build/prefab/spec"
)

// arrowFile is an Arrow IPC file of a few rows, such as other tools write.
func arrowFile(t *testing.T) []byte {
	t.Helper()
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "text", Type: arrow.BinaryTypes.LargeString, Nullable: true}, {Name: "n", Type: arrow.PrimitiveTypes.Int32},
	}, nil)
	var b bytes.Buffer
	w, err := ipc.NewFileWriter(&b, ipc.WithSchema(schema), ipc.WithZstd())
	if err != nil {
		t.Fatal(err)
	}
	rows := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	for batch := range 2 {
		rows.Field(0).(*array.LargeStringBuilder).AppendValues([]string{"a\n", ""}, []bool{true, false})
		rows.Field(1).(*array.Int32Builder).AppendValues([]int32{int32(batch), 7}, nil)
		if err := w.Write(rows.NewRecordBatch()); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func frameArrow(content []byte) (string, Summary, error) {
	var all strings.Builder
	sum, err := Frame("f.arrow", bytes.NewReader(content), spec.Source{Format: Arrow}, func(s Segment) error {
		all.Write(s.Bytes)
		return nil
	})
	return all.String(), sum, err
}

func TestArrowRows(t *testing.T) {
	got, sum, err := frameArrow(arrowFile(t))
	want := `{"n":0,"text":"a\n"}` + "\n" + `{"n":7}` + "\n" + `{"n":1,"text":"a\n"}` + "\n" + `{"n":7}` + "\n"
	if err != nil || got != want || sum.Records != 4 {
		t.Errorf("%d records, %v:\n%s", sum.Records, err, got)
	}
}

// A damaged file is an error, or reads as it was: it takes nothing down.
func TestArrowDamaged(t *testing.T) {
	whole := arrowFile(t)
	want, _, _ := frameArrow(whole)
	for n := range len(whole) {
		if got, _, err := frameArrow(whole[:n]); err == nil && got != want {
			t.Errorf("cut to %d of %d bytes it reads as\n%s", n, len(whole), got)
		}
		for _, bits := range []byte{0x01, 0x55, 0x80, 0xff} {
			flipped := bytes.Clone(whole)
			flipped[n] ^= bits
			_, _, _ = frameArrow(flipped) // a format without checksums holds whatever the bytes say
		}
	}
	if _, _, err := frameArrow([]byte("{}")); err == nil || !strings.Contains(err.Error(), "f.arrow is ") {
		t.Errorf("a text is no Arrow file: %v", err)
	}
}

func TestRawBlocks(t *testing.T) {
	for _, size := range []int{0, 1, maxSegment, maxSegment + 1, 3 * maxSegment} {
		content := bytes.Repeat([]byte("\x1f\x8b\x00x"), size/4+1)[:size] // packed or not is nobody's business
		var got []byte
		blocks := 0
		if _, err := Frame("f", bytes.NewReader(content), spec.Source{Format: Raw}, func(s Segment) error {
			blocks++
			got = append(got, s.Bytes...)
			return nil
		}); err != nil || !bytes.Equal(got, content) || blocks != (size+maxSegment-1)/maxSegment {
			t.Errorf("%d bytes come as %d in %d blocks, %v", size, len(got), blocks, err)
		}
	}
}
