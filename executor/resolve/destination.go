package resolve

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"

	"github.com/prefab-build/prefab/planner"
	"github.com/prefab-build/prefab/spec"
)

// Destination is the unkeyed attribute by which every kind that places files says where.
func Destination(b *spec.Block) string {
	var c struct{ Path string }
	if b == nil || b.Full().Decode(&c) != nil {
		return ""
	}
	return c.Path
}

// ProvenanceName is the name of the provenance file beside an exported file.
func ProvenanceName(path string) string { return path + ".provenance.json" }

// A Placed is what the provenance beside an exported file says that prefab put there last.
type Placed struct {
	Digest spec.Digest            `json:"sha256"`
	Beside map[string]spec.Digest `json:"beside"` // by what the names add to that of the file
}

// ReadPlaced reads it; where there is no sound provenance nothing was put.
func ReadPlaced(path string) (p Placed) {
	f, err := Open(ProvenanceName(path))
	if err != nil {
		return Placed{}
	}
	defer f.Close()
	if json.NewDecoder(f).Decode(&p) != nil {
		return Placed{}
	}
	return p
}

// Wrote returns the digest of what was put into the file itself, or into one beside it; zero when nothing was.
func (p Placed) Wrote(suffix string) spec.Digest {
	if suffix == "" {
		return p.Digest
	}
	return p.Beside[suffix]
}

// Destinations looks at what lies where the stages of a pipeline place their files. What cannot be looked at is left
// out: the executor meets it again and says why.
func (r *Resolver) Destinations(p *spec.Pipeline, kinds map[string]*spec.KindSpec) map[string]planner.Destination {
	out := map[string]planner.Destination{}
	for i := range p.Blocks {
		b := &p.Blocks[i]
		k, path := kinds[b.Addr.Kind], Destination(b)
		if k == nil || !k.Places || path == "" {
			continue
		}
		d := planner.Destination{Path: path, Files: map[string]planner.Found{}}
		placed := ReadPlaced(Path(r.Dir, path))
		for _, suffix := range append([]string{""}, k.Beside...) {
			is, err := r.digest(Path(r.Dir, path+suffix))
			if err == nil || errors.Is(err, fs.ErrNotExist) {
				d.Files[suffix] = planner.Found{Is: is, Was: placed.Wrote(suffix)}
			}
		}
		out[b.Addr.String()] = d
	}
	return out
}

// digest hashes a file, or remembers what it hashed to.
func (r *Resolver) digest(path string) (spec.Digest, error) {
	info, err := os.Stat(path)
	if err != nil {
		return spec.Digest{}, err
	}
	base, id := planner.Digest([]planner.Component{{Name: "hash", Value: "1"}}), identity(path, StampOf(info))
	remember := r.Store != nil && StampOf(info).Settled(r.Now())
	if remember {
		var d spec.Digest
		if raw, err := r.Store.GetAction(base, id); err == nil && json.Unmarshal(raw, &d) == nil {
			return d, nil
		}
	}
	d, err := HashFile(path)
	if err != nil || !remember {
		return d, err
	}
	raw, err := json.Marshal(d)
	if err != nil {
		return d, err
	}
	_ = r.Store.PutAction(base, id, raw) // a cache: what it cannot keep is hashed again
	return d, nil
}

// HashFile returns the digest of a file's bytes.
func HashFile(path string) (d spec.Digest, err error) {
	f, err := Open(path)
	if err != nil {
		return d, err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return d, err
	}
	h.Sum(d[:0])
	return d, nil
}
