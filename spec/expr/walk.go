package expr

import (
	"slices"
	"strings"
)

// A Ref names one metric: the address of its block and the steps to it.
type Ref struct {
	Addr string
	Path []string
}

// String returns the reference as a person writes it: evaluate.rm.validation.accuracy.
func (r Ref) String() string {
	var p printer
	p.text.WriteString(r.Addr)
	p.path(r.Path)
	return p.text.String()
}

// Walk calls visit on n and on every node below it, parents first, keys of objects before their values. It goes no
// deeper where visit returns false.
func (n *Node) Walk(visit func(*Node) bool) {
	if n == nil || !visit(n) {
		return
	}
	for _, k := range n.Keys {
		k.Walk(visit)
	}
	for _, a := range n.Args {
		a.Walk(visit)
	}
}

// Metrics returns every metric that n mentions, in branches that may never be taken too, sorted and each once.
func Metrics(n *Node) []Ref {
	var refs []Ref
	n.Walk(func(n *Node) bool {
		if n.Op == Metric {
			refs = append(refs, Ref{n.Name, n.Path})
		}
		return true
	})
	slices.SortFunc(refs, compareRefs)
	return slices.CompactFunc(refs, func(a, b Ref) bool { return compareRefs(a, b) == 0 })
}

func compareRefs(a, b Ref) int {
	if c := strings.Compare(a.Addr, b.Addr); c != 0 {
		return c
	}
	return slices.Compare(a.Path, b.Path)
}

// Fields returns the fields of the row that n reads, each as the steps to it, sorted and each once. An empty path is
// the row as a whole.
func Fields(n *Node) [][]string {
	var paths [][]string
	n.Walk(func(n *Node) bool {
		if n.Op == Row {
			path := []string{}
			if n.Name != "" {
				path = append(append(path, n.Name), n.Path...)
			}
			paths = append(paths, path)
		}
		return true
	})
	slices.SortFunc(paths, slices.Compare)
	return slices.CompactFunc(paths, slices.Equal)
}
