package history_test

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prefab-build/prefab/executor/history"
	"github.com/prefab-build/prefab/planner"
	"github.com/prefab-build/prefab/spec"
)

// The test binary runs again as a process to be killed when this variable names a history.
const childHistory = "PREFAB_HISTORYTEST"

func TestMain(m *testing.M) {
	if path := os.Getenv(childHistory); path != "" {
		fmt.Fprintln(os.Stderr, recordForever(path))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// recordForever records one node after another and prints the number of each once it is recorded.
func recordForever(path string) error {
	h, ctx := history.Open(path, func(s string) { fmt.Println("warning:", s) }), context.Background()
	rec, err := h.Begin(ctx, run(0, 0))
	if err != nil {
		return err
	}
	fmt.Println("run", rec.ID())
	for i := 0; ; i++ {
		n := node(spec.Addr{Kind: "split", Name: "n" + strconv.Itoa(i)}, "ran", strconv.Itoa(i), "in", 1)
		n.Message = strings.Repeat("x", 3000) // so that the log is worked in often
		if err := rec.Nodes(ctx, n); err != nil {
			return err
		}
		fmt.Println(i)
	}
}

func TestKilledRunLeavesWhatItRecorded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.db")
	exe, err := os.Executable()
	must(t, err)
	for round, lines := range []int{1, 2, 40, 700} {
		cmd := exec.CommandContext(t.Context(), exe)
		cmd.Env = append(os.Environ(), childHistory+"="+path)
		out, err := cmd.StdoutPipe()
		must(t, err)
		must(t, cmd.Start())
		last := ""
		in := bufio.NewScanner(out)
		for range lines {
			if !in.Scan() {
				t.Fatalf("the child ended early: %v", cmd.Wait())
			}
			last = in.Text()
		}
		must(t, cmd.Process.Kill())
		for in.Scan() { // what it printed before the signal reached it
			last = in.Text()
		}
		_ = cmd.Wait() // it was killed

		h, warnings := open(t, path)
		rec := check[*history.Record](t)(h.Run(t.Context(), int64(round+1)))
		if rec == nil || rec.Run.Ended() || len(*warnings) != 0 {
			t.Fatalf("round %d: run %+v, warnings %v", round, rec, *warnings)
		}
		if i, err := strconv.Atoi(last); err == nil && len(rec.Nodes) <= i {
			t.Errorf("round %d: node %d was recorded and %d are there", round, i, len(rec.Nodes))
		}
		must(t, h.Close())
	}
}

// smash writes over the middle of a file, or all of it.
func smash(t *testing.T, path string, from int) {
	t.Helper()
	b, err := os.ReadFile(path)
	must(t, err)
	copy(b[from:], bytes.Repeat([]byte("smashed!"), len(b)/8+1))
	must(t, os.WriteFile(path, b, 0o644))
}

func TestDamagedFileIsSetAsideByTheNextRun(t *testing.T) {
	for name, from := range map[string]int{"no database": 0, "torn inside": 200} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "history.db")
			ctx := t.Context()
			for n := 1; n <= 2; n++ {
				h, _ := open(t, path)
				must(t, begin(t, h, run(0, 0)).Nodes(ctx, node(split, "ran", "a", "b", 1)))
				must(t, h.Close())
				smash(t, path, from)

				reader, warnings := open(t, path)
				checkEmpty(t, reader)
				if len(*warnings) == 0 || !strings.Contains((*warnings)[0], "is damaged") {
					t.Errorf("reading warned of %q", *warnings)
				}
				if bad, _ := filepath.Glob(path + ".bad-*"); len(bad) != n-1 {
					t.Errorf("reading set %v aside", bad)
				}
				must(t, reader.Close())

				writer, warnings := open(t, path)
				rec := begin(t, writer, run(5, 0))
				must(t, rec.Nodes(ctx, node(split, "ran", "c", "d", 1)))
				aside := fmt.Sprintf("%s.bad-%d", path, n)
				if len(*warnings) != 1 || !strings.Contains((*warnings)[0], aside) {
					t.Errorf("recording warned of %q", *warnings)
				}
				if _, err := os.Stat(aside); err != nil {
					t.Error(err)
				}
				got := check[*history.Record](t)(writer.Run(ctx, rec.ID()))
				if got == nil || len(got.Nodes) != 1 || !got.Run.Start.Equal(at(5)) {
					t.Errorf("the new history holds %+v", got)
				}
				must(t, writer.Close())
				must(t, os.Remove(path))
			}
		})
	}
}

// A run that is being recorded when its file breaks goes on in the new one, under its number.
func TestRunOutlivesItsFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.db")
	ctx := t.Context()
	h, warnings := open(t, path)
	begin(t, h, run(0, 0))
	rec := begin(t, h, run(1, 0))
	must(t, rec.Nodes(ctx, node(split, "ran", "a", "b", 1)))
	must(t, h.Close())
	smash(t, path, 0)
	must(t, rec.Nodes(ctx, node(bench, "ran", "c", "d", 1)))
	must(t, rec.End(ctx, at(2), 0, "passed"))
	got := check[*history.Record](t)(h.Run(ctx, rec.ID()))
	if got == nil || rec.ID() != 2 || len(got.Nodes) != 1 || got.Nodes[0].Addr != bench || !got.Run.Start.Equal(at(1)) || !got.Run.Ended() {
		t.Errorf("got %+v", got)
	}
	if len(*warnings) != 1 {
		t.Errorf("warned of %q", *warnings)
	}
}

func TestFolderThatCannotBeWrittenIsRead(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "history.db")
	h, _ := open(t, path)
	must(t, begin(t, h, run(0, 0)).Nodes(t.Context(), node(split, "ran", "a", "b", 1)))
	must(t, h.Close())
	must(t, os.Chmod(path, 0o400))
	must(t, os.Chmod(dir, 0o500))
	t.Cleanup(func() { _ = os.Chmod(dir, 0o700) })
	reader, warnings := open(t, path)
	if n := check[*history.Node](t)(reader.LastOf(t.Context(), split)); n == nil || len(*warnings) != 0 {
		t.Errorf("got %v, warned of %q", n, *warnings)
	}
	if os.WriteFile(filepath.Join(dir, "x"), nil, 0o600) == nil {
		t.Skip("this user may write everywhere, so only reading was tried")
	}
	if _, err := reader.Begin(t.Context(), run(1, 0)); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("recording gave %v", err)
	}
}

func TestFileOfALaterPrefabIsLeftAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.db")
	db, err := sql.Open("sqlite", path)
	must(t, err)
	_, err = db.ExecContext(t.Context(), "PRAGMA user_version = 99; CREATE TABLE other (x)")
	must(t, err)
	must(t, db.Close())
	h, _ := open(t, path)
	_, readErr := h.Last(t.Context())
	_, writeErr := h.Begin(t.Context(), run(0, 0))
	for _, err := range []error{readErr, writeErr} {
		if err == nil || !strings.Contains(err.Error(), "later prefab (its format is 99") {
			t.Errorf("got %v", err)
		}
	}
	if bad, _ := filepath.Glob(path + ".bad-*"); len(bad) != 0 {
		t.Errorf("it was set aside as %v", bad)
	}
}

// The first records of several runs make the file at once, while plans look for it. SQLite does not wait for all that
// this needs.
func TestSeveralBeginOneFile(t *testing.T) {
	for range 30 {
		path := filepath.Join(t.TempDir(), "history.db")
		var all sync.WaitGroup
		for w := range 3 {
			writer, _ := open(t, path)
			all.Go(func() {
				if _, err := writer.Begin(t.Context(), run(w, 0)); err != nil {
					t.Error(err)
				}
			})
			reader, _ := open(t, path)
			all.Go(func() {
				for range 20 {
					if _, err := reader.Last(t.Context()); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
	}
}

// Plans read while a run records, and several runs of one folder's pipelines may record at once.
func TestConcurrentUse(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.db")
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var all sync.WaitGroup
	const writers, rounds = 3, 20
	for w := range writers {
		h, _ := open(t, path)
		all.Go(func() {
			rec, err := h.Begin(ctx, run(w, 0))
			for i := range rounds {
				if err == nil {
					err = rec.Nodes(ctx, node(spec.Addr{Kind: "split", Name: "w" + strconv.Itoa(w)}, "ran", strconv.Itoa(i), "in", 1))
				}
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	reader, warnings := open(t, path)
	all.Go(func() {
		for range 2 * rounds {
			if _, err := reader.Previous(ctx); err != nil {
				t.Error(err)
			}
		}
	})
	all.Wait()
	prev := check[*planner.Previous](t)(reader.Previous(ctx))
	if prev == nil || len(prev.Nodes) != writers || len(*warnings) != 0 {
		t.Fatalf("got %+v, warned of %q", prev, *warnings)
	}
	for addr, n := range prev.Nodes {
		if n.Base[1].Value != strconv.Itoa(rounds-1) {
			t.Errorf("%s: the latest is %s", addr, n.Base[1].Value)
		}
	}
}
