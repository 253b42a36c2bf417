package stage_test

import (
	"context"
	"errors"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prefab-build/prefab/executor/stage"
)

func TestAheadKeepsOrder(t *testing.T) {
	const n = 200
	var running, most atomic.Int64
	next := 0
	for v, err := range stage.Ahead(t.Context(), n, func(i int) (int, error) {
		now := running.Add(1)
		defer running.Add(-1)
		for {
			was := most.Load()
			if now <= was || most.CompareAndSwap(was, now) {
				break
			}
		}
		time.Sleep(time.Duration(i*7919%5) * 100 * time.Microsecond)
		return i * i, nil
	}) {
		if err != nil || v != next*next {
			t.Fatalf("result %d is %d, %v", next, v, err)
		}
		next++
	}
	if next != n {
		t.Fatalf("%d results of %d", next, n)
	}
	if limit := int64(runtime.GOMAXPROCS(0) + 2); most.Load() > limit {
		t.Errorf("%d at once, more than %d", most.Load(), limit)
	}
}

func TestAheadEnds(t *testing.T) {
	broken := errors.New("broken")
	seen := 0
	for _, err := range stage.Ahead(t.Context(), 100, func(i int) (int, error) {
		if i == 3 {
			return 0, broken
		}
		return i, nil
	}) {
		if seen++; (err != nil) != (seen == 4) || seen > 4 {
			t.Fatalf("result %d: %v", seen, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var last error
	for _, err := range stage.Ahead(ctx, 1_000_000, func(i int) (int, error) { return i, nil }) {
		last = err
	}
	if !errors.Is(last, context.Canceled) {
		t.Errorf("a cancelled run ends with %v", last)
	}
}

func TestAheadPassesPanicsOn(t *testing.T) {
	defer func() {
		if r := recover(); r != "a bug" {
			t.Errorf("recovered %v", r)
		}
	}()
	for _, err := range stage.Ahead(t.Context(), 10, func(i int) (int, error) { panic("a bug") }) {
		t.Fatal("a result of a panic", err)
	}
}
