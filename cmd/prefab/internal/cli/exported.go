package cli

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/prefab-build/prefab/executor"
	"github.com/prefab-build/prefab/executor/dataset/frame"
	"github.com/prefab-build/prefab/spec"
)

// An exported file is one that an export made: what it is made of, and how its bytes are had.
type exported struct {
	name, container string
	open            func() (io.ReadCloser, error)
}

// onDisk is the file at a path.
func onDisk(path, name, container string) exported {
	return exported{name, container, func() (io.ReadCloser, error) { return os.Open(path) }}
}

// inStore is the file as it is stored. Parquet is read from its end, so it is read as a whole.
func (i *inspected) inStore(ctx context.Context, f executor.StoredFile, name, container string) exported {
	return exported{name, container, func() (io.ReadCloser, error) {
		if container != frame.Parquet {
			return i.store.Open(ctx, f.Digest)
		}
		b, err := i.store.Get(ctx, f.Digest)
		return readCloser{bytes.NewReader(b)}, err
	}}
}

type readCloser struct{ *bytes.Reader }

func (readCloser) Close() error { return nil }

// places returns where the records of the file stand: lines from 1, or the number of the row in Parquet.
func (e exported) places() (list []frame.Place, err error) {
	r, err := e.open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	base, _, _ := strings.Cut(e.container, ".")
	src := spec.Source{Format: base, Header: base == frame.CSV || base == frame.TSV}
	_, err = frame.Frame(e.name, r, src, func(seg frame.Segment) error {
		list = append(list, seg.Places...)
		return nil
	})
	return list, err
}

// lines returns the unpacked file line by line. It is for a file that was edited, which is held in memory.
func (e exported) lines() ([][]byte, error) {
	r, err := e.open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	in, err := frame.Unpack(e.name, r)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	b, err := io.ReadAll(in)
	return bytes.Split(b, []byte("\n")), err
}

// recordAt returns the number of the record that stands at a line, from 1.
func (e exported) recordAt(list []frame.Place, line int64) (int64, error) {
	if e.container == frame.Parquet {
		if line > int64(len(list)) {
			return 0, fmt.Errorf("%s has %d rows: there is no row %d", e.name, len(list), line)
		}
		return line, nil
	}
	at, found := slices.BinarySearchFunc(list, line, func(p frame.Place, line int64) int {
		switch {
		case p.Line > line:
			return 1
		case max(p.Line, p.Last) < line:
			return -1
		}
		return 0
	})
	switch {
	case found:
		return int64(at) + 1, nil
	case at < len(list):
		return 0, fmt.Errorf("line %d of %s holds no row: it stands before or between the rows, of which the next is in line %d", line, e.name, list[at].Line)
	}
	last := int64(0)
	if len(list) > 0 {
		last = max(list[len(list)-1].Line, list[len(list)-1].Last)
	}
	return 0, fmt.Errorf("the last row of %s is in line %d: there is none in line %d", e.name, last, line)
}

// lineOf returns the line at which a record begins.
func (e exported) lineOf(records []int64) ([]int64, error) {
	base, _, _ := strings.Cut(e.container, ".")
	var list []frame.Place
	var err error
	if base == frame.CSV || base == frame.TSV { // a record of the others is a line
		if list, err = e.places(); err != nil {
			return nil, err
		}
	}
	lines := make([]int64, len(records))
	for i, record := range records {
		switch {
		case list != nil && record <= int64(len(list)):
			lines[i] = list[record-1].Line
		case base == frame.JSON:
			lines[i] = record + 1 // behind the bracket
		default:
			lines[i] = record
		}
	}
	return lines, nil
}
