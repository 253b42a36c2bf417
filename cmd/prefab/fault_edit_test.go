//go:build unix

package main

import (
	"bytes"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

var edits = flag.Int("edits", 6, "how many runs TestFaultEdit edits the input of")

// editSpec reads one large file and writes what it holds.
const editSpec = `
cache { path = ".cache" }

dataset "lines" {
  source "jsonl" { path = "pairs.jsonl" }
}

export "train" {
  pairs = dataset.lines.pairs
  path  = "out/train.jsonl.gz"
}
`

// edited is an input of which every record says which writing it is of. All writings have one size.
func edited(writing int) []byte {
	var b bytes.Buffer
	for i := range 12000 {
		fmt.Fprintf(&b, `{"prompt": "Question %05d?", "chosen": "Answer %04d to %05d.", "rejected": "No answer %04d."}`+"\n", i, writing, i, writing)
	}
	return b.Bytes()
}

// TestFaultEdit writes an input anew, in its place and with the same size, while runs read it: those that notice a
// change refuse it. When it has settled, a run comes to what it comes to in an empty cache.
func TestFaultEdit(t *testing.T) {
	if testing.Short() {
		t.Skip("inputs are edited by the dozen")
	}
	s := newSite(t)
	s.write("main.prefab.hcl", []byte(editSpec))
	refused := 0
	for i := range *edits {
		draw := rand.New(rand.NewPCG(*first, uint64(i)))
		stop := make(chan struct{})
		var writer sync.WaitGroup
		writer.Go(func() { s.scribble(3*i, stop, draw.Uint64()) })
		for range 2 {
			text, code := s.run("apply", "--yes")
			switch {
			case code == 0:
			case code == 1 && strings.Contains(strings.Join(strings.Fields(text), " "), "the file changed"):
				refused++
			default:
				t.Errorf("trial %d ends with %d:\n%s", i, code, text)
			}
		}
		close(stop)
		writer.Wait()
		s.settled(t, i)
		if t.Failed() {
			return
		}
	}
	t.Logf("%d runs, of which %d refused", 2**edits, refused)
}

// scribble writes the input over and over, a piece at a time, until it is told to stop, and then to the end.
func (s site) scribble(writing int, stop chan struct{}, seed uint64) {
	draw := rand.New(rand.NewPCG(seed, 0))
	f, err := os.OpenFile(filepath.Join(s.dir, "pairs.jsonl"), os.O_WRONLY|os.O_CREATE, 0o644)
	if err != nil {
		s.t.Error(err)
		return
	}
	defer f.Close()
	for stopped := false; !stopped; writing++ {
		select {
		case <-stop:
			stopped = true
		case <-time.After(time.Duration(draw.IntN(400)) * time.Millisecond):
		}
		for content, at := edited(writing%1000), 0; at < len(content); {
			n := min(1+draw.IntN(200_000), len(content)-at)
			if _, err := f.WriteAt(content[at:at+n], int64(at)); err != nil {
				s.t.Error(err)
				return
			}
			if at += n; !stopped {
				time.Sleep(time.Duration(draw.IntN(3)) * time.Millisecond)
			}
		}
	}
}

// settled compares what the project comes to with what a project with an empty cache does.
func (s site) settled(t *testing.T, trial int) {
	t.Helper()
	fresh := site{t, t.TempDir()}
	fresh.write("main.prefab.hcl", []byte(editSpec))
	input, err := os.ReadFile(filepath.Join(s.dir, "pairs.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	fresh.write("pairs.jsonl", input)
	s.same(s.result(), fresh.result(), fmt.Sprintf("trial %d", trial))
	_ = os.RemoveAll(fresh.dir)
}
