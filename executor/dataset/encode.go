package dataset

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"sync"
	"unsafe"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/prefab-build/prefab/spec"
)

// The canonical encoding of a column, all numbers little-endian:
//
//	"pfc1"             magic; its digit moves when the encoding does
//	type               1 byte, see typeCodes
//	nulls              1 byte: 1 when a validity bitmap follows, which is when there are nulls
//	0 0                reserved
//	rows               8 bytes
//	validity           bitmap, lowest bit first, when there are nulls
//	values             int64, float64, bytes32: the values; bool: a bitmap;
//	                   string, json: rows+1 ends (int32, the first is 0), then the text;
//	                   messages: rows+1 list ends, then the roles and then the contents, each as a column of strings
//
// Every part but the header is padded with zeros to a multiple of 8 bytes, so that a column in memory can be used
// where it lies. Null slots are zero or empty, and there is one NaN: equal columns have equal bytes.
const columnMagic = "pfc1"

const headerSize = 16

var typeCodes = [...]spec.ColumnType{1: spec.String, spec.Int64, spec.Float64, spec.Bool, spec.Bytes32, spec.Messages, spec.JSON}

func typeCode(t spec.ColumnType) byte {
	for code, known := range typeCodes {
		if known == t {
			return byte(code)
		}
	}
	panic(fmt.Sprintf("dataset: %q is no column type", t))
}

// normal holds builders that columns are brought to their canonical layout in.
var normal = sync.Pool{New: func() any { return new(Builder) }}

// AppendEncoded appends the column's canonical encoding to out, of which the length is a multiple of 8. The column's name is
// no part of it.
func AppendEncoded(out []byte, c Column) []byte {
	b := normal.Get().(*Builder)
	defer normal.Put(b)
	b.reset(c.Type)
	b.AppendColumn(c)
	out = slices.Grow(out, b.encodedSize())
	var nulls byte
	if b.nulls > 0 {
		nulls = 1
	}
	out = append(out, columnMagic...)
	out = append(out, typeCode(c.Type), nulls, 0, 0)
	out = binary.LittleEndian.AppendUint64(out, uint64(b.rows))
	if b.nulls > 0 {
		out = pad(append(out, b.valid...))
	}
	switch c.Type {
	case spec.String, spec.JSON:
		return b.text.encode(out)
	case spec.Messages:
		out = pad(append(out, arrow.Int32Traits.CastToBytes(b.lists)...))
		return b.body.encode(b.role.encode(out))
	default:
		return pad(append(out, b.fixed...))
	}
}

func (b *Builder) encodedSize() int {
	size := headerSize + len(b.valid) + len(b.fixed) + 4*len(b.lists) + 8*8
	for _, h := range []*heap{&b.text, &b.role, &b.body} {
		size += 4*len(h.ends) + len(h.data)
	}
	return size
}

func (h *heap) encode(out []byte) []byte {
	out = pad(append(out, arrow.Int32Traits.CastToBytes(h.ends)...))
	return pad(append(out, h.data...))
}

func pad(b []byte) []byte {
	for len(b)&7 != 0 {
		b = append(b, 0)
	}
	return b
}

// Decode reads what AppendEncoded wrote. The column shares memory with b, which must not be changed afterwards. Bytes that
// AppendEncoded never writes are an error, except that text is not checked to be UTF-8.
func Decode(b []byte, name string) (Column, error) {
	d := decoder{rest: b}
	c, err := d.column(name)
	if err == nil && len(d.rest) > 0 {
		err = fmt.Errorf("%d bytes follow its end", len(d.rest))
	}
	if err != nil {
		return Column{}, fmt.Errorf("column %q is damaged: %w", name, err)
	}
	return c, nil
}

type decoder struct{ rest []byte }

func (d *decoder) column(name string) (Column, error) {
	head := d.rest
	if len(head) < headerSize || string(head[:4]) != columnMagic {
		return Column{}, fmt.Errorf("it does not begin with %q and a header", columnMagic)
	}
	code, hasNulls, rows64 := head[4], head[5], binary.LittleEndian.Uint64(head[8:])
	if code == 0 || int(code) >= len(typeCodes) || hasNulls > 1 || head[6] != 0 || head[7] != 0 {
		return Column{}, fmt.Errorf("its header %x is unknown", head[:8])
	}
	d.rest = align(head[headerSize:])
	// A row takes a bit at least, so a count past this is wrong and must not size anything.
	if rows64 > uint64(len(d.rest))*8 || rows64 >= math.MaxInt32 {
		return Column{}, fmt.Errorf("%d rows do not fit in %d bytes", rows64, len(d.rest))
	}
	rows, t := int(rows64), typeCodes[code]
	var valid *memory.Buffer
	nulls := 0
	if hasNulls == 1 {
		bits, ones, err := d.bitmap(rows)
		if err != nil {
			return Column{}, err
		}
		if nulls = rows - ones; nulls == 0 {
			return Column{}, fmt.Errorf("a validity bitmap without nulls")
		}
		valid = memory.NewBufferBytes(bits)
	}
	data, err := d.values(t, rows, valid, nulls)
	if err != nil {
		return Column{}, err
	}
	return Column{Name: name, Type: t, Data: array.MakeFromData(data)}, nil
}

// values reads the part of a column that depends on its type.
func (d *decoder) values(t spec.ColumnType, rows int, valid *memory.Buffer, nulls int) (*array.Data, error) {
	switch t {
	case spec.String, spec.JSON:
		return d.strings(rows, valid, nulls)
	case spec.Messages:
		ends, lists, err := d.ends(rows, valid)
		if err != nil {
			return nil, err
		}
		turns := int(lists[rows])
		role, err := d.strings(turns, nil, 0)
		if err != nil {
			return nil, err
		}
		body, err := d.strings(turns, nil, 0)
		if err != nil {
			return nil, err
		}
		pair := array.NewData(messageType, turns, []*memory.Buffer{nil}, []arrow.ArrayData{role, body}, 0, 0)
		return array.NewData(ArrowType(t), rows, []*memory.Buffer{valid, ends}, []arrow.ArrayData{pair}, nulls, 0), nil
	case spec.Bool:
		bits, _, err := d.bitmap(rows)
		if err != nil {
			return nil, err
		}
		if valid != nil {
			for i, x := range bits {
				if x&^valid.Bytes()[i] != 0 {
					return nil, fmt.Errorf("a null slot is not zero")
				}
			}
		}
		return array.NewData(ArrowType(t), rows, []*memory.Buffer{valid, memory.NewBufferBytes(bits)}, nil, nulls, 0), nil
	}
	width := 8
	if t == spec.Bytes32 {
		width = 32
	}
	fixed, err := d.take(uint64(rows) * uint64(width))
	if err != nil {
		return nil, err
	}
	if err := checkFixed(t, fixed, width, rows, valid); err != nil {
		return nil, err
	}
	return array.NewData(ArrowType(t), rows, []*memory.Buffer{valid, memory.NewBufferBytes(fixed)}, nil, nulls, 0), nil
}

func checkFixed(t spec.ColumnType, fixed []byte, width, rows int, valid *memory.Buffer) error {
	for i := range rows {
		slot := fixed[i*width : (i+1)*width]
		if valid != nil && !bit(valid.Bytes(), i) && len(bytes.TrimLeft(slot, "\x00")) > 0 {
			return fmt.Errorf("a null slot is not zero")
		}
		if t == spec.Float64 {
			bits := binary.LittleEndian.Uint64(slot)
			if x := math.Float64frombits(bits); x != x && bits != canonicalNaN {
				return fmt.Errorf("a NaN is not the one NaN")
			}
		}
	}
	return nil
}

// strings reads a column of strings without its header.
func (d *decoder) strings(rows int, valid *memory.Buffer, nulls int) (*array.Data, error) {
	offsets, ends, err := d.ends(rows, valid)
	if err != nil {
		return nil, err
	}
	text, err := d.take(uint64(ends[rows]))
	if err != nil {
		return nil, err
	}
	return array.NewData(arrow.BinaryTypes.String, rows,
		[]*memory.Buffer{valid, offsets, memory.NewBufferBytes(text)}, nil, nulls, 0), nil
}

// ends reads rows+1 ends, which begin with 0 and never fall, and stand still at nulls.
func (d *decoder) ends(rows int, valid *memory.Buffer) (*memory.Buffer, []int32, error) {
	raw, err := d.take((uint64(rows) + 1) * 4)
	if err != nil {
		return nil, nil, err
	}
	ends := arrow.Int32Traits.CastFromBytes(raw)
	if ends[0] != 0 {
		return nil, nil, fmt.Errorf("its offsets begin with %d", ends[0])
	}
	for i := range rows {
		if ends[i+1] < ends[i] {
			return nil, nil, fmt.Errorf("its offsets fall at row %d", i)
		}
		if ends[i+1] != ends[i] && valid != nil && !bit(valid.Bytes(), i) {
			return nil, nil, fmt.Errorf("a null slot is not empty")
		}
	}
	return memory.NewBufferBytes(raw), ends, nil
}

// bitmap reads n bits, and counts those that are set.
func (d *decoder) bitmap(n int) (bits []byte, ones int, err error) {
	bits, err = d.take((uint64(n) + 7) >> 3)
	if err != nil {
		return nil, 0, err
	}
	if n&7 != 0 && bits[n>>3]>>(n&7) != 0 {
		return nil, 0, fmt.Errorf("a bitmap has bits past its end")
	}
	return bits, onesIn(bits), nil
}

// take cuts off n bytes and their padding.
func (d *decoder) take(n uint64) ([]byte, error) {
	padded := (n + 7) &^ 7
	if padded > uint64(len(d.rest)) {
		return nil, fmt.Errorf("it ends %d bytes early", padded-uint64(len(d.rest)))
	}
	part, padding := d.rest[:n:n], d.rest[n:padded]
	for _, x := range padding {
		if x != 0 {
			return nil, fmt.Errorf("its padding is not zero")
		}
	}
	d.rest = d.rest[padded:]
	return part, nil
}

// align returns b, or a copy of it, so that its first byte has an address that int64 and float64 can be read from.
func align(b []byte) []byte {
	if len(b) == 0 || uintptr(unsafe.Pointer(unsafe.SliceData(b)))&7 == 0 {
		return b
	}
	words := make([]uint64, (len(b)+7)>>3)
	aligned := unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(words))), len(words)*8)[:len(b)]
	copy(aligned, b)
	return aligned
}
