package backends

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"runtime"
	"strings"
)

// Status is what List knows of one backend.
type Status struct {
	Name      string `json:"name"`
	Available bool   `json:"available"`
	// Numerics and Detail are of an available backend: its class, and what computes.
	Numerics string `json:"numerics,omitzero"`
	Detail   string `json:"detail,omitzero"`
	// Why and Remedy are of a missing one: a clause and a sentence.
	Why    string `json:"why,omitzero"`
	Remedy string `json:"remedy,omitzero"`
}

// List says of every backend whether it can be opened here, and if not, why and what to do. It loads no plugin: it is
// quick, and a broken plugin cannot bring the program down.
func List(ctx context.Context, opts Options) ([]Status, error) {
	var list []Status
	for _, name := range Names() {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		s, err := status(name, opts)
		if err != nil {
			return nil, err
		}
		list = append(list, s)
	}
	return list, nil
}

func status(name string, opts Options) (Status, error) {
	s := Status{Name: name}
	numerics, err := Numerics(name, opts)
	var missing *Unavailable
	switch {
	case errors.As(err, &missing):
		s.Why, s.Remedy = missing.Why, missing.Remedy
		return s, nil
	case err != nil:
		return Status{}, err
	}
	s.Available, s.Numerics = true, numerics
	if name == CPU {
		s.Detail = fmt.Sprintf("Go, %d cores, nothing to install", runtime.GOMAXPROCS(0))
		return s, nil
	}
	p, err := findPlugin(name, opts)
	if err != nil {
		return Status{}, err
	}
	s.Detail = fmt.Sprintf("XLA, plugin %s (%d MB)", p.Path, p.Size/1e6)
	return s, nil
}

// output runs a program to its end and returns what it printed. The error of a program that failed ends with the last
// of what it complained about.
func output(ctx context.Context, name string, args ...string) (string, error) {
	var complaint strings.Builder
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err == nil {
		return string(out), nil
	}
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	return "", fmt.Errorf("%s: %w%s", strings.Join(cmd.Args, " "), err, tail(complaint.String()))
}

// tail is the last lines of what a program printed, to stand after its error.
func tail(s string) string {
	const lines = 6
	all := strings.Split(strings.TrimSpace(s), "\n")
	if all[0] == "" {
		return ""
	}
	return "\n  " + strings.Join(all[max(0, len(all)-lines):], "\n  ")
}
