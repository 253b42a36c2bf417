package bulk_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"testing"

	"github.com/prefab-build/prefab/executor/methods/synthetic/bulk"
)

// TestBytes pins the records: figures of one version are to be compared with those of another.
func TestBytes(t *testing.T) {
	c, h := bulk.New(1, 5000, 20), sha256.New()
	for n := range 500 {
		h.Write(c.Pair(n))
		h.Write(c.Item(n))
	}
	const want = "b15dec633a6dc2a4"
	if got := hex.EncodeToString(h.Sum(nil)); got[:16] != want {
		t.Errorf("the records hash to %s, want %s: say in the commit that figures cannot be compared", got[:16], want)
	}
}

func TestRecords(t *testing.T) {
	c := bulk.New(1, 50_000, 100)
	const rows = 3000
	size, prompts := 0, map[string]bool{}
	for n := range rows {
		line := c.Pair(n)
		var r struct{ Prompt, Chosen, Rejected string }
		if err := json.Unmarshal(line, &r); err != nil || r.Prompt == "" || r.Chosen == "" || r.Rejected == "" {
			t.Fatalf("record %d is %s (%v)", n, line, err)
		}
		size += len(line)
		prompts[r.Prompt] = true
	}
	if mean := size / rows; mean < 900 || mean > 1300 {
		t.Errorf("a record has %d bytes, not about 1100", mean)
	}
	if n := len(prompts); n == rows || n < rows*9/10 {
		t.Errorf("%d of %d prompts are distinct", n, rows)
	}
}
