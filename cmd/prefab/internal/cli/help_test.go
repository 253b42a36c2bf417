package cli

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
	"github.com/spf13/cobra"
)

// run gives a command line, and returns what it prints.
func run(t *testing.T, args ...string) string {
	t.Helper()
	var out, log bytes.Buffer
	if code := Main(context.Background(), args, Streams{In: strings.NewReader(""), Out: &out, Err: &log}); code != exitOK {
		t.Fatalf("prefab %s ended with %d: %s", strings.Join(args, " "), code, log.String())
	}
	return out.String()
}

func fits(t *testing.T, what, text string) {
	t.Helper()
	for line := range strings.Lines(text) {
		if line = strings.TrimSuffix(line, "\n"); ansi.StringWidth(line) > helpWidth {
			t.Errorf("%s: %d columns: %s", what, ansi.StringWidth(line), line)
		}
		if strings.TrimRight(line, " ") != line {
			t.Errorf("%s: blanks at the end of %q", what, line)
		}
	}
}

// TestWidths sets all help, and all pages of the reference, on a terminal of 80 columns.
func TestWidths(t *testing.T) {
	var commands func(path []string, c *cobra.Command)
	commands = func(path []string, c *cobra.Command) {
		fits(t, strings.Join(path, " "), run(t, append(path, "--help")...))
		for _, sub := range c.Commands() {
			if sub.Name() != "completion" && sub.Name() != "help" { // the library's
				commands(append(path[:len(path):len(path)], sub.Name()), sub)
			}
		}
	}
	commands(nil, (&app{}).root())
	r := newReference()
	fits(t, "stages", run(t, "stages"))
	for _, name := range r.names() {
		fits(t, "stages "+name, run(t, "stages", name))
	}
}

// TestReference asks for every word that a schema has.
func TestReference(t *testing.T) {
	r := newReference()
	for name, want := range map[string]string{
		"gate": "check \"name\" {}", "threshold": "on_failure", "project": "profile", "variable": "validation {}", "output": "value",
		"source": "source \"jsonl\"", "backend": "backend \"xla\"", "cache": "path", "executor": "parallelism", "locals": "local.data",
		"for_each": "in arguments; gate", "enabled": "leaves the block out", "requires": "gate.ship", "seed": "in arguments", "timeout": "\"30m\"",
		"description": "a note for readers", "severity": "in gate, block check", "end": "an end of its 95 % interval", "on_failure": "in threshold",
		"pairs": "votes_chosen", "prompts": "difficulty", "votes": "response_a", "items": "passage", "scores": "fold", "architecture": "architecture \"linear\"",
	} {
		if got := run(t, "stages", name); !strings.Contains(strings.Join(strings.Fields(got), " "), want) {
			t.Errorf("prefab stages %s lacks %q:\n%s", name, want, got)
		}
	}
	for i := range r.kinds {
		for _, a := range r.kinds[i].Schema.Attrs {
			run(t, "stages", a.Name)
			if a.Doc == "" {
				t.Errorf("%s.%s has no documentation", r.kinds[i].Name, a.Name)
			}
		}
	}
	for i := range r.topics {
		if s := r.topics[i].Schema; s != nil {
			for _, a := range s.Attrs {
				if a.Doc == "" || a.Type == "" {
					t.Errorf("%s.%s has no documentation", r.topics[i].Name, a.Name)
				}
			}
		}
	}
}
