package dataset

import (
	"fmt"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/prefab-build/prefab/spec"
)

// A view reads the values of one column without allocating. The view of a column that a chunk lacks says that every
// value is null. The value of a null slot is the zero value of its type. Strings that a view returns share memory with the column.

// Strings reads a column of strings or of JSON.
type Strings struct{ a *array.String }

// Null reports whether the value is missing.
func (v Strings) Null(row int) bool { return v.a == nil || v.a.IsNull(row) }

// At returns the value of a row.
func (v Strings) At(row int) string {
	if v.Null(row) {
		return ""
	}
	return v.a.Value(row)
}

// Floats reads a column of float64.
type Floats struct{ a *array.Float64 }

// Null reports whether the value is missing.
func (v Floats) Null(row int) bool { return v.a == nil || v.a.IsNull(row) }

// At returns the value of a row.
func (v Floats) At(row int) float64 {
	if v.Null(row) {
		return 0
	}
	return v.a.Value(row)
}

// Ints reads a column of int64.
type Ints struct{ a *array.Int64 }

// Null reports whether the value is missing.
func (v Ints) Null(row int) bool { return v.a == nil || v.a.IsNull(row) }

// At returns the value of a row.
func (v Ints) At(row int) int64 {
	if v.Null(row) {
		return 0
	}
	return v.a.Value(row)
}

// Bools reads a column of bool.
type Bools struct{ a *array.Boolean }

// Null reports whether the value is missing.
func (v Bools) Null(row int) bool { return v.a == nil || v.a.IsNull(row) }

// At returns the value of a row.
func (v Bools) At(row int) bool { return !v.Null(row) && v.a.Value(row) }

// Digests reads a column of digests, such as row ids.
type Digests struct{ a *array.FixedSizeBinary }

// Null reports whether the value is missing.
func (v Digests) Null(row int) bool { return v.a == nil || v.a.IsNull(row) }

// At returns the 32 bytes of a row, or nil for a null. The bytes are the column's own: do not change them.
func (v Digests) At(row int) []byte {
	if v.Null(row) {
		return nil
	}
	return v.a.Value(row)
}

// Digest returns a copy of the value of a row.
func (v Digests) Digest(row int) spec.Digest {
	var d spec.Digest
	copy(d[:], v.At(row))
	return d
}

// Messages reads a column of message lists. A plain string is a list of one message whose role is empty.
type Messages struct {
	list          *array.List
	role, content *array.String
}

// Null reports whether the list is missing. An empty list is not.
func (v Messages) Null(row int) bool { return v.list == nil || v.list.IsNull(row) }

// Len returns the number of messages of a row, 0 for a null.
func (v Messages) Len(row int) int {
	if v.Null(row) {
		return 0
	}
	start, end := v.list.ValueOffsets(row)
	return int(end - start)
}

// Role returns the role of message i of a row: user, assistant, system, or empty for a plain string.
func (v Messages) Role(row, i int) string { return v.role.Value(v.index(row, i)) }

// Content returns the content of message i of a row.
func (v Messages) Content(row, i int) string { return v.content.Value(v.index(row, i)) }

func (v Messages) index(row, i int) int {
	start, end := v.list.ValueOffsets(row)
	if i < 0 || i >= int(end-start) {
		panic(fmt.Sprintf("dataset: message %d of a row with %d", i, end-start))
	}
	return int(start) + i
}

// IsText reports whether the row holds a plain string.
func (v Messages) IsText(row int) bool { return v.Len(row) == 1 && v.Role(row, 0) == "" }

// Text returns the contents of a row joined by an empty line. It allocates only for several messages.
func (v Messages) Text(row int) string {
	switch n := v.Len(row); n {
	case 0:
		return ""
	case 1:
		return v.Content(row, 0)
	default:
		var b strings.Builder
		for i := range n {
			if i > 0 {
				b.WriteString("\n\n")
			}
			b.WriteString(v.Content(row, i))
		}
		return b.String()
	}
}

// Append adds the messages of a row to list and returns it.
func (v Messages) Append(list []Message, row int) []Message {
	for i := range v.Len(row) {
		list = append(list, Message{v.Role(row, i), v.Content(row, i)})
	}
	return list
}

// A Message is one turn of a conversation.
type Message struct {
	Role    string `json:"role"`
	Content string `json:"content"`
}

// data returns the column's array as A, which is what ArrowType promises for its type. A column of another type is a
// mistake of the caller's and panics.
func data[A arrow.Array](c Column) A {
	a, ok := c.Data.(A)
	if !ok {
		panic(fmt.Sprintf("dataset: column %q is %s in %T", c.Name, c.Type, c.Data))
	}
	return a
}

// Strings returns the view of a column of strings or of JSON.
func (c Column) Strings() Strings { return Strings{data[*array.String](c)} }

// Floats returns the view of a column of float64.
func (c Column) Floats() Floats { return Floats{data[*array.Float64](c)} }

// Ints returns the view of a column of int64.
func (c Column) Ints() Ints { return Ints{data[*array.Int64](c)} }

// Bools returns the view of a column of bool.
func (c Column) Bools() Bools { return Bools{data[*array.Boolean](c)} }

// Digests returns the view of a column of digests.
func (c Column) Digests() Digests { return Digests{data[*array.FixedSizeBinary](c)} }

// Messages returns the view of a column of messages.
func (c Column) Messages() Messages {
	list := data[*array.List](c)
	pair, ok := list.ListValues().(*array.Struct)
	if !ok || pair.NumField() != 2 {
		panic(fmt.Sprintf("dataset: column %q holds no messages but %s", c.Name, list.DataType()))
	}
	role, okRole := pair.Field(0).(*array.String)
	content, okContent := pair.Field(1).(*array.String)
	if !okRole || !okContent {
		panic(fmt.Sprintf("dataset: column %q holds no messages but %s", c.Name, list.DataType()))
	}
	return Messages{list: list, role: role, content: content}
}

// Strings returns the view of the named column of strings or of JSON; all null when the chunk lacks it.
func (c Chunk) Strings(name string) Strings {
	if col, ok := c.Column(name); ok {
		return col.Strings()
	}
	return Strings{}
}

// Floats returns the view of the named column of float64; all null when the chunk lacks it.
func (c Chunk) Floats(name string) Floats {
	if col, ok := c.Column(name); ok {
		return col.Floats()
	}
	return Floats{}
}

// Ints returns the view of the named column of int64; all null when the chunk lacks it.
func (c Chunk) Ints(name string) Ints {
	if col, ok := c.Column(name); ok {
		return col.Ints()
	}
	return Ints{}
}

// Bools returns the view of the named column of bool; all null when the chunk lacks it.
func (c Chunk) Bools(name string) Bools {
	if col, ok := c.Column(name); ok {
		return col.Bools()
	}
	return Bools{}
}

// Digests returns the view of the named column of digests; all null when the chunk lacks it.
func (c Chunk) Digests(name string) Digests {
	if col, ok := c.Column(name); ok {
		return col.Digests()
	}
	return Digests{}
}

// Messages returns the view of the named column of messages; all null when the chunk lacks it.
func (c Chunk) Messages(name string) Messages {
	if col, ok := c.Column(name); ok {
		return col.Messages()
	}
	return Messages{}
}

// IDs returns the view of the row ids.
func (c Chunk) IDs() Digests { return c.Digests(spec.ID) }
