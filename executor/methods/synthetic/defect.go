package synthetic

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/prefab-build/prefab/executor/methods/stream"
)

// The defects, as the field `planted` names them.
const (
	exactDuplicate = "exact duplicate"
	nearDuplicate  = "near duplicate"
	relabelled     = "re-labelled copy"
	copiedItem     = "benchmark item"
	wrappedItem    = "wrapped benchmark item"
	malformed      = "malformed"
	wrongLabel     = "wrong label"
)

// A Count is how many records have one defect. Setting is the name of the setting that asks for it.
type Count struct {
	Setting string `json:"setting"`
	Defect  string `json:"defect"`
	Rows    int    `json:"rows"`
}

// A kindOf is a defect with its setting and its share of the records.
type kindOf struct {
	setting, name string
	share         float64
}

// defects lists the defects that a table can have. Only pairs have all of them.
func (c Config) defects() []kindOf {
	copies := []kindOf{{"exact_duplicates", exactDuplicate, c.ExactDuplicates}, {"near_duplicates", nearDuplicate, c.NearDuplicates}}
	leaks := []kindOf{{"copied_items", copiedItem, c.CopiedItems}, {"wrapped_items", wrappedItem, c.WrappedItems}}
	switch c.Table {
	case Pairs:
		return slices.Concat(copies, []kindOf{{"relabelled", relabelled, c.Relabelled}}, leaks,
			[]kindOf{{"malformed", malformed, c.Malformed}, {"noise", wrongLabel, c.Noise}})
	case Prompts:
		return slices.Concat(copies, leaks)
	}
	return nil
}

// Planted says how many records have each defect. Malformed records are counted by the reason for which they are
// rejected, and not together.
func Planted(c Config) []Count {
	var list []Count
	for _, d := range c.defects() {
		n := upTo(d.share, c.Rows)
		if d.name != malformed {
			list = append(list, Count{d.setting, d.name, n})
			continue
		}
		for i, m := range malformations {
			list = append(list, Count{d.setting, m, (n + len(malformations) - 1 - i) / len(malformations)})
		}
	}
	return list
}

// upTo is how many of the first n records have a defect of that share.
func upTo(share float64, n int) int { return int(float64(share*float64(n)) + 1e-9) }

// A role is what a record of a part is to be.
type role struct {
	defect string // "" is none
	count  int    // of the defect, over all parts
	from   int    // the record that is copied
}

// roles gives each record of a part its role. As many have a defect as its share has fallen due, records are drawn for
// them at random, and what is copied is a record without a defect, each at most once.
func (w *writer) roles() []role {
	n := w.end() - w.First
	roles := make([]role, n)
	s := stream.New(uint64(w.Config.Seed), "roles", strconv.Itoa(w.First))
	order := s.Perm(n)
	free := order
	var copies []int
	for _, d := range w.Config.defects() {
		first := upTo(d.share, w.First)
		for k := range upTo(d.share, w.end()) - first {
			if len(free) == 0 {
				break
			}
			i := free[0]
			free = free[1:]
			roles[i] = role{defect: d.name, count: first + k}
			if d.name == exactDuplicate || d.name == nearDuplicate || d.name == relabelled {
				copies = append(copies, i)
			}
		}
	}
	for k, i := range copies {
		roles[i].from = w.First + free[k]
	}
	return roles
}

// copied repeats another record of the part.
func (w *writer) copied(n int, r role) record {
	out := w.pair(r.from, w.comparison(r.from))
	out.UID, out.Planted, out.PlantedFrom = uid(n), r.defect, uid(r.from)
	switch r.defect {
	case relabelled:
		out = out.swapped()
	case nearDuplicate:
		// A word at the end of each text: at most five of its shingles in a hundred or more.
		s := w.stream(n, "near")
		out.Prompt += [...]string{" Thanks!", " Cheers.", " Please."}[s.IntN(3)]
		if out.Rejected != nil {
			out.Chosen += " OK?"
			text := *out.Rejected + " OK?"
			out.Rejected = &text
		}
	}
	return out
}

// leaked asks a question of the benchmark.
func (w *writer) leaked(n int, r role) record {
	s := w.stream(n, "leak")
	number := s.IntN(w.Config.BenchmarkItems)
	it := makeItem(w.Config.Seed, number)
	q := question{text: it.Question, topic: "arithmetic", thing: "sum", task: "work it out", person: "a friend", difficulty: 0.5}
	if r.defect == wrappedItem {
		q.text = before()[s.IntN(len(before()))] + " " + q.text + " " + after()[s.IntN(len(after()))]
	}
	out := w.pair(n, compare(&s, q, n, w.Config.Shortcut))
	out.Planted, out.PlantedFrom = r.defect, it.Name
	return out
}

var before = list(`My daughter brought this home from school.; Here is one for you:; I found this on a worksheet and got stuck.;
	Solve the following for me.; Can you help with this puzzle?`)

var after = list(`Show every step.; Only the number, please.; Explain it to a child of nine.; I think my own result is wrong.; Thank you in advance!`)

// The ways in which records are malformed, by the reason for which they are rejected, in turn.
var malformations = []string{"not JSON", "missing field", "empty text", "duplicate name", "chosen equals rejected", "lone surrogate"}

// broken writes a record that cannot be read.
func (w *writer) broken(n int, r role) {
	rec := w.pair(n, w.comparison(n))
	rec.Planted = malformed
	start := len(w.out)
	switch malformations[r.count%len(malformations)] {
	case "not JSON": // as where a download broke off
		w.line(rec)
		w.out = append(w.out[:start+(len(w.out)-start)/2], '\n')
	case "missing field":
		rec.Rejected = nil
		w.line(rec)
	case "empty text":
		blank := "  "
		rec.Rejected = &blank
		w.line(rec)
	case "duplicate name":
		w.line(rec)
		w.out = append(append(w.out[:len(w.out)-2], `,"category":`...), quoted(rec.Source)+"}\n"...)
	case "chosen equals rejected":
		rec.Rejected = &rec.Chosen
		w.line(rec)
	case "lone surrogate": // half of an emoji, as where text was cut by UTF-16 units
		const mark = "MARK"
		rec.Chosen += mark
		w.line(rec)
		text := strings.Replace(string(w.out[start:]), mark, ` \ud83d`, 1)
		w.out = append(w.out[:start], text...)
	}
}

func quoted(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic("synthetic: " + err.Error())
	}
	return string(b)
}
