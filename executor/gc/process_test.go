package gc_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/prefab-build/prefab/executor/cas"
	"github.com/prefab-build/prefab/executor/gc"
)

// The test binary runs again as a process that applies or collects when these name a store and what to do.
const (
	childStore = "PREFAB_GCTEST_STORE"
	childRole  = "PREFAB_GCTEST_ROLE"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(childStore); dir != "" {
		if err := child(context.Background(), dir, os.Getenv(childRole)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// child collects until it is killed, or applies a number of pipelines.
func child(ctx context.Context, dir, role string) error {
	if role == "collect" {
		s, err := cas.Open(dir, cas.Options{})
		for err == nil {
			_, err = gc.Collect(ctx, s, gc.Limits{}, time.Now())
		}
		return err
	}
	worker, err := strconv.ParseInt(role, 10, 64)
	for round := range int64(25) {
		first := (worker*5 + round/2) % 20 * 25
		if err == nil {
			var got string
			if got, _, err = apply(ctx, dir, first); err == nil && got != fmt.Sprint(sum(first)) {
				return fmt.Errorf("the numbers from %d on come to %s, want %d", first, got, sum(first))
			}
		}
	}
	return err
}

func start(t *testing.T, dir, role string) (*exec.Cmd, *bytes.Buffer) {
	t.Helper()
	exe := must[string](t)(os.Executable())
	cmd := exec.CommandContext(t.Context(), exe)
	cmd.Env = append(os.Environ(), childStore+"="+dir, childRole+"="+role)
	out := &bytes.Buffer{}
	cmd.Stderr = out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd, out
}

// Processes that collect are killed one after the other while others apply. Nobody who applies fails, and the store that
// is left is sound: no entry lacks what it names.
func TestCollectorIsKilled(t *testing.T) {
	dir := t.TempDir()
	var applying sync.WaitGroup
	for worker := range 2 {
		cmd, out := start(t, dir, strconv.Itoa(worker))
		applying.Go(func() {
			if err := cmd.Wait(); err != nil {
				t.Errorf("worker %d: %v\n%s", worker, err, out)
			}
		})
	}
	done := make(chan struct{})
	go func() { applying.Wait(); close(done) }()
	kills := 0
	for running := true; running; kills++ {
		cmd, out := start(t, dir, "collect")
		select {
		case <-time.After(time.Duration(20+kills*37%300) * time.Millisecond):
		case <-done:
			running = false
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		if err := cmd.Wait(); err == nil || out.Len() > 0 {
			t.Errorf("a collector ended before it was killed: %s", out)
		}
	}
	t.Logf("%d collectors were killed", kills)
	s := open(t, dir)
	v := must[*gc.Survey](t)(gc.Look(t.Context(), s))
	for _, e := range v.Entries {
		if len(e.Lost) > 0 {
			t.Errorf("entry %s names %d blobs that are not there", e.Digest.Short(), len(e.Lost))
		}
	}
	age(t, s, time.Hour)
	if r := collect(t, s, gc.Limits{}); r.Kept != 0 || r.InUse != 0 {
		t.Errorf("everybody is gone, and %d bytes stay: %+v", r.Kept, r)
	}
}
