package resolve

import (
	"context"
	"errors"
	"hash/maphash"
	"io"
	"os"

	"github.com/prefab-build/prefab/executor/dataset/frame"
	"github.com/prefab-build/prefab/planner"
	"github.com/prefab-build/prefab/spec"
)

// A Picker reads single segments of a file, in any order and from several goroutines. What it gives is what the facts
// say, or nothing.
type Picker struct {
	*held
	f        *os.File
	path     string
	segments []planner.Segment
}

// ErrElsewhere says that a segment does not lie in its file as the facts have it. The file changed, or the segment leaves
// bytes of it out, such as blank lines. Reading the file through tells.
var ErrElsewhere = errors.New("the segment is not found at its place")

// Pick opens a file of which segments can be read one by one: one that is not packed and whose records are stretches of
// it, or one whose segments were kept. The file must be the one that the facts are of. For others Pick returns nil; they
// are read through.
func Pick(dir string, s spec.Source, file planner.File) (*Picker, error) {
	h, ok := file.Held.(*held)
	if !ok || h.at == nil && !pickable(s) {
		return nil, nil
	}
	p := &Picker{held: h, path: Path(dir, file.Path), segments: file.Segments}
	var err error
	if p.f, err = Open(p.path); err != nil {
		return nil, err
	}
	now, err := p.now()
	if err != nil || now != p.mark || p.at == nil && packing(p.f) != frame.Plain {
		return nil, errors.Join(err, p.f.Close())
	}
	return p, nil
}

// now returns the mark of the file as it is.
func (p *Picker) now() (spec.Digest, error) {
	info, err := p.f.Stat()
	if err != nil {
		return spec.Digest{}, err
	}
	return identity(p.path, StampOf(info)), nil
}

// Segment reads the n-th segment, into memory of its own. The error is ErrElsewhere where something else is in its place.
func (p *Picker) Segment(ctx context.Context, n int) ([]byte, error) {
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	s := p.segments[n]
	content := make([]byte, s.Size)
	if p.at != nil {
		if !p.spool.read(content, p.at[n]) {
			return nil, ErrElsewhere
		}
		return content, nil // nobody else has the spool: it holds what was hashed
	}
	got, err := p.f.ReadAt(content, s.Offset)
	switch {
	case errors.Is(err, io.EOF) && got == s.Size-1:
		content[got] = '\n' // the last line of a file may lack its end, that of a segment never does
	case errors.Is(err, io.EOF):
		return nil, ErrElsewhere
	case err != nil:
		return nil, err
	}
	if !p.holds(n, content) {
		return nil, ErrElsewhere
	}
	return content, nil
}

// holds reports whether content is that of a segment.
func (p *Picker) holds(n int, content []byte) bool {
	if p.sums != nil {
		return maphash.Bytes(seed, content) == p.sums[n]
	}
	return spec.HashBytes(content) == p.segments[n].Digest
}

// Close ends the reading. The error is ErrChanged where the file may have been written to meanwhile.
func (p *Picker) Close() error {
	mark, err := p.now()
	if err == nil && mark != p.mark {
		err = ErrChanged
	}
	return errors.Join(err, p.f.Close())
}
