package cli

import (
	"context"
	"regexp"

	"github.com/prefab-build/prefab/cmd/prefab/internal/view"
	"github.com/prefab-build/prefab/executor"
	"github.com/prefab-build/prefab/executor/dataset/frame"
	"github.com/prefab-build/prefab/executor/resolve"
	"github.com/prefab-build/prefab/planner"
	"github.com/prefab-build/prefab/spec"
)

// An origin is the record that a row was read from. What is cached holds no path and no line, so that a line inserted
// above changes nothing below: they are found again here, by framing the files.
type origin struct {
	node            *planner.Node // which read it
	segment, record int
}

// cite finds the ids of the rows that a ledger speaks of, and where they stand in files.
func (i *inspected) cite(ctx context.Context, n *planner.Node, ledger executor.Ledger) ([]view.Cited, error) {
	list := make([]view.Cited, len(ledger))
	from := map[int]origin{} // by line
	for l, line := range ledger {
		list[l].LedgerLine = line
		list[l].Detail = named(n, line.Detail)
	}
	if i.reads(n) {
		for l, line := range ledger {
			from[l] = origin{n, line.Chunk, line.Row}
		}
	} else if err := i.trace(ctx, n, list, from); err != nil {
		return nil, err
	}
	i.locate(list, from)
	return list, nil
}

func (i *inspected) reads(n *planner.Node) bool {
	k := i.specs[n.Kind]
	return k != nil && k.Sources != nil && len(n.Inputs) == 0
}

// trace fills in the ids of rows that a stage got, and finds the records that those of them were that a stage read.
func (i *inspected) trace(ctx context.Context, n *planner.Node, list []view.Cited, from map[int]origin) error {
	table := i.mapped(n)
	lines := map[spec.Digest][]int{}
	chunk, loaded := -1, []spec.Digest(nil)
	for l, line := range list {
		if id := line.Entry.ID; !id.IsZero() {
			list[l].ID = id.String()
			lines[id] = append(lines[id], l)
			continue
		}
		if table == nil {
			continue
		}
		if line.Chunk != chunk {
			var err error
			if chunk = line.Chunk; chunk >= table.Chunks() {
				continue
			}
			if loaded, err = rowIDs(ctx, table, chunk); err != nil {
				return err
			}
		}
		if line.Row < len(loaded) {
			id := loaded[line.Row]
			list[l].ID = id.String()
			lines[id] = append(lines[id], l)
		}
	}
	if len(lines) == 0 {
		return nil
	}
	before := i.ancestors(n)
	for _, at := range i.plan.Nodes {
		if !before[at] || !i.reads(at) {
			continue
		}
		if err := i.origins(ctx, at, func(id spec.Digest, o origin) {
			for _, l := range lines[id] {
				if _, known := from[l]; !known {
					from[l] = o
				}
			}
		}); err != nil {
			return err
		}
	}
	return nil
}

// mapped returns the table that the chunks and rows of a stage's ledger number.
func (i *inspected) mapped(n *planner.Node) *executor.Table {
	k := i.specs[n.Kind]
	if k == nil {
		return nil
	}
	for _, port := range k.Ports(n.Block.Config).In {
		for _, in := range n.Inputs {
			if !port.Mapped || in.Port != port.Name {
				continue
			}
			if r := i.made(i.plan.Nodes[in.Node]); r != nil {
				return r.Outputs[in.From].Table
			}
		}
	}
	return nil
}

func (i *inspected) ancestors(n *planner.Node) map[*planner.Node]bool {
	seen := map[*planner.Node]bool{}
	var walk func(n *planner.Node)
	walk = func(n *planner.Node) {
		for _, in := range n.Inputs {
			if at := i.plan.Nodes[in.Node]; !seen[at] {
				seen[at] = true
				walk(at)
			}
		}
	}
	walk(n)
	return seen
}

func rowIDs(ctx context.Context, t *executor.Table, chunk int) ([]spec.Digest, error) {
	c, err := t.Load(ctx, chunk, []string{spec.ID})
	if err != nil {
		return nil, err
	}
	ids, list := c.IDs(), make([]spec.Digest, c.Rows)
	for r := range list {
		list[r] = spec.Digest(ids.At(r))
	}
	return list, nil
}

// origins tells of every row of a stage that reads files which record it was: the rows of a segment are its records
// without those of the ledger, and a segment of which no row is left is no chunk of the table.
func (i *inspected) origins(ctx context.Context, n *planner.Node, tell func(spec.Digest, origin)) error {
	r := i.made(n)
	if r == nil || i.past != nil && i.past.edited(n) {
		return nil
	}
	ledger, err := executor.LoadLedger(ctx, i.store, r)
	if err != nil {
		return err
	}
	gone := map[[2]int]bool{}
	for _, l := range ledger {
		gone[[2]int{l.Chunk, l.Row}] = gone[[2]int{l.Chunk, l.Row}] || !l.Kept
	}
	for _, o := range r.Outputs {
		segment, chunk := 0, 0
		for _, f := range i.plan.Facts.Files[n.Addr.String()] {
			for _, s := range f.Segments {
				var made []int
				for record := range s.Records {
					if !gone[[2]int{segment, record}] {
						made = append(made, record)
					}
				}
				if len(made) > 0 {
					ids, err := rowIDs(ctx, o.Table, chunk)
					if err != nil {
						return err
					}
					for k, id := range ids[:min(len(ids), len(made))] {
						tell(id, origin{n, segment, made[k]})
					}
					chunk++
				}
				segment++
			}
		}
	}
	return nil
}

// An input is one file of a stage.
type input struct {
	node *planner.Node
	file int
}

// locate turns records into file and line. Each file is framed once, up to the last record that is asked for.
func (i *inspected) locate(list []view.Cited, from map[int]origin) {
	lines := map[input]map[int]int{} // of the ledger, and the segment that each is in
	for l, o := range from {
		files, at, segment := i.plan.Facts.Files[o.node.Addr.String()], 0, o.segment
		for at < len(files) && segment >= len(files[at].Segments) {
			segment -= len(files[at].Segments)
			at++
		}
		switch in := (input{o.node, at}); {
		case at == len(files):
		case files[at].Path == "":
			list[l].Part, list[l].Record = o.segment+1, o.record+1
		case lines[in] == nil:
			lines[in] = map[int]int{l: segment}
		default:
			lines[in][l] = segment
		}
	}
	for in, segments := range lines {
		f := i.plan.Facts.Files[in.node.Addr.String()][in.file]
		source := i.specs[in.node.Kind].Sources(in.node.Block.Full())[f.Source]
		wanted := map[int]bool{}
		for _, s := range segments {
			wanted[s] = true
		}
		places, err := resolve.Places(i.dir, source, f, wanted)
		if err != nil {
			continue // the file went away: its rows are named without their places
		}
		for l, s := range segments {
			if at := places[s]; from[l].record < len(at) {
				place := at[from[l].record]
				list[l].File, list[l].Line = f.Path, place.Line
				if source.Format == frame.CSV || source.Format == frame.TSV {
					list[l].Last = place.Last // a quote that is left open takes other lines in
				}
			}
		}
	}
}

var numbered = regexp.MustCompile(`\bbenchmark (\d+) item\b`)

// named puts the addresses of benchmarks in the place of their numbers: what is cached holds no address.
func named(n *planner.Node, detail string) string {
	members := view.Members(n)
	return numbered.ReplaceAllStringFunc(detail, func(text string) string {
		number := numbered.FindStringSubmatch(text)[1]
		if addr := members[number]; addr != "" {
			return addr + " item"
		}
		return text
	})
}
