package read

import (
	"bytes"
	"errors"
	"strings"

	"github.com/prefab-build/prefab/executor/dataset"
	"github.com/prefab-build/prefab/executor/dataset/frame"
	"github.com/prefab-build/prefab/spec"
	"github.com/prefab-build/prefab/spec/expr"
)

// A worker reads one segment. It holds what is reused from record to record.
type worker struct {
	*Parser
	build    *dataset.ChunkBuilder
	extra    *dataset.Builder
	env      expr.Env
	ids      []spec.Digest // by the user's key, or as the records have them
	id       expr.Value    // of the record
	result   Result
	values   []expr.Value // by column
	found    []found      // by column
	extras   []expr.Field
	decoder  expr.Decoder
	json     []byte
	prompt   []dataset.Message
	chosen   []dataset.Message
	rejected []dataset.Message
	seen     int // records
	size     int // of the segment
}

// A found is the field that a column was taken from.
type found struct {
	name string
	rank int
}

const notFound = 1 << 30

func newWorker(p *Parser, size int) *worker {
	w := &worker{Parser: p, size: size, build: dataset.NewChunkBuilder(p.Artifact.Columns())}
	for _, c := range p.Artifact.Columns() {
		if c.Name == spec.Extra {
			w.extra = w.build.Column(spec.Extra)
		}
	}
	for i := range p.share {
		if share := p.share[i].Load(); share > 0 {
			w.build.At(i).Grow(0, size*int(min(share+16, 1024))/1024) // a map may make more text than there is
		}
	}
	w.values = make([]expr.Value, len(p.columns))
	w.found = make([]found, len(p.columns))
	return w
}

func (w *worker) finish() Result {
	for i := range w.share {
		w.share[i].Store(1024 * int64(w.build.At(i).TextSize()) / int64(max(1, w.size)))
	}
	w.result.Chunk = w.build.Finish()
	ids := w.ids
	if w.key == nil {
		ids = dataset.ContentIDs(w.result.Chunk, w.Artifact.Columns())
	}
	for i, given := range w.result.Given {
		if given {
			ids[i] = w.ids[i]
		}
	}
	id := dataset.IDColumn(ids)
	w.result.Chunk.Columns = append([]dataset.Column{id}, w.result.Chunk.Columns...)
	return w.result
}

// objects reads a segment whose records are JSON values.
func (w *worker) objects(segment []byte) {
	all := shared(segment)
	for offset := 0; offset < len(all); {
		end, next := w.objectEnd(segment, offset)
		text := all[offset:end]
		if w.Format != frame.JSON && strings.HasSuffix(text, "\r") {
			w.result.CRLF++
			text = text[:len(text)-1]
		}
		v, p := w.parseObject(text)
		if p == nil {
			p = w.row(v)
		} else if offset == 0 && w.Format == frame.JSONL && strings.HasPrefix(strings.TrimLeft(text, bom+" \t"), "[") {
			p.detail += "; the file begins with [, so if it is one JSON array, read it with source \"json\""
		}
		w.done(offset, text, p)
		offset = next
	}
}

// objectEnd returns where the record that begins at offset ends, and where the next one begins.
func (w *worker) objectEnd(segment []byte, offset int) (end, next int) {
	var n int
	var ended bool
	if w.Format == frame.JSON {
		var e frame.Elements
		n, ended = e.Next(segment[offset:])
	} else {
		n = bytes.IndexByte(segment[offset:], '\n') + 1
		ended = n > 0
	}
	if !ended {
		return len(segment), len(segment)
	}
	return offset + n - 1, offset + n
}

// done counts a record, which made a row unless there was a problem.
func (w *worker) done(offset int, text string, p *problem) {
	record := w.seen
	w.seen++
	if p == nil {
		w.build.EndRow()
		w.result.Records = append(w.result.Records, uint32(record))
		return
	}
	w.build.CancelRow()
	w.result.Rejected = append(w.result.Rejected, Rejection{
		Record: record, Offset: int64(offset),
		At: int64(p.at), Line: strings.Count(text[:min(p.at, len(text))], "\n"),
		Reason: p.reason, Detail: p.detail,
	})
}

const bom = "\xef\xbb\xbf"

// parseObject reads one JSON object and nothing else.
func (w *worker) parseObject(text string) (expr.Value, *problem) {
	if strings.HasPrefix(text, bom) {
		return expr.Value{}, wrong(ByteOrderMark, "the record begins with a byte order mark, as where files were joined")
	}
	v, err := w.decoder.FromJSONString(text)
	var bad *expr.JSONError
	switch {
	case errors.As(err, &bad):
		return expr.Value{}, jsonProblem(text, bad)
	case err != nil:
		return expr.Value{}, wrong(NotJSON, "%v", err)
	case v.Kind() != expr.Map:
		return expr.Value{}, wrong(NotAnObject, "the record is %s: %s", v.Kind(), quote(text))
	}
	// The escape may itself be escaped, so its sight alone proves nothing.
	if at := strings.Index(text, `\u0000`); at >= 0 && hasNUL(v) {
		return expr.Value{}, &problem{NULCharacter, "a string holds the NUL character, near " + around(text, at), at}
	}
	return v, nil
}

func hasNUL(v expr.Value) bool {
	if strings.IndexByte(v.Str(), 0) >= 0 {
		return true
	}
	for _, e := range v.Elems() {
		if hasNUL(e) {
			return true
		}
	}
	for _, f := range v.Fields() {
		if strings.IndexByte(f.Name, 0) >= 0 || hasNUL(f.Value) {
			return true
		}
	}
	return false
}
