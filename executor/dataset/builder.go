package dataset

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/prefab-build/prefab/spec"
)

// A Builder makes one column, value by value. What it makes is in canonical layout: offsets start at 0, null slots are
// empty or zero, there is a validity bitmap only when there are nulls, and there is one NaN.
type Builder struct {
	typ   spec.ColumnType
	rows  int
	nulls int
	valid []byte // bit i is set when row i has a value; kept from the first null on

	fixed []byte  // int64, float64, bytes32: the values; bool: a bitmap
	text  heap    // string, json
	lists []int32 // messages: the end of each row's list, after a first 0
	role  heap
	body  heap
}

// A heap is strings laid end to end, with the end of each after a first 0.
type heap struct {
	ends []int32
	data []byte
}

func (h *heap) add(s string) {
	if room := cap(h.data) - len(h.data); room < len(s) {
		h.data = grow(h.data, max(len(s), len(h.data))) // append by itself would copy long columns four times
	}
	h.data = append(h.data, s...)
	h.ends = append(h.ends, int32(len(h.data)))
}

func (h *heap) truncate(n int) {
	h.ends = h.ends[:n+1]
	h.data = h.data[:h.ends[n]]
}

// canonicalNaN is the quiet NaN without sign or payload.
const canonicalNaN = 0x7ff8_0000_0000_0000

// NewBuilder returns an empty builder of a column of type t. It panics when t is no column type.
func NewBuilder(t spec.ColumnType) *Builder {
	ArrowType(t)
	b := &Builder{typ: t}
	switch t {
	case spec.String, spec.JSON:
		b.text.ends = []int32{0}
	case spec.Messages:
		b.lists, b.role.ends, b.body.ends = []int32{0}, []int32{0}, []int32{0}
	}
	return b
}

// reset empties a builder that nothing was finished of since, and makes it one of type t.
func (b *Builder) reset(t spec.ColumnType) {
	b.typ, b.rows, b.nulls = t, 0, 0
	b.valid, b.fixed = b.valid[:0], b.fixed[:0]
	b.lists = append(b.lists[:0], 0)
	for _, h := range []*heap{&b.text, &b.role, &b.body} {
		h.ends, h.data = append(h.ends[:0], 0), h.data[:0]
	}
}

// Grow makes room for further rows, and for bytes of text in them.
func (b *Builder) Grow(rows, bytes int) {
	switch b.typ {
	case spec.String, spec.JSON:
		b.text.ends, b.text.data = grow(b.text.ends, rows), grow(b.text.data, bytes)
	case spec.Messages:
		b.lists, b.body.ends, b.body.data = grow(b.lists, rows), grow(b.body.ends, rows), grow(b.body.data, bytes)
	case spec.Bytes32:
		b.fixed = grow(b.fixed, 32*rows)
	case spec.Int64, spec.Float64:
		b.fixed = grow(b.fixed, 8*rows)
	}
}

// grow gives an empty slice just the room asked for, and another half as much again at least: a column that is joined of
// many parts would else be copied for each of them.
func grow[T any](s []T, n int) []T {
	if cap(s)-len(s) >= n {
		return s
	}
	return append(make([]T, 0, max(len(s)+n, len(s)+len(s)/2)), s...)
}

// TextSize returns how many bytes of text there are.
func (b *Builder) TextSize() int { return len(b.text.data) + len(b.body.data) }

// Rows returns how many values there are, nulls included.
func (b *Builder) Rows() int { return b.rows }

// Nulls returns how many of the values are null.
func (b *Builder) Nulls() int { return b.nulls }

// AppendNull adds a missing value.
func (b *Builder) AppendNull() {
	if b.nulls == 0 {
		b.valid = onesUpTo(b.valid[:0], b.rows)
	}
	switch b.typ {
	case spec.String, spec.JSON:
		b.text.add("")
	case spec.Int64, spec.Float64:
		b.fixed = append(b.fixed, make([]byte, 8)...)
	case spec.Bytes32:
		b.fixed = append(b.fixed, make([]byte, 32)...)
	case spec.Bool:
		b.fixed = appendBit(b.fixed, b.rows, false)
	case spec.Messages:
		b.lists = append(b.lists, int32(len(b.role.ends)-1))
	}
	b.valid = appendBit(b.valid, b.rows, false)
	b.rows++
	b.nulls++
}

func (b *Builder) added() {
	if b.nulls > 0 {
		b.valid = appendBit(b.valid, b.rows, true)
	}
	b.rows++
}

func (b *Builder) want(types ...spec.ColumnType) {
	for _, t := range types {
		if t == b.typ {
			return
		}
	}
	panic(fmt.Sprintf("dataset: a builder of %s was given a value of %s", b.typ, types[0]))
}

// AppendString adds a string; to a column of messages it adds the plain string, one message without a role.
func (b *Builder) AppendString(s string) {
	if b.typ == spec.Messages {
		b.AppendMessages(Message{Content: s})
		return
	}
	b.want(spec.String, spec.JSON)
	b.text.add(s)
	b.added()
}

// AppendBytes adds a string given as its bytes, which it copies.
func (b *Builder) AppendBytes(p []byte) {
	b.want(spec.String, spec.JSON)
	b.text.data = append(b.text.data, p...)
	b.text.ends = append(b.text.ends, int32(len(b.text.data)))
	b.added()
}

// AppendInt adds a whole number.
func (b *Builder) AppendInt(x int64) {
	b.want(spec.Int64)
	b.fixed = binary.LittleEndian.AppendUint64(b.fixed, uint64(x))
	b.added()
}

// AppendFloat adds a number.
func (b *Builder) AppendFloat(x float64) {
	b.want(spec.Float64)
	bits := math.Float64bits(x)
	if x != x {
		bits = canonicalNaN
	}
	b.fixed = binary.LittleEndian.AppendUint64(b.fixed, bits)
	b.added()
}

// AppendBool adds a truth value.
func (b *Builder) AppendBool(x bool) {
	b.want(spec.Bool)
	b.fixed = appendBit(b.fixed, b.rows, x)
	b.added()
}

// AppendDigest adds a digest.
func (b *Builder) AppendDigest(d spec.Digest) {
	b.want(spec.Bytes32)
	b.fixed = append(b.fixed, d[:]...)
	b.added()
}

// AppendMessages adds a list of messages, which may be empty.
func (b *Builder) AppendMessages(list ...Message) {
	for _, m := range list {
		b.AppendTurn(m.Role, m.Content)
	}
	b.EndMessages()
}

// AppendTurn adds a message to the list that the next EndMessages closes.
func (b *Builder) AppendTurn(role, content string) {
	b.want(spec.Messages)
	b.role.add(role)
	b.body.add(content)
}

// EndMessages makes the messages since the last row the list of a new row.
func (b *Builder) EndMessages() {
	b.want(spec.Messages)
	b.lists = append(b.lists, int32(len(b.role.ends)-1))
	b.added()
}

// Truncate takes back all rows from row n on, and messages that belong to no row yet.
func (b *Builder) Truncate(n int) {
	if n > b.rows {
		panic(fmt.Sprintf("dataset: truncate to %d of %d rows", n, b.rows))
	}
	if b.nulls > 0 {
		for i := n; i < b.rows; i++ {
			if !bit(b.valid, i) {
				b.nulls--
			}
		}
		b.valid = cutBits(b.valid, n)
	}
	switch b.typ {
	case spec.String, spec.JSON:
		b.text.truncate(n)
	case spec.Int64, spec.Float64:
		b.fixed = b.fixed[:8*n]
	case spec.Bytes32:
		b.fixed = b.fixed[:32*n]
	case spec.Bool:
		b.fixed = cutBits(b.fixed, n)
	case spec.Messages:
		b.lists = b.lists[:n+1]
		b.role.truncate(int(b.lists[n]))
		b.body.truncate(int(b.lists[n]))
	}
	b.rows = n
}

// Finish returns the column and leaves the builder empty. It panics when the column has over 2 GiB of text, which no
// chunk of rows comes near.
func (b *Builder) Finish(name string) Column {
	var valid *memory.Buffer
	if b.nulls > 0 {
		valid = memory.NewBufferBytes(b.valid)
	}
	var d *array.Data
	switch b.typ {
	case spec.String, spec.JSON:
		d = b.text.column(valid, b.nulls)
	case spec.Messages:
		if len(b.role.ends)-1 > int(b.lists[b.rows]) {
			panic("dataset: messages without EndMessages")
		}
		pair := array.NewData(messageType, len(b.role.ends)-1, []*memory.Buffer{nil},
			[]arrow.ArrayData{b.role.column(nil, 0), b.body.column(nil, 0)}, 0, 0)
		d = array.NewData(ArrowType(b.typ), b.rows, []*memory.Buffer{valid, offsets(b.lists)},
			[]arrow.ArrayData{pair}, b.nulls, 0)
	default:
		d = array.NewData(ArrowType(b.typ), b.rows, []*memory.Buffer{valid, memory.NewBufferBytes(b.fixed)},
			nil, b.nulls, 0)
	}
	c := Column{Name: name, Type: b.typ, Data: array.MakeFromData(d)}
	*b = *NewBuilder(b.typ)
	return c
}

func (h *heap) column(valid *memory.Buffer, nulls int) *array.Data {
	if len(h.data) > math.MaxInt32 {
		panic(fmt.Sprintf("dataset: a column of %d bytes of text; at most 2 GiB fit", len(h.data)))
	}
	return array.NewData(arrow.BinaryTypes.String, len(h.ends)-1,
		[]*memory.Buffer{valid, offsets(h.ends), memory.NewBufferBytes(h.data)}, nil, nulls, 0)
}

func offsets(ends []int32) *memory.Buffer {
	return memory.NewBufferBytes(arrow.Int32Traits.CastToBytes(ends))
}

func bit(bits []byte, i int) bool { return bits[i>>3]&(1<<(i&7)) != 0 }

// appendBit sets bit i, the first that bits does not hold yet.
func appendBit(bits []byte, i int, set bool) []byte {
	if i&7 == 0 {
		bits = append(bits, 0)
	}
	if set {
		bits[i>>3] |= 1 << (i & 7)
	}
	return bits
}

// onesUpTo appends n set bits to an empty bitmap.
func onesUpTo(bits []byte, n int) []byte {
	for range n >> 3 {
		bits = append(bits, 0xff)
	}
	if n&7 != 0 {
		bits = append(bits, 1<<(n&7)-1)
	}
	return bits
}

// cutBits keeps the first n bits and zeroes the rest of the last byte.
func cutBits(bits []byte, n int) []byte {
	bits = bits[:(n+7)>>3]
	if n&7 != 0 {
		bits[n>>3] &= 1<<(n&7) - 1
	}
	return bits
}
