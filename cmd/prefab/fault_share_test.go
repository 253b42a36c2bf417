//go:build unix

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// TestFaultCrowd runs eight projects at once that share a cache and ask for the same work. Each stage is run by one of them,
// and all come to the same.
func TestFaultCrowd(t *testing.T) {
	if testing.Short() {
		t.Skip("eight processes")
	}
	const crowd = 8
	cache := t.TempDir()
	shared := func(c *exec.Cmd) *exec.Cmd {
		c.Env = append(c.Env, "PREFAB_CACHE="+cache)
		return c
	}
	sites, outputs := make([]site, crowd), make([]bytes.Buffer, crowd)
	for i := range sites {
		sites[i] = newSite(t)
		// The names of stages are the project's own.
		sites[i].write("main.prefab.hcl", []byte(strings.ReplaceAll(faultSpec, "confident", fmt.Sprintf("confident_%d", i))))
	}
	var all sync.WaitGroup
	for i, s := range sites {
		all.Go(func() {
			c := shared(s.command("apply", "--yes", "--json"))
			c.Stdout, c.Stderr = &outputs[i], &outputs[i]
			if err := c.Run(); err != nil {
				t.Errorf("project %d: %v\n%s", i, err, outputs[i].String())
			}
		})
	}
	all.Wait()
	ran := map[string]int{}
	var export []byte
	for i, s := range sites {
		for line := range bytes.Lines(outputs[i].Bytes()) {
			var e struct{ Type, Addr, State string }
			if err := json.Unmarshal(line, &e); err != nil {
				t.Fatalf("project %d says %s", i, line)
			}
			if e.Type == "warning" {
				t.Errorf("project %d: %s", i, line)
			}
			if kind, _, _ := strings.Cut(e.Addr, "."); e.Type == "finish" && e.State == "ran" {
				ran[kind]++
			}
		}
		b, err := os.ReadFile(filepath.Join(s.dir, "out", "train.jsonl.gz"))
		if export == nil {
			export = b
		}
		if err != nil || !bytes.Equal(b, export) {
			t.Errorf("project %d has another export: %v", i, err)
		}
		if text, code := s.end(shared(s.command("plan", "--detailed-exitcode"))); code != 0 {
			t.Errorf("project %d has something left to do:\n%s", i, text)
		}
	}
	want := map[string]int{
		"benchmark": 1, "dataset": 3, "decontaminate": 1, "deduplicate": 1, "evaluate": 1, "export": 1, "filter": 1,
		"reward_model": 1, "split": 1, "union": 1,
	}
	if !maps.Equal(ran, want) {
		t.Errorf("stages ran %v times, not %v", ran, want)
	}
}
