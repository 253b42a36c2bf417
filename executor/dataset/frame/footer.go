package frame

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	flatbuffers "github.com/google/flatbuffers/go"
)

// checkFooter looks at the lengths in the footer of an Arrow file, which the decoder takes for true: it makes room for as
// many fields, and for blocks as large, as are written there, and a damaged file may say anything. Of a footer that cannot
// be found the decoder itself says so.
func checkFooter(in interface {
	io.ReaderAt
	io.Seeker
},
) (err error) {
	size, err := in.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	end := make([]byte, 10) // the footer's length, and the mark of the format
	if size < int64(len(end)) {
		return nil
	}
	if _, err := in.ReadAt(end, size-int64(len(end))); err != nil {
		return err
	}
	length := int64(binary.LittleEndian.Uint32(end))
	if length < 4 || length > size-int64(len(end)) {
		return nil
	}
	b := make([]byte, length)
	if _, err := in.ReadAt(b, size-int64(len(end))-length); err != nil {
		return err
	}
	defer func() {
		if recover() != nil { // an offset that leads out of the footer
			err = errors.New("its footer leads nowhere")
		}
	}()
	f := footer{b}
	root := flatbuffers.Table{Bytes: b, Pos: flatbuffers.GetUOffsetT(b)}
	if err := f.fields(f.table(root, 1), 1, 2, 0); err != nil {
		return err
	}
	return errors.Join(f.blocks(root, 2, size), f.blocks(root, 3, size), f.vector(root, 4, 4))
}

// A footer is a flatbuffer: its tables have numbered slots.
type footer struct{ bytes []byte }

func at(t flatbuffers.Table, slot int) flatbuffers.UOffsetT {
	return flatbuffers.UOffsetT(t.Offset(flatbuffers.VOffsetT(4 + 2*slot)))
}

func (f *footer) table(t flatbuffers.Table, slot int) flatbuffers.Table {
	o := at(t, slot)
	if o == 0 {
		panic("no table")
	}
	return flatbuffers.Table{Bytes: f.bytes, Pos: t.Indirect(o + t.Pos)}
}

// vector checks that a vector of elements of some bytes lies in the footer.
func (f *footer) vector(t flatbuffers.Table, slot, element int) error {
	o := at(t, slot)
	if o == 0 {
		return nil
	}
	n := t.VectorLen(o)
	if n < 0 || int64(n)*int64(element) > int64(len(f.bytes))-int64(t.Vector(o)) {
		return fmt.Errorf("its footer of %d bytes is said to have a list of %d", len(f.bytes), n)
	}
	return nil
}

// fields checks the fields of a schema, or the children of a field, and what further is known of them.
func (f *footer) fields(t flatbuffers.Table, slot, further, depth int) error {
	const deepest = 64
	if depth > deepest {
		return fmt.Errorf("its columns are nested %d deep", depth)
	}
	if err := errors.Join(f.vector(t, slot, 4), f.vector(t, further, 4)); err != nil {
		return err
	}
	o := at(t, slot)
	if o == 0 {
		return nil
	}
	for i := range t.VectorLen(o) {
		field := flatbuffers.Table{Bytes: f.bytes, Pos: t.Indirect(t.Vector(o) + flatbuffers.UOffsetT(4*i))}
		if err := f.fields(field, 5, 6, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// blocks checks that the blocks of a list lie in the file.
func (f *footer) blocks(t flatbuffers.Table, slot int, size int64) error {
	const element = 24 // offset, length of the head and of the body
	if err := f.vector(t, slot, element); err != nil {
		return err
	}
	o := at(t, slot)
	if o == 0 {
		return nil
	}
	for i := range t.VectorLen(o) {
		block := t.Vector(o) + flatbuffers.UOffsetT(element*i)
		offset, head, body := t.GetInt64(block), int64(t.GetInt32(block+8)), t.GetInt64(block+16)
		if offset < 0 || head < 0 || body < 0 || offset > size || head > size-offset || body > size-offset-head {
			return fmt.Errorf("rows are said to lie at byte %d with %d bytes, in a file of %d", offset, body, size)
		}
	}
	return nil
}
