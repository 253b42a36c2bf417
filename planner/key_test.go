package planner

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/prefab-build/prefab/spec"
)

func lines(list []Component) string {
	var b strings.Builder
	for _, c := range list {
		fmt.Fprintf(&b, "%s = %s\n", c.Name, c.Value)
	}
	return b.String()
}

func TestDigestKeepsNamesAndValuesApart(t *testing.T) {
	if got := Digest(nil).String(); got != "537aa7d34a9a64fa4cfb7650a89bd8ebdd0b5b01d999874c052aab6f86a818fb" {
		t.Errorf("the digest of nothing is %s", got)
	}
	seen := map[spec.Digest]bool{}
	for _, list := range [][]Component{
		nil, {{"", ""}}, {{"a", "b"}}, {{"ab", ""}}, {{"", "ab"}}, {{"a", ""}, {"b", ""}}, {{"b", ""}, {"a", ""}},
	} {
		if d := Digest(list); seen[d] {
			t.Errorf("%q has the digest of another list", list)
		} else {
			seen[d] = true
		}
	}
}

// A key that moves runs everything that was ever cached again: what stands here is frozen with KeyVersion.
func TestGoldenBase(t *testing.T) {
	kinds := map[string]*spec.KindSpec{}
	for _, k := range labKinds() {
		kinds[k.Name] = k
	}
	b := stage("model.m")
	b.Config = spec.Config(`{"seed":9007199254740993,"layers":[1,2],"source":[{"label":"x","n":1},{"label":"y"}],` +
		`"empty":{},"map":{"f":{"op":"row","name":"q"}},"rate":0.05}`)
	b.Values = map[string]string{`file("a.txt")`: "text"}
	b.Backend, b.Seed = addr("backend.cpu"), 3
	b.Description = "in no key"
	b.Unkeyed = spec.Config(`{"path":"in no key"}`)
	b = limited(requires(b, "gate.g"), spec.Threshold{Min: spec.F(1)})
	facts := Facts{Arch: "amd64/1", Classes: map[string]string{"backend.cpu": "cpu:1"}}
	list := baseComponents(&b, kinds["model"], spec.Project{Seed: 1729, Profile: "strict"}, facts, 10)
	const want = `kind = model
version = 3
method = fit/2
method = text/1
layers = [1,2]
map.f = {"name":"q","op":"row"}
rate = 0.05
seed = 9007199254740993
source.0.label = "x"
source.0.n = 1
source.1.label = "y"
value file("a.txt") = text
numerics = amd64/1
backend = cpu:1
seed = 9179686970388971588
from project.seed = 1729
from its own seed = 3
`
	if got := lines(list); got != want {
		t.Errorf("the base is\n%s\nwant\n%s", got, want)
	}
	if got := Digest(list).String(); got != "c407ff8c3c6d2d008702172a258cb516d100e18e62b62fd29c3eda62485b2387" {
		t.Errorf("its digest is %s", got)
	}
	d := stage("data.a")
	if got := lines(baseComponents(&d, kinds["data"], spec.Project{Seed: 1}, facts, 10)); got != "kind = data\nversion = 3\nlimit = 10\n" {
		t.Errorf("the base of a stage that honours --limit is\n%s", got)
	}
}

func TestTheNameOfAStageIsInNoKey(t *testing.T) {
	one, two := ship(), ship()
	two.Blocks[3].Addr = addr("keep.renamed")
	for i := range two.Blocks {
		for k, in := range two.Blocks[i].Inputs {
			for r, ref := range in.Refs {
				if ref.Addr == addr("keep.a") {
					two.Blocks[i].Inputs[k].Refs[r].Addr = addr("keep.renamed")
				}
			}
		}
	}
	a, b := mustMake(t, one, nil, Options{}), mustMake(t, two, nil, Options{})
	if node(t, a, "keep.a").BaseDigest != node(t, b, "keep.renamed").BaseDigest {
		t.Error("a renamed stage has another base")
	}
	if Seed(spec.Project{Seed: 1}, &spec.Block{Addr: addr("model.a")}) != Seed(spec.Project{Seed: 1}, &spec.Block{Addr: addr("model.b")}) {
		t.Error("a renamed stage has another seed")
	}
}

func TestGoldenInputs(t *testing.T) {
	ports := spec.Ports{In: []spec.InPort{
		{Name: "pairs", Artifact: spec.Pairs, Columns: []string{"prompt", "chosen"}},
		{Name: "on", Artifact: spec.Pairs, Shape: spec.Map, Columns: []string{"prompt"}},
		{Name: "against", Artifact: spec.Items, Shape: spec.List, Columns: []string{"question"}},
		{Name: "model", Artifact: spec.Model},
		{Name: "bare", Artifact: spec.Pairs},
	}}
	member := func(port, name string) Member { return Member{port, name, fakeArtifact(port + name)} }
	key, err := NodeKey(ports, []Member{
		member("pairs", ""), member("on", "train"), member("against", "0"), member("against", "1"), member("model", ""), member("bare", ""),
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, c := range key.Inputs {
		names = append(names, c.Name)
	}
	want := []string{
		"input pairs column chosen", "input pairs column prompt", "input on.train column prompt",
		"input against column question", "input against column question", "input model", "input bare rows",
	}
	if !slices.Equal(names, want) {
		t.Errorf("the inputs are %q, want %q", names, want)
	}
	if got := key.InputsDigest.String(); got != "1fda3e37d1792e3a7d6396701a9cf6ef8ae70419d4f5818eccbc905f2f7748bd" {
		t.Errorf("their digest is %s", got)
	}
	if _, err := NodeKey(ports, []Member{member("no", "")}, nil); err == nil {
		t.Error("a port that is not there makes a key")
	}
}

func TestFilesAreKeyedByContentAlone(t *testing.T) {
	seg := func(s string) Segment { return Segment{Digest: spec.HashBytes([]byte(s)), Records: 1} }
	one := []File{{Path: "a", Segments: []Segment{seg("1"), seg("2")}}, {Path: "b", Segments: []Segment{seg("3")}}}
	renamed := []File{{Path: "x", Segments: []Segment{seg("1")}}, {Path: "y", Segments: []Segment{seg("2"), seg("3")}}}
	if filesKey(one).InputsDigest != filesKey(renamed).InputsDigest {
		t.Error("names of files, or how segments lie in them, are in the key")
	}
	if got := filesKey(one).InputsDigest.String(); got != "28a2a8a124544e2a7d0bc582f7dcb7bf88ad5c4bf474de11383b42d3f33c36b6" {
		t.Errorf("the digest is %s", got)
	}
	for name, other := range map[string][]File{
		"order":  {{Segments: []Segment{seg("2"), seg("1"), seg("3")}}},
		"header": {{Header: []byte("h"), Segments: []Segment{seg("1"), seg("2")}}, {Segments: []Segment{seg("3")}}},
		"source": {{Segments: []Segment{seg("1"), seg("2")}}, {Source: 1, Segments: []Segment{seg("3")}}},
	} {
		if filesKey(one).InputsDigest == filesKey(other).InputsDigest {
			t.Errorf("the %s is not in the key", name)
		}
	}
}

func TestDiffSaysWhatChanged(t *testing.T) {
	was := []Component{{"kind", "model"}, {"version", "1"}, {"method", "fit/1"}, {"rate", "0.1"}, {"old", "1"}, {"input pairs column prompt", "aa"}}
	is := []Component{
		{"kind", "model"},
		{"version", "2"},
		{"method", "fit/1"},
		{"method", "text/1"},
		{"rate", "0.2"},
		{"new", `"` + strings.Repeat("x", 60) + `"`},
		{"input pairs column prompt", "bb"},
	}
	want := []string{
		"version 1 -> 2", "method text/1", "rate 0.1 -> 0.2", `new = "` + strings.Repeat("x", 38) + "… added",
		"pairs column prompt changed", "old = 1 removed",
	}
	if got := Diff(was, is); !slices.Equal(got, want) {
		t.Errorf("the difference is\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if got := Diff(is, is); got != nil {
		t.Errorf("a list differs from itself by %q", got)
	}
}

// The seed of a stage is a hash, so a person is told what changed behind it; the key is that without these lines.
func TestOriginsAreSaidAndNotHashed(t *testing.T) {
	was := []Component{{Name: "seed", Value: "12904911650489283835"}, {Name: "from project.seed", Value: "1729"}}
	if Digest(was) != Digest(was[:1]) {
		t.Error("where a seed comes from is in the key")
	}
	is := []Component{{Name: "seed", Value: "852838055915819044"}, {Name: "from project.seed", Value: "7"}}
	for _, c := range []struct {
		was, is []Component
		want    string
	}{
		{was, is, "project.seed 1729 -> 7"},
		{was, append(slices.Clone(is[:1]), was[1], Component{Name: "from its own seed", Value: "3"}), "its own seed = 3 added"},
		{was[:1], is, "seed changed"}, // a run that did not record it
		{was, was, ""},
		{was[:1], was, ""},
	} {
		if got := strings.Join(Diff(c.was, c.is), ", "); got != c.want {
			t.Errorf("%v to %v: %q, want %q", c.was, c.is, got, c.want)
		}
	}
}

// The name under which a program sees a file is in the key, and so is what stands in it; where it lies is not.
func TestRawFilesInKeys(t *testing.T) {
	file := func(path, name, content string) File {
		return File{Path: path, Name: name, Segments: []Segment{{Digest: spec.HashBytes([]byte(content)), Size: len(content)}}}
	}
	one := filesKey([]File{file("a/x.py", "x.py", "1")})
	for _, c := range []struct {
		file File
		same bool
		text string
	}{
		{file("b/x.py", "x.py", "1"), true, ""},
		{file("a/x.py", "x.py", "2"), false, "x.py edited"},
		{file("a/x.py", "y.py", "1"), false, "y.py added, x.py removed"},
	} {
		other := filesKey([]File{c.file})
		if (one.InputsDigest == other.InputsDigest) != c.same {
			t.Errorf("%+v: same key %v, want %v", c.file, !c.same, c.same)
		}
		if got := strings.Join(Diff(one.Inputs, other.Inputs), ", "); got != c.text {
			t.Errorf("%+v: %q, want %q", c.file, got, c.text)
		}
	}
	was := []PreviousFile{{Path: "a/x.py", Digest: FileDigest(file("", "", "1"))}, {Path: "a/y.py", Digest: FileDigest(file("", "", "2"))}}
	if got := fileChanges([]File{file("b/x.py", "x.py", "1"), file("a/y.py", "y.py", "3"), file("z.py", "z.py", "4")}, was); got != "y.py edited, z.py added" {
		t.Errorf("the changes are %q", got)
	}
}

func TestOneWordOfMany(t *testing.T) {
	for _, c := range []struct{ was, is, want string }{
		{`["python3","train.py","--rate","0.1"]`, `["python3","train.py","--rate","0.2"]`, `argv[3] "0.1" -> "0.2"`},
		{`["a","b"]`, `["b","a"]`, `argv ["a","b"] -> ["b","a"]`},
		{`["a"]`, `["a","b"]`, `argv ["a"] -> ["a","b"]`},
		{`["a"]`, `["b"]`, `argv ["a"] -> ["b"]`},
		{`[1,2]`, `[1,3]`, `argv [1,2] -> [1,3]`},
	} {
		if got := describe("argv", c.was, c.is); got != c.want {
			t.Errorf("%s to %s is %q, want %q", c.was, c.is, got, c.want)
		}
	}
}
