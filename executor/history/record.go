package history

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/prefab-build/prefab/planner"
	"github.com/prefab-build/prefab/spec"
)

// A Run is one run of a pipeline.
type Run struct {
	ID       int64       `json:"id"`
	Start    time.Time   `json:"start"`
	End      time.Time   `json:"end,omitzero"` // zero while it runs, and for good when it was killed
	Command  string      `json:"command"`
	ExitCode int         `json:"exit_code"`         // of a run that has ended
	Verdict  string      `json:"verdict,omitempty"` // what it came to, in a word or a sentence
	Prefab   string      `json:"prefab"`            // version of prefab
	Spec     spec.Digest `json:"spec"`              // of the canonical pipeline
	// Limit is the number of rows per dataset of a trial run, 0 for a full one. A trial is listed, and is never what
	// later runs are compared with or estimated from.
	Limit int  `json:"limit,omitempty"`
	Kept  bool `json:"kept,omitempty"` // not to be forgotten when garbage is collected
	// Repeats is the run whose nodes, files and verdicts are also those of this one, in which nothing was to be done; 0
	// of a run that has its own. Where a run is kept, so is the one that it repeats.
	Repeats int64 `json:"repeats,omitempty"`
	// States counts the nodes by what they came to. It is worked out on reading.
	States map[string]int `json:"states,omitempty"`
}

// Ended reports whether the run came to its end.
func (r *Run) Ended() bool { return !r.End.IsZero() }

// A Node is what one stage came to in one run.
type Node struct {
	Run          int64               `json:"run"`
	Addr         spec.Addr           `json:"addr"`
	Kind         string              `json:"kind"`
	State        string              `json:"state"` // a word of the executor, such as ran or cached
	BaseDigest   spec.Digest         `json:"base_digest"`
	InputsDigest spec.Digest         `json:"inputs_digest"` // zero when the inputs never became known
	Base         []planner.Component `json:"base"`
	Inputs       []planner.Component `json:"inputs,omitempty"`
	Reads        []Read              `json:"reads,omitempty"` // what its ports read; tables before version 4 do not have it
	Duration     time.Duration       `json:"duration"`
	RowsIn       int64               `json:"rows_in"`
	RowsOut      int64               `json:"rows_out"`
	Metrics      []spec.Metric       `json:"metrics,omitempty"`
	Message      string              `json:"message,omitempty"` // why it failed, was skipped, blocked or waits
}

// A Read is an output that a stage read.
type Read struct {
	Port   string    `json:"port"`
	Member string    `json:"member,omitempty"` // of a list or a map
	Addr   spec.Addr `json:"addr"`
	From   string    `json:"from"` // the name of the output
}

// A LogLine is a line that a stage wrote while it ran.
type LogLine struct {
	Addr spec.Addr `json:"addr"`
	Time time.Time `json:"time"`
	Text string    `json:"text"`
}

// A File is an input file as a run saw it.
type File struct {
	Path    string      `json:"path"`
	Size    int64       `json:"size"` // bytes
	Digest  spec.Digest `json:"digest"`
	Records int64       `json:"records"`
}

// A Recorder records one run. Its methods may be called from several goroutines.
type Recorder struct {
	h   *DB
	run Run
}

// Begin records that a run began and gives it its number; ID, End, ExitCode, Verdict and States of r are not used.
func (h *DB) Begin(ctx context.Context, r Run) (*Recorder, error) {
	err := h.write(ctx, func(*transaction) error { return nil }, func(tx *transaction) error {
		res, err := tx.ExecContext(ctx, `INSERT INTO runs (start, command, prefab, spec, row_limit, kept)
			VALUES (?, ?, ?, ?, ?, ?)`, r.Start.UnixNano(), r.Command, r.Prefab, r.Spec[:], r.Limit, r.Kept)
		if err != nil {
			return err
		}
		r.ID, err = res.LastInsertId()
		return err
	})
	if err != nil {
		return nil, err
	}
	return &Recorder{h: h, run: r}, nil
}

// Repeat records a run of the same command, from its beginning to its end, in which nothing was to be done since the run
// that it repeats: that run's nodes, files and verdicts are its own. It costs one row, whatever the size of the pipeline.
// A run to repeat that is not there, or did not end, is an error, and nothing is recorded.
func (h *DB) Repeat(ctx context.Context, run int64, start, end time.Time) error {
	return h.write(ctx, func(*transaction) error { return nil }, func(tx *transaction) error {
		res, err := tx.ExecContext(ctx, `INSERT INTO runs (start, finish, command, exit_code, verdict, prefab, spec, row_limit, repeats)
			SELECT ?, ?, command, exit_code, verdict, prefab, spec, row_limit, id FROM runs WHERE id = ? AND finish IS NOT NULL`,
			start.UnixNano(), after(start, end).UnixNano(), run)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return fmt.Errorf("there is no run %d: %w", run, sql.ErrNoRows)
		}
		return nil
	})
}

// ID returns the number of the run.
func (r *Recorder) ID() int64 { return r.run.ID }

// write records in one transaction. Should the file be lost to damage in the middle of a run, the run itself is written
// to the new file first.
func (r *Recorder) write(ctx context.Context, record func(*transaction) error) error {
	again := func(tx *transaction) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO runs (id, start, command, prefab, spec, row_limit, kept)
			VALUES (?, ?, ?, ?, ?, ?, ?)`, r.run.ID, r.run.Start.UnixNano(), r.run.Command, r.run.Prefab, r.run.Spec[:],
			r.run.Limit, r.run.Kept)
		return err
	}
	return r.h.write(ctx, again, record)
}

// Nodes records what stages came to, all or none. One call for many is much cheaper than many calls.
func (r *Recorder) Nodes(ctx context.Context, nodes ...Node) error {
	return r.write(ctx, func(tx *transaction) error {
		for i := range nodes {
			if err := r.node(ctx, tx, &nodes[i]); err != nil {
				return fmt.Errorf("%s: %w", nodes[i].Addr, err)
			}
		}
		return nil
	})
}

func (r *Recorder) node(ctx context.Context, tx *transaction, n *Node) error {
	base, err := text(ctx, tx, n.Base)
	if err != nil {
		return err
	}
	metrics, err := text(ctx, tx, n.Metrics)
	if err != nil {
		return err
	}
	reads, err := text(ctx, tx, n.Reads)
	if err != nil {
		return err
	}
	var inputs, inputsList []byte // null when not known
	if !n.InputsDigest.IsZero() {
		inputs = n.InputsDigest[:]
		if inputsList, err = text(ctx, tx, n.Inputs); err != nil {
			return err
		}
	}
	trial := r.run.Limit > 0
	addr := n.Addr.String()
	res, err := tx.ExecContext(ctx, `INSERT INTO nodes (run, trial, addr, kind, state, base, inputs, base_list, inputs_list,
		reads, duration, rows_in, rows_out, metrics, message) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		r.run.ID, trial, addr, n.Kind, n.State, n.BaseDigest[:], inputs, base, inputsList,
		reads, int64(n.Duration), n.RowsIn, n.RowsOut, metrics, n.Message)
	if err != nil || trial {
		return err
	}
	id, err := res.LastInsertId()
	if err != nil {
		return err
	}
	// A stage that was skipped before its inputs were known says nothing to compare with; the result before it does.
	conflict := "DO UPDATE SET node = excluded.node"
	if inputs == nil {
		conflict = "DO NOTHING"
	}
	_, err = tx.ExecContext(ctx, "INSERT INTO latest (addr, node) VALUES (?, ?) ON CONFLICT (addr) "+conflict, addr, id)
	return err
}

// Logs records lines that stages wrote, in their order. It is called once a run.
func (r *Recorder) Logs(ctx context.Context, lines []LogLine) error {
	if len(lines) == 0 {
		return nil
	}
	return r.write(ctx, func(tx *transaction) error {
		for i, l := range lines {
			_, err := tx.ExecContext(ctx, "INSERT INTO logs (addr, run, seq, at, line) VALUES (?, ?, ?, ?, ?)",
				l.Addr.String(), r.run.ID, i, l.Time.UnixNano(), l.Text)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// Files records the input files that stages read, by the stage's address, in the order of the sources.
func (r *Recorder) Files(ctx context.Context, byAddr map[string][]File) error {
	return r.write(ctx, func(tx *transaction) error {
		for addr, files := range byAddr {
			list, err := text(ctx, tx, files)
			if err != nil {
				return err
			}
			_, err = tx.ExecContext(ctx, "INSERT OR REPLACE INTO files (run, addr, list) VALUES (?, ?, ?)", r.run.ID, addr, list)
			if err == nil && r.run.Limit == 0 {
				_, err = tx.ExecContext(ctx, "INSERT OR REPLACE INTO latest_files (addr, list) VALUES (?, ?)", addr, list)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// Verdicts records the judgements of the run, in place of any that were recorded before.
func (r *Recorder) Verdicts(ctx context.Context, verdicts []planner.Verdict) error {
	return r.write(ctx, func(tx *transaction) error {
		if _, err := tx.ExecContext(ctx, "DELETE FROM verdicts WHERE run = ?", r.run.ID); err != nil {
			return err
		}
		for i, v := range verdicts {
			body, err := text(ctx, tx, v)
			if err != nil {
				return err
			}
			_, err = tx.ExecContext(ctx, "INSERT INTO verdicts (run, seq, verdict) VALUES (?, ?, ?)", r.run.ID, i, body)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// End records how the run ended.
func (r *Recorder) End(ctx context.Context, end time.Time, exitCode int, verdict string) error {
	end = after(r.run.Start, end)
	return r.write(ctx, func(tx *transaction) error {
		_, err := tx.ExecContext(ctx, "UPDATE runs SET finish = ?, exit_code = ?, verdict = ? WHERE id = ?",
			end.UnixNano(), exitCode, verdict, r.run.ID)
		return err
	})
}

// after is the end of what began at a time. Go tells by a second clock how long it took, whatever became of the first one
// meanwhile; without it, no run takes less than no time.
func after(start, end time.Time) time.Time { return start.Add(max(0, end.Sub(start))) }

// Keep says whether a run is to be kept when garbage is collected. A run that does not exist is an error.
func (h *DB) Keep(ctx context.Context, run int64, kept bool) error {
	return h.write(ctx, func(*transaction) error { return nil }, func(tx *transaction) error {
		res, err := tx.ExecContext(ctx, "UPDATE runs SET kept = ? WHERE id = ?", kept, run)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return fmt.Errorf("there is no run %d: %w", run, sql.ErrNoRows)
		}
		return nil
	})
}

// text stores v as JSON and returns the digest that it is found under.
func text(ctx context.Context, tx *transaction, v any) ([]byte, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	d := spec.HashBytes(b)
	_, err = tx.ExecContext(ctx, "INSERT OR IGNORE INTO texts (digest, json) VALUES (?, ?)", d[:], b)
	return d[:], err
}
