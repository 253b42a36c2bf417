package executor

import (
	"errors"
	"time"

	"github.com/prefab-build/prefab/executor/cas"
	"github.com/prefab-build/prefab/planner"
	"github.com/prefab-build/prefab/spec"
)

// A State is what a node came to.
type State string

// The states. Same is a node that ran and gave the bytes that were there before.
const (
	Cached   State = "cached"
	Ran      State = "ran"
	Same     State = "same"
	Restored State = "restored"
	Failed   State = "failed"
	Skipped  State = "skipped" // an ancestor failed
	Blocked  State = "blocked" // a verdict did not pass
	Waiting  State = "waiting"
	Stopped  State = "stopped" // the run was interrupted before or while it ran
	Excluded State = "excluded"
)

// An Event is something that a person or a machine that watches a run wants to know.
type Event struct {
	Type string // start, waiting, admitted, action, progress, log, finish, stopping, verdict, placed, warning
	Addr spec.Addr
	Time time.Time

	State   State         `json:",omitempty"` // of finish
	Reason  string        `json:",omitempty"`
	Elapsed time.Duration `json:",omitempty"`
	Counts  *Counts       `json:",omitempty"`
	Lost    bool          `json:",omitempty"` // it failed for what the store has lost, which another run makes again
	Metrics []spec.Metric `json:",omitempty"`

	Done, Total int64  `json:",omitempty"` // of progress
	Unit        string `json:",omitempty"`

	Bytes int64 `json:",omitempty"` // of waiting: the memory that it waits for

	Text    string           `json:",omitempty"` // of log, placed and warning; of action its digest
	Verdict *planner.Verdict `json:",omitempty"`
}

// An Outcome is what a whole run came to.
type Outcome struct {
	Nodes    []NodeOutcome
	Verdicts []planner.Verdict
	Warnings []string
	Placed   []Placement
	Left     []Placement // what exports put under other names before
	// Interrupted says that the run was stopped from outside.
	Interrupted bool
}

// A NodeOutcome is one node of a finished run.
type NodeOutcome struct {
	Node     *planner.Node
	State    State
	Reason   string // why it failed, was skipped or blocked
	Key      *planner.Key
	Result   *Result // of a node that is cached or ran
	Err      error
	Started  time.Time
	Elapsed  time.Duration // without what it waited for memory
	Conflict bool          // the same key gave another result before

	waited time.Duration
}

// Lost reports whether a node failed because the store had lost, or had damaged, what an earlier stage made. Another
// run, with Options.Deep, makes it again.
func (o *Outcome) Lost() bool {
	for _, node := range o.Nodes {
		if errors.Is(node.Err, cas.ErrNotFound) {
			return true
		}
	}
	return false
}

// Count returns how many nodes came to a state.
func (o *Outcome) Count(s State) (n int) {
	for _, node := range o.Nodes {
		if node.State == s {
			n++
		}
	}
	return n
}
