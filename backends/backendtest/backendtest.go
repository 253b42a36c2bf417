// Package backendtest is the contract of a compute device as tests: what a device must do before a model is trained on
// it. Every backend is put through the same suite, and packages that train models run their own tests on every backend
// by Each.
//
// The backend cpu is always there. xla:cpu is used when it is installed; where it is not, its tests are skipped with
// the reason and the remedy, or fail when PREFAB_REQUIRE_XLA is 1, as continuous integration sets it. xla:cuda is
// used when it is installed. PREFAB_XLA_CPU_PLUGIN and PREFAB_XLA_CUDA_PLUGIN name plugins to use instead of installed
// ones.
//
// The race detector turns on pointer checks that the Go backend's products do not pass, since they form addresses just
// past a slice. Tests that use a device run under it with -gcflags='github.com/gomlx/compute/...=-d=checkptr=0'.
package backendtest

import (
	"errors"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/prefab-build/prefab/backends"
)

// Each runs a test on every backend of this machine, as a subtest with the backend's name.
func Each(t *testing.T, test func(t *testing.T, d *backends.Device)) {
	for _, name := range backends.Names() {
		t.Run(strings.ReplaceAll(name, ":", "-"), func(t *testing.T) { test(t, Open(t, name)) })
	}
}

// Open opens a device for the time of a test, or skips the test where the device is missing and may be.
func Open(t testing.TB, name string) *backends.Device {
	t.Helper()
	opts := options(name)
	d, err := backends.Open(name, opts)
	var missing *backends.Unavailable
	switch {
	case err == nil:
		t.Cleanup(d.Close)
		return d
	case !errors.As(err, &missing) || opts.Plugin != "":
		t.Fatal(err)
	case name == backends.XLACPU && os.Getenv("PREFAB_REQUIRE_XLA") == "1":
		t.Fatalf("PREFAB_REQUIRE_XLA is 1: %v", err)
	}
	t.Skip(err)
	return nil
}

// options names the plugin that the environment asks for.
func options(name string) backends.Options {
	switch name {
	case backends.XLACPU:
		return backends.Options{Plugin: os.Getenv("PREFAB_XLA_CPU_PLUGIN")}
	case backends.XLACUDA:
		return backends.Options{Plugin: os.Getenv("PREFAB_XLA_CUDA_PLUGIN")}
	}
	return backends.Options{}
}

// Within runs f and fails the test when it has not ended in time, with the stacks of all goroutines: the failure it
// looks for is a deadlock, which says nothing of itself.
func Within(t testing.TB, limit time.Duration, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
		stacks := make([]byte, 1<<20)
		stacks = stacks[:runtime.Stack(stacks, true)]
		t.Fatalf("still running after %v; all goroutines:\n%s", limit, stacks)
	}
}
