package planner

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/prefab-build/prefab/spec"
)

// KeyVersion salts every key: raise it when what a key means changes.
const KeyVersion = "prefab-key/1"

// A Component is one line of a key. The list of components is stored beside the hash, so that why a stage ran is a
// diff of two lists: the explanation cannot drift from the key, because the key is the hash of the explanation.
type Component struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// origin begins the names of components that say where another comes from, such as the project's seed behind that of a
// stage. They are for people: what they say is in the key already, and Digest passes over them.
const origin = "from "

// Digest hashes a list of components. Names and values are length-prefixed, so no two lists run together.
func Digest(list []Component) spec.Digest {
	h := sha256.New()
	var n [8]byte
	write := func(s string) {
		binary.BigEndian.PutUint64(n[:], uint64(len(s)))
		h.Write(n[:])
		h.Write([]byte(s))
	}
	write(KeyVersion)
	for _, c := range list {
		if strings.HasPrefix(c.Name, origin) {
			continue
		}
		write(c.Name)
		write(c.Value)
	}
	var d spec.Digest
	h.Sum(d[:0])
	return d
}

// ActionDigest is the address of an action: what is asked, of what.
func ActionDigest(base, inputs spec.Digest) spec.Digest {
	return spec.HashBytes(append(base[:], inputs[:]...))
}

// baseComponents lists what is asked of a stage: kind, versions, config, seed, numerics. Addresses, names, positions,
// thresholds and unkeyed attributes are in neither half of a key.
func baseComponents(b *spec.Block, k *spec.KindSpec, p spec.Project, f Facts, limit int) []Component {
	list := append(KindComponents(k), ConfigComponents(b.Config)...)
	for _, name := range slices.Sorted(maps.Keys(b.Values)) {
		list = append(list, Component{"value " + name, b.Values[name]})
	}
	if k.Determinism != "bitwise" {
		list = append(list, Component{"numerics", f.Arch})
	}
	if !b.Backend.IsZero() {
		list = append(list, Component{"backend", f.Classes[b.Backend.String()]})
	}
	if k.Random {
		list = append(list, Component{"seed", strconv.FormatUint(Seed(p, b), 10)}, Component{origin + "project.seed", strconv.FormatInt(p.Seed, 10)})
		if b.Seed != 0 {
			list = append(list, Component{origin + "its own seed", strconv.FormatInt(b.Seed, 10)})
		}
	}
	if limit > 0 && k.Limits {
		list = append(list, Component{"limit", strconv.Itoa(limit)})
	}
	return list
}

// Seed returns the seed of a stage: a hash of the project's seed, the kind and the stage's own seed.
func Seed(p spec.Project, b *spec.Block) uint64 {
	d := spec.HashBytes(fmt.Appendf(nil, "prefab-seed/1\x00%d\x00%s\x00%d", p.Seed, b.Addr.Kind, b.Seed))
	return binary.BigEndian.Uint64(d[:8])
}

// flatten lists the leaves of a config by path, so that a diff names the attribute that changed.
func flatten(prefix string, c spec.Config) []Component {
	if len(c) == 0 {
		return nil
	}
	var v any
	d := json.NewDecoder(bytes.NewReader(c))
	d.UseNumber() // an int64 may have more digits than a float64
	if err := d.Decode(&v); err != nil {
		panic("planner: a config is no JSON: " + err.Error())
	}
	return appendLeaves(nil, prefix, v)
}

func appendLeaves(list []Component, path string, v any) []Component {
	at := func(step string) string {
		if path == "" {
			return step
		}
		return path + "." + step
	}
	switch v := v.(type) {
	case map[string]any:
		// A row expression is one leaf: its nodes mean nothing to a person one by one.
		if _, isExpr := v["op"].(string); isExpr {
			break
		}
		for _, k := range slices.Sorted(maps.Keys(v)) {
			list = appendLeaves(list, at(k), v[k])
		}
		return list
	case []any:
		if len(v) > 0 {
			if _, nested := v[0].(map[string]any); nested {
				for i, e := range v {
					list = appendLeaves(list, at(strconv.Itoa(i)), e)
				}
				return list
			}
		}
	}
	return append(list, Component{path, string(spec.Canonical(v))})
}

// inputComponents lists what a stage works on: per port member and declared column the digest of the column's selected
// values over all chunks. The executor calls it through NodeKey when the inputs become known.
func inputComponents(ports spec.Ports, members []Member) ([]Component, error) {
	var list []Component
	for _, m := range members {
		port, ok := portNamed(ports, m.Port)
		if !ok {
			return nil, fmt.Errorf("planner: no port %q", m.Port)
		}
		label := "input " + m.Port
		if m.Member != "" && port.Shape == spec.Map {
			label += "." + m.Member
		}
		if !port.Artifact.IsRows() {
			d, err := m.Artifact.Key(nil, false)
			if err != nil {
				return nil, err
			}
			list = append(list, Component{label, d[0].String()})
			continue
		}
		columns := slices.Clone(port.Columns)
		slices.Sort(columns)
		digests, err := m.Artifact.Key(columns, !port.Mapped && !port.SourceOrder)
		if err != nil {
			return nil, err
		}
		for i, c := range columns {
			list = append(list, Component{label + " column " + c, digests[i].String()})
		}
		if len(columns) == 0 {
			// A column that is nowhere there: its digest tells how many rows each chunk has.
			if digests, err = m.Artifact.Key([]string{""}, !port.Mapped && !port.SourceOrder); err != nil {
				return nil, err
			}
			list = append(list, Component{label + " rows", digests[0].String()})
		}
	}
	return list, nil
}

// A Member is a known input artifact of a node.
type Member struct {
	Port, Member string
	Artifact     Artifact
}

// NodeKey works out the inputs half of a node's key: what comes from other stages, and what is read from outside.
func NodeKey(ports spec.Ports, members []Member, files []File) (*Key, error) {
	list, err := inputComponents(ports, members)
	if err != nil {
		return nil, err
	}
	list = append(list, fileComponents(files)...)
	return &Key{Inputs: list, InputsDigest: Digest(list)}, nil
}

// filesKey is the inputs half of the key of a stage that reads nothing but files.
func filesKey(files []File) *Key {
	list := fileComponents(files)
	return &Key{Inputs: list, InputsDigest: Digest(list)}
}

// fileComponents lists what a stage reads from outside: of each source the digest of its segments in order, and of the
// headers. File names and compression are not in it, but for the names that a program sees.
func fileComponents(files []File) (list []Component) {
	for i := 0; i < len(files); {
		if f := files[i]; f.Name != "" {
			list = append(list, Component{rawFile + f.Name, FileDigest(f).String()})
			i++
			continue
		}
		h := sha256.New()
		source := files[i].Source
		for ; i < len(files) && files[i].Source == source; i++ {
			header := spec.HashBytes(files[i].Header)
			for _, s := range files[i].Segments {
				h.Write(header[:])
				h.Write(s.Digest[:])
			}
		}
		var d spec.Digest
		h.Sum(d[:0])
		list = append(list, Component{"input source." + strconv.Itoa(source), d.String()})
	}
	return list
}

// rawFile begins the names of components that are the content of a file.
const rawFile = "file "

func portNamed(p spec.Ports, name string) (spec.InPort, bool) {
	for _, in := range p.In {
		if in.Name == name {
			return in, true
		}
	}
	return spec.InPort{}, false
}
