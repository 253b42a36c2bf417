package intake

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"github.com/prefab-build/prefab/spec"
)

// Ids of which many begin alike are told apart, and those that came before are found.
func TestIndexTellsIDsApart(t *testing.T) {
	draw := rand.New(rand.NewPCG(1, 2))
	const rows = 5000
	x, want := newIndex(rows), map[spec.Digest]int{}
	var ids []spec.Digest // each once
	for range rows {
		var id spec.Digest
		binary.LittleEndian.PutUint64(id[:], uint64(draw.IntN(40)))
		binary.LittleEndian.PutUint64(id[24:], uint64(draw.IntN(60)))
		n, again := x.find(&id, len(ids), func(n int) bool { return ids[n] == id })
		first, known := want[id]
		if !known {
			first = len(want)
			want[id] = first
			ids = append(ids, id)
		}
		if n != first || again != known {
			t.Fatalf("id %s is number %d (%t), want %d (%t)", id.Short(), n, again, first, known)
		}
	}
	if len(want) == rows {
		t.Error("no id came twice")
	}
}
