package write

import (
	"io"

	"github.com/prefab-build/prefab/executor/dataset"
)

// lines writes JSONL: each row an object on a line, nulls left out.
type lines struct {
	out     io.Writer
	columns []string
	buf     []byte
}

func (l *lines) Write(rows dataset.Chunk) error {
	w := rows.RowJSONInOrder(l.columns...)
	for r := range rows.Rows {
		l.buf = append(w.Append(l.buf[:0], r), '\n')
		if _, err := l.out.Write(l.buf); err != nil {
			return err
		}
	}
	return nil
}

func (l *lines) Close() error { return nil }

// list writes one JSON array, an element a line.
type list struct {
	lines
	begun bool
}

func (l *list) Write(rows dataset.Chunk) error {
	w := rows.RowJSONInOrder(l.columns...)
	for r := range rows.Rows {
		before := ",\n"
		if !l.begun {
			before, l.begun = "[\n", true
		}
		l.buf = w.Append(append(l.buf[:0], before...), r)
		if _, err := l.out.Write(l.buf); err != nil {
			return err
		}
	}
	return nil
}

func (l *list) Close() error {
	end := "\n]\n"
	if !l.begun {
		end = "[]\n"
	}
	_, err := io.WriteString(l.out, end)
	return err
}
