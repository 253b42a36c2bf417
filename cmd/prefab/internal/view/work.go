package view

import (
	"fmt"
	"sync"
	"time"

	"github.com/prefab-build/prefab/executor"
	"github.com/prefab-build/prefab/spec"
)

// Working returns what prints the log of an action while it is worked on.
func (v *View) Working() func(executor.Event) {
	var mu sync.Mutex
	return func(e executor.Event) {
		if e.Type != "log" {
			return
		}
		mu.Lock()
		defer mu.Unlock()
		if v.opts.JSON {
			v.printJSON(map[string]any{"type": "log", "text": e.Text})
			return
		}
		fmt.Fprintln(v.err, v.wrap(e.Text, 0))
	}
}

// Worked says what running an action came to.
func (v *View) Worked(w *executor.Work, action spec.Digest, took time.Duration) {
	if v.opts.JSON {
		v.printJSON(map[string]any{
			"type": "worked", "kind": w.Kind, "action": action, "base": w.Base, "inputs": w.Inputs, "done": w.Done,
			"conflict": w.Conflict, "entry": spec.HashBytes(w.Entry), "elapsed_ms": took.Milliseconds(),
		})
		return
	}
	if w.Done {
		fmt.Fprintf(v.out, "%s: its result is in the cache.\n", w.Kind)
	} else {
		fmt.Fprintf(v.out, "%s: ran in %s.\n", w.Kind, round(took))
	}
	fmt.Fprintf(v.out, "  base   %s\n  inputs %s\n", w.Base, w.Inputs)
	if w.Conflict {
		v.Warning("The cache holds another result for this key, which stays: the same work gave two results.")
	}
}
