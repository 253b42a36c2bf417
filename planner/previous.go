package planner

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/prefab-build/prefab/spec"
)

// editedFiles says which files of a stage are not as the last run read them, which is known before its other inputs are.
func (m *maker) editedFiles(n *Node) []string {
	if m.previous == nil {
		return nil
	}
	was, ok := m.previous.Nodes[n.Addr.String()]
	if !ok || len(was.Inputs) == 0 {
		return nil
	}
	isFile := func(c Component) bool { return strings.HasPrefix(c.Name, rawFile) }
	var before []Component
	for _, c := range was.Inputs {
		if isFile(c) {
			before = append(before, c)
		}
	}
	return Diff(before, slices.DeleteFunc(fileComponents(m.facts.Files[n.Addr.String()]), func(c Component) bool { return !isFile(c) }))
}

// ranBefore reports whether the last run asked the same of a node.
func (m *maker) ranBefore(n *Node) bool {
	if m.previous == nil {
		return false
	}
	was, ok := m.previous.Nodes[n.Addr.String()]
	return ok && len(was.Inputs) > 0 && Digest(was.Base) == n.BaseDigest
}

// renamed says so when the last run had the same node under an address that is gone.
func (m *maker) renamed(n *Node) string {
	if m.previous == nil || n.Block == nil {
		return ""
	}
	if _, same := m.previous.Nodes[n.Addr.String()]; same {
		return ""
	}
	if m.gone == nil {
		m.gone = m.goneNodes()
	}
	if addr, ok := m.gone[goneNode{n.Kind, keyOf(n.Base, n.Key.Inputs)}]; ok {
		return "renamed from " + addr
	}
	return ""
}

// A goneNode is what a node of the last run was, whose address the pipeline no longer has.
type goneNode struct {
	kind string
	key  spec.Digest
}

func keyOf(base, inputs []Component) spec.Digest { return Digest(slices.Concat(base, inputs)) }

// goneNodes returns the addresses that are gone, of several for one node the first. A name that a thousand instances
// share is changed in one place, so each of them must not be compared with each.
func (m *maker) goneNodes() map[goneNode]string {
	gone := map[goneNode]string{}
	for _, addr := range slices.Sorted(maps.Keys(m.previous.Nodes)) {
		a, err := spec.ParseAddr(addr)
		if err != nil {
			continue
		}
		if _, still := m.byAddr[a]; still {
			continue
		}
		was := m.previous.Nodes[addr]
		g := goneNode{a.Kind, keyOf(was.Base, was.Inputs)}
		if _, taken := gone[g]; !taken {
			gone[g] = addr
		}
	}
	return gone
}

// explain says in words why a node runs, from the difference between its key and that of the last run.
func (m *maker) explain(n *Node) string {
	if m.previous == nil {
		return "never run"
	}
	was, ok := m.previous.Nodes[n.Addr.String()]
	switch {
	case !ok && !m.previous.Ended:
		return "the last run did not come to its end"
	case !ok:
		return "new"
	}
	texts := Differences(was, n, m.changes)
	if len(texts) > 0 {
		const most = 3
		if len(texts) > most {
			texts = append(texts[:most], fmt.Sprintf("and %d more", len(texts)-most))
		}
		return strings.Join(texts, ", ")
	}
	switch was.State {
	case "ran", "same", "cached", "restored":
		return "its result is no longer in the cache"
	}
	return "it did not finish last time (" + was.State + ")"
}
