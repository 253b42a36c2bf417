package stage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"os"

	"github.com/prefab-build/prefab/executor/dataset"
	"github.com/prefab-build/prefab/executor/methods/stream"
	"github.com/prefab-build/prefab/spec"
)

// A Task is a stage's only view of the world: its config, its inputs, its seed, and the places for what it makes. Clocks,
// randomness and environment reach a stage through it or not at all.
type Task struct {
	host  Host
	ports spec.Ports
}

// A Host is what the executor (and stagetest) gives to a Task.
type Host interface {
	Config() spec.Config // keyed and unkeyed attributes together
	Seed() uint64
	Backend() (spec.Setting, bool)
	// Members returns the members of a port in order; one, without a name, for a port of shape One.
	Members(port string) []Member
	Emit(port string, rows dataset.Chunk) error
	Create(port, name string) (io.WriteCloser, error)
	Shared(work ...string) Shared
	Files() []RawFile
	Env(name string) (string, bool)
	Metric(m spec.Metric)
	Note(e Entry)
	Progress(done, total int64, unit string)
	Logf(format string, args ...any)
}

// A Member is one input artifact: a table, or files.
type Member struct {
	Name  string // the key of a map, the index of a list
	Table *Table
	Files []File
}

// A File is one file of an artifact that is no table, such as a model.
type File struct {
	Name    string
	Content []byte
}

// A RawFile is a file of a project that a Runner is handed, by the name under which a program is to see it.
type RawFile struct {
	Name    string
	WriteTo func(io.Writer) error
}

// A Table gives the rows of one input.
type Table struct {
	Rows    int64
	Chunks  int
	columns []string
	load    func(chunk int, columns []string) (dataset.Chunk, error)
	scratch func() (*os.File, error)
}

// NewTable is for hosts: load returns the given columns of the selected rows of one chunk, scratch an empty file that
// nobody else sees and that is gone when it is closed.
func NewTable(rows int64, chunks int, columns []string, load func(int, []string) (dataset.Chunk, error), scratch func() (*os.File, error)) *Table {
	return &Table{Rows: rows, Chunks: chunks, columns: columns, load: load, scratch: scratch}
}

// Chunk returns the declared columns, or those of them that are named, of one chunk in source order.
func (t *Table) Chunk(i int, columns ...string) (dataset.Chunk, error) {
	if len(columns) == 0 {
		columns = t.columns
	}
	t.declared(columns)
	return t.load(i, columns)
}

// declared panics when a column is read that Ports does not declare: it would be in no key.
func (t *Table) declared(columns []string) {
	for _, c := range columns {
		if !contains(t.columns, c) {
			panic(fmt.Sprintf("stage: column %q is read but not declared by Ports", c))
		}
	}
}

// All yields the chunks in source order.
func (t *Table) All(ctx context.Context, columns ...string) iter.Seq2[dataset.Chunk, error] {
	return func(yield func(dataset.Chunk, error) bool) {
		for i := range t.Chunks {
			if err := ctx.Err(); err != nil {
				yield(dataset.Chunk{}, err)
				return
			}
			c, err := t.Chunk(i, columns...)
			if !yield(c, err) || err != nil {
				return
			}
		}
	}
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

// NewTask is for hosts.
func NewTask(h Host, ports spec.Ports) *Task { return &Task{host: h, ports: ports} }

// Config reads the stage's config into the struct that v points to.
func (t *Task) Config(v any) error {
	if err := t.host.Config().Decode(v); err != nil {
		return fmt.Errorf("reading the config: %w", err)
	}
	return nil
}

// Ports returns the stage's ports.
func (t *Task) Ports() spec.Ports { return t.ports }

// Seed returns the stage's seed: a hash of the project's seed, the kind and the stage's own `seed`, never of its name.
func (t *Task) Seed() uint64 { return t.host.Seed() }

// Stream returns the random stream of that purpose.
func (t *Task) Stream(names ...string) stream.Stream { return stream.New(t.host.Seed(), names...) }

// Backend returns the compute device that the stage names, and whether it names one.
func (t *Task) Backend() (spec.Setting, bool) { return t.host.Backend() }

// Table returns the rows of a port of shape One, or nil when the port is optional and has no input.
func (t *Task) Table(port string) *Table {
	for _, m := range t.host.Members(port) {
		return m.Table
	}
	return nil
}

// Members returns the members of a port in their order.
func (t *Task) Members(port string) []Member { return t.host.Members(port) }

// Files returns the files of a port of shape One, or nil when the port is optional and has no input.
func (t *Task) Files(port string) []File {
	for _, m := range t.host.Members(port) {
		return m.Files
	}
	return nil
}

// RawFiles returns the files that the kind's Sources name.
func (t *Task) RawFiles() []RawFile { return t.host.Files() }

// Env returns a variable of the environment that a program is to be passed. Its value is in no key: what a stage makes may
// not depend on it.
func (t *Task) Env(name string) (string, bool) { return t.host.Env(name) }

// Emit is for Runners: it appends a chunk of rows, their id column among them, to an output port. The chunk is
// stored as it is, so a Runner emits chunks of at most a few thousand rows.
func (t *Task) Emit(port string, rows dataset.Chunk) error { return t.host.Emit(port, rows) }

// Create begins one file of an output port that is no table. The file is stored when it is closed without an error
// before; a file that is not closed is not there.
func (t *Task) Create(port, name string) (io.WriteCloser, error) { return t.host.Create(port, name) }

// PutFile writes one file of an output port that is no table.
func (t *Task) PutFile(port, name string, content []byte) error {
	w, err := t.Create(port, name)
	if err != nil {
		return err
	}
	if _, err := w.Write(content); err != nil {
		return errors.Join(err, w.Close())
	}
	return w.Close()
}

// Metric records a measurement. A metric that Ports does not define is a mistake of the kind's and panics, and so is a
// number that is none: what cannot be computed is unavailable, with a reason.
func (t *Task) Metric(m spec.Metric) {
	for _, x := range []*float64{m.Value, m.Low, m.High} {
		if x != nil && (math.IsNaN(*x) || math.IsInf(*x, 0)) {
			panic(fmt.Sprintf("stage: metric %s is measured as %v", m.Name, *x))
		}
	}
	for _, def := range t.ports.Metrics {
		if def.Name == m.Name {
			if m.Unit == "" {
				m.Unit = def.Unit
			}
			m.Low, m.High = within(&def, m.Low), within(&def, m.High)
			t.host.Metric(m)
			return
		}
	}
	panic("stage: metric " + m.Name + " is measured but not defined by Ports")
}

// within is an end of an interval that does not reach beyond what the metric can be, as one made of a standard error may.
func within(def *spec.MetricDef, end *float64) *float64 {
	if end == nil {
		return nil
	}
	x := *end
	if def.Min != nil {
		x = max(x, *def.Min)
	}
	if def.Max != nil {
		x = min(x, *def.Max)
	}
	return &x
}

// Note is for Runners: it adds a line to the ledger. Entry.ID names the row.
func (t *Task) Note(e Entry) { t.host.Note(e) }

// Progress tells how far the stage is. Total is 0 while it is not known.
func (t *Task) Progress(done, total int64, unit string) { t.host.Progress(done, total, unit) }

// Logf writes a line to the stage's log.
func (t *Task) Logf(format string, args ...any) { t.host.Logf(format, args...) }
