package reward

import (
	"bytes"
	"encoding/binary"
	"reflect"
	"strings"
	"testing"
)

func sample() TensorFile {
	return TensorFile{
		Metadata: map[string]string{"format": "pt", "a": "ü"},
		Tensors: []Tensor{
			NewTensor("w", []float32{1, -2.5, 3}, 3),
			NewTensor("text", []uint8("hello"), 5),
			NewTensor("h", []uint64{7, 1 << 63}, 2, 1),
			NewTensor("empty", []float64{}, 0, 4),
			NewTensor("scalar", []float64{0.1}),
		},
	}
}

func TestTensorsRoundTrip(t *testing.T) {
	data, err := EncodeTensors(sample())
	if err != nil {
		t.Fatal(err)
	}
	f, err := DecodeTensors(data)
	if err != nil {
		t.Fatal(err)
	}
	w, err := Values[float32](f, "w", 3)
	if err != nil || !reflect.DeepEqual(w, []float32{1, -2.5, 3}) {
		t.Errorf("w = %v, %v", w, err)
	}
	h, err := Values[uint64](f, "h", -1, 1)
	if err != nil || !reflect.DeepEqual(h, []uint64{7, 1 << 63}) {
		t.Errorf("h = %v, %v", h, err)
	}
	if !reflect.DeepEqual(f.Metadata, sample().Metadata) {
		t.Errorf("metadata = %v", f.Metadata)
	}
	for name, read := range map[string]func() error{
		"wrong type":  func() error { _, err := Values[float64](f, "w", 3); return err },
		"wrong shape": func() error { _, err := Values[float32](f, "w", 4); return err },
		"wrong rank":  func() error { _, err := Values[float32](f, "w", 3, 1); return err },
		"no such":     func() error { _, err := Values[float32](f, "v", 3); return err },
	} {
		if read() == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestTensorsBytesAreCanonical(t *testing.T) {
	a := sample()
	want, err := EncodeTensors(a)
	if err != nil {
		t.Fatal(err)
	}
	a.Tensors[0], a.Tensors[4] = a.Tensors[4], a.Tensors[0]
	a.Tensors[1], a.Tensors[2] = a.Tensors[2], a.Tensors[1]
	got, err := EncodeTensors(a)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("the order of the tensors changed the bytes")
	}
	size := binary.LittleEndian.Uint64(want)
	if size%8 != 0 {
		t.Errorf("header of %d bytes leaves the tensors unaligned", size)
	}
	const header = `{"__metadata__":{"a":"ü","format":"pt"},"empty":{"dtype":"F64","shape":[0,4],"data_offsets":[0,0]},`
	if !strings.HasPrefix(string(want[8:]), header) {
		t.Errorf("header %q", want[8:8+size])
	}
}

func TestEncodeRefuses(t *testing.T) {
	for name, f := range map[string]TensorFile{
		"twice":    {Tensors: []Tensor{NewTensor("a", []uint8{1}, 1), NewTensor("a", []uint8{1}, 1)}},
		"reserved": {Tensors: []Tensor{NewTensor("__metadata__", []uint8{1}, 1)}},
		"size":     {Tensors: []Tensor{{Name: "a", DType: F32, Shape: []int{2}, Data: make([]byte, 4)}}},
		"type":     {Tensors: []Tensor{{Name: "a", DType: "F8", Shape: []int{2}, Data: make([]byte, 2)}}},
	} {
		if _, err := EncodeTensors(f); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// raw builds a file from a header written by hand.
func raw(header string, body int) []byte {
	out := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(out, header...), make([]byte, body)...)
}

var badFiles = map[string][]byte{
	"empty":          {},
	"no header":      raw("", 0),
	"huge header":    {255, 255, 255, 255, 255, 255, 255, 127, '{', '}'},
	"array":          raw(`[]`, 0),
	"two values":     raw(`{} {}`, 0),
	"not utf-8":      raw("{\"\xff\":{}}", 0),
	"name twice":     raw(`{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}`, 2),
	"field twice":    raw(`{"a":{"dtype":"U8","dtype":"U8","shape":[1],"data_offsets":[0,1]}}`, 1),
	"unknown field":  raw(`{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"x":1}}`, 1),
	"missing field":  raw(`{"a":{"dtype":"U8","shape":[1]}}`, 1),
	"case":           raw(`{"a":{"DType":"U8","shape":[1],"data_offsets":[0,1]}}`, 1),
	"unknown type":   raw(`{"a":{"dtype":"U9","shape":[1],"data_offsets":[0,1]}}`, 1),
	"three offsets":  raw(`{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1,1]}}`, 1),
	"backwards":      raw(`{"a":{"dtype":"U8","shape":[1],"data_offsets":[1,0]}}`, 1),
	"wrong size":     raw(`{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,1]}}`, 1),
	"overflow":       raw(`{"a":{"dtype":"F64","shape":[4294967296,4294967296],"data_offsets":[0,0]}}`, 0),
	"negative":       raw(`{"a":{"dtype":"U8","shape":[-1,-1],"data_offsets":[0,1]}}`, 1),
	"beyond the end": raw(`{"a":{"dtype":"U8","shape":[9],"data_offsets":[0,9]}}`, 1),
	"overlap":        raw(`{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}`, 3),
	"gap":            raw(`{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"U8","shape":[1],"data_offsets":[2,3]}}`, 3),
	"left over":      raw(`{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}`, 2),
	"metadata":       raw(`{"__metadata__":{"a":1}}`, 0),
	"null metadata":  raw(`{"__metadata__":{"a":null}}`, 0),
	"null shape":     raw(`{"a":{"dtype":"U8","shape":null,"data_offsets":[0,1]}}`, 1),
}

func TestDecodeRefuses(t *testing.T) {
	for name, data := range badFiles {
		if f, err := DecodeTensors(data); err == nil {
			t.Errorf("%s: accepted as %+v", name, f)
		}
	}
}

// FuzzDecodeTensors claims that no bytes make the reader panic, and that what it
// accepts can be written and read again unchanged.
func FuzzDecodeTensors(f *testing.F) {
	for _, data := range badFiles {
		f.Add(data)
	}
	good, err := EncodeTensors(sample())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(raw(`{ "a" : {"shape":[1],"data_offsets":[0,1],"dtype":"BOOL"} }  `, 1))
	f.Fuzz(func(t *testing.T, data []byte) {
		first, err := DecodeTensors(data)
		if err != nil {
			return
		}
		once, err := EncodeTensors(first)
		if err != nil {
			t.Fatalf("accepted, but cannot be written: %v", err)
		}
		second, err := DecodeTensors(once)
		if err != nil {
			t.Fatalf("written, but cannot be read: %v", err)
		}
		if len(first.Tensors) != len(second.Tensors) || len(first.Metadata) != len(second.Metadata) {
			t.Fatalf("%d tensors became %d", len(first.Tensors), len(second.Tensors))
		}
		twice, err := EncodeTensors(second)
		if err != nil || !bytes.Equal(once, twice) {
			t.Fatalf("the canonical bytes are not canonical: %v", err)
		}
	})
}
