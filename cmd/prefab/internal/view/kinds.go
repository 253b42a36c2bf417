package view

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/prefab-build/prefab/spec"
)

// Kinds lists the stage kinds.
func (v *View) Kinds(list []spec.KindSpec) {
	if v.opts.JSON {
		var out []map[string]any
		for _, k := range list {
			out = append(out, map[string]any{"name": k.Name, "title": k.Title, "version": k.Version})
		}
		v.printJSON(out)
		return
	}
	width := 0
	for _, k := range list {
		width = max(width, len(k.Name))
	}
	for _, k := range list {
		fmt.Fprintf(v.out, "  %s  %s\n", v.styles.bold.Render(pad(k.Name, width)), v.wrap(k.Title, width+4))
	}
	fmt.Fprintln(v.out, "\nAll about one of them: prefab stages KIND")
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
	fmt.Fprintf(v.out, "%s: %s\n\n%s\n", v.styles.bold.Render(k.Name), k.Title, strings.TrimSpace(k.Doc))
	fmt.Fprintf(v.out, "\n%s %d, %s\n", v.styles.bold.Render("Version"), k.Version, k.Determinism)
	v.schema("Attributes", &k.Schema, 2)
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
		fmt.Fprintf(v.out, "\n%s%s {}  %s\n", strings.Repeat(" ", indent-2), v.styles.bold.Render(head), v.wrap(b.Doc, indent))
		for _, d := range b.Drivers {
			fmt.Fprintf(v.out, "\n%s%s \"%s\"  %s\n", strings.Repeat(" ", indent), b.Name, d.Label, v.wrap(d.Doc, indent+2))
			for _, a := range d.Schema.Attrs {
				v.item(indent+2, a.Name, attrType(&a), attrDoc(&a))
			}
		}
		if b.Schema != nil {
			for _, a := range b.Schema.Attrs {
				v.item(indent, a.Name, attrType(&a), attrDoc(&a))
			}
		}
	}
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
	fmt.Fprintf(v.out, "%s%s  %s\n", strings.Repeat(" ", indent), v.styles.good.Render(name), v.styles.faint.Render(kind))
	if doc != "" {
		fmt.Fprintf(v.out, "%s%s\n", strings.Repeat(" ", indent+4), v.wrap(doc, indent+4))
	}
}
