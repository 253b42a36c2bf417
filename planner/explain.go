package planner

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/prefab-build/prefab/spec"
	"github.com/prefab-build/prefab/spec/expr"
)

// Diff says in words, line by line, how one component list differs from an earlier one.
func Diff(was, is []Component) []string {
	var texts []string
	was, is = withoutOrigins(was, is)
	before := map[string][]string{}
	for _, c := range was {
		before[c.Name] = append(before[c.Name], c.Value)
	}
	for _, c := range is {
		old := before[c.Name]
		if len(old) == 0 {
			texts = append(texts, describe(c.Name, "", c.Value))
			continue
		}
		if old[0] != c.Value {
			texts = append(texts, describe(c.Name, old[0], c.Value))
		}
		before[c.Name] = old[1:]
	}
	for _, c := range was {
		if left := before[c.Name]; len(left) > 0 {
			texts = append(texts, describe(c.Name, left[0], ""))
			before[c.Name] = left[1:]
		}
	}
	return texts
}

// withoutOrigins takes out of two lists what says where a seed comes from, and leaves it in the place of the seed where
// that differs: a seed is a hash, which tells a person nothing.
func withoutOrigins(was, is []Component) (left, right []Component) {
	seedWas, fromWas, was := origins(was)
	seedIs, fromIs, is := origins(is)
	if seedWas.Value == seedIs.Value || fromWas == nil || fromIs == nil {
		// There is nothing to say, or a run did not record it.
		return slices.Concat(was, seedWas.list()), slices.Concat(is, seedIs.list())
	}
	return slices.Concat(was, fromWas), slices.Concat(is, fromIs)
}

// origins parts a list into the seed of the stage, where that comes from, and the others.
func origins(list []Component) (seed Component, from, others []Component) {
	at := slices.IndexFunc(list, func(c Component) bool { return strings.HasPrefix(c.Name, origin) })
	for i, c := range list {
		name, isOrigin := strings.CutPrefix(c.Name, origin)
		switch {
		case isOrigin:
			from = append(from, Component{name, c.Value})
		case i == at-1:
			seed = c
		default:
			others = append(others, c)
		}
	}
	return seed, from, others
}

func (c Component) list() []Component {
	if c.Name == "" {
		return nil
	}
	return []Component{c}
}

// Differences says in words how a node's key differs from that of an earlier run. What changed in files is taken from
// the list of changes, which knows more of it than a digest tells.
func Differences(was PreviousNode, n *Node, changes []Change) []string {
	texts := Diff(was.Base, n.Base)
	if n.Key == nil || len(was.Inputs) == 0 { // it did not come so far
		return append(texts, n.Edits...)
	}
	files := false
	for _, text := range Diff(was.Inputs, n.Key.Inputs) {
		if strings.HasPrefix(text, "source.") {
			files = true
			continue
		}
		texts = append(texts, text)
	}
	for _, c := range changes {
		if c.Addr == n.Addr && files {
			return append(texts, c.Text)
		}
	}
	if files && len(texts) == 0 {
		texts = append(texts, "its files changed")
	}
	return texts
}

// describe words one changed component. A digest tells a person nothing, so of those only the name is given.
func describe(name, was, is string) string {
	if input, ok := strings.CutPrefix(name, "input "); ok {
		return input + " changed"
	}
	file, isFile := strings.CutPrefix(name, rawFile)
	was, is = written(was), written(is)
	switch {
	case isFile:
		return file + " " + edit(was != "", is != "")
	case name == "seed" && was != "" && is != "":
		return "seed changed"
	case was == "" && name == "method":
		return "method " + is
	case was == "":
		return fmt.Sprintf("%s = %s added", name, short(is))
	case is == "":
		return fmt.Sprintf("%s = %s removed", name, short(was))
	}
	if at, x, y, ok := oneElement(was, is); ok {
		x, y = apart(x, y)
		return fmt.Sprintf("%s[%d] %s -> %s", name, at, x, y)
	}
	was, is = apart(was, is)
	return fmt.Sprintf("%s %s -> %s", name, was, is)
}

// written gives an expression back as a person writes it; all else stays.
func written(value string) string {
	var n expr.Node
	if !strings.HasPrefix(value, `{"`) || json.Unmarshal([]byte(value), &n) != nil || n.Op == "" {
		return value
	}
	return n.String()
}

// apart shortens two texts to pieces that differ: long ones that begin alike are cut in front.
func apart(was, is string) (string, string) {
	if short(was) != short(is) {
		return short(was), short(is)
	}
	a, b := []rune(was), []rune(is)
	same := 0
	for same < min(len(a), len(b)) && a[same] == b[same] {
		same++
	}
	const before = 10
	from := max(same-before, 0)
	return short("…" + string(a[from:])), short("…" + string(b[from:]))
}

// edit words what became of a file.
func edit(was, is bool) string {
	switch {
	case !was:
		return "added"
	case !is:
		return "removed"
	}
	return "edited"
}

// oneElement finds the one element in which two lists of strings, such as the words of a command, differ.
func oneElement(was, is string) (at int, x, y string, ok bool) {
	var a, b []string
	if json.Unmarshal([]byte(was), &a) != nil || json.Unmarshal([]byte(is), &b) != nil || len(a) != len(b) || len(a) < 2 {
		return 0, "", "", false
	}
	for i := range a {
		if a[i] != b[i] {
			if ok {
				return 0, "", "", false
			}
			at, ok = i, true
		}
	}
	if !ok {
		return 0, "", "", false
	}
	return at, string(spec.Canonical(a[at])), string(spec.Canonical(b[at])), true
}

func short(s string) string {
	const most = 40
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return s
}

// FileDigest names the content of an input file: its header and segments.
func FileDigest(f File) spec.Digest {
	list := []Component{{"header", string(f.Header)}}
	for _, s := range f.Segments {
		list = append(list, Component{"segment", s.Digest.String()})
	}
	return Digest(list)
}

// changes lists the inputs that differ from the last run.
func changes(prev *Previous, facts Facts, nodes []*Node) []Change {
	if prev == nil {
		return nil
	}
	var list []Change
	for _, n := range nodes {
		files, old := facts.Files[n.Addr.String()], prev.Files[n.Addr.String()]
		if len(files) == 0 || len(old) == 0 {
			continue
		}
		if text := fileChanges(files, old); text != "" {
			list = append(list, Change{Addr: n.Addr, Text: text})
		}
	}
	return list
}

func fileChanges(files []File, old []PreviousFile) string {
	was := make(map[string]PreviousFile, len(old))
	var rowsWas, rowsIs int64
	for _, f := range old {
		if f.Path == "" {
			continue
		}
		was[f.Path] = f
		rowsWas += f.Records
	}
	changed, added := 0, 0
	var named []string
	for _, f := range files {
		if f.Path == "" {
			continue // generated: what changed is in the configuration
		}
		rowsIs += f.Records()
		before, ok := was[f.Path]
		delete(was, f.Path)
		switch {
		case f.Name != "" && !ok && moved(was, FileDigest(f)):
		case f.Name != "" && (!ok || before.Digest != FileDigest(f)):
			named = append(named, f.Name+" "+edit(ok, true))
		case !ok:
			added++
		case before.Digest != FileDigest(f):
			changed++
		}
	}
	if changed+added+len(was)+len(named) == 0 {
		return ""
	}
	parts := named
	switch rows := rowsIs - rowsWas; {
	case rows == 1 || rows == -1:
		parts = append(parts, fmt.Sprintf("%+d row", rows))
	case rows != 0:
		parts = append(parts, fmt.Sprintf("%+d rows", rows))
	}
	if changed > 0 {
		parts = append(parts, fmt.Sprintf("%d of %d files changed", changed, len(files)))
	}
	if added > 0 {
		parts = append(parts, fmt.Sprintf("%d of %d files new", added, len(files)))
	}
	if len(was) > 0 {
		parts = append(parts, fmt.Sprintf("%d gone", len(was)))
	}
	return strings.Join(parts, ", ")
}

// moved takes a file of that content out of those that are gone, if there is one.
func moved(gone map[string]PreviousFile, content spec.Digest) bool {
	for _, path := range slices.Sorted(maps.Keys(gone)) {
		if gone[path].Digest == content {
			delete(gone, path)
			return true
		}
	}
	return false
}
