package cas_test

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/prefab-build/prefab/executor/cas"
	"github.com/prefab-build/prefab/spec"
)

// prose returns n bytes that compress about as well as English does, three to one.
func prose(n int) []byte {
	words := []string{"the ", "answer ", "is ", "better ", "because ", "it ", "names ", "every ", "reason ", "plainly ", "and "}
	var b []byte
	for i := 0; len(b) < n; i++ {
		d := spec.HashBytes(fmt.Append(nil, i))
		for _, x := range d[:16] {
			b = append(b, words[int(x)%len(words)]...)
		}
		b = fmt.Appendf(b, "%x. ", d[16:20])
	}
	return b[:n]
}

var sizes = map[string]int{"1KiB": 1 << 10, "1MiB": 1 << 20}

func BenchmarkPut(b *testing.B) {
	for name, n := range sizes {
		b.Run(name, func(b *testing.B) {
			s, _ := open(b)
			content := prose(n)
			b.SetBytes(int64(n))
			for i := 0; b.Loop(); i++ {
				binary.LittleEndian.PutUint64(content, uint64(i))
				if _, err := s.Put(b.Context(), content); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkPutKnown(b *testing.B) {
	for name, n := range sizes {
		b.Run(name, func(b *testing.B) {
			s, _ := open(b)
			content := prose(n)
			b.SetBytes(int64(n))
			for b.Loop() {
				if _, err := s.Put(b.Context(), content); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkGet(b *testing.B) {
	for name, n := range sizes {
		b.Run(name, func(b *testing.B) {
			s, _ := open(b)
			d, err := s.Put(b.Context(), prose(n))
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(n))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := s.Get(b.Context(), d); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkGetAction(b *testing.B) {
	s, _ := open(b)
	d := spec.HashBytes(nil)
	if err := s.PutAction(d, d, prose(1<<10)); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := s.GetAction(d, d); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkMemo opens a store with ten thousand facts and asks for each.
func BenchmarkMemo(b *testing.B) {
	s, _ := open(b)
	keys := make([]spec.Digest, 10_000)
	for i := range keys {
		keys[i] = spec.HashBytes(fmt.Append(nil, i))
		if err := s.PutMemo(keys[i], keys[i], keys[i]); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		s, err := cas.Open(s.Dir(), cas.Options{})
		if err != nil {
			b.Fatal(err)
		}
		for _, k := range keys {
			if _, ok := s.Memo(k, k); !ok {
				b.Fatal("a fact is lost")
			}
		}
	}
}

// BenchmarkVerify verifies 64 blobs of a megabyte. MB/cpu-s is megabytes of content for a second of one core, whatever else
// the machine does.
func BenchmarkVerify(b *testing.B) {
	s, _ := open(b)
	for i := range 64 {
		content := prose(1 << 20)
		binary.LittleEndian.PutUint64(content, uint64(i))
		if _, err := s.Put(b.Context(), content); err != nil {
			b.Fatal(err)
		}
	}
	b.SetBytes(64 << 20)
	start := cpuSeconds()
	for b.Loop() {
		if got, err := s.Verify(b.Context(), nil); err != nil || got.Sound != 64 {
			b.Fatal(got, err)
		}
	}
	b.ReportMetric(float64(b.N)*(64<<20)/1e6/(cpuSeconds()-start), "MB/cpu-s")
}

// BenchmarkTouch reads entries that are older than the process: each is touched under the sweep lock.
func BenchmarkTouch(b *testing.B) {
	s, _ := open(b)
	keys := make([]spec.Digest, 2000)
	for i := range keys {
		keys[i] = spec.HashBytes(fmt.Append(nil, i))
		if err := s.PutAction(keys[i], keys[i], prose(1<<10)); err != nil {
			b.Fatal(err)
		}
	}
	files, _ := filepath.Glob(filepath.Join(s.Dir(), "v1", "ac", "*", "*"))
	for b.Loop() {
		b.StopTimer()
		for _, f := range files {
			_ = os.Chtimes(f, time.Unix(1, 0), time.Unix(1, 0))
		}
		s, err := cas.Open(s.Dir(), cas.Options{})
		if err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		for _, k := range keys {
			if _, err := s.GetAction(k, k); err != nil {
				b.Fatal(err)
			}
		}
		b.StopTimer()
		_ = s.Close()
		b.StartTimer()
	}
	b.ReportMetric(b.Elapsed().Seconds()/float64(b.N)/float64(len(keys))*1e6, "us/entry")
}
