package cas_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/prefab-build/prefab/executor/cas"
	"github.com/prefab-build/prefab/executor/cas/castest"
	"github.com/prefab-build/prefab/spec"
)

// The test binary runs again as one of several processes when the first of these names a store.
const (
	childStore = "PREFAB_CASTEST_STORE"
	childName  = "PREFAB_CASTEST_NAME"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(childStore); dir != "" {
		if err := child(dir, os.Getenv(childName)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

const (
	children = 4
	rounds   = 15
)

var (
	sharedBase = spec.HashBytes([]byte("base"))
	roundOf    = func(i int) spec.Digest { return spec.HashBytes([]byte(strconv.Itoa(i))) }
)

// child puts the same blobs, entries and facts as its siblings, and raises a number in a file under a lock. It
// prints the keys whose entry it was the first to put.
func child(dir, name string) error {
	s, err := cas.Open(dir, cas.Options{Report: func(d cas.Damage) { fmt.Fprintf(os.Stderr, "damage: %+v\n", d) }})
	if err != nil {
		return err
	}
	ctx, blobs := context.Background(), castest.Blobs()
	for i := range rounds {
		for _, b := range blobs {
			n := min(len(b), 20_000)
			b = append(b[:n:n], byte(i))
			d, err := s.Put(ctx, b)
			if err != nil {
				return err
			}
			if got, err := s.Get(ctx, d); err != nil || !bytes.Equal(got, b) {
				return fmt.Errorf("blob of %d bytes: got %d, %w", len(b), len(got), err)
			}
		}
		switch err := s.PutAction(sharedBase, roundOf(i), []byte(name)); {
		case err == nil:
			fmt.Println(i)
		case !errors.As(err, new(*cas.ConflictError)):
			return err
		}
		if err := s.PutMemo(sharedBase, roundOf(i), roundOf(i+1)); err != nil {
			return err
		}
		if err := increment(ctx, s, filepath.Join(dir, "number")); err != nil {
			return err
		}
	}
	return nil
}

// increment raises the number in a file, which goes wrong when two do it at once.
func increment(ctx context.Context, s *cas.Store, path string) error {
	unlock, err := s.Lock(ctx, "number")
	if err != nil {
		return err
	}
	defer unlock()
	b, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	n, _ := strconv.Atoi(string(b)) // 0 before the first time
	return os.WriteFile(path, []byte(strconv.Itoa(n+1)), 0o600)
}

func TestSeveralProcesses(t *testing.T) {
	s, damage := open(t)
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	winners := make([][]byte, children)
	var all sync.WaitGroup
	for c := range children {
		all.Go(func() {
			cmd := exec.CommandContext(t.Context(), exe)
			cmd.Env = append(os.Environ(), childStore+"="+s.Dir(), childName+"=child "+strconv.Itoa(c))
			var stderr bytes.Buffer
			cmd.Stderr = &stderr
			out, err := cmd.Output()
			if err != nil || stderr.Len() > 0 {
				t.Errorf("child %d: %v\n%s", c, err, stderr.Bytes())
			}
			winners[c] = out
		})
	}
	all.Wait()

	if b, err := os.ReadFile(filepath.Join(s.Dir(), "number")); err != nil || string(b) != strconv.Itoa(children*rounds) {
		t.Errorf("the number is %s, want %d: %v", b, children*rounds, err)
	}
	won := map[string]string{}
	for c, out := range winners {
		for line := range strings.Lines(string(out)) {
			if other, twice := won[line]; twice {
				t.Errorf("key %s was won by child %d and by %s", line, c, other)
			}
			won[line] = "child " + strconv.Itoa(c)
		}
	}
	for i := range rounds {
		entry, err := s.GetAction(sharedBase, roundOf(i))
		if want := won[strconv.Itoa(i)+"\n"]; err != nil || want == "" || string(entry) != want {
			t.Errorf("entry %d is of %q, %v; won by %q", i, entry, err, want)
		}
		if c, ok := s.Memo(sharedBase, roundOf(i)); !ok || c != roundOf(i+1) {
			t.Errorf("fact %d is lost", i)
		}
	}
	if in, err := s.ListBase(sharedBase); err != nil || len(in) != rounds {
		t.Errorf("the index has %d of %d inputs, %v", len(in), rounds, err)
	}
	if got, err := s.Verify(t.Context(), nil); got.Damaged != 0 || err != nil || len(*damage) != 0 {
		t.Errorf("%+v, %v: %v", got, err, *damage)
	}
	u, err := s.Usage(t.Context())
	if err != nil || u.Temporary.Count != 0 {
		t.Errorf("%d temporary files were left, %v", u.Temporary.Count, err)
	}
	if locks, err := os.ReadDir(filepath.Join(s.Dir(), "v1", "locks")); err != nil || len(locks) != 0 && runtime.GOOS != "windows" {
		t.Errorf("%d lock files were left, %v", len(locks), err)
	}
}
