package executor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/prefab-build/prefab/executor/dataset"
	"github.com/prefab-build/prefab/executor/stage"
	"github.com/prefab-build/prefab/planner"
	"github.com/prefab-build/prefab/spec"
)

// An Action is the work of one stage as plain data. With the store it is all that is needed to do the work: a process that
// has neither spec nor project can, on whatever machine. Addresses, names and paths are not in it.
type Action struct {
	Format  string              `json:"format"`
	Kind    string              `json:"kind"`
	Base    []planner.Component `json:"base"`   // what is asked
	Inputs  []planner.Component `json:"inputs"` // of what; the two are the key of the result
	Config  spec.Config         `json:"config"` // keyed attributes: the others can change no output
	Seed    uint64              `json:"seed"`
	Backend *spec.Setting       `json:"backend,omitempty"`
	Limit   int                 `json:"limit,omitempty"`
	Members []ActionMember      `json:"members,omitempty"`
	Files   []planner.File      `json:"files,omitempty"` // whose segments are read, without their paths
}

// An ActionMember is one input of an action.
type ActionMember struct {
	Port     string        `json:"port"`
	Member   string        `json:"member,omitempty"`
	Artifact spec.Artifact `json:"artifact"`
	Table    spec.Digest   `json:"table,omitzero"` // of the chunks' columns, as far as the stage reads them
	Files    []StoredFile  `json:"files,omitempty"`

	table *Table // where the action was not read from the store
}

const actionFormat = "prefab-action/1"

// Key returns the two halves of the key under which the result is stored.
func (a *Action) Key() (base, inputs spec.Digest) {
	return planner.Digest(a.Base), planner.Digest(a.Inputs)
}

// action writes a node's work down.
func (x *run) action(n *planner.Node, key *planner.Key, members []planner.Member) *Action {
	a := &Action{Format: actionFormat, Kind: n.Kind, Base: n.Base, Inputs: key.Inputs}
	for _, m := range members {
		o := m.Artifact.(Output)
		a.Members = append(a.Members, ActionMember{Port: m.Port, Member: m.Member, Artifact: o.Artifact, Files: o.Files, table: o.Table})
	}
	if n.Block == nil {
		return a
	}
	a.Config, a.Seed = n.Block.Config, planner.Seed(x.plan.Pipeline.Project, n.Block)
	for i, b := range x.plan.Pipeline.Backends {
		if b.Addr == n.Block.Backend {
			a.Backend = &x.plan.Pipeline.Backends[i]
		}
	}
	if k := x.kinds[n.Kind]; k != nil && k.Limits {
		a.Limit = x.plan.Options.Limit
	}
	for _, f := range x.plan.Facts.Files[n.Addr.String()] {
		f.Path, f.Sum, f.Segments = "", spec.Digest{}, slices.Clone(f.Segments)
		for i := range f.Segments {
			f.Segments[i].Line, f.Segments[i].Offset = 0, 0 // where it was cut from, as if it mattered
		}
		a.Files = append(a.Files, f)
	}
	return a
}

// job is the work of a node, in the project.
func (x *run) job(n *planner.Node, key *planner.Key, members []planner.Member) (*job, error) {
	j, err := x.newJob(x.action(n, key, members), n.Addr, members)
	if err != nil {
		return nil, err
	}
	j.fresh = x.replaced(n)
	if n.Block != nil {
		j.config = n.Block.Full()
	}
	if k := x.kinds[n.Kind]; k != nil && k.Sources != nil {
		j.segments = &projectFiles{dir: x.dir, sources: k.Sources(n.Block.Full()), files: x.plan.Facts.Files[n.Addr.String()]}
	}
	return j, nil
}

// put puts the action, and the tables that it names, into the store.
func (a *Action) put(ctx context.Context, s Store, ports spec.Ports) (spec.Digest, error) {
	for i := range a.Members {
		m := &a.Members[i]
		if m.table == nil {
			continue
		}
		var err error
		if m.Table, err = s.Put(ctx, encodeDeltas(m.table.flat(readBy(ports, m.Port)))); err != nil {
			return spec.Digest{}, err
		}
	}
	b, err := json.Marshal(a)
	if err != nil {
		return spec.Digest{}, err
	}
	return s.Put(ctx, b)
}

// readBy returns the columns that a port declares.
func readBy(ports spec.Ports, port string) []string {
	for _, in := range ports.In {
		if in.Name == port {
			return in.Columns
		}
	}
	return nil
}

// flat writes a table down as if all of it had been made in one place: the named columns, seen through selections.
func (t *Table) flat(columns []string) []chunkDelta {
	list := make([]chunkDelta, len(t.chunks))
	for i := range t.chunks {
		list[i] = frozen(&t.chunks[i], dataset.All(t.chunks[i].rows), columns)
	}
	return list
}

// open opens the inputs.
func (a *Action) open(ctx context.Context, s Store) ([]planner.Member, error) {
	var list []planner.Member
	for _, m := range a.Members {
		out := Output{Artifact: m.Artifact, Files: m.Files, Table: m.table}
		if m.Artifact.IsRows() && m.table == nil && m.Table.IsZero() {
			return nil, errNotSound
		}
		if !m.Table.IsZero() {
			deltas, err := loadDeltas(ctx, s, m.Table)
			if err != nil {
				return nil, fmt.Errorf("the input %s: %w", m.Port, err)
			}
			if out.Table, err = lay(s, nil, deltas); err != nil {
				return nil, fmt.Errorf("the input %s: %w", m.Port, err)
			}
		}
		list = append(list, planner.Member{Port: m.Port, Member: m.Member, Artifact: out})
	}
	return list, nil
}

// loadAction reads an action from the store.
func loadAction(ctx context.Context, s Store, d spec.Digest) (*Action, error) {
	b, err := s.Get(ctx, d)
	if err != nil {
		return nil, fmt.Errorf("reading action %s: %w", d.Short(), err)
	}
	a := &Action{}
	if json.Unmarshal(b, a) != nil || a.Format != actionFormat {
		return nil, fmt.Errorf("the blob %s is no action: apply --isolate says which are", d.Short())
	}
	return a, nil
}

// ErrOtherMachine says that an action is for another prefab or another machine than this.
var ErrOtherMachine = errors.New("the action cannot be run here")

// fits refuses an action that this prefab or this machine would give another result for than its key promises.
func (a *Action) fits(k *spec.KindSpec, arch string, class func(spec.Setting) (string, error)) error {
	want := append(planner.KindComponents(k), planner.ConfigComponents(a.Config)...)
	if len(a.Base) < len(want) || !slices.Equal(a.Base[:len(want)], want) {
		return fmt.Errorf("%w: it was made for another version of the stage kind %s; use the prefab that made it", ErrOtherMachine, a.Kind)
	}
	for _, c := range a.Base[len(want):] {
		switch {
		case c.Name == "numerics" && c.Value != arch:
			return fmt.Errorf("%w: it is for machines of the numerics class %s, and this is one of %s", ErrOtherMachine, c.Value, arch)
		case c.Name == "backend" && a.Backend == nil,
			c.Name == "seed" && c.Value != strconv.FormatUint(a.Seed, 10),
			c.Name == "limit" && c.Value != strconv.Itoa(a.Limit):
			return errNotSound
		case c.Name == "backend":
			have, err := class(*a.Backend)
			if err != nil {
				return err
			}
			if c.Value != have {
				return fmt.Errorf("%w: it is for the backend %s, and the one here is %s", ErrOtherMachine, c.Value, have)
			}
		}
	}
	return nil
}

var errNotSound = errors.New("the action is not sound: its key is not that of its parts")

// sound refuses an action whose inputs are not those that its key names: its result would be that of another.
func (a *Action) sound(ports spec.Ports, members []planner.Member) error {
	key, err := planner.NodeKey(ports, members, a.Files)
	if err != nil {
		return err
	}
	if !slices.Equal(key.Inputs, a.Inputs) {
		return errNotSound
	}
	return nil
}

// kind returns what there is to know of the action's kind; a union has one, too.
func (a *Action) kind(kinds map[string]*stage.Kind) (*spec.KindSpec, error) {
	if a.Kind == planner.UnionKind && len(a.Members) > 0 {
		return planner.UnionSpec(a.Members[0].Artifact), nil
	}
	k, ok := kinds[a.Kind]
	if !ok {
		return nil, fmt.Errorf("this prefab has no stage kind %s", a.Kind)
	}
	return &k.KindSpec, nil
}
