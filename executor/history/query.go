package history

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/prefab-build/prefab/planner"
	"github.com/prefab-build/prefab/spec"
)

// A Record is all that is known of one run.
type Record struct {
	Run      Run               `json:"run"`
	Nodes    []Node            `json:"nodes,omitempty"`    // in the order in which they were recorded
	Files    map[string][]File `json:"files,omitempty"`    // by address
	Verdicts []planner.Verdict `json:"verdicts,omitempty"` // in the order of the pipeline
}

// Runs returns the latest runs, trials too, the last first. Most bounds their number; 0 is all.
func (h *DB) Runs(ctx context.Context, most int) ([]Run, error) {
	if most <= 0 {
		most = -1 // SQLite's word for no limit
	}
	return read(ctx, h, func(db *sql.DB) ([]Run, error) { return runs(ctx, db, "1 ORDER BY id DESC LIMIT ?", most) })
}

// Last returns the last full run that came to its end, or nil when there is none.
func (h *DB) Last(ctx context.Context) (*Run, error) {
	return read(ctx, h, func(db *sql.DB) (*Run, error) {
		return one(runs(ctx, db, "row_limit = 0 AND finish IS NOT NULL ORDER BY id DESC LIMIT 1"))
	})
}

// Run returns all of one run, or nil when there is no such run.
func (h *DB) Run(ctx context.Context, id int64) (*Record, error) {
	return read(ctx, h, func(db *sql.DB) (*Record, error) {
		r, err := one(runs(ctx, db, "id = ?", id))
		if r == nil || err != nil {
			return nil, err
		}
		rec := &Record{Run: *r}
		if r.Repeats != 0 {
			id = r.Repeats
		}
		if rec.Nodes, err = nodes(ctx, db, "n.run = ? ORDER BY n.id", id); err != nil {
			return nil, err
		}
		if err := fillReads(ctx, db, id, rec.Nodes); err != nil {
			return nil, err
		}
		for i := range rec.Nodes {
			rec.Nodes[i].Run = r.ID
		}
		if rec.Files, err = files(ctx, db, "files f JOIN texts t ON t.digest = f.list WHERE f.run = ?", id); err != nil {
			return nil, err
		}
		rec.Verdicts, err = collect(ctx, db, func(row *sql.Rows) (v planner.Verdict, err error) {
			err = row.Scan(jsonInto{&v})
			return v, err
		}, "SELECT t.json FROM verdicts v JOIN texts t ON t.digest = v.verdict WHERE v.run = ? ORDER BY v.seq", id)
		return rec, err
	})
}

// LastOf returns what the stage at addr came to the last time that a full run recorded it, or nil when none did.
func (h *DB) LastOf(ctx context.Context, addr spec.Addr) (*Node, error) {
	return read(ctx, h, func(db *sql.DB) (*Node, error) {
		n, err := one(nodes(ctx, db, "n.addr = ? AND n.trial = 0 ORDER BY n.id DESC LIMIT 1", addr.String()))
		if n == nil || err != nil {
			return nil, err
		}
		if v, err := schemaVersion(ctx, db); v < 3 || err != nil {
			return n, err
		}
		return n, db.QueryRowContext(ctx, "SELECT coalesce(max(id), ?1) FROM runs WHERE repeats = ?1", n.Run).Scan(&n.Run)
	})
}

// LogOf returns what the stage at addr wrote the last time that a full run did its work, which is the run before one that
// found it cached. It is empty when it wrote nothing.
func (h *DB) LogOf(ctx context.Context, addr spec.Addr) ([]LogLine, error) {
	return read(ctx, h, func(db *sql.DB) ([]LogLine, error) {
		if v, err := schemaVersion(ctx, db); v < 2 || err != nil {
			return nil, err // nothing has been recorded since logs are
		}
		return collect(ctx, db, func(row *sql.Rows) (LogLine, error) {
			l := LogLine{Addr: addr}
			var at int64
			err := row.Scan(&at, &l.Text)
			l.Time = time.Unix(0, at).UTC()
			return l, err
		}, `SELECT at, line FROM logs WHERE addr = ?1 AND run = (SELECT run FROM nodes WHERE addr = ?1 AND trial = 0
			AND state IN ('ran', 'same', 'failed', 'stopped') ORDER BY id DESC LIMIT 1) ORDER BY seq`, addr.String())
	})
}

// Quotes reports whether a message, a measurement or a line of a log that is kept is one for which holds is true.
func (h *DB) Quotes(ctx context.Context, holds func([]byte) bool) (bool, error) {
	return read(ctx, h, func(db *sql.DB) (found bool, err error) {
		_, err = collect(ctx, db, func(row *sql.Rows) (_ struct{}, err error) {
			var text []byte
			if err = row.Scan(&text); err == nil {
				found = found || holds(text)
			}
			return struct{}{}, err
		}, "SELECT json FROM texts UNION ALL SELECT message FROM nodes UNION ALL SELECT line FROM logs")
		return found, err
	})
}

// Previous returns what a plan compares with: per address the last result of a full run whose inputs were known, or,
// where that never was, the last one; and the files that were read last. It is nil when no full run was ever recorded. Run
// is the last full run, ended or not. Addresses that the pipeline no longer has are in it too, so that a rename can
// be told from a new stage.
func (h *DB) Previous(ctx context.Context) (*planner.Previous, error) {
	return read(ctx, h, func(db *sql.DB) (*planner.Previous, error) {
		p := &planner.Previous{Nodes: map[string]planner.PreviousNode{}, Files: map[string][]planner.PreviousFile{}}
		err := db.QueryRowContext(ctx, "SELECT id, finish IS NOT NULL FROM runs WHERE row_limit = 0 ORDER BY id DESC LIMIT 1").
			Scan(&p.Run, &p.Ended)
		if errors.Is(err, sql.ErrNoRows) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		list, err := nodes(ctx, db, "n.id IN (SELECT node FROM latest)")
		if err != nil {
			return nil, err
		}
		for _, n := range list {
			p.Nodes[n.Addr.String()] = planner.PreviousNode{Base: n.Base, Inputs: n.Inputs, State: n.State}
		}
		seen, err := files(ctx, db, "latest_files f JOIN texts t ON t.digest = f.list")
		for addr, list := range seen {
			for _, f := range list {
				p.Files[addr] = append(p.Files[addr], planner.PreviousFile{Path: f.Path, Digest: f.Digest, Records: f.Records})
			}
		}
		return p, err
	})
}

// A Timing is how long a stage once took, over how many rows.
type Timing struct {
	Duration time.Duration `json:"duration"`
	RowsIn   int64         `json:"rows_in"`
}

// Timings returns what estimates rest on, the last first and at most so many: the times that work with this base took,
// wherever it stood, or where it was never done, those of the stage at addr. Only full runs count, and only
// results that were made, in the states "ran" and "same".
func (h *DB) Timings(ctx context.Context, addr spec.Addr, base spec.Digest, most int) ([]Timing, error) {
	return read(ctx, h, func(db *sql.DB) ([]Timing, error) {
		list, err := timings(ctx, db, "base = ?", base[:], most)
		if len(list) > 0 || err != nil {
			return list, err
		}
		return timings(ctx, db, "addr = ?", addr.String(), most)
	})
}

func timings(ctx context.Context, db *sql.DB, where string, value any, most int) ([]Timing, error) {
	return collect(ctx, db, func(row *sql.Rows) (t Timing, err error) {
		err = row.Scan(&t.Duration, &t.RowsIn)
		return t, err
	}, "SELECT duration, rows_in FROM nodes WHERE "+where+
		" AND trial = 0 AND state IN ('ran', 'same') ORDER BY id DESC LIMIT ?", value, most)
}

// runs returns the runs that a condition selects.
func runs(ctx context.Context, db *sql.DB, where string, args ...any) ([]Run, error) {
	v, err := schemaVersion(ctx, db)
	if err != nil {
		return nil, err
	}
	repeated := "coalesce(repeats, 0)"
	if v < 3 {
		repeated = "0" // nothing has been recorded since there are such runs
	}
	list, err := collect(ctx, db, func(row *sql.Rows) (r Run, err error) {
		var start int64
		var finish, exit sql.NullInt64
		err = row.Scan(&r.ID, &start, &finish, &r.Command, &exit, &r.Verdict, &r.Prefab, digestInto{&r.Spec}, &r.Limit, &r.Kept, &r.Repeats)
		r.Start, r.ExitCode = time.Unix(0, start).UTC(), int(exit.Int64)
		if finish.Valid {
			r.End = time.Unix(0, finish.Int64).UTC()
		}
		return r, err
	}, "SELECT id, start, finish, command, exit_code, verdict, prefab, spec, row_limit, kept, "+repeated+" FROM runs WHERE "+where, args...)
	if err != nil {
		return nil, err
	}
	counted := map[int64]map[string]int{}
	for i := range list {
		of := list[i].Repeats
		if of == 0 {
			of = list[i].ID
		}
		if counted[of] == nil {
			if counted[of], err = states(ctx, db, of); err != nil {
				return nil, err
			}
		}
		list[i].States = maps.Clone(counted[of])
	}
	return list, nil
}

func states(ctx context.Context, db *sql.DB, run int64) (map[string]int, error) {
	counts := map[string]int{}
	_, err := collect(ctx, db, func(row *sql.Rows) (struct{}, error) {
		var state string
		var n int
		err := row.Scan(&state, &n)
		counts[state] = n
		return struct{}{}, err
	}, "SELECT state, count(*) FROM nodes WHERE run = ? GROUP BY state", run)
	return counts, err
}

// nodes returns the nodes that a condition on n selects.
func nodes(ctx context.Context, db *sql.DB, where string, args ...any) ([]Node, error) {
	return collect(ctx, db, func(row *sql.Rows) (n Node, err error) {
		var addr string
		err = row.Scan(&n.Run, &addr, &n.Kind, &n.State, digestInto{&n.BaseDigest}, digestInto{&n.InputsDigest},
			jsonInto{&n.Base}, jsonInto{&n.Inputs}, &n.Duration, &n.RowsIn, &n.RowsOut, jsonInto{&n.Metrics}, &n.Message)
		if err == nil {
			n.Addr, err = spec.ParseAddr(addr)
		}
		return n, err
	}, `SELECT n.run, n.addr, n.kind, n.state, n.base, n.inputs, b.json, i.json, n.duration, n.rows_in, n.rows_out, m.json,
		n.message FROM nodes n JOIN texts b ON b.digest = n.base_list JOIN texts m ON m.digest = n.metrics
		LEFT JOIN texts i ON i.digest = n.inputs_list WHERE `+where, args...)
}

// fillReads fills in what the nodes of a run read, in their order.
func fillReads(ctx context.Context, db *sql.DB, run int64, nodes []Node) error {
	if v, err := schemaVersion(ctx, db); v < 4 || err != nil {
		return err // nothing has been recorded since it is noted
	}
	list, err := collect(ctx, db, func(row *sql.Rows) (list []Read, err error) {
		err = row.Scan(jsonInto{&list})
		return list, err
	}, "SELECT t.json FROM nodes n LEFT JOIN texts t ON t.digest = n.reads WHERE n.run = ? ORDER BY n.id", run)
	if err != nil {
		return err
	}
	for i := range min(len(list), len(nodes)) {
		nodes[i].Reads = list[i]
	}
	return nil
}

// files returns lists of files by address.
func files(ctx context.Context, db *sql.DB, from string, args ...any) (map[string][]File, error) {
	all := map[string][]File{}
	_, err := collect(ctx, db, func(row *sql.Rows) (struct{}, error) {
		var addr string
		var list []File
		err := row.Scan(&addr, jsonInto{&list})
		all[addr] = list
		return struct{}{}, err
	}, "SELECT f.addr, t.json FROM "+from, args...)
	return all, err
}

// collect reads every row of a query before it returns, so that the one connection is free for the next.
func collect[T any](ctx context.Context, db *sql.DB, scan func(*sql.Rows) (T, error), query string, args ...any) ([]T, error) {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []T
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, rows.Err()
}

// one returns the only element of a list, or nil of an empty one.
func one[T any](list []T, err error) (*T, error) {
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return &list[0], nil
}

// digestInto scans a blob into a digest; null is the zero digest.
type digestInto struct{ d *spec.Digest }

func (s digestInto) Scan(src any) error {
	b, ok := src.([]byte)
	switch {
	case src == nil:
		*s.d = spec.Digest{}
	case !ok || len(b) != len(s.d):
		return errors.New("a digest in it is malformed")
	default:
		copy(s.d[:], b)
	}
	return nil
}

// jsonInto scans JSON into what v points at; null leaves it alone.
type jsonInto struct{ v any }

func (s jsonInto) Scan(src any) error {
	if src == nil {
		return nil
	}
	b, ok := src.([]byte)
	if !ok {
		return fmt.Errorf("a text in it is a %T", src)
	}
	return json.Unmarshal(b, s.v)
}
