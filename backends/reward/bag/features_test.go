package bag

import (
	"math"
	"testing"
)

func TestCount(t *testing.T) {
	c := newCounter(Defaults())
	got := c.count("The cat. THE cat!")
	// the, cat, the, cat and the-cat, cat-the, the-cat: four words and three pairs in four buckets.
	n := map[uint16]int{}
	for _, cell := range got.cells {
		n[cell.count]++
	}
	if got.total != 7 || len(got.cells) != 4 || n[2] != 3 || n[1] != 1 {
		t.Errorf("counts %+v", got)
	}
	for i := 1; i < len(got.cells); i++ {
		if got.cells[i-1].bucket >= got.cells[i].bucket {
			t.Errorf("buckets out of order: %+v", got.cells)
		}
	}
	if other := c.count("cat the"); other.total != 3 || len(other.cells) != 3 {
		t.Errorf("counts of two words %+v", other)
	}
	if empty := c.count(" ... "); empty.total != 0 || len(empty.cells) != 0 {
		t.Errorf("counts of no words %+v", empty)
	}
}

// TestBuckets: the hashes of many words fill the buckets evenly; with 100 words to a bucket, chi-square over 1,023
// degrees of freedom has the standard deviation 45.
func TestBuckets(t *testing.T) {
	cfg := Defaults()
	cfg.Buckets, cfg.MaxNgram = 1024, 1
	c := newCounter(cfg)
	hits := make([]int, cfg.Buckets)
	word := make([]byte, 3)
	const words = 102400
	for i := range words {
		word[0], word[1], word[2] = 'a'+byte(i%26), 'a'+byte(i/26%26), 'a'+byte(i/676%26)
		text := string(word) + string(rune('a'+i/17576))
		hits[c.count(text).cells[0].bucket]++
	}
	chi := 0.0
	for _, h := range hits {
		chi += math.Pow(float64(h)-100, 2) / 100
	}
	if math.Abs(chi-1023) > 5*45 {
		t.Errorf("chi-square %.0f for 1,023 degrees of freedom", chi)
	}
}

func TestGrid(t *testing.T) {
	cfg := Defaults()
	cfg.Buckets = 256
	g := newGrid(cfg, 3)
	g.set(1, counts{cells: []cell{{5, 3}, {200, 1}}, total: 4})
	if g.values[5*3+1] != 1.5 || g.values[200*3+1] != 0.5 {
		t.Errorf("filled with %g and %g", g.values[16], g.values[601])
	}
	g.clear()
	for i, v := range g.values {
		if v != 0 {
			t.Fatalf("value %d is %g after clearing", i, v)
		}
	}
}
