package read

import (
	"math"
	"strconv"
	"strings"

	"github.com/prefab-build/prefab/executor/dataset"
	"github.com/prefab-build/prefab/executor/dataset/frame"
	"github.com/prefab-build/prefab/spec"
	"github.com/prefab-build/prefab/spec/expr"
)

// fieldNames lists the fields that a column is taken from when no map gives it, best first: its own name, and what
// TRL, UltraFeedback, distilabel and crowd-kit call it.
func fieldNames(a spec.Artifact, column string) []string {
	others := map[spec.Artifact]map[string][]string{
		spec.Pairs: {
			"chosen_score":   {"score_chosen", "chosen_rating"},
			"rejected_score": {"score_rejected", "rejected_rating"},
		},
		spec.Votes: {
			"item":       {"task"},
			"response_a": {"left"},
			"response_b": {"right"},
		},
		spec.Items: {"name": {"task_id"}},
	}
	return append([]string{column}, others[a][column]...)
}

// row puts the fields of a record into the builders. The caller ends or cancels the row.
func (w *worker) row(v expr.Value) *problem {
	w.env.Row = v
	if p := w.selected(); p != nil {
		return p
	}
	w.collect(v)
	for i, c := range w.columns {
		if c.program == nil {
			continue
		}
		var err error
		if w.values[i], err = c.program.Eval(&w.env); err != nil {
			return wrong(MapFailed, "column %s: %v", c.Name, err)
		}
	}
	var p *problem
	switch {
	case w.Format == frame.HHRLHF:
		p = w.dialogue()
	case w.Artifact == spec.Pairs:
		p = w.pair()
	}
	for i := 0; i < len(w.columns) && p == nil; i++ {
		p = w.cell(i)
	}
	if p == nil {
		p = w.check()
	}
	if p == nil {
		p = w.keyed()
	}
	if p == nil {
		w.leftovers()
	}
	return p
}

// selected looks whether the record is one of those to take. What is null is not true.
func (w *worker) selected() *problem {
	if w.where == nil {
		return nil
	}
	v, err := w.where.Eval(&w.env)
	switch {
	case err != nil:
		return wrong(MapFailed, "where: %v", err)
	case v.Kind() != expr.Bool && !v.IsNull():
		return wrong(MapFailed, "where is to be true or false, not %s: %s", v.Kind(), quote(v.String()))
	case !v.Bool():
		return &problem{reason: NotSelected}
	}
	return nil
}

// collect sorts the fields of a record: some are taken for columns, the others are extra.
func (w *worker) collect(v expr.Value) {
	w.extras, w.id = w.extras[:0], expr.Value{}
	for i := range w.values {
		w.values[i], w.found[i] = expr.Value{}, found{rank: notFound}
	}
	for _, f := range v.Fields() {
		a, known := w.names[f.Name]
		switch {
		case f.Value.IsNull():
		case w.IDs && f.Name == spec.ID:
			w.id = f.Value
		case known && a.rank < w.found[a.column].rank:
			if old := w.found[a.column]; old.rank != notFound {
				w.extras = append(w.extras, expr.Field{Name: old.name, Value: w.values[a.column]})
			}
			w.values[a.column], w.found[a.column] = f.Value, found{f.Name, a.rank}
		case f.Name == spec.Extra && w.embedded(f.Value).Kind() == expr.Map:
			w.extras = append(w.extras, w.embedded(f.Value).Fields()...) // as our own export writes it
		case !known && w.mapped[f.Name]:
		default:
			w.extras = append(w.extras, f)
		}
	}
}

// embedded returns the object that a string holds as JSON, where the format has no objects of its own; else v.
func (w *worker) embedded(v expr.Value) expr.Value {
	if v.Kind() == expr.String && (w.comma != 0 || w.Format == frame.Parquet || w.Format == frame.Arrow) {
		if object, err := expr.FromJSONString(v.Str()); err == nil {
			return object
		}
	}
	return v
}

// leftovers writes the extra fields as one object.
func (w *worker) leftovers() {
	if len(w.extras) == 0 || w.extra == nil {
		return
	}
	w.json = dataset.AppendJSON(w.json[:0], expr.ObjectOf(w.extras))
	if len(w.json) > len("{}") {
		w.extra.AppendBytes(w.json)
	}
}

// cell appends the value of a column. The messages of pairs are there already.
func (w *worker) cell(i int) *problem {
	c, v, b := w.columns[i], w.values[i], w.build.At(i)
	if c.Type == spec.Messages {
		if w.Artifact == spec.Pairs {
			return nil
		}
		return w.messageCell(i)
	}
	if v.IsNull() || w.comma != 0 && v.Kind() == expr.String && v.Str() == "" {
		if c.Required {
			return w.missing(MissingField, i)
		}
		return nil
	}
	switch c.Type {
	case spec.String:
		if s, ok := v.Text(); ok {
			b.AppendString(s)
			return nil
		}
	case spec.Float64:
		if x, ok := w.number(v); ok {
			b.AppendFloat(x)
			return nil
		}
	case spec.Int64:
		if v.Kind() == expr.Int {
			b.AppendInt(v.Int())
			return nil
		}
		if x, ok := w.number(v); ok && x == math.Trunc(x) && math.Abs(x) <= 1<<53 {
			b.AppendInt(int64(x))
			return nil
		}
	case spec.Bool:
		if v.Kind() == expr.Bool {
			b.AppendBool(v.Bool())
			return nil
		}
	case spec.JSON:
		w.json = dataset.AppendJSON(w.json[:0], v)
		b.AppendBytes(w.json)
		return nil
	}
	return wrong(WrongType, "%s is to be %s, not %s: %s", c.Name, typeNames[c.Type], v.Kind(), quote(v.String()))
}

var typeNames = map[spec.ColumnType]string{
	spec.String: "a string", spec.Float64: "a number", spec.Int64: "a whole number", spec.Bool: "true or false",
	spec.Messages: "a string or a list of messages",
}

// number reads a number. Only in a table of text may it stand as a string.
func (w *worker) number(v expr.Value) (float64, bool) {
	if v.IsNumber() {
		return v.Float(), true
	}
	if w.comma == 0 || v.Kind() != expr.String {
		return 0, false
	}
	x, err := strconv.ParseFloat(strings.TrimSpace(v.Str()), 64)
	return x, err == nil && !math.IsInf(x, 0) && x == x
}

// keyed makes the row's id of the user's key, where there is one.
func (w *worker) keyed() *problem {
	if w.IDs {
		return w.identified()
	}
	if w.key == nil {
		return nil
	}
	v, err := w.key.Eval(&w.env)
	if err != nil {
		return wrong(MapFailed, "key: %v", err)
	}
	if v.IsNull() {
		return wrong(NullKey, "the row has no key: the expression is null for it; the record has %s", listed(w.given()))
	}
	w.json = dataset.AppendJSON(w.json[:0], v)
	w.ids = append(w.ids, dataset.KeyID(w.json))
	return nil
}

// identified takes the row's id from its record, where that has one.
func (w *worker) identified() *problem {
	var id spec.Digest
	if !w.id.IsNull() {
		var err error
		if id, err = spec.ParseDigest(w.id.Str()); err != nil {
			return wrong(WrongType, "id is to be the id of a row, as it stands in the inputs, not %s", quote(w.id.String()))
		}
	}
	w.ids = append(w.ids, id)
	w.result.Given = append(w.result.Given, !w.id.IsNull())
	return nil
}

// check looks at what the schema of a table cannot say.
func (w *worker) check() *problem {
	switch w.Artifact {
	case spec.Items:
		for i, c := range w.columns {
			if c.Name == "name" {
				continue
			}
			if s, ok := w.values[i].Text(); ok && strings.TrimSpace(s) != "" {
				return nil
			}
		}
		return wrong(MissingField, "an item needs a question, a passage or an answer")
	case spec.Votes:
		return w.label()
	}
	return nil
}

var sides = map[string]string{"a": "a", "b": "b", "tie": "tie", "left": "a", "right": "b"}

// label brings a vote's label to a, b or tie; as shown, the left response is A.
func (w *worker) label() *problem {
	for i, c := range w.columns {
		if c.Name != "label" {
			continue
		}
		given, _ := w.values[i].Text()
		side, ok := sides[strings.ToLower(strings.TrimSpace(given))]
		if !ok {
			return wrong(WrongType, "label is to be a, b or tie (or left, right), not %s", quote(given))
		}
		b := w.build.At(i)
		b.Truncate(b.Rows() - 1)
		b.AppendString(side)
	}
	return nil
}
