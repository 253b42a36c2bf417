package view

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/prefab-build/prefab/cmd/prefab/internal/recall"
)

// A Transcript is what a view prints and writes, in order, but for signs of life.
type Transcript struct {
	mu     sync.Mutex // guards what follows: the store warns from any goroutine
	pieces []*piece
	ended  bool
}

type piece struct {
	err  bool
	file string
	text bytes.Buffer
}

// Pieces returns what was printed so far.
func (t *Transcript) Pieces() []recall.Piece {
	t.mu.Lock()
	defer t.mu.Unlock()
	list := make([]recall.Piece, len(t.pieces))
	for i, p := range t.pieces {
		list[i] = recall.Piece{Err: p.err, File: p.file, Text: p.text.String()}
	}
	return list
}

// Stop forgets what was printed, and keeps nothing more.
func (t *Transcript) Stop() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.pieces, t.ended = nil, true
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
	t := w.t
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ended {
		return
	}
	if n := len(t.pieces); n == 0 || t.pieces[n-1].err != w.err || t.pieces[n-1].file != "" {
		t.pieces = append(t.pieces, &piece{err: w.err})
	}
	t.pieces[len(t.pieces)-1].text.Write(b)
}

// filed takes down a file that was written.
func (t *Transcript) filed(path string, content []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.ended {
		t.pieces = append(t.pieces, &piece{file: path, text: *bytes.NewBuffer(content)})
	}
}

// Replay prints and writes what was transcribed.
func (v *View) Replay(list []recall.Piece) error {
	for _, p := range list {
		if p.File != "" {
			if err := os.WriteFile(p.File, []byte(p.Text), 0o644); err != nil {
				return fmt.Errorf("writing the report: %w", err)
			}
			continue
		}
		to := v.out
		if p.Err {
			to = v.err
		}
		_, _ = io.WriteString(to, p.Text)
	}
	return nil
}

// Look says in one word all that decides how a view prints.
func (v *View) Look() string {
	return fmt.Sprintf("json=%t width=%d colours=%s/%t terminal=%t", v.opts.JSON, v.width, v.profile, v.opts.NoColor, v.terminal)
}
