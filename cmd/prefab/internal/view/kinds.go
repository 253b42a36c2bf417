package view

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/prefab-build/prefab/lang"
	"github.com/prefab-build/prefab/spec"
)

// Reference lists the stage kinds, and what else can be explained.
func (v *View) Reference(kinds []spec.KindSpec, topics []lang.Topic, tables []spec.Artifact) {
	if v.opts.JSON {
		var out []map[string]any
		for _, k := range kinds {
			out = append(out, map[string]any{"name": k.Name, "title": k.Title, "version": k.Version})
		}
		v.printJSON(out)
		return
	}
	width := 0
	for i := range kinds {
		width = max(width, len(kinds[i].Name))
	}
	line := func(name, title string) {
		fmt.Fprintf(v.out, "  %s  %s\n", v.styles.bold.Render(pad(name, width)), v.wrap(title, width+4))
	}
	fmt.Fprintln(v.out, v.styles.bold.Render("Stages"))
	for i := range kinds {
		line(kinds[i].Name, kinds[i].Title)
	}
	fmt.Fprintln(v.out, "\n"+v.styles.bold.Render("Not stages"))
	for i := range topics {
		line(topics[i].Name, topics[i].Title)
	}
	fmt.Fprintln(v.out, "\n"+v.styles.bold.Render("Types of rows"))
	for _, t := range tables {
		names := make([]string, 0, len(t.Columns()))
		for _, c := range t.Columns() {
			names = append(names, c.Name)
		}
		line(string(t), strings.Join(names, ", "))
	}
	fmt.Fprintln(v.out, "\nAll about one of them: prefab stages NAME")
}

// Topic prints the reference of what is no stage.
func (v *View) Topic(t *lang.Topic) {
	if v.opts.JSON {
		v.printJSON(map[string]any{"name": t.Name, "title": t.Title, "doc": t.Doc, "schema": t.Schema, "drivers": t.Drivers})
		return
	}
	fmt.Fprintf(v.out, "%s: %s\n\n%s\n", v.styles.bold.Render(t.Name), t.Title, v.prose(t.Doc))
	if t.Schema != nil {
		v.schema("Attributes", t.Schema, 2)
	}
	v.drivers(t.Name, t.Drivers, 0)
}

// Table prints the columns of a type of rows.
func (v *View) Table(t spec.Artifact) {
	if v.opts.JSON {
		v.printJSON(map[string]any{"name": t, "columns": t.Columns()})
		return
	}
	fmt.Fprintf(v.out, "%s: a type of rows. Each has an id and these columns.\n\n%s\n", v.styles.bold.Render(string(t)), v.styles.bold.Render("Columns"))
	for _, c := range t.Columns() {
		kind := string(c.Type)
		if c.Type == spec.Messages {
			kind = "a string or messages"
		}
		if c.Required {
			kind += ", required"
		}
		v.item(2, c.Name, kind, c.Doc)
	}
}

// A Mention is an attribute or a nested block, and where it belongs.
type Mention struct {
	In    string          `json:"in"`
	Attr  *spec.Attr      `json:"attribute,omitempty"`
	Block *spec.BlockType `json:"block,omitempty"`
}

// Mentions prints where a name belongs. Where several blocks have the same attribute it is explained once.
func (v *View) Mentions(name string, list []Mention) {
	if v.opts.JSON {
		v.printJSON(list)
		return
	}
	var said []string
	for _, m := range list {
		text := ""
		if m.Attr != nil {
			text = attrType(m.Attr) + "\x00" + attrDoc(m.Attr)
		} else {
			text = "block\x00" + m.Block.Doc
		}
		if slices.Contains(said, text) {
			continue
		}
		said = append(said, text)
		var in []string
		for _, other := range list {
			if other.Attr != nil && m.Attr != nil && attrType(other.Attr) == attrType(m.Attr) && attrDoc(other.Attr) == attrDoc(m.Attr) ||
				other.Block != nil && m.Block != nil && other.Block.Doc == m.Block.Doc {
				in = append(in, other.In)
			}
		}
		kind, doc, _ := strings.Cut(text, "\x00")
		v.item(0, name, kind, doc)
		fmt.Fprintf(v.out, "    %s\n", v.wrap("in "+strings.Join(in, "; "), 4))
		if m.Block != nil {
			most := m.Block
			for _, other := range list {
				if other.Block != nil && other.Block.Doc == most.Doc && len(other.Block.Drivers) > len(most.Drivers) {
					most = other.Block
				}
			}
			v.schema("", &spec.Schema{Blocks: []spec.BlockType{*most}}, 2)
		}
	}
}

// Kind prints the reference of one kind.
func (v *View) Kind(k *spec.KindSpec) {
	if v.opts.JSON {
		v.printJSON(map[string]any{
			"name": k.Name, "title": k.Title, "doc": k.Doc, "version": k.Version, "determinism": k.Determinism,
			"schema": k.Schema, "ports": k.Ports(nil),
		})
		return
	}
	fmt.Fprintf(v.out, "%s: %s\n\n%s\n", v.styles.bold.Render(k.Name), v.wrap(k.Title, len(k.Name)+2), v.prose(k.Doc))
	fmt.Fprintf(v.out, "\n%s %d, %s\n", v.styles.bold.Render("Version"), k.Version, k.Determinism)
	v.schema("Attributes", &k.Schema, 2)
	fmt.Fprintf(v.out, "\n  %s\n", v.wrap("Every stage also takes what prefab stages arguments lists, and threshold blocks: prefab stages threshold.", 2))
	p := k.Ports(nil)
	if len(p.Out) > 0 {
		fmt.Fprintf(v.out, "\n%s\n", v.styles.bold.Render("Outputs"))
		for _, o := range p.Out {
			v.item(2, o.Name, string(o.Artifact), o.Doc)
		}
	}
	if len(p.Metrics) > 0 {
		fmt.Fprintf(v.out, "\n%s\n", v.styles.bold.Render("Metrics"))
		for _, m := range p.Metrics {
			v.item(2, m.Name, bounds(m), m.Doc+limits(m))
		}
	}
}

func bounds(m spec.MetricDef) string {
	end := func(x *float64, none string) string {
		if x == nil {
			return none
		}
		return number(*x)
	}
	text := m.Unit
	if m.Min != nil || m.Max != nil {
		text += " " + end(m.Min, "") + ".." + end(m.Max, "")
	}
	if m.Interval {
		text += ", with interval"
	}
	return strings.TrimSpace(text)
}

func limits(m spec.MetricDef) string {
	var parts []string
	for _, profile := range []string{"documented", "strict"} {
		if l, ok := m.Limits[profile]; ok {
			text := profile + ": " + l.Text(m.Name)
			if l.Warn {
				text += " (warning)"
			}
			parts = append(parts, text)
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return " [" + strings.Join(parts, "; ") + "]"
}

func (v *View) schema(title string, s *spec.Schema, indent int) {
	if len(s.Attrs) > 0 {
		fmt.Fprintf(v.out, "\n%s%s\n", strings.Repeat(" ", indent-2), v.styles.bold.Render(title))
	}
	for _, a := range s.Attrs {
		v.item(indent, a.Name, attrType(&a), attrDoc(&a))
	}
	for _, b := range s.Blocks {
		head := b.Name
		if b.Label != "" {
			head += " \"" + b.Label + "\""
		}
		v.head(indent-2, head+" {}", b.Doc)
		v.drivers(b.Name, b.Drivers, indent)
		if b.Schema != nil {
			for _, a := range b.Schema.Attrs {
				v.item(indent, a.Name, attrType(&a), attrDoc(&a))
			}
		}
	}
}

// head begins the part about a block.
func (v *View) head(indent int, head, doc string) {
	fmt.Fprintf(v.out, "\n%s%s\n", strings.Repeat(" ", indent), v.styles.bold.Render(head))
	if doc != "" {
		fmt.Fprintf(v.out, "%s%s\n", strings.Repeat(" ", indent+4), v.wrap(doc, indent+4))
	}
}

// drivers prints the choices of a block's label.
func (v *View) drivers(name string, list []spec.Driver, indent int) {
	for _, d := range list {
		v.head(indent, fmt.Sprintf("%s %q", name, d.Label), d.Doc)
		for _, a := range d.Schema.Attrs {
			v.item(indent+2, a.Name, attrType(&a), attrDoc(&a))
		}
	}
}

// prose sets paragraphs to the width; indented lines, such as code and tables, stay as they are.
func (v *View) prose(text string) string {
	var out, paragraph []string
	flush := func() {
		if len(paragraph) > 0 {
			out = append(out, v.wrap(strings.Join(paragraph, " "), 0))
			paragraph = nil
		}
	}
	for line := range strings.SplitSeq(strings.Trim(text, "\n"), "\n") {
		if strings.TrimSpace(line) == "" || strings.HasPrefix(line, " ") {
			flush()
			out = append(out, strings.TrimRight(line, " "))
			continue
		}
		if strings.HasPrefix(line, "- ") {
			flush()
		}
		paragraph = append(paragraph, line)
	}
	flush()
	return strings.Join(out, "\n")
}

func attrType(a *spec.Attr) string {
	text := string(a.Type)
	if a.Type == spec.TypeReference {
		text = string(a.Artifact)
		switch a.Shape {
		case spec.List:
			text = "list of " + text
		case spec.Map:
			text = "map of " + text
		}
	}
	switch {
	case a.Required:
		text += ", required"
	case a.Default != nil:
		b, err := json.Marshal(a.Default)
		if err == nil {
			text += " = " + string(b)
		}
	}
	return text
}

func attrDoc(a *spec.Attr) string {
	text := a.Doc
	if a.Unit != "" {
		text += " (" + a.Unit + ")"
	}
	if len(a.Values) > 0 {
		text += ": " + strings.Join(a.Values, ", ")
	}
	return text
}

func (v *View) item(indent int, name, kind, doc string) {
	fmt.Fprintf(v.out, "%s%s  %s\n", strings.Repeat(" ", indent), v.styles.good.Render(name), v.styles.faint.Render(v.wrap(kind, indent+len(name)+2)))
	if doc != "" {
		fmt.Fprintf(v.out, "%s%s\n", strings.Repeat(" ", indent+4), v.wrap(doc, indent+4))
	}
}
