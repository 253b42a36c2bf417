package backends

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
)

func TestOpenUnknown(t *testing.T) {
	_, err := Open("tpu", Options{})
	if err == nil || err.Error() != `there is no backend "tpu"; the backends are cpu, xla:cpu, xla:cuda` {
		t.Errorf("Open(tpu): %v", err)
	}
}

func TestCPU(t *testing.T) {
	d, err := Open(CPU, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if d.Name() != CPU || !strings.HasPrefix(d.Numerics(), "go/"+runtime.GOARCH) || d.Description() == "" {
		t.Errorf("device %q, class %q, %q", d.Name(), d.Numerics(), d.Description())
	}
	if want, err := Numerics(CPU, Options{}); err != nil || want != d.Numerics() {
		t.Errorf("the class before opening is %q (%v), after it %q", want, err, d.Numerics())
	}
	first, last, err := Check(t.Context(), d)
	if err != nil || last >= first/2 {
		t.Errorf("Check: log-loss %g -> %g, %v", first, last, err)
	}
}

// TestGoNumerics shows that settings which change bits change the class.
func TestGoNumerics(t *testing.T) {
	plain := goNumerics()
	t.Setenv("GOMLX_FUSION", "0")
	if got := goNumerics(); got != plain+"+GOMLX_FUSION=0" {
		t.Errorf("with fusion off the class is %q, without %q", got, plain)
	}
}

// TestGoRevision fails when the Go backend's module changes: compare the bits of a training run before and after, raise
// goRevision if they differ, then set goModule.
func TestGoRevision(t *testing.T) {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		t.Skip("the test binary holds no build information")
	}
	for _, m := range info.Deps {
		if m.Path == "github.com/gomlx/compute" && m.Version != goModule {
			t.Errorf("the module is %s; revision %d was set for %s", m.Version, goRevision, goModule)
		}
	}
}

func TestList(t *testing.T) {
	list, err := List(t.Context(), Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != 3 || !list[0].Available || list[0].Name != CPU {
		t.Fatalf("list %+v", list)
	}
	for _, s := range list[1:] {
		if s.Available || s.Why == "" || s.Remedy == "" || s.Numerics != "" {
			t.Errorf("in an empty folder %s is %+v", s.Name, s)
		}
	}
}

func TestRecover(t *testing.T) {
	failing := func(p any) (err error) {
		defer Recover(&err)
		panic(p)
	}
	want := errors.New("shapes differ")
	if err := failing(want); !errors.Is(err, want) {
		t.Errorf("a panic with an error gives %v", err)
	}
	defer func() {
		if recover() != "backends: a mistake" {
			t.Error("a panic of this program was swallowed")
		}
	}()
	t.Error("not reached:", failing("backends: a mistake"))
}

// needsPlugins skips tests of what only programs that can load plugins do.
func needsPlugins(t *testing.T) {
	t.Helper()
	if why := xlaMissing(); why != "" {
		t.Skip(why)
	}
}

// TestRecord shows when a recorded plugin still counts: same bytes yes, other bytes no, gone no.
func TestRecord(t *testing.T) {
	needsPlugins(t)
	opts := Options{Dir: t.TempDir()}
	file := filepath.Join(opts.Dir, "plugin.so")
	write := func(content string) {
		if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("one")
	p, err := pluginAt(XLACPU, file)
	if err != nil {
		t.Fatal(err)
	}
	if err := writeRecord(p, opts); err != nil {
		t.Fatal(err)
	}
	class, err := Numerics(XLACPU, opts)
	if err != nil || !strings.HasPrefix(class, "xla:cpu:"+instructionSet()+"/"+p.SHA256[:16]) {
		t.Fatalf("class %q, %v", class, err)
	}
	if err := os.Chtimes(file, p.time(1), p.time(1)); err != nil {
		t.Fatal(err)
	}
	if again, err := Numerics(XLACPU, opts); err != nil || again != class {
		t.Errorf("with another time and the same bytes: %q, %v", again, err)
	}
	var missing *Unavailable
	write("two")
	if _, err := Numerics(XLACPU, opts); !errors.As(err, &missing) || !strings.Contains(err.Error(), "is not the file that was installed") {
		t.Errorf("with other bytes: %v", err)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if _, err := Numerics(XLACPU, opts); !errors.As(err, &missing) || !strings.Contains(err.Error(), "is gone") {
		t.Errorf("without the file: %v", err)
	}
	if err := os.WriteFile(filepath.Join(opts.Dir, "xla-cpu.json"), []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Numerics(XLACPU, opts); !errors.As(err, &missing) || !strings.Contains(err.Error(), "cannot be read") {
		t.Errorf("with a damaged record: %v", err)
	}
}

// TestXLAFlags shows that the user's flags are part of the class and that ours are not.
func TestXLAFlags(t *testing.T) {
	t.Setenv("XLA_DEBUG_OPTIONS", "")
	t.Setenv("XLA_FLAGS", "--xla_gpu_deterministic_ops=true --xla_gpu_cuda_data_dir=/opt/cuda")
	if got := xlaEnvironment(); got != "" {
		t.Errorf("our own flags give %q", got)
	}
	t.Setenv("XLA_FLAGS", "--xla_cpu_enable_fast_math=true --a=1")
	one := xlaEnvironment()
	t.Setenv("XLA_FLAGS", "--a=1 --xla_cpu_enable_fast_math=true")
	if two := xlaEnvironment(); one != two || !strings.HasPrefix(one, "+flags=") {
		t.Errorf("the same flags in another order give %q and %q", one, two)
	}
}

// TestThreads shows that a number of threads other than the fixed one is part of the class.
func TestThreads(t *testing.T) {
	t.Setenv(threadsVariable, "")
	p := Plugin{Name: XLACPU, SHA256: strings.Repeat("ab", 32)}
	fixed, err := p.numerics()
	if err != nil {
		t.Fatal(err)
	}
	for threads, want := range map[string]string{xlaThreads: fixed, "2": fixed + "+threads=2"} {
		t.Setenv(threadsVariable, threads)
		if got, err := p.numerics(); err != nil || got != want {
			t.Errorf("with %s threads the class is %q (%v), want %q", threads, got, err, want)
		}
	}
}
