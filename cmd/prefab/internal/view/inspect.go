package view

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/prefab-build/prefab/executor"
	"github.com/prefab-build/prefab/planner"
	"github.com/prefab-build/prefab/spec"
	"github.com/prefab-build/prefab/spec/expr"
)

// Shown is a stored result with what a person wants to see of it.
type Shown struct {
	Node    *planner.Node
	Result  *executor.Result
	Samples []Sample
	Files   []ShownFiles
	Ledger  []Cited
	More    int // lines of the ledger that are left out
}

const shortID = 12

// A Sample is a few rows of an output.
type Sample struct {
	Port   string
	Output executor.Output
	Rows   []string // JSON
}

// ShownFiles are the files of an output, the small ones with their content.
type ShownFiles struct {
	Port    string
	Output  executor.Output
	Content map[string][]byte
}

// Show prints a stored result.
func (v *View) Show(s Shown) {
	slices.SortFunc(s.Samples, func(a, b Sample) int { return strings.Compare(a.Port, b.Port) })
	if v.opts.JSON {
		outputs := map[string]any{}
		for _, x := range s.Samples {
			outputs[x.Port] = map[string]any{"artifact": x.Output.Artifact, "rows": x.Output.Rows(), "columns": x.Output.Table.Names(x.Output.Artifact)}
		}
		for _, x := range s.Files {
			outputs[x.Port] = map[string]any{"artifact": x.Output.Artifact, "files": x.Output.Files}
		}
		v.printJSON(map[string]any{
			"addr": s.Node.Addr, "outputs": outputs, "metrics": s.Result.Metrics, "counts": s.Result.Counts, "ledger": s.Ledger,
		})
		return
	}
	fmt.Fprintln(v.out, v.styles.bold.Render(s.Node.Addr.String()))
	for _, x := range s.Samples {
		fmt.Fprintf(v.out, "\n%s  %s, %s in %s\n", v.styles.good.Render(x.Port), x.Output.Artifact,
			count(int(x.Output.Rows()), "row"), count(x.Output.Table.Chunks(), "chunk"))
		fmt.Fprintln(v.out, "  "+v.wrap("columns: "+strings.Join(x.Output.Table.Names(x.Output.Artifact), ", "), 2))
		for _, row := range x.Rows {
			v.row(row, x.Output.Table.Names(x.Output.Artifact))
		}
	}
	for _, x := range s.Files {
		v.showFiles(x)
	}
	v.metrics(s.Result.Metrics, Members(s.Node))
	v.ledger(s)
}

// row prints one row, a line for every column that has a value. Its id is cut to what cat --row needs.
func (v *View) row(text string, columns []string) {
	var row map[string]json.RawMessage
	if json.Unmarshal([]byte(text), &row) != nil {
		panic("view: a row is no JSON object: " + text)
	}
	width := 0
	for _, c := range columns {
		if row[c] != nil {
			width = max(width, len(c))
		}
	}
	fmt.Fprintln(v.out)
	for _, c := range columns {
		value := string(row[c])
		var plain string
		if json.Unmarshal(row[c], &plain) == nil {
			value = strings.ReplaceAll(plain, "\n", "\\n")
		}
		if c == "id" {
			value = value[:min(len(value), 12)]
		}
		if row[c] != nil {
			fmt.Fprintf(v.out, "  %s  %s\n", v.styles.faint.Render(pad(c, width)), clip(value, v.width-width-5))
		}
	}
}

func (v *View) showFiles(x ShownFiles) {
	fmt.Fprintf(v.out, "\n%s  %s\n", v.styles.good.Render(x.Port), x.Output.Artifact)
	for _, f := range x.Output.Files {
		name := f.Name
		if name == "" {
			name = "(the file)"
		}
		fmt.Fprintf(v.out, "  %s  %s  sha256 %s\n", name, bytesText(f.Size), f.Digest.Short())
	}
	// A model tells of itself in summary.json: what a person can read of its weights.
	type feature struct {
		Text, Kind string
		Weight     float64
		DF         int64
	}
	var summary struct{ Features []feature }
	if json.Unmarshal(x.Content["summary.json"], &summary) == nil && len(summary.Features) > 0 {
		slices.SortStableFunc(summary.Features, func(a, b feature) int { return cmp.Compare(math.Abs(b.Weight), math.Abs(a.Weight)) })
		fmt.Fprintln(v.out, "  features of most effect, by absolute weight (weight towards chosen, responses")
		fmt.Fprintln(v.out, "  that have it)")
		for _, f := range summary.Features {
			have, kind := thousands(f.DF), "  "+v.styles.faint.Render(f.Kind)
			switch f.Kind {
			case "interaction": // a number of every response
				have, kind = "all", ""
			case "words":
				kind = ""
			}
			fmt.Fprintf(v.out, "    %+8.3f  %7s  %q%s\n", f.Weight, have, f.Text, kind)
		}
	}
}

// metrics prints measurements, each with how it was measured and what stands beside it. members are the addresses
// behind the numbers of a list input.
func (v *View) metrics(list []spec.Metric, members map[string]string) {
	if len(list) == 0 {
		return
	}
	fmt.Fprintln(v.out, "\n"+v.styles.bold.Render("Metrics"))
	const widest, least = 36, 4
	width := 0
	for _, m := range list {
		width = max(width, len(m.Name))
	}
	width = min(width, widest)
	for _, m := range list {
		fmt.Fprintf(v.out, "  %s  %s\n", pad(m.Name, width), v.wrap(v.measured(m), width+least))
		if m.Method != "" && m.Available() {
			v.faintLines(m.Method, least)
		}
		v.details(m.Table, members, least+2)
	}
}

// measured is a metric's value, with all that one must know to read it.
func (v *View) measured(m spec.Metric) string {
	if !m.Available() {
		return v.styles.faint.Render("unavailable: " + m.Reason)
	}
	text := valueOf(m)
	if m.Unit != "" {
		text += " " + m.Unit
	}
	n := ""
	if m.N > 0 {
		n = "n=" + thousands(m.N)
	}
	if m.Groups > 0 && m.Groups != m.N {
		n += " in " + count(int(m.Groups), "group")
	}
	if n == "" {
		return text
	}
	return text + v.styles.faint.Render("  "+n)
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// OutputList prints the outputs, and says so when there are none.
func (v *View) OutputList(list []Value) {
	if v.opts.JSON {
		out := map[string]any{}
		for _, o := range list {
			if !o.Sensitive && o.Problem == "" {
				out[o.Name] = o.Value
			}
		}
		v.printJSON(out)
		return
	}
	if len(list) == 0 {
		fmt.Fprintln(v.out, "The spec has no outputs.")
		return
	}
	v.Outputs(list)
}

// OneOutput prints the value of an output alone, for scripts. A sensitive one is printed when it is asked for by name.
func (v *View) OneOutput(o Value) {
	switch o.Value.Kind() {
	case expr.String:
		fmt.Fprintln(v.out, o.Value.Str())
	case expr.Float:
		fmt.Fprintln(v.out, spec.FormatNumber(o.Value.Float()))
	default:
		fmt.Fprintln(v.out, o.Value.String())
	}
}

// Graph prints a pipeline as a graph.
func (v *View) Graph(g planner.Graph, format string) {
	if format == "json" {
		v.printJSON(g)
		return
	}
	var b strings.Builder
	id := map[spec.Addr]string{}
	if format == "dot" {
		b.WriteString("digraph pipeline {\n  rankdir = LR\n  node [shape = box, fontname = \"sans-serif\"]\n")
	} else {
		b.WriteString("flowchart LR\n")
	}
	for i, n := range g.Nodes {
		id[n] = fmt.Sprintf("n%d", i)
		switch {
		case format == "dot" && n.Kind == "gate":
			fmt.Fprintf(&b, "  %s [label = %q, shape = diamond]\n", id[n], n.String())
		case format == "dot":
			fmt.Fprintf(&b, "  %s [label = %q]\n", id[n], n.String())
		case n.Kind == "gate":
			fmt.Fprintf(&b, "  %s{%q}\n", id[n], n.String())
		default:
			fmt.Fprintf(&b, "  %s[%q]\n", id[n], n.String())
		}
	}
	for _, e := range g.Edges {
		switch {
		case format == "dot" && e.Kind == "data":
			fmt.Fprintf(&b, "  %s -> %s [label = %q]\n", id[e.From], id[e.To], e.Port)
		case format == "dot":
			fmt.Fprintf(&b, "  %s -> %s [style = dashed, label = %q]\n", id[e.From], id[e.To], e.Kind)
		case e.Kind == "data":
			fmt.Fprintf(&b, "  %s -->|%s| %s\n", id[e.From], e.Port, id[e.To])
		default:
			fmt.Fprintf(&b, "  %s -.->|%s| %s\n", id[e.From], e.Kind, id[e.To])
		}
	}
	if format == "dot" {
		b.WriteString("}\n")
	}
	fmt.Fprint(v.out, b.String())
}
