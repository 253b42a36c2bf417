package recall

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"
)

// A world is a folder with a file and a variable, and what classes devices have.
type world struct {
	dir   string
	class string
	now   time.Time
}

func newWorld(t *testing.T) *world {
	t.Setenv("RECALL_TEST", "one")
	w := &world{dir: t.TempDir(), class: "a", now: time.Now().Add(time.Hour)}
	w.write(t, "spec", "text")
	w.write(t, "data/1", "rows")
	w.write(t, "blob", "made")
	return w
}

func (w *world) path(name string) string { return filepath.Join(w.dir, name) }

func (w *world) write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(w.path(name)), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(w.path(name), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func (w *world) witness() *Witness {
	return NewWitness(w.now, func(string) (string, error) {
		if w.class == "" {
			return "", errors.New("no device")
		}
		return w.class, nil
	})
}

// ask is a command that depends on one thing of each kind.
func (w *world) ask() *Witness {
	x := w.witness()
	x.Env("RECALL_TEST")
	x.File(w.path("spec"))
	x.Folder(w.path("data"))
	x.Stamp(w.path("data/1"))
	x.Stamp(w.path("out"))
	x.Kept(w.path("blob"))
	x.Other("cpu", w.class)
	return x
}

var said = Answer{Code: 3, Run: 7, Output: []Piece{{Text: "all\n"}, {Err: true, Text: "warned\n"}}}

func TestAnAnswerHoldsWhileNothingChanges(t *testing.T) {
	w := newWorld(t)
	m := At(w.path("memory"), "plan")
	if _, ok := m.Recall(w.witness()); ok {
		t.Fatal("an answer before any was kept")
	}
	if reason, err := m.Keep(w.ask(), said); reason != "" || err != nil {
		t.Fatal(reason, err)
	}
	got, ok := m.Recall(w.witness())
	if !ok || !reflect.DeepEqual(*got, said) {
		t.Errorf("recalled %+v, %t", got, ok)
	}
	if _, ok := At(w.path("memory"), "plan", "--all").Recall(w.witness()); ok {
		t.Error("the answer of another command line")
	}
}

// A file of a store is touched by all who use it.
func TestAUsedBlobIsTheSame(t *testing.T) {
	w := newWorld(t)
	w.now = time.Now().Add(3 * time.Second)
	m := At(w.path("memory"), "plan")
	x := w.witness()
	x.Kept(w.path("blob"))
	if reason, err := m.Keep(x, said); reason != "" || err != nil {
		t.Fatal(reason, err)
	}
	if err := os.Chtimes(w.path("blob"), time.Now(), time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if _, ok := m.Recall(w.witness()); !ok {
		t.Error("a blob that was used counts as another")
	}
}

func TestAnyChangeIsSeen(t *testing.T) {
	for name, change := range map[string]func(*testing.T, *world){
		"variable":         func(t *testing.T, _ *world) { t.Setenv("RECALL_TEST", "two") },
		"variable emptied": func(t *testing.T, _ *world) { t.Setenv("RECALL_TEST", "") },
		"variable gone":    func(*testing.T, *world) { os.Unsetenv("RECALL_TEST") },
		"content":          func(t *testing.T, w *world) { w.write(t, "spec", "texts") },
		"content gone":     func(_ *testing.T, w *world) { os.Remove(w.path("spec")) },
		"new name":         func(t *testing.T, w *world) { w.write(t, "data/2", "") },
		"written again":    func(t *testing.T, w *world) { w.write(t, "data/1", "rows") },
		"touched":          func(_ *testing.T, w *world) { _ = os.Chtimes(w.path("data/1"), time.Time{}, time.Unix(9, 0)) },
		"gone":             func(_ *testing.T, w *world) { os.Remove(w.path("data/1")) },
		"appears":          func(t *testing.T, w *world) { w.write(t, "out", "") },
		"blob gone":        func(_ *testing.T, w *world) { os.Remove(w.path("blob")) },
		"blob cut":         func(_ *testing.T, w *world) { _ = os.Truncate(w.path("blob"), 1) },
		"device":           func(_ *testing.T, w *world) { w.class = "b" },
		"device gone":      func(_ *testing.T, w *world) { w.class = "" },
		"folder for file": func(_ *testing.T, w *world) {
			os.Remove(w.path("data/1"))
			_ = os.Mkdir(w.path("data/1"), 0o755)
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			m := At(w.path("memory"), "plan")
			if reason, err := m.Keep(w.ask(), said); reason != "" || err != nil {
				t.Fatal(reason, err)
			}
			change(t, w)
			if _, ok := m.Recall(w.witness()); ok {
				t.Error("the old answer is given")
			}
		})
	}
}

func TestDoubtIsNotKept(t *testing.T) {
	for name, doubt := range map[string]func(*testing.T, *world, *Witness){
		"said":            func(_ *testing.T, _ *world, x *Witness) { x.Doubt("a GPU was asked") },
		"young file":      func(_ *testing.T, _ *world, x *Witness) { x.started = time.Now() },
		"changed since":   func(t *testing.T, w *world, _ *Witness) { w.write(t, "spec", "texts") },
		"told two things": func(_ *testing.T, _ *world, x *Witness) { x.Other("cpu", "b") },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			m := At(w.path("memory"), "plan")
			if _, err := m.Keep(w.ask(), said); err != nil {
				t.Fatal(err)
			}
			x := w.ask()
			doubt(t, w, x)
			if reason, err := m.Keep(x, said); reason == "" || err != nil {
				t.Errorf("it is kept (%v)", err)
			}
			w.write(t, "spec", "text")
			if _, ok := m.Recall(w.witness()); ok {
				t.Error("the answer before it is still given")
			}
		})
	}
}

func TestADamagedRecordIsNone(t *testing.T) {
	w := newWorld(t)
	m := At(w.path("memory"), "plan")
	if _, err := m.Keep(w.ask(), said); err != nil {
		t.Fatal(err)
	}
	sound, err := os.ReadFile(m.path)
	if err != nil {
		t.Fatal(err)
	}
	for i := range sound {
		bad := append([]byte{}, sound...)
		bad[i] ^= 1
		if _, ok := decode(bad); ok {
			t.Errorf("a record with a bit flipped at %d is read", i)
		}
		if _, ok := decode(sound[:i]); ok {
			t.Errorf("a record cut at %d is read", i)
		}
	}
}

func TestOldRecordsGo(t *testing.T) {
	w := newWorld(t)
	for i := range 3 * keep {
		if _, err := At(w.path("memory"), "plan", string(rune('a'+i))).Keep(w.ask(), said); err != nil {
			t.Fatal(err)
		}
	}
	if list, err := os.ReadDir(w.path("memory")); err != nil || len(list) != keep {
		t.Errorf("%d records, want %d (%v)", len(list), keep, err)
	}
}
