// Package stage is the contract of a stage kind: what a kind is, what it is given and what it hands back. A kind knows
// nothing of plans, caches or source files; the executor knows nothing of what a kind does.
//
// A kind is a value in a folder of its own under executor/stages, and one line in executor/stages/stages.go. It
// is either a Mapper, for work that goes row by row with a global finish, or a Runner, for everything else.
package stage

import (
	"context"

	"github.com/prefab-build/prefab/executor/dataset"
	"github.com/prefab-build/prefab/spec"
)

// A Kind is one kind of stage. Exactly one of Mapper and Runner is set.
type Kind struct {
	spec.KindSpec
	Mapper  Mapper
	Runner  Runner
	Account Account
	// Memory estimates the peak of the memory that the work needs, beside the process's own. Nil: see Estimate. Too high
	// costs time, since less runs beside it; too low may cost the run.
	Memory func(Load) int64
}

// A Mapper works on the chunks of its mapped port one by one, and finishes when all are done. The results of
// MapChunk are cached by the content of the declared columns of the chunk, so a small edit re-does one chunk: what
// MapChunk returns may depend on the config, on what Prepare read and on that chunk, and on nothing else. Finish
// decides what needs all rows: first copies, groups, totals.
type Mapper interface {
	// Prepare builds what all chunks share. It may read the ports marked Prepared. It is not called when every chunk is
	// cached.
	Prepare(ctx context.Context, t *Task) (State, error)
	// MapChunk is called from several goroutines at once, with chunks in any order; State is shared by all of them.
	MapChunk(ctx context.Context, t *Task, s State, in Chunk) (*Delta, error)
	// Finish sees the results of all chunks, in source order. It may read every port, and adds metrics.
	Finish(ctx context.Context, t *Task, all *Mapped) error
}

// A Runner does its work in one go. It reads its ports through the Task and writes every output port.
type Runner interface {
	Run(ctx context.Context, t *Task) error
}

// A State is what Prepare hands to MapChunk. It is not changed after Prepare.
type State any

// A Chunk is what MapChunk gets: the declared columns of the rows that are still selected, numbered densely from 0. A
// kind with sources gets a Segment instead, and no rows.
type Chunk struct {
	dataset.Chunk
	Index   int
	Segment *Segment
}

// A Segment is a stretch of whole records of one source file, or one part of a generated source.
type Segment struct {
	Source  int    // which of the kind's sources
	Header  []byte // what all segments of the file share, such as a CSV header
	Bytes   []byte
	Records int // as framed
}

// A Delta is what one chunk came to: per output port what is kept or made, the rows that were dropped or noted, and
// whatever Finish will want to know of the chunk without reading it again.
type Delta struct {
	Out     map[string]*PortDelta
	Ledger  []Entry
	Partial []byte
}

// A PortDelta says how one chunk of an output port comes from the chunk of the mapped port: rows kept, with columns
// added or replaced, or rows made. Nil means no rows.
type PortDelta struct {
	// Keep selects rows of the input chunk. Ignored when Make is set.
	Keep dataset.Selection
	// Columns hold one value for each kept row; a column of a name that the input has replaces it.
	Columns []dataset.Column
	// Make holds new rows, their id column among them.
	Make *dataset.Chunk
}

// An Entry is a line of the ledger: a row that did not go on, or one that did but is worth a note.
type Entry struct {
	// Row is the row's number in the chunk; for a source, the record's number in the segment.
	Row int `json:"row"`
	// ID is the row's, in the ledger of a Runner, where Row means nothing.
	ID     spec.Digest `json:"id,omitzero"`
	Reason string      `json:"reason"` // constant and short: "duplicate", "empty response"
	Detail string      `json:"detail,omitempty"`
	// Kept marks a note on a row that goes on; without it the row is in no output.
	Kept bool `json:"kept,omitempty"`
	// Offset is the record's first byte in its segment, for records that never became rows.
	Offset int64 `json:"offset,omitempty"`
}

// Mapped is what Finish sees: the deltas of all chunks in source order. Finish changes the deltas in place.
type Mapped struct {
	// Deltas has one entry a chunk of the mapped port. Finish may replace an entry's parts; the executor stores
	// what stands here when Finish returns.
	Deltas []*Delta
	// Rows has, per chunk, how many rows went in.
	Rows []int
}
