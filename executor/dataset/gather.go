package dataset

import (
	"fmt"
	"math"

	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/prefab-build/prefab/spec"
)

// Gather returns the rows of c that sel numbers, in that order; a row may come several times or not at all.
func Gather(c Column, sel []uint32) Column {
	b := NewBuilder(c.Type)
	b.appendRows(c, len(sel), func(i int) int { return int(sel[i]) })
	return b.Finish(c.Name)
}

// Gather returns the rows that sel numbers, in that order.
func (c Chunk) Gather(sel []uint32) Chunk {
	out := Chunk{Rows: len(sel), Columns: make([]Column, len(c.Columns))}
	for i, col := range c.Columns {
		out.Columns[i] = Gather(col, sel)
	}
	return out
}

// Keep returns the rows that the selection keeps.
func (c Chunk) Keep(s Selection) Chunk {
	if s.Of() != c.Rows {
		panic(fmt.Sprintf("dataset: a selection of %d rows on a chunk of %d", s.Of(), c.Rows))
	}
	if s.Len() == c.Rows {
		return c
	}
	return c.Gather(s.Rows())
}

// AppendColumn adds all rows of c, which must be of the builder's type.
func (b *Builder) AppendColumn(c Column) {
	if b.want(c.Type); c.Data.NullN() > 0 || b.nulls > 0 || !b.appendWhole(c) {
		b.appendRows(c, c.Rows(), func(i int) int { return i })
	}
}

// appendWhole adds all rows of a column of text without nulls, which most columns are, without a look at each. It reports
// whether c is one.
func (b *Builder) appendWhole(c Column) bool {
	switch c.Type {
	case spec.String, spec.JSON:
		a := data[*array.String](c)
		b.text.addAll(a, 0, a.Len())
		b.rows += a.Len()
		return true
	case spec.Messages:
		v := c.Messages()
		rows := v.list.Len()
		if rows == 0 || v.role.NullN()+v.content.NullN() > 0 {
			return false
		}
		first, _ := v.list.ValueOffsets(0)
		_, last := v.list.ValueOffsets(rows - 1)
		turns := int64(len(b.role.ends) - 1)
		for r := range rows {
			_, end := v.list.ValueOffsets(r)
			b.lists = append(b.lists, int32(turns+end-first))
		}
		b.role.addAll(v.role, int(first), int(last))
		b.body.addAll(v.content, int(first), int(last))
		b.rows += rows
		return true
	}
	return false
}

// addAll adds the strings of an array without nulls, from one up to another.
func (h *heap) addAll(a *array.String, from, to int) {
	if from == to {
		return
	}
	all := a.ValueOffsets()
	ends := all[from : to+1]
	text := a.ValueBytes()[ends[0]-all[0] : ends[to-from]-all[0]]
	shift := int32(len(h.data)) - ends[0]
	h.data = append(grow(h.data, len(text)), text...)
	h.ends = grow(h.ends, len(ends)-1)
	for _, end := range ends[1:] {
		h.ends = append(h.ends, end+shift)
	}
}

// AppendFrom adds one row of c, which must be of the builder's type.
func (b *Builder) AppendFrom(c Column, row int) { b.appendRows(c, 1, func(int) int { return row }) }

// appendRows adds n rows of c, the i-th of them being at(i).
func (b *Builder) appendRows(c Column, n int, at func(int) int) {
	b.want(c.Type)
	if n == 0 {
		return
	}
	switch c.Type {
	case spec.String, spec.JSON:
		v := c.Strings()
		bytes := 0
		for i := range n {
			bytes += len(v.At(at(i)))
		}
		b.Grow(n, bytes)
		each(b, n, at, v, func(r int) { b.AppendString(v.At(r)) })
	case spec.Int64:
		v := c.Ints()
		b.Grow(n, 0)
		each(b, n, at, v, func(r int) { b.AppendInt(v.At(r)) })
	case spec.Float64:
		v := c.Floats()
		b.Grow(n, 0)
		each(b, n, at, v, func(r int) { b.AppendFloat(v.At(r)) })
	case spec.Bool:
		v := c.Bools()
		each(b, n, at, v, func(r int) { b.AppendBool(v.At(r)) })
	case spec.Bytes32:
		v := c.Digests()
		b.Grow(n, 0)
		each(b, n, at, v, func(r int) { b.AppendDigest(spec.Digest(v.At(r))) })
	case spec.Messages:
		v := c.Messages()
		bytes := 0
		for i := range n {
			for k := range v.Len(at(i)) {
				bytes += len(v.Content(at(i), k))
			}
		}
		b.Grow(n, bytes)
		each(b, n, at, v, func(r int) {
			for k := range v.Len(r) {
				b.AppendTurn(v.Role(r, k), v.Content(r, k))
			}
			b.EndMessages()
		})
	}
}

func each(b *Builder, n int, at func(int) int, v interface{ Null(int) bool }, add func(row int)) {
	for i := range n {
		if r := at(i); v.Null(r) {
			b.AppendNull()
		} else {
			add(r)
		}
	}
}

// Concat joins chunks row by row. A column that one of them lacks is null in its rows. It is an error when a column
// has two types, or more text than one column holds (2 GiB).
func Concat(parts []Chunk) (Chunk, error) {
	if len(parts) == 1 {
		return parts[0], nil
	}
	var out Chunk
	seen := map[string]bool{}
	for _, p := range parts {
		out.Rows += p.Rows
		for _, c := range p.Columns {
			if seen[c.Name] {
				continue
			}
			seen[c.Name] = true
			out.Columns = append(out.Columns, Column{Name: c.Name, Type: c.Type})
		}
	}
	for i, c := range out.Columns {
		joined, err := concat(c, parts)
		if err != nil {
			return Chunk{}, err
		}
		out.Columns[i] = joined
	}
	return out, nil
}

func concat(c Column, parts []Chunk) (Column, error) {
	b := NewBuilder(c.Type)
	var bytes uint64
	for _, p := range parts {
		part, ok := p.Column(c.Name)
		if !ok {
			for range p.Rows {
				b.AppendNull()
			}
			continue
		}
		if part.Type != c.Type {
			return Column{}, fmt.Errorf("column %q is %s in one chunk and %s in another", c.Name, c.Type, part.Type)
		}
		if bytes += part.Data.Data().SizeInBytes(); bytes > math.MaxInt32 {
			return Column{}, fmt.Errorf("column %q has over 2 GiB in %d rows at once", c.Name, b.Rows()+p.Rows)
		}
		b.AppendColumn(part)
	}
	return b.Finish(c.Name), nil
}
