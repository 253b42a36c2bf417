//go:build unix

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prefab-build/prefab/executor/cas"
)

// TestFaultInterruptCollect presses Ctrl-C once or twice while garbage is collected: while the cache is looked through, and
// from when the first file is gone. The cache is sound then, nothing that is needed has gone, and the next collection
// removes the rest.
func TestFaultInterruptCollect(t *testing.T) {
	if testing.Short() {
		t.Skip("every collection has thousands of files to remove")
	}
	whole := newSite(t)
	want := whole.result()
	gc := []string{"cache", "gc", "--max-gb", "0"}
	whole.run(gc...)
	clean := whole.blobs()
	ends, within := map[string]int{}, 0
	for i := range *interrupts / 4 {
		draw := rand.New(rand.NewPCG(*first, uint64(i)))
		s := newSite(t)
		s.litter(draw)
		full, removing, twice := s.blobs(), i%2 == 1, i%4 > 1
		end := s.interrupt(gc, func(*spoken) {
			if !removing {
				time.Sleep(time.Duration(draw.IntN(60)) * time.Millisecond)
			}
			for began := time.Now(); removing && s.blobs() == full; {
				if time.Since(began) > patience {
					t.Errorf("nothing is removed")
					return
				}
			}
		}, twice, time.Duration(draw.IntN(3))*time.Millisecond)
		ends[end]++
		if left := s.blobs(); clean < left && left < full {
			within++
		}
		if text, code := s.run("cache", "verify"); code != 0 {
			t.Errorf("the cache is damaged:\n%s", text)
		}
		s.same(s.look(), want, fmt.Sprintf("trial %d, %s", i, end))
		if text, code := s.run(gc...); code != 0 || s.blobs() != clean {
			t.Errorf("the next collection ends with %d and leaves %d blobs of %d:\n%s", code, s.blobs(), clean, text)
		}
		s.same(s.look(), want, "after the next collection")
		s.unfinished("in the end")
		if t.Failed() {
			t.Fatalf("trial %d, twice: %v", i, twice)
		}
	}
	if t.Logf("collections were interrupted: %v, %d of them between two files", ends, within); within == 0 {
		t.Error("no collection was interrupted while it removed files")
	}
}

// litter runs the pipeline, before that another one, and leaves thousands of blobs that nothing names.
func (s site) litter(draw *rand.Rand) {
	s.t.Helper()
	s.write("main.prefab.hcl", []byte(strings.Replace(faultSpec, "cross_fit = 3", "cross_fit = 2", 1)))
	s.result()
	s.write("main.prefab.hcl", []byte(faultSpec))
	s.result()
	store, err := cas.Open(filepath.Join(s.dir, ".cache"), cas.Options{})
	if err != nil {
		s.t.Fatal(err)
	}
	for range 3000 {
		if _, err := store.Put(s.t.Context(), fmt.Append(nil, "nobody needs ", draw.Uint64())); err != nil {
			s.t.Fatal(err)
		}
	}
	if err := store.Close(); err != nil {
		s.t.Fatal(err)
	}
}

// blobs counts the blobs of the site's cache.
func (s site) blobs() (n int) {
	s.t.Helper()
	err := filepath.WalkDir(filepath.Join(s.dir, ".cache", "v1", "cas"), func(_ string, e fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // removed since it was listed
		}
		if err == nil && e.Type().IsRegular() {
			n++
		}
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return n
}
