package split

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/prefab-build/prefab/executor/dataset"
	"github.com/prefab-build/prefab/executor/stage"
	"github.com/prefab-build/prefab/executor/stage/prompts"
	"github.com/prefab-build/prefab/spec"
)

// A host keeps results in memory and has nothing else.
type host struct {
	stage.Host
	kept map[spec.Digest][2][]byte
}

func (h *host) Progress(int64, int64, string) {}
func (h *host) Shared(...string) stage.Shared { return h }

func (h *host) Inputs() (list []spec.Digest) {
	for d := range h.kept {
		list = append(list, d)
	}
	return list
}

func (h *host) Head(in spec.Digest) ([]byte, bool) { e, ok := h.kept[in]; return e[0], ok }

func (h *host) Get(_ context.Context, in spec.Digest) ([]byte, bool) {
	e, ok := h.kept[in]
	return e[1], ok
}

func (h *host) Put(_ context.Context, in spec.Digest, head, result []byte) error {
	h.kept[in] = [2][]byte{head, result}
	return nil
}

func (h *host) Lock(context.Context, spec.Digest) (func(), error) { return func() {}, nil }

// newCheck is a check of prompts in parts.
func newCheck(h *host, list []string, part []int) *leakCheck {
	l := &leakCheck{
		config: &config{Threshold: 0.7, Shingle: 3}, task: stage.NewTask(h, spec.Ports{}),
		parts: []string{train, validation, test}, part: part,
	}
	chunks := slices.Collect(slices.Chunk(list, 7))
	for _, c := range chunks {
		var keys []prompts.Key
		for _, p := range c {
			keys = append(keys, prompts.KeyOf(p))
		}
		l.keys = append(l.keys, keys)
	}
	for i := range list {
		l.ids = append(l.ids, fmt.Sprint(i))
	}
	l.in = stage.NewTable(int64(len(list)), len(chunks), []string{"prompt"}, func(i int, _ []string) (dataset.Chunk, error) {
		b := dataset.NewBuilder(spec.Messages)
		for _, p := range chunks[i] {
			b.AppendMessages(dataset.Message{Role: "user", Content: p})
		}
		return dataset.Chunk{Rows: len(chunks[i]), Columns: []dataset.Column{b.Finish("prompt")}}, nil
	}, nil)
	return l
}

// leaks checks twice: as it is done, with what is kept, and all anew. It reports how many rows leak and whether that was
// known.
func leaks(t interface{ Fatal(args ...any) }, h *host, list []string, part []int) (rows int, known bool) {
	l := newCheck(h, list, part)
	proofs, known, err := l.known(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	table, err := l.count(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if !known && len(table.Rows) == 0 {
		if err := proofs.keep(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	return len(table.Rows), known
}

// Whatever was checked before, nothing is said to be clean that is not.
func TestWhatIsKnownToBeCleanIsClean(t *testing.T) {
	knew := 0
	rapid.Check(t, func(t *rapid.T) {
		h := &host{kept: map[spec.Digest][2][]byte{}}
		word := rapid.SampledFrom([]string{"gravity", "jazz", "why", "explain", "rivers", "taxes", "of the"})
		text := rapid.Custom(func(t *rapid.T) string { return strings.Join(rapid.SliceOfN(word, 1, 5).Draw(t, "words"), " ") })
		var list []string
		var part []int
		for i := range 150 {
			list, part = append(list, spec.HashBytes(fmt.Append(nil, i)).String()), append(part, i%3)
		}
		for range rapid.IntRange(1, 6).Draw(t, "edits") {
			rows, known := leaks(t, h, list, part)
			if known && rows > 0 {
				t.Fatalf("%d rows leak, and it is said that none does", rows)
			}
			if known {
				knew++
			}
			switch i := rapid.IntRange(0, len(list)-1).Draw(t, "row"); rapid.IntRange(0, 4).Draw(t, "edit") {
			case 0:
				list[i] = text.Draw(t, "prompt")
			case 1:
				part[i] = rapid.IntRange(-1, 2).Draw(t, "part")
			case 2:
				list, part = slices.Delete(list, i, i+1), slices.Delete(part, i, i+1)
			case 3: // nearly the prompt of another row
				list, part = append(list, list[i]+" "), append(part, rapid.IntRange(0, 2).Draw(t, "part"))
			default:
				list, part = append(list, text.Draw(t, "prompt")), append(part, rapid.IntRange(0, 2).Draw(t, "part"))
			}
		}
	})
	if knew == 0 {
		t.Error("nothing was known")
	}
}

// One row of many is looked at alone, and found where it leaks.
func TestOneEditIsLookedAtAlone(t *testing.T) {
	h := &host{kept: map[spec.Digest][2][]byte{}}
	var list []string
	var part []int
	for i := range 400 {
		list, part = append(list, spec.HashBytes(fmt.Append(nil, i)).String()), append(part, i%3)
	}
	step := func(what string, wantRows int, wantKnown bool) {
		t.Helper()
		if rows, known := leaks(t, h, list, part); rows != wantRows || known != wantKnown {
			t.Errorf("%s: %d rows leak, known: %v; want %d, %v", what, rows, known, wantRows, wantKnown)
		}
	}
	step("at first", 0, false)
	step("once more", 0, true)
	list[7] = "a new prompt that nobody has"
	step("one prompt is new", 0, true)
	part[8] = 0
	step("one prompt is in another part", 0, true)
	list[9] = list[10] + "!"
	step("one is nearly another, in another part", 1, false)
	list[9] = list[12] + "!"
	step("one is nearly another, in its part", 0, true)
}
