package resolve_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/prefab-build/prefab/executor/resolve"
	"github.com/prefab-build/prefab/spec"
)

// lines are enough of them for several segments.
func lines() string { return strings.Repeat(`{"a": "`+strings.Repeat("x", 90)+"\"}\n", 30_000) }

// A segment is read at its place, whatever the order, also the last of a file whose last line has no end.
func TestPickGivesSegments(t *testing.T) {
	for name, content := range map[string]string{
		"a.jsonl": strings.TrimSuffix(lines(), "\n"),
		"b.jsonl": "\xef\xbb\xbf" + lines(),
		"c.csv":   "a,b\r\n" + strings.Repeat("1,\"two\nlines\"\r\n", 200_000),
	} {
		dir := t.TempDir()
		path := write(t, content, dir, name)
		source := spec.Source{Format: strings.SplitAfter(name, ".")[1], Header: true, Paths: []string{name}}
		files, err := newReading(dir).files(t.Context(), source)
		if err != nil {
			t.Fatal(err)
		}
		p, err := resolve.Pick(dir, source, files[0])
		if err != nil || p == nil {
			t.Fatalf("%s is not read by segments: %v", name, err)
		}
		segments := files[0].Segments
		if len(segments) < 3 {
			t.Fatalf("%s has %d segments; the test needs more", name, len(segments))
		}
		for i := len(segments) - 1; i >= 0; i-- {
			b, err := p.Segment(t.Context(), i)
			if err != nil || spec.HashBytes(b) != segments[i].Digest {
				t.Errorf("segment %d of %s: %v", i, name, err)
			}
		}
		if err := p.Close(); err != nil {
			t.Error(err)
		}

		// Written to while it is open: what is there no more is not given, and the rest not in silence.
		if p, err = resolve.Pick(dir, source, files[0]); err != nil {
			t.Fatal(err)
		}
		overwrite(t, path, content)
		if _, err := p.Segment(t.Context(), 0); !errors.Is(err, resolve.ErrElsewhere) {
			t.Errorf("a segment that was written over gives %v", err)
		}
		if err := p.Close(); !errors.Is(err, resolve.ErrChanged) {
			t.Errorf("closing a file that changed gives %v", err)
		}
		if p, err = resolve.Pick(dir, source, files[0]); p != nil || err != nil {
			t.Errorf("a file that changed since the facts is read by segments: %v", err)
		}
	}
}

// overwrite changes one byte near the file's beginning, in its place.
func overwrite(t *testing.T, path, content string) {
	t.Helper()
	at := strings.IndexAny(content, "x1")
	time.Sleep(10 * time.Millisecond) // past the grain of the file system's clock
	if err := os.WriteFile(path, []byte(content[:at]+"2"+content[at+1:]), 0o600); err != nil {
		t.Fatal(err)
	}
}

// Segments that leave bytes of the file out are found by reading it through, and so are those of packed files.
func TestPickLeavesTheRest(t *testing.T) {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := w.Write([]byte(lines())); err != nil || w.Close() != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{"a.jsonl": packed.String(), "b.json": "[1,2,3]"} {
		dir := t.TempDir()
		write(t, content, dir, name)
		source := spec.Source{Format: strings.SplitAfter(name, ".")[1], Paths: []string{name}}
		files, err := newReading(dir).files(t.Context(), source)
		if err != nil {
			t.Fatal(err)
		}
		if p, err := resolve.Pick(dir, source, files[0]); p != nil || err != nil {
			t.Errorf("%s is read by segments: %v", name, err)
		}
	}
	dir := t.TempDir()
	write(t, strings.ReplaceAll(lines(), "\n", "\n\n"), dir, "blank.jsonl")
	source := jsonl("blank.jsonl")
	files, err := newReading(dir).files(t.Context(), source)
	if err != nil {
		t.Fatal(err)
	}
	p, err := resolve.Pick(dir, source, files[0])
	if err != nil || p == nil {
		t.Fatal(p, err)
	}
	defer p.Close()
	if _, err := p.Segment(t.Context(), 0); !errors.Is(err, resolve.ErrElsewhere) {
		t.Errorf("a segment with blank lines between its records gives %v", err)
	}
}

// What was unpacked is kept, and found again as long as the spool is open, has room, and the file is the same.
func TestPickFindsWhatWasKept(t *testing.T) {
	dir := t.TempDir()
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := w.Write([]byte(lines())); err != nil || w.Close() != nil {
		t.Fatal(err)
	}
	path := write(t, packed.String(), dir, "a.jsonl")
	keep := func(room int64) (*resolve.Spool, *resolve.Picker, int) {
		r := newReading(dir)
		r.Spool = resolve.NewSpool(func() (*os.File, error) { return os.CreateTemp(t.TempDir(), "") }, room)
		files, err := r.files(t.Context(), jsonl("a.jsonl"))
		if err != nil {
			t.Fatal(err)
		}
		p, err := resolve.Pick(dir, jsonl("a.jsonl"), files[0])
		if err != nil {
			t.Fatal(err)
		}
		if p != nil {
			for i, s := range files[0].Segments {
				if b, err := p.Segment(t.Context(), i); err != nil || spec.HashBytes(b) != s.Digest {
					t.Errorf("segment %d: %v", i, err)
				}
			}
		}
		return r.Spool, p, len(files[0].Segments)
	}

	spool, p, n := keep(1 << 30)
	if p == nil || n < 3 {
		t.Fatalf("%d segments are kept: %v", n, p)
	}
	spool.Close()
	if _, err := p.Segment(t.Context(), 0); !errors.Is(err, resolve.ErrElsewhere) {
		t.Errorf("a closed spool gives %v", err)
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}

	spool, p, _ = keep(1 << 30)
	defer spool.Close()
	time.Sleep(10 * time.Millisecond) // past the grain of the file system's clock
	if err := os.WriteFile(path, packed.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := p.Close(); !errors.Is(err, resolve.ErrChanged) {
		t.Errorf("a packed file that was written again gives %v", err)
	}

	if spool, p, _ = keep(1 << 20); p != nil {
		t.Error("a file that does not fit into the spool is read from it")
	}
	spool.Close()
}
