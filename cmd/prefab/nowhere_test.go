package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/prefab-build/prefab/executor/cas"
	"github.com/prefab-build/prefab/executor/dataset/frame"
	"github.com/prefab-build/prefab/spec"
)

// nowhere CACHE TEXT looks for a text, as it is and as JSON, in every file of a cache, the blobs unpacked, and in those of
// the project's .prefab. Turned round with !, it must be somewhere.
func nowhere(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: nowhere CACHE TEXT")
	}
	quoted, err := json.Marshal(args[1])
	ts.Check(err)
	holds := func(b []byte) bool {
		return bytes.Contains(b, []byte(args[1])) || bytes.Contains(b, quoted[1:len(quoted)-1])
	}
	store, err := cas.Open(ts.MkAbs(args[0]), cas.Options{})
	ts.Check(err)
	defer store.Close()
	found := ""
	for _, root := range []string{ts.MkAbs(args[0]), ts.MkAbs(".prefab")} {
		ts.Check(filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			b, err := os.ReadFile(path)
			if d, parseErr := spec.ParseDigest(filepath.Base(path)); parseErr == nil && path == store.BlobPath(d) {
				b, err = store.Get(context.Background(), d)
			}
			if err == nil && (holds(b) || holds(unpacked(b))) {
				found = path
			}
			return err
		}))
	}
	switch {
	case found == "" && neg:
		ts.Fatalf("%q is nowhere", args[1])
	case found != "" && !neg:
		ts.Fatalf("%q is in %s", args[1], found)
	}
}

// unpacked returns what a packed file holds, or nil.
func unpacked(b []byte) (out []byte) {
	switch {
	case bytes.HasPrefix(b, []byte("PAR1")):
		_, _ = frame.Frame("", bytes.NewReader(b), spec.Source{Format: frame.Parquet}, func(s frame.Segment) error {
			out = append(out, s.Bytes...)
			return nil
		})
	case bytes.HasPrefix(b, []byte("\x1f\x8b")):
		if z, err := gzip.NewReader(bytes.NewReader(b)); err == nil {
			out, _ = io.ReadAll(z)
		}
	case bytes.HasPrefix(b, []byte("\x28\xb5\x2f\xfd")):
		if z, err := zstd.NewReader(bytes.NewReader(b)); err == nil {
			out, _ = io.ReadAll(z)
			z.Close()
		}
	}
	return out
}
