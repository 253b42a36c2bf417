package stagetest

import (
	"context"
	"encoding/json"
	"maps"
	"math"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/prefab-build/prefab/executor"
	"github.com/prefab-build/prefab/executor/stage"
	"github.com/prefab-build/prefab/spec"
)

func compare(t *testing.T, f *Finished, files map[string][]byte) {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		rest, ok := strings.CutPrefix(name, "want/")
		if !ok {
			continue
		}
		switch {
		case rest == "verdicts.json": // see compareVerdicts
		case rest == "metrics.json":
			compareMetrics(t, f.Result.Metrics, files[name])
		case rest == "ledger.jsonl":
			compareLedger(t, f.Ledger, files[name])
		case path.Ext(rest) == ".jsonl":
			compareRows(t, f, strings.TrimSuffix(rest, ".jsonl"), files[name])
		default:
			compareFile(t, f, rest, files[name])
		}
	}
}

// compareRows compares the rows of a port as canonical JSON, column by column name.
func compareRows(t *testing.T, f *Finished, port string, want []byte) {
	t.Helper()
	o, ok := f.Result.Outputs[port]
	if !ok || o.Table == nil {
		t.Errorf("there is no output table %s", port)
		return
	}
	got := strings.Join(normalised(t, []byte(strings.Join(RowsOf(t, o), "\n"))), "\n")
	if normal := strings.Join(normalised(t, want), "\n"); got != normal {
		t.Errorf("port %s has\n%s\nwant\n%s", port, got, normal)
	}
}

// RowsOf returns the rows of a table as canonical JSON without ids.
func RowsOf(t *testing.T, o executor.Output) []string {
	t.Helper()
	var names, list []string
	for _, name := range o.Table.Names(o.Artifact) {
		if name != spec.ID {
			names = append(names, name)
		}
	}
	for i := range o.Table.Chunks() {
		c, err := o.Table.Load(context.Background(), i, names)
		if err != nil {
			t.Fatal(err)
		}
		w := c.RowJSON(names...)
		for r := range c.Rows {
			list = append(list, string(w.Append(nil, r)))
		}
	}
	return list
}

func normalised(t *testing.T, lines []byte) []string {
	t.Helper()
	var list []string
	for line := range strings.SplitSeq(string(lines), "\n") {
		if strings.TrimSpace(line) == "" {
			continue
		}
		var v any
		if err := json.Unmarshal([]byte(line), &v); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		list = append(list, string(spec.Canonical(v)))
	}
	return list
}

func compareMetrics(t *testing.T, got []spec.Metric, want []byte) {
	t.Helper()
	var wanted map[string]any
	if err := json.Unmarshal(want, &wanted); err != nil {
		t.Fatalf("want/metrics.json: %v", err)
	}
	have := map[string]spec.Metric{}
	for _, m := range got {
		have[m.Name] = m
	}
	for _, name := range slices.Sorted(maps.Keys(wanted)) {
		base, end := name, ""
		m, ok := have[name]
		if !ok {
			for _, e := range []string{"_low", "_high"} {
				if b, cut := strings.CutSuffix(name, e); cut {
					base, end = b, e
				}
			}
			if m, ok = have[base]; !ok {
				t.Errorf("metric %s was not measured", name)
				continue
			}
		}
		x := m.Value
		switch end {
		case "_low":
			x = m.Low
		case "_high":
			x = m.High
		}
		switch w := wanted[name].(type) {
		case float64:
			if x == nil || math.Abs(*x-w) > 1e-9*math.Max(1, math.Abs(w)) {
				t.Errorf("metric %s is %s, want %v", name, show(m, x), w)
			}
		case string:
			reason, ok := strings.CutPrefix(w, "unavailable: ")
			if !ok || m.Available() || !strings.Contains(m.Reason, reason) {
				t.Errorf("metric %s is %s, want %s", name, show(m, x), w)
			}
		}
	}
}

func show(m spec.Metric, x *float64) string {
	if x == nil {
		return "unavailable (" + m.Reason + ")"
	}
	return string(spec.Canonical(*x))
}

func compareLedger(t *testing.T, got executor.Ledger, want []byte) {
	t.Helper()
	type line struct {
		Chunk, Row     int
		Reason, Detail string
		Kept           bool
	}
	var wanted []line
	for _, l := range normalised(t, want) {
		var w line
		if err := json.Unmarshal([]byte(l), &w); err != nil {
			t.Fatal(err)
		}
		wanted = append(wanted, w)
	}
	if len(got) != len(wanted) {
		t.Errorf("the ledger has %d lines, want %d:\n%s", len(got), len(wanted), spec.Canonical(got))
		return
	}
	for i, g := range got {
		w := wanted[i]
		if g.Chunk != w.Chunk || g.Row != w.Row || g.Reason != w.Reason || g.Kept != w.Kept || (w.Detail != "" && g.Detail != w.Detail) {
			t.Errorf("ledger line %d is %s, want %s", i, spec.Canonical(g), spec.Canonical(w))
		}
	}
}

func compareFile(t *testing.T, f *Finished, name string, want []byte) {
	t.Helper()
	port, file, _ := strings.Cut(name, "/")
	for _, stored := range f.Result.Outputs[port].Files {
		if stored.Name != file {
			continue
		}
		got, err := f.Store.Get(context.Background(), stored.Digest)
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != string(want) {
			t.Errorf("file %s of port %s is\n%s\nwant\n%s", file, port, got, want)
		}
		return
	}
	t.Errorf("port %s has no file %q", port, file)
}

// Contract checks what holds for every kind, without running it.
func Contract(t *testing.T, k *stage.Kind) {
	t.Helper()
	if (k.Mapper == nil) == (k.Runner == nil) {
		t.Error("a kind is a Mapper or a Runner, and not both")
	}
	if k.Name == "" || k.Title == "" || k.Doc == "" || k.Version < 1 {
		t.Error("a kind has a name, a title, a doc and a version")
	}
	switch k.Determinism {
	case "bitwise", "bitwise per numerics class", "tolerance", "sampled":
	default:
		t.Errorf("%q is no determinism", k.Determinism)
	}
	documented(t, k.Name, k.Schema)
	checkPorts(t, k, k.Ports(nil))
	checkPorts(t, k, k.Ports(spec.Canonical(withDefaults(k.Schema, nil))))
}

func documented(t *testing.T, path string, s spec.Schema) {
	t.Helper()
	for _, a := range s.Attrs {
		if a.Doc == "" {
			t.Errorf("%s.%s has no doc", path, a.Name)
		}
		if a.Required && a.Default != nil {
			t.Errorf("%s.%s is required and has a default", path, a.Name)
		}
	}
	for _, b := range s.Blocks {
		if b.Doc == "" {
			t.Errorf("%s.%s has no doc", path, b.Name)
		}
		if b.Schema != nil {
			documented(t, path+"."+b.Name, *b.Schema)
		}
		for _, d := range b.Drivers {
			documented(t, path+"."+b.Name+" "+d.Label, d.Schema)
		}
	}
}

func checkPorts(t *testing.T, k *stage.Kind, p spec.Ports) {
	t.Helper()
	mapped := 0
	for _, in := range p.In {
		if in.Mapped {
			mapped++
		}
		found := false
		for _, a := range k.Schema.Attrs {
			found = found || a.Name == in.Name && a.Type == spec.TypeReference && a.Artifact == in.Artifact
		}
		if !found {
			t.Errorf("the input %s is no reference attribute of the schema", in.Name)
		}
	}
	if k.Mapper != nil && k.Sources == nil && mapped != 1 {
		t.Errorf("a Mapper maps one port, this one %d", mapped)
	}
	names := map[string]bool{}
	for _, o := range p.Out {
		if names[o.Name] {
			t.Errorf("two outputs are called %s", o.Name)
		}
		names[o.Name] = true
	}
	for _, m := range p.Metrics {
		if names[m.Name] {
			t.Errorf("%s is the name of two things: ports and metrics share one namespace", m.Name)
		}
		names[m.Name] = true
		if m.Doc == "" {
			t.Errorf("the metric %s has no doc", m.Name)
		}
	}
}
