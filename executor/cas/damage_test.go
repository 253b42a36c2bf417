package cas_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prefab-build/prefab/executor/cas"
	"github.com/prefab-build/prefab/executor/cas/castest"
	"github.com/prefab-build/prefab/spec"
)

// onlyFile returns the one file below a subfolder of the store.
func onlyFile(t *testing.T, s *cas.Store, sub string) string {
	t.Helper()
	var files []string
	err := filepath.WalkDir(filepath.Join(s.Dir(), "v1", sub), func(path string, e os.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			files = append(files, path)
		}
		return err
	})
	if err != nil || len(files) != 1 {
		t.Fatalf("%s holds %v, %v; want one file", sub, files, err)
	}
	return files[0]
}

func write(t *testing.T, path string, b []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// mutants returns b with each bit flipped, cut at each length, and with something behind it.
func mutants(b []byte) (all [][]byte) {
	for i := range b {
		for bit := range 8 {
			m := bytes.Clone(b)
			m[i] ^= 1 << bit
			all = append(all, m)
		}
		all = append(all, b[:i])
	}
	return append(all, append(bytes.Clone(b), 0), make([]byte, len(b)))
}

func TestDamagedBlobIsAMissAndIsSetAside(t *testing.T) {
	for name, content := range map[string][]byte{
		"raw":        []byte("short and so not compressed"),
		"compressed": []byte(strings.Repeat("Compressed since it says the same again. ", 8)),
	} {
		t.Run(name, func(t *testing.T) {
			s, damage := open(t)
			d, err := s.Put(t.Context(), content)
			if err != nil {
				t.Fatal(err)
			}
			path := onlyFile(t, s, "cas")
			sound, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			for i, bad := range mutants(sound) {
				write(t, path, bad)
				_, err := s.Get(t.Context(), d)
				checkDamage(t, i, err, d, path, *damage)
				if s.Has(d) {
					t.Fatalf("mutant %d was not set aside", i)
				}

				write(t, path, bad)
				*damage = nil
				checkDamage(t, i, drain(t, s, d), d, path, *damage)
				*damage = nil
			}
			if _, err := s.Put(t.Context(), content); err != nil {
				t.Fatal(err)
			}
			if got, err := s.Get(t.Context(), d); err != nil || !bytes.Equal(got, content) {
				t.Errorf("the blob did not heal: %v", err)
			}
		})
	}
}

func drain(t *testing.T, s *cas.Store, d spec.Digest) error {
	r, err := s.Open(t.Context(), d)
	if err != nil {
		return err
	}
	defer r.Close()
	_, err = io.Copy(io.Discard, r)
	return err
}

func checkDamage(t *testing.T, i int, err error, d spec.Digest, path string, reported []cas.Damage) {
	t.Helper()
	found := (*cas.DamageError)(nil)
	if !errors.As(err, &found) || found.Digest != d || found.Path != path || !errors.Is(err, cas.ErrNotFound) {
		t.Fatalf("mutant %d gave %v", i, err)
	}
	if len(reported) != 1 || reported[0].Kind != "blob" || reported[0].Digest != d || reported[0].Moved == "" {
		t.Fatalf("mutant %d was reported as %+v", i, reported)
	}
}

func TestDamagedEntryIsAMissAndIsSetAside(t *testing.T) {
	s, damage := open(t)
	base, inputs := spec.HashBytes([]byte("base")), spec.HashBytes([]byte("inputs"))
	if err := s.PutAction(base, inputs, []byte("the entry")); err != nil {
		t.Fatal(err)
	}
	path := onlyFile(t, s, "ac")
	sound, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i, bad := range mutants(sound) {
		write(t, path, bad)
		*damage = nil
		if _, err := s.GetAction(base, inputs); !errors.Is(err, cas.ErrNotFound) {
			t.Fatalf("mutant %d gave %v", i, err)
		}
		if len(*damage) != 1 || (*damage)[0].Kind != "entry" || (*damage)[0].Moved == "" {
			t.Fatalf("mutant %d was reported as %+v", i, *damage)
		}
		if in, err := s.ListBase(base); err != nil || len(in) != 0 {
			t.Fatalf("mutant %d is still listed", i)
		}
	}
	write(t, path, sound[:10])
	if err := s.PutAction(base, inputs, []byte("another entry")); err != nil {
		t.Fatal("a torn entry is in the way:", err)
	}
	if got, err := s.GetAction(base, inputs); err != nil || string(got) != "another entry" {
		t.Errorf("got %q, %v", got, err)
	}
	if in, err := s.ListBase(base); err != nil || len(in) != 1 {
		t.Errorf("listed %v, %v", in, err)
	}
}

func TestEntryUnderAnothersNameIsDamage(t *testing.T) {
	s, damage := open(t)
	a, b := spec.HashBytes([]byte("a")), spec.HashBytes([]byte("b"))
	if err := s.PutAction(a, b, []byte("entry")); err != nil {
		t.Fatal(err)
	}
	from := onlyFile(t, s, "ac")
	address := spec.HashBytes(append(b[:], a[:]...)).String()
	to := filepath.Join(s.Dir(), "v1", "ac", address[:2], address)
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
	if _, err := s.GetAction(b, a); !errors.Is(err, cas.ErrNotFound) || len(*damage) != 1 {
		t.Errorf("got %v, reported %v", err, *damage)
	}
}

// A header that promises a petabyte, with a checksum that holds, shall cost neither a petabyte nor a crash.
func TestLyingHeader(t *testing.T) {
	s, _ := open(t)
	content := bytes.Repeat([]byte("x"), 4<<20)
	d, err := s.Put(t.Context(), content)
	if err != nil {
		t.Fatal(err)
	}
	path := onlyFile(t, s, "cas")
	sound, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for at, b := range map[int]byte{1: 1, 2: 7, 6: 1, 8: 0x3f} { // bytes of the length: shorter, longer, far longer
		bad := bytes.Clone(sound)
		bad[at] ^= b
		write(t, path, bad)
		if _, err := s.Get(t.Context(), d); !errors.As(err, new(*cas.DamageError)) {
			t.Errorf("byte %d: Get gave %v", at, err)
		}
		write(t, path, bad)
		if err := drain(t, s, d); !errors.As(err, new(*cas.DamageError)) {
			t.Errorf("byte %d: the stream gave %v", at, err)
		}
	}
}

// A power cut leaves empty files under final names; the next Put makes them whole without a reader's help.
func TestPutReplacesEmptyFile(t *testing.T) {
	s, damage := open(t)
	for _, content := range []string{"", "short", strings.Repeat("long enough to compress ", 50)} {
		d, err := s.Put(t.Context(), []byte(content))
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(s.Dir(), "v1", "cas", d.String()[:2], d.String())
		write(t, path, nil)
		if s.Has(d) {
			t.Error("an empty file counts as a blob")
		}
		if _, err := s.Put(t.Context(), []byte(content)); err != nil {
			t.Fatal(err)
		}
		if got, err := s.Get(t.Context(), d); err != nil || string(got) != content || len(*damage) != 0 {
			t.Errorf("got %q, %v, reported %v", got, err, *damage)
		}
	}
}

// Blobs of all lengths and encodings are verified beside one another, in memory that they share.
func TestVerifySound(t *testing.T) {
	s, damage := open(t)
	var bytes int64
	for name, content := range castest.Blobs() {
		for i := range byte(20) {
			b := append(content[:len(content)*int(i)/20:len(content)*int(i)/20], name...)
			if _, err := s.Put(t.Context(), append(b, i)); err != nil {
				t.Fatal(err)
			}
			bytes += int64(len(b)) + 1
		}
	}
	got, err := s.Verify(t.Context(), nil)
	if err != nil || got.Damaged != 0 || got.Bytes != bytes || len(*damage) != 0 {
		t.Errorf("%+v of %d bytes, %v, reported %v", got, bytes, err, *damage)
	}
	got, err = s.Verify(t.Context(), func(d spec.Digest) bool { return d[0] < 128 })
	if err != nil || got.Bytes == 0 || got.Bytes >= bytes {
		t.Errorf("half of it: %+v of %d bytes, %v", got, bytes, err)
	}
}

func TestVerify(t *testing.T) {
	s, damage := open(t)
	for _, content := range []string{"one", "two", "three"} {
		d, err := s.Put(t.Context(), []byte(content))
		if err != nil {
			t.Fatal(err)
		}
		if err := s.PutAction(d, d, []byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := s.Verify(t.Context(), nil); got != (cas.Verified{Sound: 6, Bytes: 11}) || err != nil {
		t.Fatalf("%+v, %v", got, err)
	}
	one := spec.HashBytes([]byte("one"))
	address := spec.HashBytes(append(one[:], one[:]...))
	for sub, d := range map[string]spec.Digest{"cas": one, "ac": address} {
		write(t, filepath.Join(s.Dir(), "v1", sub, d.String()[:2], d.String()), []byte("\x01on"))
	}
	write(t, filepath.Join(s.Dir(), "v1", "cas", "stray"), []byte("\x01on"))
	if got, err := s.Verify(t.Context(), nil); got.Sound != 4 || got.Damaged != 3 || err != nil || len(*damage) != 3 {
		t.Fatalf("%+v, %v, reported %v", got, err, *damage)
	}
	if got, err := s.Verify(t.Context(), nil); got.Sound != 4 || got.Damaged != 0 || err != nil {
		t.Fatalf("the second time %+v, %v", got, err)
	}
	u, err := s.Usage(t.Context())
	if err != nil || u.Blobs.Count != 2 || u.Entries.Count != 2 || u.Damaged.Count != 3 || u.Temporary.Count != 0 {
		t.Errorf("%+v, %v", u, err)
	}
}
