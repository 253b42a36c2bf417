package executor

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/prefab-build/prefab/spec"
)

// A Comparison is what two results of one key have in common.
type Comparison struct {
	// Equal says that the two agree as far as the kind's determinism promises.
	Equal bool
	// Was and Is are the digests of the two entries.
	Was, Is spec.Digest
	// Differences says in words where they differ; none where they are the same byte by byte.
	Differences []string
}

// tolerance is by how much, relative to the larger of the two, metrics may differ whose kind promises no more than to
// come close: some digits more than people print, some fewer than a float32 has.
const tolerance = 1e-5

// Compare compares two stored results of one key, by what the kind declares: bitwise the bytes of the entries, which name
// all outputs by digest; with a tolerance the counts of rows and, nearly, the metrics; and of what is sampled the counts of
// rows that went in, since nothing else is promised.
func Compare(determinism string, was, is []byte) (Comparison, error) {
	c := Comparison{Was: spec.HashBytes(was), Is: spec.HashBytes(is)}
	if bytes.Equal(was, is) {
		c.Equal = true
		return c, nil
	}
	var a, b entry
	for raw, e := range map[*[]byte]*entry{&was: &a, &is: &b} {
		if err := json.Unmarshal(*raw, e); err != nil {
			return c, fmt.Errorf("a stored result is no result: %w", err)
		}
	}
	rows := countDifferences(&a, &b)
	c.Differences = slices.Concat(rows, metricDifferences(&a, &b, 0), portDifferences(&a, &b))
	if a.Ledger != b.Ledger {
		c.Differences = append(c.Differences, "the ledger")
	}
	switch determinism {
	case "tolerance":
		c.Equal = len(rows) == 0 && len(metricDifferences(&a, &b, tolerance)) == 0
	case "sampled":
		c.Equal = a.Counts.In == b.Counts.In
	}
	return c, nil
}

func countDifferences(a, b *entry) (list []string) {
	if a.Counts.In != b.Counts.In {
		list = append(list, fmt.Sprintf("%d rows in, and %d", a.Counts.In, b.Counts.In))
	}
	for _, port := range slices.Sorted(maps.Keys(a.Counts.Out)) {
		if x, y := a.Counts.Out[port], b.Counts.Out[port]; x != y {
			list = append(list, fmt.Sprintf("%d rows of %s, and %d", x, port, y))
		}
	}
	return list
}

// metricDifferences names the metrics that differ by more than a share of the larger.
func metricDifferences(a, b *entry, share float64) (list []string) {
	named := map[string]spec.Metric{}
	for _, m := range b.Metrics {
		named[m.Name] = m
	}
	for _, m := range a.Metrics {
		n, ok := named[m.Name]
		switch {
		case !ok || m.Available() != n.Available():
			list = append(list, "metric "+m.Name+" is not in both")
		case m.Available() && math.Abs(*m.Value-*n.Value) > share*math.Max(math.Abs(*m.Value), math.Abs(*n.Value)):
			list = append(list, fmt.Sprintf("metric %s %v, and %v", m.Name, *m.Value, *n.Value))
		}
	}
	return list
}

func portDifferences(a, b *entry) (list []string) {
	for _, port := range slices.Sorted(maps.Keys(a.Ports)) {
		p, q := a.Ports[port], b.Ports[port]
		switch {
		case p.Deltas != q.Deltas:
			list = append(list, "the rows of "+port)
		case !slices.Equal(p.Files, q.Files):
			list = append(list, "the files of "+port)
		}
	}
	return list
}
