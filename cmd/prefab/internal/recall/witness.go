// Package recall answers a command with what it answered before, when nothing that the answer depended on has changed. It
// is why a plan of ten thousand stages of which none is stale costs milliseconds: nothing is parsed, hashed or planned.
//
// The first time, a Witness notes what the command asks of the outside: variables of the environment, files that were
// read, folders that were listed, files that were looked at, and what else the caller can ask again. A Memory keeps the questions, one
// digest over all answers, and what was printed. The next time the questions are asked again, and when the digest is the
// same the answer is, too. It understands nothing of what it keeps: what a command may keep is decided by the caller.
//
// Any doubt is a miss, and the command goes the long way: a file that is younger than the clock can tell, an answer that
// changed while the command ran, a record that is damaged or of another prefab.
package recall

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/prefab-build/prefab/executor/resolve"
)

// The kinds of questions. The letters stand in records.
const (
	askEnv    = 'e' // the value of a variable of the environment
	askFile   = 'f' // the content of a file
	askFolder = 'd' // the names in a folder
	askStamp  = 's' // the stamp of a file, for files too large to be read
	askKept   = 'k' // that a file which nobody writes to is there, and is the same file
	askOther  = 'o' // what the caller alone knows how to ask
)

type question struct {
	kind byte
	name string
}

type answer [sha256.Size]byte

// A Witness notes what one command asks. A nil Witness notes nothing. It is not for use by several goroutines at once.
type Witness struct {
	started time.Time
	other   func(string) (string, error)
	asked   map[question]answer
	order   []question
	doubt   string
}

// NewWitness begins to note. Other answers the questions that are the caller's own, by name.
func NewWitness(now time.Time, other func(string) (string, error)) *Witness {
	return &Witness{started: now, other: other, asked: map[question]answer{}}
}

// Doubt says that the command did something that cannot be asked again: its answer is not kept.
func (w *Witness) Doubt(why string) {
	if w != nil && w.doubt == "" {
		w.doubt = why
	}
}

// Env is os.LookupEnv.
func (w *Witness) Env(name string) (string, bool) {
	value, ok := os.LookupEnv(name)
	w.note(question{askEnv, name}, envAnswer(value, ok))
	return value, ok
}

// File notes a file that is about to be read, by its content.
func (w *Witness) File(path string) { w.ask(question{askFile, path}) }

// Folder notes a folder that is about to be listed.
func (w *Witness) Folder(path string) { w.ask(question{askFolder, path}) }

// Stamp notes a file that is known by its stamp, or that is not there.
func (w *Witness) Stamp(path string) { w.ask(question{askStamp, path}) }

// Kept notes a file of a store, which appears whole, is never written to, and has its times changed by those who use it.
// It reports whether the file is there.
func (w *Witness) Kept(path string) bool {
	q := question{askKept, path}
	w.ask(q)
	return w == nil || w.asked[q] != answer{}
}

// Other notes a question of the caller's, with its answer.
func (w *Witness) Other(name, answer string) {
	w.note(question{askOther, name}, sha256.Sum256([]byte(answer)))
}

func (w *Witness) ask(q question) {
	if w == nil {
		return
	}
	if _, known := w.asked[q]; !known {
		a, _ := w.answer(q)
		w.note(q, a)
	}
}

// note keeps the first answer: where a later one differs, the file changed while the command ran.
func (w *Witness) note(q question, a answer) {
	if w == nil {
		return
	}
	switch was, known := w.asked[q]; {
	case !known:
		w.asked[q] = a
		w.order = append(w.order, q)
	case was != a:
		w.Doubt(q.name + " changed while the command ran")
	}
}

// answer asks a question now. Settled is false for a file that may be written again without anything to tell it by.
func (w *Witness) answer(q question) (a answer, settled bool) {
	switch q.kind {
	case askEnv:
		return envAnswer(os.LookupEnv(q.name)), true
	case askFile:
		return fileAnswer(read(q.name)), true
	case askFolder:
		return folderAnswer(os.ReadDir(q.name)), true
	case askStamp:
		s, err := stampOf(q.name)
		if err != nil {
			return failed(err), true
		}
		return numbers(s.Device, s.Inode, uint64(s.Size), uint64(s.Modified), uint64(s.Changed)), s.Settled(w.started)
	case askKept:
		s, err := stampOf(q.name)
		if err != nil {
			return failed(err), true
		}
		return numbers(s.Device, s.Inode, uint64(s.Size)), true
	case askOther:
		text, err := w.other(q.name)
		return fileAnswer([]byte(text), err), true
	}
	return answer{}, false
}

// failed is the answer that is an error. What is not there is a thing of its own, since so much depends on it.
func failed(err error) answer {
	if errors.Is(err, fs.ErrNotExist) {
		return answer{}
	}
	return sha256.Sum256([]byte("error: " + err.Error()))
}

func envAnswer(value string, ok bool) answer {
	if !ok {
		return answer{}
	}
	return sha256.Sum256([]byte(value))
}

// read reads a regular file: others may have no end.
func read(path string) ([]byte, error) {
	f, err := resolve.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(f)
}

func fileAnswer(content []byte, err error) answer {
	if err != nil {
		return failed(err)
	}
	return sha256.Sum256(content)
}

func folderAnswer(list []fs.DirEntry, err error) answer {
	if err != nil {
		return failed(err)
	}
	var b []byte
	for _, e := range list { // sorted by name
		b = binary.LittleEndian.AppendUint32(append(append(b, e.Name()...), 0), uint32(e.Type()))
	}
	return sha256.Sum256(b)
}

func stampOf(path string) (resolve.Stamp, error) {
	info, err := os.Stat(path)
	if err != nil {
		return resolve.Stamp{}, err
	}
	return resolve.StampOf(info), nil
}

func numbers(list ...uint64) answer {
	var b [40]byte
	for i, n := range list {
		binary.LittleEndian.PutUint64(b[8*i:], n)
	}
	return sha256.Sum256(b[:])
}
