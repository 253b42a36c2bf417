package dataset

import (
	"fmt"
	"math"

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
func (b *Builder) AppendColumn(c Column) { b.appendRows(c, c.Rows(), func(i int) int { return i }) }

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
