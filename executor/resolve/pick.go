package resolve

import (
	"context"
	"errors"
	"io"
	"os"

	"github.com/prefab-build/prefab/executor/dataset/frame"
	"github.com/prefab-build/prefab/planner"
	"github.com/prefab-build/prefab/spec"
)

// A Picker reads single segments of a file, in any order and from several goroutines. What it gives is what the facts
// say, or nothing: each segment is compared with its digest.
type Picker struct {
	f        *os.File
	path     string
	mark     spec.Digest // of the file, when it was opened
	segments []planner.Segment
}

// ErrElsewhere says that a segment does not lie in its file as the facts have it. The file changed, or the segment leaves
// bytes of it out, such as blank lines. Reading the file through tells.
var ErrElsewhere = errors.New("the segment is not found at its place")

// Pick opens a file of which segments can be read one by one: one that is not packed, whose records are stretches of it,
// and which is the one that the facts are of. For others it returns nil; they are read through.
func Pick(dir string, s spec.Source, file planner.File) (*Picker, error) {
	switch s.Format {
	case frame.JSONL, frame.HHRLHF, frame.CSV, frame.TSV:
	default:
		return nil, nil
	}
	p := &Picker{path: Path(dir, file.Path), segments: file.Segments}
	var err error
	if p.f, err = Open(p.path); err != nil {
		return nil, err
	}
	var head [6]byte
	n, err := p.f.ReadAt(head[:], 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, errors.Join(err, p.f.Close())
	}
	if p.mark, err = p.now(); err != nil || p.mark != file.Mark || frame.PackingOf(head[:n]) != frame.Plain {
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
	got, err := p.f.ReadAt(content, s.Offset)
	switch {
	case errors.Is(err, io.EOF) && got == s.Size-1:
		content[got] = '\n' // the last line of a file may lack its end, that of a segment never does
	case errors.Is(err, io.EOF):
		return nil, ErrElsewhere
	case err != nil:
		return nil, err
	}
	if spec.HashBytes(content) != s.Digest {
		return nil, ErrElsewhere
	}
	return content, nil
}

// Close ends the reading. The error is ErrChanged where the file was written to meanwhile.
func (p *Picker) Close() error {
	mark, err := p.now()
	if err == nil && mark != p.mark {
		err = ErrChanged
	}
	return errors.Join(err, p.f.Close())
}
