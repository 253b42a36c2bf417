package backends

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/gomlx/compute/gobackend"
)

// goRevision counts the versions of the Go backend that gave different bits. It was set for the module version below;
// a test fails when the module is upgraded, so that someone compares the bits and raises the count where they differ.
const (
	goRevision = 1
	goModule   = "v0.1.6"
)

// openGo opens the Go backend with its operations one after another. Run in parallel they deadlock: a matrix product
// waits for a free worker while it occupies one, and 14 of 25 short training runs hung. Sequential runs never did;
// products still use all cores.
func openGo() (*Device, error) {
	backend, err := gobackend.New("ops_sequential")
	if err != nil {
		return nil, fmt.Errorf("opening backend %s: %w", CPU, err)
	}
	return &Device{
		name:        CPU,
		numerics:    goNumerics(),
		description: fmt.Sprintf("Go on %d cores of this %s machine", runtime.GOMAXPROCS(0), runtime.GOARCH),
		backend:     backend,
	}, nil
}

// goNumerics tells apart what is known to give different bits: the architecture, the instruction level when the
// compiler may fuse multiplications and additions (amd64 from v3 on), the vector kernels of an experimental build, and
// the library's own switches.
func goNumerics() string {
	arch := runtime.GOARCH
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "GOAMD64" && s.Value != "v1" {
				arch += s.Value
			}
		}
	}
	if simdBuild {
		arch += "-simd"
	}
	return fmt.Sprintf("go/%s/%d%s", arch, goRevision, environment("GOMLX_FUSION", "GOMLX_SIMD_AVX2"))
}

// environment lists those of the variables that are set, for a numerics class.
func environment(names ...string) string {
	var b strings.Builder
	for _, name := range names {
		if value, ok := os.LookupEnv(name); ok {
			fmt.Fprintf(&b, "+%s=%s", name, value)
		}
	}
	return b.String()
}
