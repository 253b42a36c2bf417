package executor_test

import (
	"encoding/json"
	"errors"
	"slices"
	"testing"

	"github.com/prefab-build/prefab/executor"
	"github.com/prefab-build/prefab/executor/cas"
	"github.com/prefab-build/prefab/planner"
	"github.com/prefab-build/prefab/spec"
)

// Every form of entry that the store gets, what it is and what it names.
func TestInventory(t *testing.T) {
	d := func(name string) spec.Digest { return spec.HashBytes([]byte(name)) }
	text := func(v any) []byte {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	type m = map[string]any
	columns := m{"rows": 1, "layers": []any{m{"columns": []any{m{"name": "a", "type": "string", "blob": d("column")}}}}}
	load := func(x spec.Digest) ([]byte, error) {
		if x == d("deltas") {
			return text([]any{columns, m{"rows": 2, "in": "not a selection"}}), nil
		}
		return nil, cas.ErrNotFound
	}
	for name, test := range map[string]struct {
		entry []byte
		kind  executor.EntryKind
		names []spec.Digest
	}{
		"rows": {
			text(m{"counts": m{"in": 1}, "ledger": d("ledger"), "ports": m{"rows": m{"artifact": "scores", "deltas": d("deltas")}}}),
			executor.ResultEntry,
			[]spec.Digest{d("ledger"), d("deltas"), d("column")},
		},
		"rows whose deltas are gone": {
			text(m{"counts": m{"in": 1}, "ports": m{"rows": m{"artifact": "scores", "deltas": d("gone")}}}),
			executor.ResultEntry,
			[]spec.Digest{d("gone")},
		},
		"files": {
			text(m{"counts": m{}, "ports": m{"model": m{"artifact": "model", "files": []any{m{"name": "w", "digest": d("file"), "size": 1}}}}}),
			executor.ResultEntry,
			[]spec.Digest{d("file")},
		},
		"a chunk": {
			text(m{"out": m{"rows": columns}, "blob": d("partial"), "ledger": []any{m{"row": 1, "reason": "odd"}}}),
			executor.ChunkEntry,
			[]spec.Digest{d("partial"), d("column")},
		},
		"a chunk without anything": {text(m{}), executor.ChunkEntry, nil},
		"shared work":              {text(m{"head": "YQ==", "result": d("shared")}), executor.SharedEntry, []spec.Digest{d("shared")}},
		"how a file was cut": {
			text(planner.File{Segments: []planner.Segment{{Digest: d("segment"), Records: 1}}}), executor.FileEntry, nil,
		},
	} {
		kind, names, err := executor.Inventory(test.entry, load)
		if err != nil || kind != test.kind || !slices.Equal(names, test.names) {
			t.Errorf("%s: %s that names %d blobs, %v", name, kind, len(names), err)
		}
	}
	if _, _, err := executor.Inventory([]byte("no JSON"), load); err == nil || errors.Is(err, cas.ErrNotFound) {
		t.Errorf("an entry of another sort gave %v", err)
	}
}
