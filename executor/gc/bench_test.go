package gc_test

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/prefab-build/prefab/executor/gc"
	"github.com/prefab-build/prefab/spec"
)

// BenchmarkCollect removes half of a store of small objects, of which a third are entries. PREFAB_GC_OBJECTS says how many;
// making them takes longer than collecting.
func BenchmarkCollect(b *testing.B) {
	n := 20_000
	if text := os.Getenv("PREFAB_GC_OBJECTS"); text != "" {
		n = must[int](b)(strconv.Atoi(text))
	}
	var cpu float64
	for b.Loop() {
		b.StopTimer()
		s := open(b, b.TempDir())
		for i := range n / 3 {
			blobs := make([]map[string]any, 2)
			for k := range blobs {
				d := must[spec.Digest](b)(s.Put(b.Context(), fmt.Appendf(nil, "column %d of chunk %d", k, i)))
				blobs[k] = map[string]any{"name": "c", "type": "string", "blob": d}
			}
			entry := must[[]byte](b)(json.Marshal(map[string]any{"out": map[string]any{
				"rows": map[string]any{"rows": 1, "layers": []any{map[string]any{"columns": blobs}}},
			}}))
			if err := s.PutAction(digest("chunks of stage "+strconv.Itoa(i/100)), digest(strconv.Itoa(i)), entry); err != nil {
				b.Fatal(err)
			}
		}
		age(b, s, time.Hour)
		v := must[*gc.Survey](b)(gc.Look(b.Context(), s))
		half := v.Bytes() / 2
		b.StartTimer()
		cpu -= cpuSeconds()
		r := must[*gc.Report](b)(gc.Collect(b.Context(), s, gc.Limits{MaxBytes: half, MaxAge: 24 * time.Hour}, time.Now()))
		cpu += cpuSeconds()
		if r.Kept > half || r.Kept < half*9/10 {
			b.Fatalf("got %+v", r)
		}
	}
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "objects/s")
	b.ReportMetric(cpu/float64(b.N)/float64(n)*1e6, "cpu-s/million")
}
