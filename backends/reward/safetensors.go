package reward

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math/bits"
	"sort"
)

// DType is the element type of a tensor, as the safetensors format spells it.
type DType string

// Element types. F16 and BF16 are carried as bytes; nothing here computes with
// them.
const (
	F64  DType = "F64"
	F32  DType = "F32"
	F16  DType = "F16"
	BF16 DType = "BF16"
	I64  DType = "I64"
	I32  DType = "I32"
	I16  DType = "I16"
	I8   DType = "I8"
	U64  DType = "U64"
	U32  DType = "U32"
	U16  DType = "U16"
	U8   DType = "U8"
	Bool DType = "BOOL"
)

// Size returns the bytes of one element, 0 for a type that is not known.
func (d DType) Size() int {
	switch d {
	case F64, I64, U64:
		return 8
	case F32, I32, U32:
		return 4
	case F16, BF16, I16, U16:
		return 2
	case I8, U8, Bool:
		return 1
	}
	return 0
}

// Tensor is a named array: Shape in elements, Data in little-endian row-major
// bytes.
type Tensor struct {
	Name  string
	DType DType
	Shape []int
	Data  []byte
}

// TensorFile is the content of one safetensors file.
type TensorFile struct {
	Tensors  []Tensor
	Metadata map[string]string
}

// Element is a Go type that a tensor can be made of and read as.
type Element interface {
	float64 | float32 | int64 | int32 | uint64 | uint32 | uint16 | uint8
}

func dtypeOf[T Element]() DType {
	var zero T
	switch any(zero).(type) {
	case float64:
		return F64
	case float32:
		return F32
	case int64:
		return I64
	case int32:
		return I32
	case uint64:
		return U64
	case uint32:
		return U32
	case uint16:
		return U16
	}
	return U8
}

// NewTensor makes a tensor of the values. It panics when the shape does not
// hold exactly as many.
func NewTensor[T Element](name string, values []T, shape ...int) Tensor {
	want := 1
	for _, n := range shape {
		want *= n
	}
	if want != len(values) {
		panic(fmt.Sprintf("reward: tensor %s has %d values for the shape %v", name, len(values), shape))
	}
	d := dtypeOf[T]()
	data, err := binary.Append(make([]byte, 0, d.Size()*len(values)), binary.LittleEndian, values)
	if err != nil {
		panic("reward: " + err.Error())
	}
	return Tensor{Name: name, DType: d, Shape: shape, Data: data}
}

// Values reads a tensor of the file as a slice of T. The element type must be
// T's and the shape the one given, where -1 stands for any length.
func Values[T Element](f TensorFile, name string, shape ...int) ([]T, error) {
	for _, t := range f.Tensors {
		if t.Name != name {
			continue
		}
		if d := dtypeOf[T](); t.DType != d {
			return nil, fmt.Errorf("tensor %q has elements of type %s, not %s", name, t.DType, d)
		}
		fits := len(t.Shape) == len(shape)
		for i := 0; fits && i < len(shape); i++ {
			fits = shape[i] == -1 || shape[i] == t.Shape[i]
		}
		if !fits {
			return nil, fmt.Errorf("tensor %q has shape %v, not %v", name, t.Shape, shape)
		}
		values := make([]T, len(t.Data)/t.DType.Size())
		if _, err := binary.Decode(t.Data, binary.LittleEndian, values); err != nil {
			return nil, fmt.Errorf("tensor %q: %w", name, err)
		}
		return values, nil
	}
	return nil, fmt.Errorf("the model's numbers have no tensor %q", name)
}

// byteLength returns the size of a tensor in bytes; ok is false when the shape
// has a negative length or the size does not fit.
func byteLength(d DType, shape []int) (n int, ok bool) {
	size := uint64(d.Size())
	for _, s := range shape {
		hi, lo := bits.Mul64(size, uint64(s))
		if s < 0 || hi != 0 {
			return 0, false
		}
		size = lo
	}
	n = int(size)
	return n, n >= 0 && uint64(n) == size
}

// metadataKey is the header's only key that is not a tensor.
const metadataKey = "__metadata__"

// EncodeTensors writes a safetensors file: eight bytes of header length, a JSON
// header padded with spaces to a multiple of eight, then the tensors without
// gaps. Equal contents give equal bytes whatever the order of f.Tensors: they
// are laid out by element size, largest first so that each is aligned, then by
// name, and the header lists them in that order.
func EncodeTensors(f TensorFile) ([]byte, error) {
	tensors := append([]Tensor(nil), f.Tensors...)
	sort.Slice(tensors, func(i, j int) bool {
		if a, b := tensors[i].DType.Size(), tensors[j].DType.Size(); a != b {
			return a > b
		}
		return tensors[i].Name < tensors[j].Name
	})
	header, size, err := encodeHeader(tensors, f.Metadata)
	if err != nil {
		return nil, err
	}
	out := make([]byte, 0, 8+len(header)+size)
	out = binary.LittleEndian.AppendUint64(out, uint64(len(header)))
	out = append(out, header...)
	for _, t := range tensors {
		out = append(out, t.Data...)
	}
	return out, nil
}

func encodeHeader(tensors []Tensor, metadata map[string]string) (header []byte, size int, err error) {
	var b bytes.Buffer
	b.WriteByte('{')
	if len(metadata) > 0 {
		text, err := json.Marshal(metadata) // sorts the keys
		if err != nil {
			return nil, 0, err
		}
		fmt.Fprintf(&b, "%q:%s", metadataKey, text)
	}
	seen := map[string]bool{metadataKey: true}
	for _, t := range tensors {
		if seen[t.Name] {
			return nil, 0, fmt.Errorf("tensor name %q is reserved or used twice", t.Name)
		}
		seen[t.Name] = true
		if n, ok := byteLength(t.DType, t.Shape); t.DType.Size() == 0 || !ok || n != len(t.Data) {
			return nil, 0, fmt.Errorf("tensor %q: %d bytes do not make shape %v of type %q", t.Name, len(t.Data), t.Shape, t.DType)
		}
		name, err := json.Marshal(t.Name)
		if err != nil {
			return nil, 0, err
		}
		shape, err := json.Marshal(append([]int{}, t.Shape...))
		if err != nil {
			return nil, 0, err
		}
		if b.Len() > 1 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `%s:{"dtype":%q,"shape":%s,"data_offsets":[%d,%d]}`, name, string(t.DType), shape, size, size+len(t.Data))
		size += len(t.Data)
	}
	b.WriteByte('}')
	for b.Len()%8 != 0 {
		b.WriteByte(' ')
	}
	if b.Len() > maxHeader {
		return nil, 0, errors.New("the tensors' header is larger than the format allows")
	}
	return b.Bytes(), size, nil
}
