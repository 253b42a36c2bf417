//go:build cgo && linux && (amd64 || arm64)

package backends

import (
	"debug/elf"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"

	"github.com/gomlx/compute"
	"github.com/gomlx/go-xla/compute/xla"
)

// xlaMissing says why this program cannot load plugins; empty, it can.
func xlaMissing() string { return "" }

// loading serialises what openPlugin does to the environment of the process.
var loading sync.Mutex

// openPlugin loads a plugin by its absolute path: the library's own search crashes on files that it cannot load.
func openPlugin(p Plugin) (*Device, error) {
	if err := checkPath(p); err != nil {
		return nil, err
	}
	if err := checkLibrary(p); err != nil {
		return nil, err
	}
	// Before anything is set in the environment, which is part of the class.
	numerics, err := p.numerics()
	if err != nil {
		return nil, err
	}
	loading.Lock()
	defer loading.Unlock()
	config := p.Path + ",tf32=false"
	switch p.Name {
	case XLACPU:
		restore, err := fixThreads()
		if err != nil {
			return nil, err
		}
		defer restore()
	case XLACUDA:
		if err := prepareCUDA(); err != nil {
			return nil, err
		}
		config += ",preallocate=false"
	}
	var backend compute.Backend
	err = func() (err error) {
		defer Recover(&err)
		backend, err = xla.New(config)
		return err
	}()
	if err != nil {
		return nil, &Unavailable{
			Name: p.Name, Why: fmt.Sprintf("the plugin %s could not be started: %v", p.Path, firstLine(err)),
			Remedy: "Install another plugin with `prefab backend install " + p.Name + " --plugin PATH`.",
		}
	}
	return &Device{
		name:        p.Name,
		numerics:    numerics,
		description: fmt.Sprintf("XLA, %s, plugin %s", backend.DeviceDescription(0), p.Path),
		backend:     backend,
	}, nil
}

// checkPath refuses paths that the library would misread: it takes a comma for the start of its options, and a plugin
// for a CUDA one when "cuda" or "nvidia" occurs anywhere in its path, a user's name included.
func checkPath(p Plugin) error {
	if strings.Contains(p.Path, ",") {
		return fmt.Errorf("the plugin's path %s has a comma, with which it cannot be loaded: move or link it", p.Path)
	}
	upper := strings.ToUpper(p.Path)
	cuda := strings.Contains(upper, "CUDA") || strings.Contains(upper, "NVIDIA")
	if cuda != (p.Name == XLACUDA) {
		return fmt.Errorf("the plugin for %s is at %s: a path with \"cuda\" or \"nvidia\" in it is loaded as a CUDA plugin, every other as one for processors. Move it", p.Name, p.Path)
	}
	return nil
}

// checkLibrary reads the file's symbols, so that a file that is no plugin is an error and not a crash.
func checkLibrary(p Plugin) error {
	f, err := elf.Open(p.Path)
	if err != nil {
		return fmt.Errorf("%s is not a shared library: %w", p.Path, err)
	}
	defer f.Close()
	machine := map[string]elf.Machine{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64}[runtime.GOARCH]
	if f.Machine != machine {
		return fmt.Errorf("%s is a library for another processor (%v; this is %v)", p.Path, f.Machine, machine)
	}
	symbols, err := f.DynamicSymbols()
	if err != nil {
		return fmt.Errorf("%s has no symbols: %w", p.Path, err)
	}
	for _, s := range symbols {
		if s.Name == "GetPjrtApi" && s.Section != elf.SHN_UNDEF {
			return nil
		}
	}
	return fmt.Errorf("%s is a library but no PJRT plugin: it has no function GetPjrtApi", p.Path)
}

// fixThreads makes the plugin that is about to start use the same number of threads on every machine. Left alone it
// takes one per core, and from 8 on divides the sum inside a product among them: 2, 8, 16 and 64 threads gave four
// different results of one training run, while 8 threads gave the same bits on one core as on two.
func fixThreads() (restore func(), err error) {
	if os.Getenv(threadsVariable) != "" {
		return func() {}, nil
	}
	if err := os.Setenv(threadsVariable, xlaThreads); err != nil {
		return nil, err
	}
	return func() { _ = os.Unsetenv(threadsVariable) }, nil
}

// prepareCUDA sets what the plugin reads when it starts: deterministic kernels, and the devices in the order in which
// nvidia-smi counts them.
func prepareCUDA() error {
	const deterministic = "--xla_gpu_deterministic_ops=true"
	flags := os.Getenv("XLA_FLAGS")
	if !strings.Contains(flags, "--xla_gpu_deterministic_ops") {
		flags = strings.TrimSpace(flags + " " + deterministic)
	}
	if err := os.Setenv("XLA_FLAGS", flags); err != nil {
		return err
	}
	return os.Setenv("CUDA_DEVICE_ORDER", "PCI_BUS_ID")
}

func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}
