package cli

import (
	"fmt"

	"github.com/prefab-build/prefab/executor"
	"github.com/prefab-build/prefab/executor/dataset/frame"
	"github.com/prefab-build/prefab/executor/resolve"
	"github.com/prefab-build/prefab/planner"
)

// places turns the ledger of a stage that reads files into file and line, for the first lines of it. The ledger itself
// cites segment and record, so that a line inserted above changes nothing below.
func (i *inspected) places(n *planner.Node, ledger executor.Ledger) map[int]string {
	const most = 200 // a person reads no more; each file is framed again up to the place
	k := i.specs[n.Kind]
	if k == nil || k.Sources == nil {
		return nil
	}
	sources := k.Sources(n.Block.Full())
	files := i.plan.Facts.Files[n.Addr.String()]
	out := map[int]string{}
	for l, line := range ledger {
		if l >= most {
			break
		}
		chunk := line.Chunk
		for _, f := range files {
			if chunk >= len(f.Segments) {
				chunk -= len(f.Segments)
				continue
			}
			if f.Path == "" {
				out[l] = fmt.Sprintf("part %d, record %d", chunk+1, line.Row+1)
				break
			}
			places, err := resolve.Places(i.dir, sources[f.Source], f, chunk)
			if err == nil && line.Row < len(places) {
				out[l] = fmt.Sprintf("%s:%s", f.Path, lines(sources[f.Source].Format, places[line.Row]))
			}
			break
		}
	}
	return out
}

// lines names the line of a record; of a table, where a quote that is left open takes other lines in, all of them.
func lines(format string, p frame.Place) string {
	if p.Last > p.Line && (format == frame.CSV || format == frame.TSV) {
		return fmt.Sprintf("%d-%d", p.Line, p.Last)
	}
	return fmt.Sprint(p.Line)
}
