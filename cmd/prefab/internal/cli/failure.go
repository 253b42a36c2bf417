package cli

import (
	"errors"
	"fmt"
	"slices"

	"github.com/prefab-build/prefab/cmd/prefab/internal/view"
	"github.com/prefab-build/prefab/executor"
	"github.com/prefab-build/prefab/executor/stage"
	"github.com/prefab-build/prefab/planner"
)

// locate names the records of which a failed stage speaks by their files and lines, and puts the place in the spec before
// the reason of one that failed because of an attribute.
func (s *session) locate(plan *planner.Plan, out *executor.Outcome) {
	for i := range out.Nodes {
		n := &out.Nodes[i]
		if n.State != executor.Failed {
			continue
		}
		if r := (*stage.RecordError)(nil); errors.As(n.Err, &r) {
			n.Reason = (&inspected{session: s, plan: plan}).say(n.Node, r)
		}
		var e *stage.AttrError
		if !errors.As(n.Err, &e) {
			continue
		}
		for b := range s.pipeline.Blocks {
			if block := &s.pipeline.Blocks[b]; block.Addr == n.Node.Addr {
				if at := block.Place(e.Path...); !at.IsZero() {
					n.Reason = fmt.Sprintf("%s:%d: %s", at.File, at.Start.Line, n.Reason)
				}
			}
		}
	}
}

// say makes the message of an error with the places of the records that it names.
func (i *inspected) say(n *planner.Node, e *stage.RecordError) string {
	list, from := make([]view.Cited, len(e.Records)), map[int]origin{}
	for l, r := range e.Records {
		from[l] = origin{n, r.Segment, r.Record}
	}
	i.locate(list, from)
	return e.Say(func(r stage.Record) string {
		if l := slices.Index(e.Records, r); l >= 0 && list[l].File != "" {
			return fmt.Sprintf("%s:%d", i.view.Path(list[l].File), list[l].Line)
		}
		return ""
	})
}
