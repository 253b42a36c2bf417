package planner

import (
	"time"

	"github.com/prefab-build/prefab/spec"
)

// Known is what earlier runs left behind, as the planner asks for it.
type Known interface {
	// Lookup returns the result of an action whose inputs are known, or nil when the store has none. Members are the
	// inputs, which the result is laid over.
	Lookup(n *Node, members []Member) (*Result, error)
	// HasBase reports whether any result stands under this base.
	HasBase(base spec.Digest) bool
	// Previous returns what the last full run recorded, or nil when there was none.
	Previous() *Previous
	// Estimate returns how long such a node took in earlier runs; 0 when it never ran.
	Estimate(n *Node) time.Duration
}

// An Artifact is what a port of a finished node carries, as far as keys need it.
type Artifact interface {
	// Key returns one digest for each of the columns: over the per-chunk digests of its selected values, empty chunks
	// left out, in the order of the chunks; or, sorted, in the order of the chunks' digests, the same for all columns. For
	// an artifact that is no table it returns one digest.
	Key(columns []string, sorted bool) ([]spec.Digest, error)
	Rows() int64
}

// A Result is what is known of a finished node.
type Result struct {
	Outputs map[string]Artifact
	Metrics []spec.Metric
	Remote  bool                   // it is in a remote store, and not yet in the local one
	Files   map[string]spec.Digest // what a stage that places files puts there, by what the names add to its path
}

// Previous is the last full run, by address.
type Previous struct {
	Run   int64
	Ended bool // it came to its end, whatever that was; else it was killed, or still runs
	Nodes map[string]PreviousNode
	Files map[string][]PreviousFile // by address
}

// A PreviousNode is one stage of the last run.
type PreviousNode struct {
	Base   []Component
	Inputs []Component
	State  string
}

// A PreviousFile is one input file of the last run.
type PreviousFile struct {
	Path    string
	Digest  spec.Digest // over the segments
	Records int64
}
