// Package backends opens a compute device by name, tells what devices this machine has, and installs what a missing one
// needs. It is for the packages that train and score neural models, and for the commands that list and install backends.
//
// There are three names. "cpu" computes in Go, needs nothing and is there on every machine. "xla:cpu" and "xla:cuda"
// compile for the processor or for an NVIDIA GPU; they load a PJRT plugin, a shared library, by its absolute path, and
// exist only in programs built with cgo on Linux.
//
// The package loads nothing that it was not told to: it searches no library path and downloads nothing by itself.
// Only Install fetches anything, and it does so with the user's own package installer. Loading a plugin runs its code
// inside this process, so a plugin is verified by its digest before it is loaded.
package backends

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gomlx/compute"
)

// The names that Open knows, as they are written in pipeline files and cache keys.
const (
	CPU     = "cpu"
	XLACPU  = "xla:cpu"
	XLACUDA = "xla:cuda"
)

// Names returns the names that Open knows, the one that always works first.
func Names() []string { return []string{CPU, XLACPU, XLACUDA} }

// Options say where plugins are. The zero value is right for most: what Install put into the user's cache folder.
type Options struct {
	// Dir is the folder where plugins are installed; empty means DefaultDir.
	Dir string
	// Plugin is the absolute path of a PJRT plugin to load instead of the installed one. It is read once to take its
	// digest, which costs about a second.
	Plugin string
}

// Device is an opened compute device. It may be used by several goroutines; models on one device share its cores or
// its memory.
type Device struct {
	name, numerics, description string
	backend                     compute.Backend
}

// Name returns the name that the device was opened by.
func (d *Device) Name() string { return d.name }

// Numerics names the class of devices that give the same bits for the same graph; it belongs in cache keys. Two
// devices of different classes agree within rounding only. Numerics in this package says how it is made up.
func (d *Device) Numerics() string { return d.numerics }

// Description is a line for people: what computes, and where its code comes from.
func (d *Device) Description() string { return d.description }

// Backend is the device as the graph library knows it. Only packages below backends use it.
func (d *Device) Backend() compute.Backend { return d.backend }

// Close frees the device. Nothing that lives on it may be used afterwards. The plugin's code stays loaded: libraries of
// this size cannot be unloaded safely.
func (d *Device) Close() { d.backend.Finalize() }

// Open opens the device of that name. The error is an *Unavailable when this machine, this program or this user's cache
// folder lacks what the device needs; it says what to do.
func Open(name string, opts Options) (*Device, error) {
	if name == CPU {
		return openGo()
	}
	if !slices.Contains(Names(), name) {
		return nil, unknownName(name)
	}
	p, err := findPlugin(name, opts)
	if err != nil {
		return nil, err
	}
	return openPlugin(p)
}

// Numerics returns the class that a device of that name would have, without loading anything, so that plans are made
// in milliseconds:
//
//	go/amd64/1                           the Go backend: architecture, revision of its arithmetic
//	xla:cpu:amd64-avx2/88c3f28c5900f48a  XLA on the processor: instruction set, first 16 digits of the plugin's SHA-256
//	xla:cuda:sm90/0f1e2d3c4b5a6978       XLA on a GPU: compute capability, plugin
//
// Environment variables that change the arithmetic are appended when they are set. The error is as that of Open.
func Numerics(name string, opts Options) (string, error) {
	if name == CPU {
		return goNumerics(), nil
	}
	if !slices.Contains(Names(), name) {
		return "", unknownName(name)
	}
	p, err := findPlugin(name, opts)
	if err != nil {
		return "", err
	}
	return p.numerics()
}

func unknownName(name string) error {
	return fmt.Errorf("there is no backend %q; the backends are %s", name, strings.Join(Names(), ", "))
}

// Unavailable is why a device cannot be opened here, and what its user can do about it.
type Unavailable struct {
	Name   string // the device
	Why    string // a clause: "no plugin is installed"
	Remedy string // a sentence
}

// Error is one line: the device, the reason, the remedy.
func (u *Unavailable) Error() string {
	return fmt.Sprintf("backend %s is not available: %s. %s", u.Name, u.Why, u.Remedy)
}

// Recover turns the panic by which the graph library reports an error into an error, when deferred by a function
// that builds or runs graphs. Those panics carry an error value. All others are mistakes in this program and go on.
func Recover(err *error) {
	switch p := recover().(type) {
	case nil:
	case runtimeError:
		panic(p)
	case error:
		*err = p
	default:
		panic(p)
	}
}

// runtimeError is what the Go runtime panics with: an index out of range, a nil dereference.
type runtimeError interface {
	error
	RuntimeError()
}
