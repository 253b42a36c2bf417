package resolve_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prefab-build/prefab/executor/cas"
	"github.com/prefab-build/prefab/executor/resolve"
	"github.com/prefab-build/prefab/planner"
	"github.com/prefab-build/prefab/spec"
)

func write(t *testing.T, text string, parts ...string) string {
	t.Helper()
	path := filepath.Join(parts...)
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

var data = spec.Addr{Kind: "data", Name: "a"}

// A reading is a resolver whose reads are counted.
type reading struct {
	*resolve.Resolver
	mu   sync.Mutex
	read []string // one entry for each file that was read
	hook func(path string)
}

// later is long after every file was written: their times can be trusted.
func later() time.Time { return time.Now().Add(time.Hour) }

func newReading(dir string) *reading {
	r := &reading{}
	r.Resolver = &resolve.Resolver{Dir: dir, Store: cas.NewMem(), Now: later, Progress: func(_ spec.Addr, path string, _, _ int64) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.read = append(r.read, path)
		if r.hook != nil {
			r.hook(path)
		}
	}}
	return r
}

func (r *reading) files(ctx context.Context, sources ...spec.Source) ([]planner.File, error) {
	k := &spec.KindSpec{Name: "data", Sources: func(spec.Config) []spec.Source { return sources }}
	p := &spec.Pipeline{Blocks: []spec.Block{{Addr: data}}}
	found, err := r.Files(ctx, p, map[string]*spec.KindSpec{"data": k})
	return found[data.String()], err
}

func jsonl(paths ...string) spec.Source { return spec.Source{Format: "jsonl", Paths: paths} }

func TestGlobs(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "odd [folder] *")
	if runtime.GOOS == "windows" {
		dir = t.TempDir()
	}
	for _, name := range []string{"b.jsonl", "a.jsonl", "sub/c.jsonl", "d[1].jsonl", "e.txt"} {
		write(t, "{}\n", dir, name)
	}
	for _, c := range []struct {
		paths []string
		want  string
	}{
		{[]string{"*.jsonl"}, "a.jsonl b.jsonl d[1].jsonl"},
		{[]string{"b.jsonl", "?.jsonl"}, "a.jsonl b.jsonl"},
		{[]string{"*/*.jsonl", "a.jsonl"}, "a.jsonl sub/c.jsonl"},
		{[]string{"d[1].jsonl"}, "d[1].jsonl"}, // a file of that name comes before a glob
		{[]string{"[ab].jsonl"}, "a.jsonl b.jsonl"},
	} {
		files, err := newReading(dir).files(t.Context(), jsonl(c.paths...))
		if err != nil {
			t.Errorf("%q: %v", c.paths, err)
		}
		var got []string
		for _, f := range files {
			got = append(got, f.Path)
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%q gives %q, want %q", c.paths, got, c.want)
		}
	}
}

// Every problem is reported, each by the stage, the source and the path that it stands in.
func TestProblemsAreAllReported(t *testing.T) {
	dir := t.TempDir()
	write(t, "{}\n", dir, "good.jsonl")
	write(t, "not packed", dir, "bad.jsonl.gz")
	if err := os.WriteFile(filepath.Join(dir, "bad.jsonl.gz"), []byte{0x1f, 0x8b, 8, 0}, 0o600); err != nil {
		t.Fatal(err)
	}
	r := newReading(dir)
	_, err := r.files(t.Context(), jsonl("good.jsonl", "gone.jsonl", "bad.jsonl.gz"), jsonl("."), jsonl("none/*.jsonl"))
	all := err.Error()
	for _, want := range []string{"data.a: gone.jsonl: there is no such file", "data.a: bad.jsonl.gz is truncated", "data.a: .: this is a folder", "data.a: none/*.jsonl: no file matches"} {
		if !strings.Contains(all, want) {
			t.Errorf("the problems lack %q:\n%s", want, all)
		}
	}
	var f *resolve.FileError
	_, err = newReading(dir).files(t.Context(), jsonl("good.jsonl"), jsonl("gone.jsonl"))
	if !errors.As(err, &f) || f.Source != 1 || f.Path != "gone.jsonl" || f.Addr != data {
		t.Errorf("the problem is placed at %+v", f)
	}
}

func TestAFileIsReadOnce(t *testing.T) {
	dir := t.TempDir()
	path := write(t, "{\"a\":1}\n{\"a\":2}\n", dir, "a.jsonl")
	r := newReading(dir)
	first, err := r.files(t.Context(), jsonl("a.jsonl"))
	if err != nil || len(r.read) == 0 {
		t.Fatalf("the file was not read: %v", err)
	}
	r.read = nil
	again, err := r.files(t.Context(), jsonl("a.jsonl"))
	if err != nil || len(r.read) > 0 {
		t.Errorf("an unchanged file was read again (%v)", err)
	}
	if string(spec.Canonical(again)) != string(spec.Canonical(first)) {
		t.Errorf("it is remembered as %s, not as %s", spec.Canonical(again), spec.Canonical(first))
	}
	// Another format is another question.
	if _, err := r.files(t.Context(), spec.Source{Format: "csv", Paths: []string{"a.jsonl"}}); err != nil || len(r.read) == 0 {
		t.Errorf("as csv the file was not read (%v)", err)
	}
	r.read = nil
	write(t, "{\"a\":1}\n{\"a\":3}\n", path)
	changed, err := r.files(t.Context(), jsonl("a.jsonl"))
	if err != nil || len(r.read) == 0 || changed[0].Segments[0].Digest == first[0].Segments[0].Digest {
		t.Errorf("a file that was written again was not read (%v)", err)
	}
}

func TestAFreshFileIsNotTrusted(t *testing.T) {
	dir := t.TempDir()
	path := write(t, "{}\n", dir, "a.jsonl")
	r := newReading(dir)
	r.Now = time.Now
	for range 2 {
		r.read = nil
		if _, err := r.files(t.Context(), jsonl("a.jsonl")); err != nil || len(r.read) == 0 {
			t.Errorf("a file written just now was taken from memory (%v)", err)
		}
	}
	if runtime.GOOS != "linux" {
		return
	}
	// A program may set the content's time; the inode's tells.
	old := time.Now().Add(-time.Hour)
	if err := os.Chtimes(path, old, old); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		r.read = nil
		if _, err := r.files(t.Context(), jsonl("a.jsonl")); err != nil || len(r.read) == 0 {
			t.Errorf("a file whose time was set back was taken from memory (%v)", err)
		}
	}
}

func TestALinkIsTheFileItLeadsTo(t *testing.T) {
	dir := t.TempDir()
	write(t, "{\"a\":1}\n", dir, "one.jsonl")
	write(t, "{\"a\":2}\n", dir, "two.jsonl")
	link := filepath.Join(dir, "link.jsonl")
	point := func(to string) {
		_ = os.Remove(link)
		if err := os.Symlink(to, link); err != nil {
			t.Skip("there are no links here:", err)
		}
	}
	r := newReading(dir)
	var digests []spec.Digest
	for _, to := range []string{"one.jsonl", "two.jsonl"} {
		point(to)
		files, err := r.files(t.Context(), jsonl("link.jsonl"))
		if err != nil {
			t.Fatal(err)
		}
		digests = append(digests, files[0].Segments[0].Digest)
	}
	if digests[0] == digests[1] {
		t.Error("a link that leads elsewhere gives what it led to before")
	}
	point("nowhere.jsonl")
	if _, err := r.files(t.Context(), jsonl("link.jsonl")); err == nil || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("a link to nothing gives %v", err)
	}
}

func TestAFileThatChangesWhileItIsReadIsRefused(t *testing.T) {
	dir := t.TempDir()
	path := write(t, "{}\n", dir, "a.jsonl")
	r := newReading(dir)
	r.hook = func(string) {
		r.hook = nil
		f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Error(err)
			return
		}
		defer f.Close()
		if _, err := f.WriteString("{}\n"); err != nil {
			t.Error(err)
		}
	}
	if _, err := r.files(t.Context(), jsonl("a.jsonl")); err == nil || !strings.Contains(err.Error(), "changed while it was read") {
		t.Errorf("the file is taken: %v", err)
	}
}

func TestManyFilesAndTheirErrorsDoNotMix(t *testing.T) {
	dir := t.TempDir()
	var paths []string
	for i := range 60 {
		name := fmt.Sprintf("f%02d.jsonl", i)
		paths = append(paths, name)
		if i%3 != 0 {
			write(t, fmt.Sprintf("{\"i\":%d}\n", i), dir, name)
		}
	}
	_, err := newReading(dir).files(t.Context(), jsonl(paths...))
	for i, name := range paths {
		if missing := i%3 == 0; strings.Contains(err.Error(), name) != missing {
			t.Errorf("%s: missing is %t, and the error says otherwise", name, missing)
		}
	}
}

func TestReadGivesTheSegmentsOfTheFacts(t *testing.T) {
	dir := t.TempDir()
	write(t, "a,b\n1,2\n3,4\n", dir, "a.csv")
	source := spec.Source{Format: "csv", Header: true, Paths: []string{"a.csv"}}
	files, err := newReading(dir).files(t.Context(), source)
	if err != nil {
		t.Fatal(err)
	}
	var got []spec.Digest
	read := func() error {
		got = nil
		return resolve.Read(t.Context(), dir, source, files[0], func(b []byte) error {
			got = append(got, spec.HashBytes(b))
			return nil
		})
	}
	var want []spec.Digest
	for _, s := range files[0].Segments {
		want = append(want, s.Digest)
	}
	if err := read(); err != nil || !slices.Equal(got, want) {
		t.Errorf("read are %v, want %v (%v)", got, want, err)
	}
	write(t, "a,c\n1,2\n3,4\n", dir, "a.csv")
	if err := read(); !errors.Is(err, resolve.ErrChanged) {
		t.Errorf("a file with another header gives %v", err)
	}
}

// A raw file has the name under which a program sees it: its path below the folder of the spec, else its last part.
func TestRawFilesHaveNames(t *testing.T) {
	top := t.TempDir()
	dir := filepath.Join(top, "spec")
	for _, name := range []string{"spec/a.py", "spec/lib/b.py", "other/c.py"} {
		path := filepath.Join(top, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("\x1f\x8b no gzip\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	addr := spec.Addr{Kind: "command", Name: "x"}
	kinds := map[string]*spec.KindSpec{"command": {Sources: func(spec.Config) []spec.Source {
		return []spec.Source{{Format: "raw", Paths: []string{"./a.py", "lib/*.py", "../other/c.py", filepath.Join(dir, "a.py")}}}
	}}}
	store := cas.NewMem()
	for range 2 { // the second time from the stat cache
		r := &resolve.Resolver{Dir: dir, Store: store, Now: func() time.Time { return time.Now().Add(time.Hour) }}
		files, err := r.Files(t.Context(), &spec.Pipeline{Blocks: []spec.Block{{Addr: addr}}}, kinds)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, f := range files[addr.String()] {
			names = append(names, f.Name)
		}
		slices.Sort(names)
		if got := strings.Join(names, " "); got != "a.py a.py c.py lib/b.py" {
			t.Errorf("the names are %s", got)
		}
	}
}
