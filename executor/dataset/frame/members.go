package frame

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
)

// members reads the members of a gzip file one after another. The library does so too, but calls a file truncated that
// is whole and has something else behind it.
type members struct {
	in     *bufio.Reader
	packed *counter
	z      *gzip.Reader
}

// trailing says that something that is no gzip data stands behind the last member.
type trailing struct{ at int64 }

func (t *trailing) Error() string { return fmt.Sprintf("no gzip data from byte %d on", t.at) }

func newMembers(in *bufio.Reader, packed *counter) (*members, error) {
	z, err := gzip.NewReader(in)
	if err != nil {
		return nil, err
	}
	z.Multistream(false)
	return &members{in, packed, z}, nil
}

// Read implements io.Reader.
func (m *members) Read(p []byte) (int, error) {
	n, err := m.z.Read(p)
	if !errors.Is(err, io.EOF) {
		return n, err
	}
	head, err := m.in.Peek(2)
	switch {
	case len(head) == 0:
		return n, err
	case head[0] != 0x1f || len(head) == 2 && head[1] != 0x8b:
		return n, &trailing{m.packed.n - int64(m.in.Buffered())}
	}
	if err := m.z.Reset(m.in); err != nil {
		return n, unexpected(err)
	}
	m.z.Multistream(false)
	return n, nil
}

// unexpected is the end of a file inside of a member.
func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
