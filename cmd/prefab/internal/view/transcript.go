package view

import (
	"bytes"
	"fmt"
	"io"

	"github.com/prefab-build/prefab/cmd/prefab/internal/recall"
)

// A Transcript is what a view prints, in order, but for what shows a run while it goes on.
type Transcript struct{ pieces []*piece }

type piece struct {
	err  bool
	text bytes.Buffer
}

// Pieces returns what was printed so far.
func (t *Transcript) Pieces() []recall.Piece {
	list := make([]recall.Piece, len(t.pieces))
	for i, p := range t.pieces {
		list[i] = recall.Piece{Err: p.err, Text: p.text.String()}
	}
	return list
}

// Transcribe begins to keep what is printed.
func (v *View) Transcribe() *Transcript {
	t := &Transcript{}
	v.out, v.err = &transcriber{t: t, to: v.out}, &transcriber{t: t, to: v.err, err: true}
	return t
}

// transcribed takes down a line that was printed another way.
func (v *View) transcribed(line string) {
	if w, ok := v.err.(*transcriber); ok {
		w.note([]byte(line + "\n"))
	}
}

type transcriber struct {
	t   *Transcript
	to  io.Writer
	err bool
}

func (w *transcriber) Write(b []byte) (int, error) {
	w.note(b)
	return w.to.Write(b)
}

func (w *transcriber) note(b []byte) {
	n := len(w.t.pieces)
	if n == 0 || w.t.pieces[n-1].err != w.err {
		w.t.pieces = append(w.t.pieces, &piece{err: w.err})
		n++
	}
	w.t.pieces[n-1].text.Write(b)
}

// Replay prints what was transcribed.
func (v *View) Replay(list []recall.Piece) {
	for _, p := range list {
		to := v.out
		if p.Err {
			to = v.err
		}
		_, _ = io.WriteString(to, p.Text)
	}
}

// Look says in one word all that decides how a view prints.
func (v *View) Look() string {
	return fmt.Sprintf("json=%t width=%d colours=%s/%t terminal=%t", v.opts.JSON, v.width, v.profile, v.opts.NoColor, v.terminal)
}
