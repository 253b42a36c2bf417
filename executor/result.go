package executor

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/prefab-build/prefab/executor/stage"
	"github.com/prefab-build/prefab/planner"
	"github.com/prefab-build/prefab/spec"
)

// An entry is what the store keeps under an action's key. It holds nothing that differs from run to run, so that a
// second run can be compared with it byte by byte.
type entry struct {
	Ports   map[string]storedPort `json:"ports,omitempty"`
	Metrics []spec.Metric         `json:"metrics,omitempty"`
	Ledger  spec.Digest           `json:"ledger,omitzero"` // of the lines, as JSON
	Counts  Counts                `json:"counts"`
}

// Counts sum up a node's ledger: rows in are rows out or rows dropped.
type Counts struct {
	In      int64            `json:"in"`
	Out     map[string]int64 `json:"out,omitempty"`     // by port
	Dropped map[string]int64 `json:"dropped,omitempty"` // by reason
	Noted   map[string]int64 `json:"noted,omitempty"`   // by reason: rows that go on
}

type storedPort struct {
	Artifact spec.Artifact `json:"artifact"`
	From     string        `json:"from,omitempty"`  // the input port that the deltas lie over
	Deltas   spec.Digest   `json:"deltas,omitzero"` // of a table
	Files    []StoredFile  `json:"files,omitempty"` // of anything else
	Rows     int64         `json:"rows,omitempty"`
}

// A StoredFile is one file of an artifact that is no table.
type StoredFile struct {
	Name   string      `json:"name"`
	Digest spec.Digest `json:"digest"`
	Size   int64       `json:"size"`
}

// A Result is a finished node: its outputs laid over its inputs, and what was measured.
type Result struct {
	Outputs map[string]Output
	Metrics []spec.Metric
	Ledger  spec.Digest
	Counts  Counts
}

// Digest names the outputs and the metrics: two results of one digest are the same.
func (r *Result) Digest() (d spec.Digest) {
	h := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(r.Outputs)) {
		out := r.Outputs[name].digest()
		h.Write([]byte(name))
		h.Write(out[:])
	}
	h.Write(spec.Canonical(r.Metrics))
	h.Sum(d[:0])
	return d
}

// An Output is what one port carries: a table or files.
type Output struct {
	Artifact spec.Artifact
	Table    *Table
	Files    []StoredFile
}

// Key implements planner.Artifact.
func (o Output) Key(columns []string, sorted bool) ([]spec.Digest, error) {
	if o.Table != nil {
		return o.Table.Key(columns, sorted)
	}
	return []spec.Digest{o.digest()}, nil
}

// Rows implements planner.Artifact.
func (o Output) Rows() int64 {
	if o.Table == nil {
		return 0
	}
	return o.Table.Rows()
}

func (o Output) digest() spec.Digest {
	if o.Table != nil {
		return o.Table.digest()
	}
	h := sha256.New()
	for _, f := range o.Files {
		h.Write([]byte(f.Name))
		h.Write([]byte{0})
		h.Write(f.Digest[:])
	}
	var d spec.Digest
	h.Sum(d[:0])
	return d
}

// A Ledger holds the rows that a stage dropped or noted, in the order of the chunks.
type Ledger []LedgerLine

// A LedgerLine is one row of one chunk.
type LedgerLine struct {
	Chunk int `json:"chunk"`
	stage.Entry
}

// openEntry lays a stored entry over the inputs of its node.
func openEntry(ctx context.Context, s Store, raw []byte, members []planner.Member) (*Result, error) {
	var e entry
	if err := json.Unmarshal(raw, &e); err != nil {
		return nil, fmt.Errorf("a stored result is no result: %w", err)
	}
	r := &Result{Outputs: map[string]Output{}, Metrics: e.Metrics, Ledger: e.Ledger, Counts: e.Counts}
	for name, p := range e.Ports {
		out := Output{Artifact: p.Artifact, Files: p.Files}
		if p.Artifact.IsRows() {
			deltas, err := loadDeltas(ctx, s, p.Deltas)
			if err != nil {
				return nil, err
			}
			if out.Table, err = lay(s, inputTable(members, p.From), deltas); err != nil {
				return nil, err
			}
		}
		r.Outputs[name] = out
	}
	return r, nil
}

func inputTable(members []planner.Member, port string) *Table {
	for _, m := range members {
		if m.Port == port {
			if o, ok := m.Artifact.(Output); ok {
				return o.Table
			}
		}
	}
	return nil
}

// complete reports whether the blobs of a result are in the store; deep asks for the columns that the node made, too.
func (r *Result) complete(ctx context.Context, s Store, deep bool) bool {
	if !r.Ledger.IsZero() && !present(ctx, s, r.Ledger, deep) {
		return false
	}
	for _, o := range r.Outputs {
		for _, f := range o.Files {
			if !present(ctx, s, f.Digest, deep) {
				return false
			}
		}
		if deep && o.Table != nil && !o.Table.complete(ctx) {
			return false
		}
	}
	return true
}

// LoadLedger returns a result's ledger.
func LoadLedger(ctx context.Context, s Store, r *Result) (Ledger, error) {
	if r.Ledger.IsZero() {
		return nil, nil
	}
	b, err := s.Get(ctx, r.Ledger)
	if err != nil {
		return nil, err
	}
	var l Ledger
	if err := json.Unmarshal(b, &l); err != nil {
		return nil, fmt.Errorf("a stored ledger is no ledger: %w", err)
	}
	return l, nil
}
