package executor

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/prefab-build/prefab/executor/cas"
	"github.com/prefab-build/prefab/executor/disk"
	"github.com/prefab-build/prefab/executor/resolve"
	"github.com/prefab-build/prefab/planner"
	"github.com/prefab-build/prefab/spec"
)

// A Placement is a file that an export put, or found, outside the store.
type Placement struct {
	Addr   spec.Addr   `json:"addr"`
	Path   string      `json:"path"`
	Digest spec.Digest `json:"digest"`
	Size   int64       `json:"size"`
	Rows   int64       `json:"rows"`
	Wrote  bool        `json:"wrote"` // false: it was there already
}

// A Provenance stands beside an exported file and says where it comes from. It is written anew when it changes: a
// gate that fails later leaves the file in place and is told here.
type Provenance struct {
	Prefab string      `json:"prefab"`
	File   string      `json:"file"`
	Digest spec.Digest `json:"sha256"`
	Size   int64       `json:"bytes"`
	Rows   int64       `json:"rows"`
	// Beside are the digests of the files that were put beside it, such as its card, by what their names add.
	Beside   map[string]spec.Digest `json:"beside,omitempty"`
	Export   string                 `json:"export"`
	Spec     spec.Digest            `json:"spec_sha256"`
	Allowed  bool                   `json:"allowed"` // every verdict that guards it passes
	Verdicts []planner.Verdict      `json:"verdicts,omitempty"`
	Inputs   []InputFile            `json:"inputs,omitempty"`
	Stages   []StageCounts          `json:"stages,omitempty"`
}

// An InputFile is a file that the export descends from.
type InputFile struct {
	Stage   string      `json:"stage"`
	Path    string      `json:"path,omitempty"`
	Digest  spec.Digest `json:"digest"` // of its segments, unpacked
	Records int64       `json:"records"`
}

// StageCounts is the ledger of a stage on the way to the export.
type StageCounts struct {
	Stage string `json:"stage"`
	Counts
}

// placeAll puts the files of all exports that are done where they belong, and tells those that may not be placed any
// more that they are not allowed. What goes wrong fails the export's node. Once the run is to stop nothing more is placed.
func (x *run) placeAll(ctx context.Context, out *Outcome) {
	for i := range out.Nodes {
		o := &out.Nodes[i]
		k := x.kinds[o.Node.Kind]
		if k == nil || !k.Places {
			continue
		}
		var err error
		switch {
		case o.Result == nil && o.State != Blocked: // there is nothing to do
		case ctx.Err() != nil:
			err = ctx.Err()
		case o.Result != nil:
			err = x.place(ctx, out, o)
		default:
			err = x.disallow(out, o)
		}
		switch {
		case err != nil && ctx.Err() != nil:
			out.Interrupted = true
			o.State, o.Err, o.Reason = Stopped, context.Cause(ctx), "the run was stopped"
		case err != nil:
			o.State, o.Err, o.Reason = Failed, err, disk.Advised(err).Error()
			x.emit(Event{Type: "finish", Addr: o.Node.Addr, State: Failed, Reason: o.Reason, Lost: errors.Is(o.Err, cas.ErrNotFound)})
		}
	}
}

func (x *run) place(ctx context.Context, out *Outcome, o *NodeOutcome) error {
	path := resolve.Destination(o.Node.Block)
	earlier := resolve.ReadPlaced(resolve.Path(x.dir, path))
	var placed []Placement
	for _, port := range slices.Sorted(maps.Keys(o.Result.Outputs)) {
		for _, f := range o.Result.Outputs[port].Files {
			// A name is a suffix of the path: the file itself has none.
			p, err := x.placeFile(ctx, o.Node, path, f, earlier.Wrote(f.Name))
			if err != nil {
				return err
			}
			if f.Name == "" {
				p.Rows = o.Result.Counts.In
			}
			placed = append(placed, p)
			if p.Wrote {
				x.emit(Event{Type: "placed", Addr: o.Node.Addr, Text: p.Path})
			}
		}
	}
	if slices.ContainsFunc(placed, func(p Placement) bool { return p.Wrote }) {
		out.Left = append(out.Left, x.abandoned(o.Node, path)...)
	}
	out.Placed = append(out.Placed, placed...)
	return x.attest(out, o, path, placed)
}

// abandoned finds what an export put in its folder under another name, before its path was changed: nobody else will say so.
func (x *run) abandoned(n *planner.Node, path string) (list []Placement) {
	dir := filepath.Dir(resolve.Path(x.dir, path))
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	for _, e := range entries {
		name, ok := strings.CutSuffix(e.Name(), resolve.ProvenanceName(""))
		if !ok || name == filepath.Base(path) {
			continue
		}
		p, ok := readProvenance(filepath.Join(dir, name))
		if info, err := os.Stat(filepath.Join(dir, name)); !ok || p.Export != n.Addr.String() || err != nil || info.IsDir() {
			continue
		}
		list = append(list, Placement{Addr: n.Addr, Path: filepath.ToSlash(filepath.Join(filepath.Dir(path), name)), Digest: p.Digest, Size: p.Size, Rows: p.Rows})
	}
	return list
}

// placeFile compares the destination with what the store has, and writes it when it is missing, or when it is still
// what an earlier run put there.
func (x *run) placeFile(ctx context.Context, n *planner.Node, path string, f StoredFile, earlier spec.Digest) (Placement, error) {
	f, open, err := destined(ctx, x.store, f, path)
	path += f.Name
	p := Placement{Addr: n.Addr, Path: path, Digest: f.Digest, Size: f.Size}
	if err != nil {
		return p, err
	}
	full := resolve.Path(x.dir, path)
	have, err := resolve.HashFile(full)
	switch {
	case err == nil && have == f.Digest:
		return p, nil
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return p, fmt.Errorf("%s: %w", path, explainPath(full, err))
	case have != earlier && !x.opts.Force && earlier == (spec.Digest{}):
		return p, fmt.Errorf("%s is there already, and nothing says that prefab wrote it: move it away, give another path, "+
			"or give --force to overwrite it", path)
	case have != earlier && !x.opts.Force:
		return p, fmt.Errorf("%s was changed by hand, or by another program, since prefab wrote it: "+
			"move it away, or give --force to overwrite it", path)
	}
	p.Wrote = true
	if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
		return p, fmt.Errorf("%s: %w", path, explainPath(full, err))
	}
	r, err := open()
	if err != nil {
		return p, err
	}
	defer r.Close()
	if err := disk.Place(full, r, placedMode); err != nil {
		return p, fmt.Errorf("%s: %w", path, explainPath(full, err))
	}
	return p, nil
}

// destined is a stored file as it lies at its destination: in those beside the exported file its name is put in.
func destined(ctx context.Context, s Store, f StoredFile, path string) (StoredFile, func() (io.ReadCloser, error), error) {
	if f.Name == "" {
		return f, func() (io.ReadCloser, error) { return s.Open(ctx, f.Digest) }, nil
	}
	b, err := s.Get(ctx, f.Digest)
	if err != nil {
		return f, nil, err
	}
	b = bytes.ReplaceAll(b, []byte(spec.FileName), []byte(strconv.Quote(filepath.Base(path))))
	f.Digest, f.Size = spec.HashBytes(b), int64(len(b))
	return f, func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b)), nil }, nil
}

// placedMode are the permissions of what is placed: it is meant for others.
const placedMode = 0o644

func explainPath(path string, err error) error {
	if info, serr := os.Stat(path); serr == nil && info.IsDir() {
		return errors.New("this is a folder: give the path of a file")
	}
	if errors.Is(err, syscall.ENOTDIR) || errors.Is(err, fs.ErrExist) {
		return errors.New("a part of this path is a file and no folder: give another path, or move the file away")
	}
	if errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("%w: give a path that you may write", err)
	}
	return err
}

// attest writes the provenance file, when it differs from the one that is there.
func (x *run) attest(out *Outcome, o *NodeOutcome, path string, placed []Placement) error {
	prov := Provenance{
		Prefab: x.plan.Prefab, File: filepath.Base(path),
		Export: o.Node.Addr.String(), Spec: x.pipeline(), Allowed: true,
	}
	for _, p := range placed {
		suffix := strings.TrimPrefix(p.Path, path)
		if suffix == "" {
			prov.Digest, prov.Size, prov.Rows = p.Digest, p.Size, p.Rows
			continue
		}
		if prov.Beside == nil {
			prov.Beside = map[string]spec.Digest{}
		}
		prov.Beside[suffix] = p.Digest
	}
	for _, g := range o.Node.Guards {
		prov.Verdicts = append(prov.Verdicts, out.Verdicts[g])
	}
	for _, i := range x.ancestors(o.Node) {
		n := out.Nodes[i]
		for _, f := range x.plan.Facts.Files[n.Node.Addr.String()] {
			prov.Inputs = append(prov.Inputs, InputFile{n.Node.Addr.String(), f.Path, planner.FileDigest(f), f.Records()})
		}
		if n.Result != nil && n.Node.Kind != planner.UnionKind {
			prov.Stages = append(prov.Stages, StageCounts{n.Node.Addr.String(), n.Result.Counts})
		}
	}
	return writeProvenance(resolve.Path(x.dir, path), prov)
}

// disallow notes in the provenance of a file that was exported earlier that its gates do not pass any more.
func (x *run) disallow(out *Outcome, o *NodeOutcome) error {
	full := resolve.Path(x.dir, resolve.Destination(o.Node.Block))
	prov, ok := readProvenance(full)
	if !ok {
		return nil // nothing was exported
	}
	prov.Allowed, prov.Verdicts = false, nil
	for _, g := range o.Node.Guards {
		prov.Verdicts = append(prov.Verdicts, out.Verdicts[g])
	}
	return writeProvenance(full, prov)
}

// readProvenance reads the provenance file beside an exported file, when there is a sound one.
func readProvenance(path string) (p Provenance, ok bool) {
	f, err := resolve.Open(resolve.ProvenanceName(path))
	if err != nil {
		return p, false
	}
	defer f.Close()
	return p, json.NewDecoder(f).Decode(&p) == nil
}

func writeProvenance(path string, p Provenance) error {
	b, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		return err
	}
	b = append(b, '\n')
	name := resolve.ProvenanceName(path)
	if have, err := resolve.HashFile(name); err == nil && have == spec.HashBytes(b) {
		return nil
	}
	return disk.Place(name, bytes.NewReader(b), placedMode)
}

// ancestors returns the nodes that an export's rows come through, in order.
func (x *run) ancestors(n *planner.Node) []int {
	seen := map[int]bool{}
	var walk func(n *planner.Node)
	walk = func(n *planner.Node) {
		if seen[n.Index] {
			return
		}
		seen[n.Index] = true
		for _, in := range n.Inputs {
			walk(x.plan.Nodes[in.Node])
		}
	}
	walk(n)
	var list []int
	for i := range x.plan.Nodes {
		if seen[i] {
			list = append(list, i)
		}
	}
	return list
}
