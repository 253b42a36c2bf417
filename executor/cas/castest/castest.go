// Package castest is the conformance suite of stores: what every implementation of the store promises, as tests. It is
// for the tests of stores only. A new promise becomes one more subtest here, and so a test of all stores.
package castest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	"github.com/prefab-build/prefab/executor/cas"
	"github.com/prefab-build/prefab/spec"
)

// A Store is what the suite tests. Consumers declare interfaces of their own with the methods that they call.
type Store interface {
	Put(ctx context.Context, b []byte) (spec.Digest, error)
	PutReader(ctx context.Context, r io.Reader) (spec.Digest, int64, error)
	Get(ctx context.Context, d spec.Digest) ([]byte, error)
	Open(ctx context.Context, d spec.Digest) (io.ReadCloser, error)
	Has(d spec.Digest) bool

	PutAction(base, inputs spec.Digest, entry []byte) error
	GetAction(base, inputs spec.Digest) ([]byte, error)
	HasAction(base, inputs spec.Digest) bool
	DropAction(base, inputs spec.Digest, reason string)
	ListBase(base spec.Digest) ([]spec.Digest, error)

	Memo(a, b spec.Digest) (spec.Digest, bool)
	PutMemo(a, b, c spec.Digest) error

	Lock(ctx context.Context, name string) (unlock func(), err error)
	TryLock(name string) (unlock func(), ok bool, err error)
}

// Run tests the stores that open returns. Each call of open gives an empty store.
func Run(t *testing.T, open func(t *testing.T) Store) {
	for name, test := range map[string]func(*testing.T, Store){
		"blobs":            testBlobs,
		"streams":          testStreams,
		"failed streams":   testFailedStreams,
		"missing":          testMissing,
		"own memory":       testOwnMemory,
		"cancelled":        testCancelled,
		"actions":          testActions,
		"bases":            testBases,
		"dropped entries":  testDropped,
		"memo":             testMemo,
		"locks":            testLocks,
		"waiting in vain":  testLockTimeout,
		"concurrent use":   testConcurrent,
		"one result stays": testFirstWins,
	} {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

// Blobs returns blobs that take each path through a store: empty, short, compressible or not, and longer than what a
// stream holds in memory.
func Blobs() map[string][]byte {
	return map[string][]byte{
		"empty":       {},
		"one byte":    {0},
		"short":       []byte("Which of the two answers is better?"),
		"text":        bytes.Repeat([]byte("The chosen answer, and the rejected one. "), 100),
		"noise":       noise(10_000),
		"long text":   bytes.Repeat([]byte("The chosen answer, and the rejected one. "), 80_000),
		"long zeros":  make([]byte, 5<<20),
		"long noise":  noise(3 << 20),
		"at the edge": noise(1 << 20),
		"over it":     noise(1<<20 + 1),
	}
}

// noise returns n bytes that do not compress, the same ones each time.
func noise(n int) []byte {
	var b []byte
	for i := 0; len(b) < n; i++ {
		d := spec.HashBytes(fmt.Append(nil, "noise", i))
		b = append(b, d[:]...)
	}
	return b[:n]
}

func testBlobs(t *testing.T, s Store) {
	for name, want := range Blobs() {
		for range 2 { // the second time it is there already
			d, err := s.Put(t.Context(), want)
			if err != nil || d != spec.HashBytes(want) {
				t.Fatalf("%s: Put gave %v, %v", name, d, err)
			}
			checkBlob(t, s, name, want)
		}
	}
}

// checkBlob reads a blob in both ways.
func checkBlob(t *testing.T, s Store, name string, want []byte) {
	t.Helper()
	d := spec.HashBytes(want)
	if !s.Has(d) {
		t.Errorf("%s: the store has it not", name)
	}
	got, err := s.Get(t.Context(), d)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s: Get gave %d bytes, %v; want %d", name, len(got), err, len(want))
	}
	r, err := s.Open(t.Context(), d)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	defer r.Close()
	var streamed bytes.Buffer
	if _, err := io.Copy(&streamed, r); err != nil {
		t.Errorf("%s: the stream gave %v", name, err)
	}
	if !bytes.Equal(streamed.Bytes(), want) {
		t.Errorf("%s: the stream gave %d bytes, want %d", name, streamed.Len(), len(want))
	}
	if n, err := r.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		t.Errorf("%s: behind its end the stream gave %d bytes, %v", name, n, err)
	}
}

func testStreams(t *testing.T, s Store) {
	for name, want := range Blobs() {
		d, n, err := s.PutReader(t.Context(), iotest.HalfReader(bytes.NewReader(want)))
		if err != nil || d != spec.HashBytes(want) || n != int64(len(want)) {
			t.Fatalf("%s: PutReader gave %v, %d, %v", name, d, n, err)
		}
		checkBlob(t, s, name, want)
	}
}

func testFailedStreams(t *testing.T, s Store) {
	broken := errors.New("the source broke")
	for _, n := range []int{0, 100, 3 << 20} {
		b := noise(n)
		_, _, err := s.PutReader(t.Context(), io.MultiReader(bytes.NewReader(b), iotest.ErrReader(broken)))
		if !errors.Is(err, broken) {
			t.Errorf("after %d bytes: %v", n, err)
		}
		if s.Has(spec.HashBytes(b)) {
			t.Errorf("half a stream of %d bytes was stored", n)
		}
	}
}

func testMissing(t *testing.T, s Store) {
	d := spec.HashBytes([]byte("nothing"))
	if s.Has(d) || s.HasAction(d, d) {
		t.Error("an empty store has things")
	}
	if _, err := s.Get(t.Context(), d); !errors.Is(err, cas.ErrNotFound) {
		t.Errorf("Get: %v", err)
	}
	if _, err := s.Open(t.Context(), d); !errors.Is(err, cas.ErrNotFound) {
		t.Errorf("Open: %v", err)
	}
	if _, err := s.GetAction(d, d); !errors.Is(err, cas.ErrNotFound) {
		t.Errorf("GetAction: %v", err)
	}
	if in, err := s.ListBase(d); err != nil || len(in) != 0 {
		t.Errorf("ListBase: %v, %v", in, err)
	}
}

// testOwnMemory checks that neither side can change what the other holds.
func testOwnMemory(t *testing.T, s Store) {
	mine := []byte("before")
	d, err := s.Put(t.Context(), mine)
	if err != nil {
		t.Fatal(err)
	}
	copy(mine, "after!")
	for range 2 {
		got, err := s.Get(t.Context(), d)
		if err != nil || string(got) != "before" {
			t.Fatalf("got %q, %v", got, err)
		}
		copy(got, "after!")
	}
}

func testCancelled(t *testing.T, s Store) {
	d, err := s.Put(t.Context(), []byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(nil)
	if _, err := s.Put(ctx, []byte("y")); !errors.Is(err, context.Canceled) {
		t.Errorf("Put: %v", err)
	}
	if _, err := s.Get(ctx, d); !errors.Is(err, context.Canceled) {
		t.Errorf("Get: %v", err)
	}
	if _, err := s.Lock(ctx, "x"); !errors.Is(err, context.Canceled) {
		t.Errorf("Lock: %v", err)
	}
}

func digests(n int) []spec.Digest {
	ds := make([]spec.Digest, n)
	for i := range ds {
		ds[i] = spec.HashBytes(fmt.Append(nil, i))
	}
	return ds
}

func testActions(t *testing.T, s Store) {
	d := digests(3)
	for _, entry := range [][]byte{{}, []byte("entry"), noise(100_000)} {
		in := spec.HashBytes(entry)
		for range 2 {
			if err := s.PutAction(d[0], in, entry); err != nil {
				t.Fatal(err)
			}
			got, err := s.GetAction(d[0], in)
			if err != nil || !bytes.Equal(got, entry) {
				t.Errorf("got %d bytes, %v; want %d", len(got), err, len(entry))
			}
		}
		if !s.HasAction(d[0], in) {
			t.Error("an entry that was put is not there")
		}
		if s.HasAction(in, d[0]) {
			t.Error("base and inputs are interchangeable")
		}
	}
}

func testBases(t *testing.T, s Store) {
	d := digests(50)
	for _, base := range d[:2] {
		for _, in := range d[2:] {
			if err := s.PutAction(base, in, []byte("e")); err != nil {
				t.Fatal(err)
			}
		}
	}
	want := slices.Clone(d[2:])
	slices.SortFunc(want, func(a, b spec.Digest) int { return bytes.Compare(a[:], b[:]) })
	for _, base := range d[:2] {
		got, err := s.ListBase(base)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("got %d inputs, %v; want %d in order", len(got), err, len(want))
		}
	}
}

func testFirstWins(t *testing.T, s Store) {
	d := digests(2)
	if err := s.PutAction(d[0], d[1], []byte("first")); err != nil {
		t.Fatal(err)
	}
	err := s.PutAction(d[0], d[1], []byte("second"))
	conflict := (*cas.ConflictError)(nil)
	if !errors.As(err, &conflict) || string(conflict.Existing) != "first" {
		t.Errorf("the second result gave %v", err)
	}
	if got, err := s.GetAction(d[0], d[1]); err != nil || string(got) != "first" {
		t.Errorf("the store holds %q, %v", got, err)
	}
}

func testDropped(t *testing.T, s Store) {
	d := digests(2)
	s.DropAction(d[0], d[1], "nothing is there")
	if err := s.PutAction(d[0], d[1], []byte("first")); err != nil {
		t.Fatal(err)
	}
	s.DropAction(d[0], d[1], "its blobs are gone")
	if _, err := s.GetAction(d[0], d[1]); !errors.Is(err, cas.ErrNotFound) {
		t.Errorf("a dropped entry gave %v", err)
	}
	if in, err := s.ListBase(d[0]); err != nil || len(in) != 0 {
		t.Errorf("a dropped entry is listed: %v, %v", in, err)
	}
	if err := s.PutAction(d[0], d[1], []byte("second")); err != nil {
		t.Error(err)
	}
	if in, err := s.ListBase(d[0]); err != nil || len(in) != 1 {
		t.Errorf("the entry in its place is listed as %v, %v", in, err)
	}
}

func testMemo(t *testing.T, s Store) {
	d := digests(60)
	if _, ok := s.Memo(d[0], d[1]); ok {
		t.Error("an empty store knows a fact")
	}
	for i := range d[2:] {
		for range 2 {
			if err := s.PutMemo(d[i], d[i+1], d[i+2]); err != nil {
				t.Fatal(err)
			}
		}
	}
	for i := range d[2:] {
		if c, ok := s.Memo(d[i], d[i+1]); !ok || c != d[i+2] {
			t.Errorf("fact %d: %v, %v", i, c, ok)
		}
	}
	if _, ok := s.Memo(d[1], d[0]); ok {
		t.Error("the two halves are interchangeable")
	}
	if err := s.PutMemo(d[0], d[1], d[9]); !errors.As(err, new(*cas.ConflictError)) {
		t.Errorf("another fact gave %v", err)
	}
	if c, ok := s.Memo(d[0], d[1]); !ok || c != d[2] {
		t.Error("the first fact did not stay")
	}
}

func testLocks(t *testing.T, s Store) {
	var held, total atomic.Int32
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 10 {
				unlock, err := s.Lock(t.Context(), "a name/with: strange\x00 letters")
				if err != nil {
					t.Error(err)
					return
				}
				if n := held.Add(1); n != 1 {
					t.Errorf("%d hold one lock", n)
				}
				total.Add(1)
				held.Add(-1)
				unlock()
				unlock() // is allowed, and does nothing
			}
		})
	}
	all.Wait()
	if total.Load() != 40 {
		t.Errorf("taken %d times, want 40", total.Load())
	}
}

func testLockTimeout(t *testing.T, s Store) {
	unlock, err := s.Lock(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	if _, ok, err := s.TryLock("a"); ok || err != nil {
		t.Errorf("a lock that is held: %v, %v", ok, err)
	}
	other, ok, err := s.TryLock("b")
	if !ok || err != nil {
		t.Fatalf("another lock: %v, %v", ok, err)
	}
	other()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := s.Lock(ctx, "a"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("waiting in vain gave %v", err)
	}
	unlock()
	again, ok, err := s.TryLock("a")
	if !ok || err != nil {
		t.Fatalf("a lock that was let go: %v, %v", ok, err)
	}
	again()
}

// testConcurrent has several goroutines write and read the same things.
func testConcurrent(t *testing.T, s Store) {
	const workers, things = 4, 25
	var all sync.WaitGroup
	d := digests(things)
	var won atomic.Int32
	for w := range workers {
		all.Go(func() {
			for i := range things {
				blob := noise(1000 + 100*i)
				if _, err := s.Put(t.Context(), blob); err != nil {
					t.Error(err)
				}
				if got, err := s.Get(t.Context(), spec.HashBytes(blob)); err != nil || !bytes.Equal(got, blob) {
					t.Errorf("blob %d: %d bytes, %v", i, len(got), err)
				}
				err := s.PutAction(d[0], d[i], fmt.Append(nil, "of worker ", w))
				if err == nil {
					won.Add(1)
				} else if !errors.As(err, new(*cas.ConflictError)) {
					t.Error(err)
				}
				if err := s.PutMemo(d[0], d[i], d[i]); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if won.Load() != things {
		t.Errorf("%d of %d keys had one winner", won.Load(), things)
	}
	if in, err := s.ListBase(d[0]); err != nil || len(in) != things {
		t.Errorf("the index has %d of %d inputs, %v", len(in), things, err)
	}
	for i := range things {
		if c, ok := s.Memo(d[0], d[i]); !ok || c != d[i] {
			t.Errorf("fact %d is lost", i)
		}
	}
}
