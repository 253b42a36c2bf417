// Package planner turns a pipeline, facts about the outside and what is known of earlier runs into a plan: plain data
// that says for every stage what will be done and why. It does no I/O, and the executor derives nothing again: keys,
// states and guards are worked out here, by the functions that the executor calls too when a digest becomes known
// later.
package planner

import (
	"time"

	"github.com/prefab-build/prefab/spec"
)

// A State is what a plan says of a node.
type State string

// The states of a plan. Waiting is for kinds that wait for people or budgets.
const (
	Cached   State = "cached"   // its result is in the local store
	Restore  State = "restore"  // its result is in a remote store
	WillRun  State = "run"      // its inputs are known, its result is not; or nothing like it was ever run
	MayRun   State = "may_run"  // an ancestor runs, and may give the same bytes as before
	Blocked  State = "blocked"  // a verdict that it stands behind is already known not to pass
	Waiting  State = "waiting"  // it waits for something that is not computed
	Excluded State = "excluded" // left out by --target or --exclude
)

// A Plan is what will be done. It is plain data; see Saved for its form in a file.
type Plan struct {
	Prefab   string         `json:"prefab"`
	Pipeline *spec.Pipeline `json:"pipeline"`
	Facts    Facts          `json:"facts"`
	Nodes    []*Node        `json:"nodes"` // every node after those that it reads
	Verdicts []Verdict      `json:"verdicts,omitempty"`
	Changes  []Change       `json:"changes,omitempty"`
	// Placements are the exported files that are not as they should be, whether or not their stages run.
	Placements []Placement `json:"placements,omitempty"`
	// Disk is what running it adds to disks, about. Who made the plan fills it in.
	Disk    []Room  `json:"disk,omitempty"`
	Options Options `json:"options"`
	Summary Summary `json:"summary"`
}

// A Room is a file system that something is going to be written to.
type Room struct {
	Path    string `json:"path"` // a folder on it
	Cache   int64  `json:"cache_bytes"`
	Exports int64  `json:"export_bytes"`
	Scratch int64  `json:"scratch_bytes,omitempty"` // in the cache while stages are at work, and given back
	Free    int64  `json:"free_bytes"`
}

// Need is how many bytes there are at most at one time, about.
func (r Room) Need() int64 { return r.Cache + r.Exports + r.Scratch }

// Options narrow what a plan covers.
type Options struct {
	Targets []spec.Addr `json:"targets,omitempty"`
	Exclude []spec.Addr `json:"exclude,omitempty"`
	Replace []spec.Addr `json:"replace,omitempty"` // run again even when cached
	Limit   int         `json:"limit,omitempty"`   // rows per dataset; 0 is all
}

// A Summary counts nodes by state. Judge counts the verdicts that are still open.
type Summary struct {
	Cached  int `json:"cached"`
	Restore int `json:"restore"`
	Run     int `json:"run"`
	MayRun  int `json:"may_run"`
	Judge   int `json:"judge"`
	Blocked int `json:"blocked"`
	Waiting int `json:"waiting"`
}

// A Node is one action of a plan: a stage, or the union of several inputs of one.
type Node struct {
	Index int       `json:"index"`
	Addr  spec.Addr `json:"addr"`
	Kind  string    `json:"kind"`
	// Block is the stage as the pipeline has it. A union has none.
	Block  *spec.Block `json:"block,omitempty"`
	Inputs []Input     `json:"inputs,omitempty"`

	Base       []Component `json:"base"`
	BaseDigest spec.Digest `json:"base_digest"`
	// Key is set when the inputs are known.
	Key *Key `json:"key,omitempty"`

	State  State  `json:"state"`
	Reason string `json:"reason,omitempty"`
	// Edits says which files of the node are not as the last run read them, where its other inputs are not known yet.
	Edits  []string `json:"-"`
	Note   string   `json:"note,omitempty"` // what costs nothing: "renamed from split.old"
	Guards []int    `json:"guards,omitempty"`
	// After are the nodes whose verdicts the guards rest on: order without data.
	After    []int         `json:"after,omitempty"`
	Estimate time.Duration `json:"estimate_ns,omitempty"` // 0: never run before
	Rows     int64         `json:"rows_in,omitempty"`     // where known
}

// A Key is the second half of a node's key and the address of its action.
type Key struct {
	Inputs       []Component `json:"inputs"`
	InputsDigest spec.Digest `json:"inputs_digest"`
}

// An Input is one member of an input port, as the node and port that it comes from.
type Input struct {
	Port   string `json:"port"`
	Member string `json:"member,omitempty"`
	Node   int    `json:"node"`
	From   string `json:"from"`
}

// A Change is an input that differs from the last run.
type Change struct {
	Addr spec.Addr `json:"addr"`
	Text string    `json:"text"`
}

// Facts are what the planner must know of the outside.
type Facts struct {
	Files   map[string][]File `json:"files,omitempty"`   // by address of the reading stage
	Classes map[string]string `json:"classes,omitempty"` // numerics class by address of the backend
	Arch    string            `json:"arch"`              // numerics class of this machine, such as amd64/1
	// Destinations is what lies where stages place their files, by address. It is no part of what a saved plan compares:
	// it is looked at again when the files are placed.
	Destinations map[string]Destination `json:"-"`
}

// A File is one file of a source, or one generated source.
type File struct {
	Source   int       `json:"source"`
	Path     string    `json:"path,omitempty"` // as found, relative to the pipeline's folder
	Name     string    `json:"name,omitempty"` // of a raw file: under which a program sees it, so that it is in the key
	Header   []byte    `json:"header,omitempty"`
	Segments []Segment `json:"segments"`
	Notes    []string  `json:"notes,omitempty"` // what a person should know of it

	// Sum is the SHA-256 of the bytes of a pinned file, as they lie there. It is in no key.
	Sum spec.Digest `json:"sum,omitzero"`

	// Held is what package resolve knows of the file beside: when it was written, and where what was unpacked of it lies. It
	// is of this process alone and decides nothing.
	Held any `json:"-"`
}

// Records returns how many records the file holds.
func (f File) Records() (n int64) {
	for _, s := range f.Segments {
		n += int64(s.Records)
	}
	return n
}

// A Segment is a stretch of whole records of one file.
type Segment struct {
	Digest  spec.Digest `json:"digest"`
	Records int         `json:"records"`
	Size    int         `json:"size"`
	Line    int64       `json:"line"`   // of its first record, from 1
	Offset  int64       `json:"offset"` // of its first byte in the unpacked file
}

// Node returns the node of an address.
func (p *Plan) Node(a spec.Addr) (*Node, bool) {
	for _, n := range p.Nodes {
		if n.Addr == a {
			return n, true
		}
	}
	return nil, false
}

// Idle reports whether nothing is to be done: no stage runs, and every exported file is as it should be.
func (p *Plan) Idle() bool {
	s := p.Summary
	return s.Run+s.MayRun+s.Restore+len(p.Placements) == 0
}

func (p *Plan) summarise() {
	s := Summary{}
	for _, n := range p.Nodes {
		switch n.State {
		case Cached:
			s.Cached++
		case Restore:
			s.Restore++
		case WillRun:
			s.Run++
		case MayRun:
			s.MayRun++
		case Blocked:
			s.Blocked++
		case Waiting:
			s.Waiting++
		}
	}
	for _, v := range p.Verdicts {
		if v.Outcome == Open {
			s.Judge++
		}
	}
	p.Summary = s
}
