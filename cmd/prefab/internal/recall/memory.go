package recall

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// magic begins every record, with the version of its form: a record of another is no record.
const magic = "prefab-recall/1\n"

// keep is how many records a project has at most. Each is of one command line; people use a handful.
const keep = 12

// An Answer is what a command came to.
type Answer struct {
	Code   int     // its exit code
	Run    int64   // the run that it recorded, 0 for none
	Root   string  // the file that says that its results are in use
	Output []Piece // what it printed, in order
}

// A Piece is a stretch of output: of standard error, of standard output, or a file.
type Piece struct {
	Err  bool
	File string `json:",omitempty"` // its path
	Text string
}

// A Memory is the place of one command's answer.
type Memory struct{ path string }

// At returns the memory of the command that the words describe: its arguments, and all else that decides what it does
// and how it prints before it asks its first question. Records lie in the folder dir.
func At(dir string, words ...string) *Memory {
	sum := sha256.Sum256([]byte(strings.Join(words, "\x00")))
	return &Memory{path: filepath.Join(dir, hex.EncodeToString(sum[:16]))}
}

// Recall returns the answer that is kept, when every question is answered as it was then.
func (m *Memory) Recall(w *Witness) (*Answer, bool) {
	b, err := os.ReadFile(m.path)
	if err != nil {
		return nil, false
	}
	kept, ok := decode(b)
	if !ok {
		return nil, false
	}
	h := sha256.New()
	for _, q := range kept.questions {
		a, _ := w.answer(q)
		h.Write(a[:])
	}
	return &kept.Answer, bytes.Equal(h.Sum(nil), kept.Answers)
}

// Keep keeps an answer, when what the witness noted still holds and can be told apart from what comes after. Else there
// is no record afterwards, and the reason is returned, for tests.
func (m *Memory) Keep(w *Witness, a Answer) (reason string, err error) {
	doubt := w.doubt
	h := sha256.New()
	for _, q := range w.order {
		now, settled := w.answer(q)
		h.Write(now[:])
		if now != w.asked[q] || !settled {
			doubt = q.name + " changed a moment ago"
			break
		}
	}
	if doubt != "" {
		if err := os.Remove(m.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return doubt, err
		}
		return doubt, nil
	}
	b, err := record{Answer: a, Answers: h.Sum(nil), questions: w.order}.encode()
	if err != nil {
		return "", err
	}
	return "", m.write(b)
}

// write replaces the record as a whole, and drops the oldest ones.
func (m *Memory) write(b []byte) error {
	dir := filepath.Dir(m.path)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, "new-")
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), m.path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return prune(dir)
}

func prune(dir string) error {
	list, err := os.ReadDir(dir)
	if err != nil || len(list) <= keep {
		return err
	}
	written := func(e fs.DirEntry) time.Time {
		if info, err := e.Info(); err == nil {
			return info.ModTime()
		}
		return time.Time{}
	}
	slices.SortFunc(list, func(a, b fs.DirEntry) int { return written(a).Compare(written(b)) })
	for _, e := range list[:len(list)-keep] {
		err = errors.Join(err, os.Remove(filepath.Join(dir, e.Name())))
	}
	return err
}

// A record is a file: magic, the SHA-256 of the rest in hexadecimal, and the rest, which is JSON and then the questions,
// each behind a NUL, which is in no name. Of ten thousand stages they are a megabyte, and JSON would take its time.
type record struct {
	Answer
	Answers   []byte // the digest of all answers, in order
	questions []question
}

func (r record) encode() ([]byte, error) {
	rest, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	for _, q := range r.questions {
		if strings.IndexByte(q.name, 0) >= 0 {
			return nil, fmt.Errorf("recall: a NUL in the name %q", q.name)
		}
		rest = append(append(rest, 0, q.kind), q.name...)
	}
	return append(fmt.Appendf(nil, "%s%x\n", magic, sha256.Sum256(rest)), rest...), nil
}

func decode(b []byte) (r record, ok bool) {
	b, ok = bytes.CutPrefix(b, []byte(magic))
	if !ok {
		return r, false
	}
	sum, rest, ok := strings.Cut(string(b), "\n")
	if !ok || sum != fmt.Sprintf("%x", sha256.Sum256([]byte(rest))) {
		return r, false
	}
	head, rest, _ := strings.Cut(rest, "\x00")
	if json.Unmarshal([]byte(head), &r) != nil {
		return r, false
	}
	r.questions = make([]question, 0, strings.Count(rest, "\x00")+1)
	for q := range strings.SplitSeq(rest, "\x00") {
		if q == "" {
			return r, false
		}
		r.questions = append(r.questions, question{q[0], q[1:]})
	}
	return r, true
}
