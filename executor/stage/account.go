package stage

import (
	"context"
	"iter"

	"github.com/prefab-build/prefab/executor/dataset"
	"github.com/prefab-build/prefab/spec"
)

// An Account is how a kind answers for single rows, when a person asks where one comes from or where it went. It is asked
// of work that is done: the Task gives the inputs that the stage had, and nothing can be made through it. What it says is
// in no result and no key. Each function may be nil.
type Account struct {
	// Why says in a few words why a row left the stage as it did; empty where its ledger has said it.
	Why func(ctx context.Context, t *Task, r Passed) (string, error)
	// Parents tells, of the rows of an output that are made of others, of which. Rows that keep their ids need none. Where
	// it is nil, nobody can say which rows of the inputs a made row holds.
	Parents func(ctx context.Context, t *Task, made *Table, tell func(row spec.Digest, of []spec.Digest)) error
	// Written gives the ids of the rows that the placed file holds, in its order; for kinds that place files.
	Written func(ctx context.Context, t *Task) iter.Seq2[dataset.Chunk, error]
}

// Passed is a row that left a stage.
type Passed struct {
	ID    spec.Digest
	Port  string        // the output that it is in
	Of    []spec.Digest // the rows that it was made of here, where it was
	Noted []Entry       // lines of the ledger on the row
	Named []Entry       // lines on other rows, whose details name this one
}
