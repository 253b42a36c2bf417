package history

import (
	"context"
	"database/sql"
	"fmt"
)

// version is that of the tables below, kept in the file as its user_version. A version that knows how to read an
// older one adds a step to prepare.
const version = 4

// Texts holds JSON under the SHA-256 of its bytes. Component lists, metrics and file lists are long and seldom change
// from run to run, so a run that did nothing costs a few hundred bytes a stage.
//
// Latest and latest_files say per address which record a plan compares with; without them each plan would search the
// whole history. Times are nanoseconds since 1970.
const tables = `
CREATE TABLE texts (
	digest BLOB PRIMARY KEY,
	json   BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE runs (
	id        INTEGER PRIMARY KEY AUTOINCREMENT,
	start     INTEGER NOT NULL,
	finish    INTEGER,
	command   TEXT NOT NULL,
	exit_code INTEGER,
	verdict   TEXT NOT NULL DEFAULT '',
	prefab    TEXT NOT NULL,
	spec      BLOB NOT NULL,
	row_limit INTEGER NOT NULL,
	kept      INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE nodes (
	id          INTEGER PRIMARY KEY AUTOINCREMENT,
	run         INTEGER NOT NULL REFERENCES runs,
	trial       INTEGER NOT NULL,
	addr        TEXT NOT NULL,
	kind        TEXT NOT NULL,
	state       TEXT NOT NULL,
	base        BLOB NOT NULL,
	inputs      BLOB,
	base_list   BLOB NOT NULL REFERENCES texts,
	inputs_list BLOB REFERENCES texts,
	duration    INTEGER NOT NULL,
	rows_in     INTEGER NOT NULL,
	rows_out    INTEGER NOT NULL,
	metrics     BLOB NOT NULL REFERENCES texts,
	message     TEXT NOT NULL
) STRICT;
CREATE INDEX nodes_by_run  ON nodes (run);
CREATE INDEX nodes_by_addr ON nodes (addr, id);
CREATE INDEX nodes_by_base ON nodes (base, id);

CREATE TABLE files (
	run  INTEGER NOT NULL REFERENCES runs,
	addr TEXT NOT NULL,
	list BLOB NOT NULL REFERENCES texts,
	PRIMARY KEY (run, addr)
) STRICT, WITHOUT ROWID;

CREATE TABLE verdicts (
	run     INTEGER NOT NULL REFERENCES runs,
	seq     INTEGER NOT NULL,
	verdict BLOB NOT NULL REFERENCES texts,
	PRIMARY KEY (run, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE latest (
	addr TEXT PRIMARY KEY,
	node INTEGER NOT NULL REFERENCES nodes
) STRICT, WITHOUT ROWID;

CREATE TABLE latest_files (
	addr TEXT PRIMARY KEY,
	list BLOB NOT NULL REFERENCES texts
) STRICT, WITHOUT ROWID;
` + logs + repeats + reads

// logs came with version 2.
const logs = `
CREATE TABLE logs (
	addr TEXT NOT NULL,
	run  INTEGER NOT NULL REFERENCES runs,
	seq  INTEGER NOT NULL,
	at   INTEGER NOT NULL,
	line TEXT NOT NULL,
	PRIMARY KEY (addr, run, seq)
) STRICT, WITHOUT ROWID;
`

// repeats came with version 3: a run in which nothing was to be done, and whose nodes, files and verdicts are those of an
// earlier run, names that run instead of repeating ten thousand rows. Timed is for estimates, which skip the rows of runs that
// found a stage cached: without it each estimate of a plan reads all of them.
const repeats = `
ALTER TABLE runs ADD COLUMN repeats INTEGER REFERENCES runs;
CREATE INDEX runs_repeats ON runs (repeats) WHERE repeats IS NOT NULL;
CREATE INDEX timed_by_addr ON nodes (addr, id, duration, rows_in) WHERE trial = 0 AND state IN ('ran', 'same');
CREATE INDEX timed_by_base ON nodes (base, id, duration, rows_in) WHERE trial = 0 AND state IN ('ran', 'same');
DROP INDEX nodes_by_base;
`

// reads came with version 4.
const reads = `
ALTER TABLE nodes ADD COLUMN reads BLOB REFERENCES texts;
`

// schemaVersion returns the version of the file's tables, 0 when it has none yet. Tables of a later prefab are an
// error: what they mean is not known here, and they are not damaged either.
func schemaVersion(ctx context.Context, q interface {
	QueryRowContext(context.Context, string, ...any) *sql.Row
},
) (v int, err error) {
	if err := q.QueryRowContext(ctx, "PRAGMA user_version").Scan(&v); err != nil {
		return 0, err
	}
	if v > version {
		return 0, fmt.Errorf("it was written by a later prefab (its format is %d, this prefab knows %d): "+
			"use that prefab, or move the file away to begin a new history", v, version)
	}
	return v, nil
}

// prepare makes the tables where there are none, in one transaction, so that two processes that find none do not both
// make them.
func prepare(ctx context.Context, db *sql.DB) error {
	if v, err := schemaVersion(ctx, db); v == version || err != nil {
		return err
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // does nothing after a commit
	v, err := schemaVersion(ctx, tx)
	if v == version || err != nil {
		return err
	}
	missing := tables
	switch v {
	case 1:
		missing = logs + repeats + reads
	case 2:
		missing = repeats + reads
	case 3:
		missing = reads
	}
	if _, err := tx.ExecContext(ctx, missing); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", version)); err != nil {
		return err
	}
	return tx.Commit()
}
