package resolve

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"slices"

	"github.com/prefab-build/prefab/executor/dataset/frame"
	"github.com/prefab-build/prefab/planner"
	"github.com/prefab-build/prefab/spec"
)

const frameVersion = frame.Version

// frame reads a file through and says which segments it is made of, and h where they were kept.
func (r *Resolver) frame(ctx context.Context, full string, s spec.Source, file *planner.File, h *held, progress func(done int64)) error {
	f, err := Open(full)
	if err != nil {
		return err
	}
	defer f.Close()
	keep := r.keeping(f, s, h)
	var unpacked int64
	sum, err := frame.Frame(file.Path, f, s, func(seg frame.Segment) error {
		p := planner.Segment{Digest: spec.HashBytes(seg.Bytes), Records: seg.Records, Size: len(seg.Bytes)}
		if len(seg.Places) > 0 {
			p.Line, p.Offset = seg.Places[0].Line, seg.Places[0].Offset
		}
		file.Segments = append(file.Segments, p)
		if keep != nil {
			keep(seg.Bytes)
		}
		unpacked += int64(p.Size)
		progress(unpacked)
		return context.Cause(ctx)
	})
	file.Header, file.Notes = bytes.Clone(sum.Header), sum.Notes
	return err
}

// sumOf returns the SHA-256 of a file's bytes.
func sumOf(full string) (sum spec.Digest, err error) {
	f, err := Open(full)
	if err != nil {
		return sum, err
	}
	defer f.Close()
	h := sha256.New()
	_, err = io.Copy(h, f)
	return spec.Digest(h.Sum(nil)), err
}

// ErrChanged says that a file is not what it was when the facts were gathered.
var ErrChanged = errors.New("the file changed since the plan was made")

// Read gives the segments of a file, or the parts of a generated source, in order. The bytes are valid until emit
// returns. A file whose header is not that of the facts is refused; the caller compares the segments.
func Read(ctx context.Context, dir string, s spec.Source, file planner.File, emit func([]byte) error) error {
	if s.Parts != nil {
		for _, part := range s.Parts {
			if err := emit(part); err != nil {
				return err
			}
		}
		return nil
	}
	f, err := Open(Path(dir, file.Path))
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = frame.Frame(file.Path, f, s, func(seg frame.Segment) error {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		if !bytes.Equal(seg.Header, file.Header) {
			return ErrChanged
		}
		return emit(seg.Bytes)
	})
	return err
}

// Places returns where the records of some segments begin in their file: line from 1, byte from 0. It reads the file up
// to the last of them, so it is for messages only.
func Places(dir string, s spec.Source, file planner.File, segments map[int]bool) (map[int][]frame.Place, error) {
	f, err := Open(Path(dir, file.Path))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	n := 0
	places := map[int][]frame.Place{}
	_, err = frame.Frame(file.Path, f, s, func(seg frame.Segment) error {
		if segments[n] {
			places[n] = slices.Clone(seg.Places)
		}
		if n++; len(places) == len(segments) {
			return errFound
		}
		return nil
	})
	if errors.Is(err, errFound) {
		err = nil
	}
	return places, err
}

var errFound = errors.New("found")
