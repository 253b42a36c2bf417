package history

import (
	"slices"
	"strings"
	"time"

	"github.com/prefab-build/prefab/planner"
	"github.com/prefab-build/prefab/spec"
)

// A Difference is what one run has that another has not.
type Difference struct {
	From     Run           `json:"from"`
	To       Run           `json:"to"`
	Spec     bool          `json:"spec_changed"` // the pipelines are not the same
	Files    []FileDiff    `json:"files,omitempty"`
	Stages   []StageDiff   `json:"stages,omitempty"`
	Verdicts []VerdictDiff `json:"verdicts,omitempty"`
}

// A FileDiff is an input file that one run read and the other did not, or read with another content.
type FileDiff struct {
	Addr string `json:"addr"`
	Path string `json:"path"`
	Was  *File  `json:"was,omitempty"`
	Is   *File  `json:"is,omitempty"`
}

// A StageDiff is a stage that differs: in its key, its rows, its metrics, or in that one run does not have it. A stage that
// merely took another time is none.
type StageDiff struct {
	Addr    string       `json:"addr"`
	Was     *Node        `json:"was,omitempty"`
	Is      *Node        `json:"is,omitempty"`
	Key     []string     `json:"key,omitempty"` // how the keys differ, in words
	Metrics []MetricDiff `json:"metrics,omitempty"`
	// Rows has, by output, the rows that differ; it is empty where one of the results is not in the cache any more.
	Rows map[string]RowsDiff `json:"rows,omitempty"`
}

// RowsDiff counts rows by what became of them, told by their ids.
type RowsDiff struct {
	Came int `json:"came"`
	Went int `json:"went"`
	Both int `json:"both"`
}

// A MetricDiff is a metric that differs.
type MetricDiff struct {
	Name string      `json:"name"`
	Was  spec.Metric `json:"was"`
	Is   spec.Metric `json:"is"`
}

// A VerdictDiff is a judgement that differs.
type VerdictDiff struct {
	Subject string `json:"subject"`
	Check   string `json:"check"`
	Was     string `json:"was,omitempty"`
	Is      string `json:"is,omitempty"`
	// What had to hold, where that is another now, and what was measured.
	WasCondition string        `json:"was_condition,omitempty"`
	IsCondition  string        `json:"is_condition,omitempty"`
	Metrics      []spec.Metric `json:"metrics,omitempty"`
}

// Diff compares two runs.
func Diff(was, is *Record) *Difference {
	return &Difference{
		From: was.Run, To: is.Run, Spec: was.Run.Spec != is.Run.Spec,
		Files: diffFiles(was.Files, is.Files), Stages: diffNodes(was.Nodes, is.Nodes), Verdicts: diffVerdicts(was.Verdicts, is.Verdicts),
	}
}

func diffFiles(was, is map[string][]File) (list []FileDiff) {
	left := map[[2]string]File{}
	for addr, files := range was {
		for _, f := range files {
			left[[2]string{addr, f.Path}] = f
		}
	}
	for addr, files := range is {
		for _, f := range files {
			key := [2]string{addr, f.Path}
			old, both := left[key]
			delete(left, key)
			switch {
			case !both:
				list = append(list, FileDiff{Addr: addr, Path: f.Path, Is: &f})
			case old.Digest != f.Digest:
				list = append(list, FileDiff{Addr: addr, Path: f.Path, Was: &old, Is: &f})
			}
		}
	}
	for key, f := range left {
		list = append(list, FileDiff{Addr: key[0], Path: key[1], Was: &f})
	}
	slices.SortFunc(list, func(a, b FileDiff) int { return strings.Compare(a.Addr+"\x00"+a.Path, b.Addr+"\x00"+b.Path) })
	return list
}

// diffNodes keeps the order of the later run; stages that it does not have come last.
func diffNodes(was, is []Node) (list []StageDiff) {
	left := map[spec.Addr]*Node{}
	for i := range was {
		left[was[i].Addr] = &was[i]
	}
	for i := range is {
		n := &is[i]
		old := left[n.Addr]
		delete(left, n.Addr)
		d := StageDiff{Addr: n.Addr.String(), Was: old, Is: n}
		if old != nil {
			d.Key = diffKeys(old, n)
			d.Metrics = diffMetrics(old.Metrics, n.Metrics)
		}
		if old == nil || len(d.Key)+len(d.Metrics) > 0 || old.RowsOut != n.RowsOut || finished(old) != finished(n) {
			list = append(list, d)
		}
	}
	for i := range was {
		if n := &was[i]; left[n.Addr] != nil {
			list = append(list, StageDiff{Addr: n.Addr.String(), Was: n})
		}
	}
	return list
}

// diffKeys compares what is known of both keys: a stage that was left out or blocked never came to some of it.
func diffKeys(was, is *Node) (list []string) {
	if len(was.Base) > 0 && len(is.Base) > 0 {
		list = planner.Diff(was.Base, is.Base)
	}
	if len(was.Inputs) > 0 && len(is.Inputs) > 0 {
		list = append(list, planner.Diff(was.Inputs, is.Inputs)...)
	}
	return list
}

// finished reports whether a stage had a result, whether it ran for it or not.
func finished(n *Node) bool {
	return slices.Contains([]string{"ran", "same", "cached", "restored"}, n.State)
}

func diffMetrics(was, is []spec.Metric) (list []MetricDiff) {
	before := map[string]spec.Metric{}
	for _, m := range was {
		before[m.Name] = m
	}
	for _, m := range is {
		old, both := before[m.Name]
		if both && !sameMeasure(old, m) {
			list = append(list, MetricDiff{Name: m.Name, Was: old, Is: m})
		}
	}
	return list
}

// sameMeasure reports whether two metrics have one value, whatever number of observations is behind it.
func sameMeasure(a, b spec.Metric) bool {
	same := func(x, y *float64) bool { return (x == nil) == (y == nil) && (x == nil || *x == *y) }
	return same(a.Value, b.Value) && same(a.Low, b.Low) && same(a.High, b.High)
}

func diffVerdicts(was, is []planner.Verdict) (list []VerdictDiff) {
	name := func(v *planner.Verdict) [2]string { return [2]string{v.Subject.String(), v.Check} }
	left := map[[2]string]*planner.Verdict{}
	for i := range was {
		left[name(&was[i])] = &was[i]
	}
	for i := range is {
		now := &is[i]
		key := name(now)
		d := VerdictDiff{Subject: key[0], Check: key[1], Is: string(now.Outcome), Metrics: now.Metrics}
		old := left[key]
		delete(left, key)
		if old != nil {
			d.Was = string(old.Outcome)
			if old.Condition != now.Condition {
				d.WasCondition, d.IsCondition = old.Condition, now.Condition
			}
		}
		if d.Was != d.Is || d.WasCondition != d.IsCondition {
			list = append(list, d)
		}
	}
	for i := range was {
		if key := name(&was[i]); left[key] != nil {
			list = append(list, VerdictDiff{Subject: key[0], Check: key[1], Was: string(was[i].Outcome)})
		}
	}
	return list
}

// Took is how long a run took, 0 when it did not end.
func (r *Run) Took() time.Duration {
	if !r.Ended() {
		return 0
	}
	return r.End.Sub(r.Start)
}
