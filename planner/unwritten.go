package planner

import (
	"fmt"
	"slices"

	"github.com/prefab-build/prefab/spec"
	"github.com/prefab-build/prefab/spec/diag"
)

// Unwritten warns of canonical columns that a stage makes of the rows of an export, such as the weights of a filter, and
// that the export does not write: the work would be lost without a word.
func Unwritten(p *spec.Pipeline, kinds map[string]*spec.KindSpec) (list diag.List) {
	blocks := map[spec.Addr]*spec.Block{}
	for i := range p.Blocks {
		blocks[p.Blocks[i].Addr] = &p.Blocks[i]
	}
	for i := range p.Blocks {
		b := &p.Blocks[i]
		k := kinds[b.Addr.Kind]
		if k == nil || !k.Places {
			continue
		}
		for _, in := range b.Inputs {
			port, ok := portNamed(k.Ports(b.Config), in.Port)
			if !ok {
				continue
			}
			lost := func(maker spec.Addr, column string) {
				if slices.Contains(port.Columns, column) {
					return
				}
				list = append(list, diag.Diagnostic{
					Severity: diag.Warning, Code: "column-unwritten", Summary: "A column reaches no file", Block: b.Addr.String(),
					Subject: b.Source[in.Port],
					Detail: fmt.Sprintf("%s sets the column %s of its rows, and %s does not write it. Say columns = [%q] there, where what reads "+
						"the file knows such a column; else see prefab stages %s for another action.", maker, column, b.Addr, column, maker.Kind),
				})
			}
			upstream(blocks, kinds, in, map[spec.Addr]bool{}, lost)
		}
	}
	return list
}

// upstream tells of the canonical columns that the stages before an input add to its rows.
func upstream(blocks map[spec.Addr]*spec.Block, kinds map[string]*spec.KindSpec, in spec.Input, seen map[spec.Addr]bool, tell func(spec.Addr, string)) {
	for _, r := range in.Refs {
		b := blocks[r.Addr]
		if b == nil || kinds[r.Addr.Kind] == nil || seen[r.Addr] {
			continue
		}
		seen[r.Addr] = true
		for _, out := range kinds[r.Addr.Kind].Ports(b.Config).Out {
			if out.Name != r.Port {
				continue
			}
			for _, c := range out.Adds {
				if slices.ContainsFunc(out.Artifact.Columns(), func(known spec.Column) bool { return known.Name == c.Name }) {
					tell(r.Addr, c.Name)
				}
			}
			for _, from := range b.Inputs {
				if from.Port == out.From {
					upstream(blocks, kinds, from, seen, tell)
				}
			}
		}
	}
}
