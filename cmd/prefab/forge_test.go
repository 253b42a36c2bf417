package main

import (
	"bytes"
	"context"
	"sync"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/prefab-build/prefab/executor/cas"
)

// forge OLD NEW replaces a text in every entry of the cache that has it. Such an entry is sound and wrong, as one is whose
// stage gave another result when it was stored.
func forge(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: forge OLD NEW")
	}
	s, err := cas.Open(ts.MkAbs(ts.Getenv("PREFAB_CACHE")), cas.Options{})
	ts.Check(err)
	defer s.Close()
	var mu sync.Mutex
	var found []cas.Entry
	ts.Check(s.Entries(context.Background(), func(_ int, e cas.Entry) error {
		if bytes.Contains(e.Payload, []byte(args[0])) {
			mu.Lock()
			defer mu.Unlock()
			found = append(found, e)
		}
		return nil
	}))
	if len(found) == 0 {
		ts.Fatalf("no entry has %q", args[0])
	}
	for _, e := range found {
		s.DropAction(e.Base, e.Inputs, "a script forges it")
		ts.Check(s.PutAction(e.Base, e.Inputs, bytes.ReplaceAll(e.Payload, []byte(args[0]), []byte(args[1]))))
	}
}
