package cli

import (
	"github.com/prefab-build/prefab/cmd/prefab/internal/view"
	"github.com/prefab-build/prefab/executor"
	"github.com/prefab-build/prefab/planner"
	"github.com/prefab-build/prefab/spec"
)

// outputs evaluates the pipeline's outputs over what a run measured.
func (s *session) outputs(plan *planner.Plan, out *executor.Outcome) []view.Value {
	return values(plan.Pipeline, func(a spec.Addr) ([]spec.Metric, planner.Outcome) {
		n, ok := plan.Node(a)
		if !ok || out.Nodes[n.Index].Result == nil {
			return nil, planner.Pending
		}
		return out.Nodes[n.Index].Result.Metrics, planner.Pass
	})
}

func values(p *spec.Pipeline, measured planner.Measured) []view.Value {
	var list []view.Value
	for _, o := range p.Outputs {
		v := view.Value{Name: o.Name, Sensitive: o.Sensitive}
		if x, err := planner.Value(o, measured); err != nil {
			v.Problem = err.Error()
		} else {
			v.Value = x
		}
		list = append(list, v)
	}
	return list
}
