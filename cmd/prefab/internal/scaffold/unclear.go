package scaffold

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
)

// unclear is the error of a sample that cannot be mapped without help: what was seen, and a spec in which what is known
// is filled in.
func (s *sample) unclear(question string) error {
	var b strings.Builder
	fmt.Fprintf(&b, "the fields of %s cannot be told: %s\n\n%s\n", s.name, question, s.seen())
	fmt.Fprintf(&b, "Say what is what in a spec of your own, main.prefab.hcl, with the names of fields in place of FIELD%s:\n\n%s\n"+
		"Any expression over row will do; prefab stages dataset explains more.", s.spaced(), s.skeleton())
	return errors.New(b.String())
}

// seen lists the fields, each with its first value.
func (s *sample) seen() string {
	var b strings.Builder
	records := "record"
	if len(s.records) != 1 {
		records = fmt.Sprintf("%d records", len(s.records))
	}
	fmt.Fprintf(&b, "Fields in the first %s:\n", records)
	width := 0
	for _, name := range s.names() {
		width = max(width, len(name))
	}
	for _, name := range s.names() {
		example := "null"
		if list := s.values(name); len(list) > 0 {
			example = compact(list[0])
		}
		const most = 50
		if r := []rune(example); len(r) > most {
			example = string(r[:most]) + "…"
		}
		fmt.Fprintf(&b, "  %-*s  %s\n", width, name, example)
	}
	return b.String()
}

// spaced says how a field is named whose name is no word.
func (s *sample) spaced() string {
	for _, name := range s.names() {
		if !plainName.MatchString(name) {
			return ", written as in " + ref(name)
		}
	}
	return ""
}

const unknown = "row.FIELD"

// skeleton is a dataset with the columns that are known: of votes where the data name who judged, else of pairs.
func (s *sample) skeleton() string {
	known := func(column string) string {
		if name, ok := s.find(column); ok {
			return ref(name)
		}
		return unknown
	}
	prompt := unknown
	if name, ok := s.find("prompt"); ok && (s.texts(name) || s.turns(name) == "role") {
		prompt = ref(name)
	}
	rows, columns := "pairs", [][2]string{{"prompt", prompt}}
	t, compared := s.twins()
	worker, judged := s.find("worker")
	switch {
	case judged:
		rows = "votes"
		columns = [][2]string{
			{"item", known("item")},
			{"prompt", prompt},
			{"response_a", cmp.Or(refOf(t.first), unknown)},
			{"response_b", cmp.Or(refOf(t.second), unknown)},
			{"label", known("label") + ` == FIRST ? "a" : "b"`},
			{"worker", ref(worker)},
		}
	case compared:
		label := known("label") + " == FIRST"
		columns = append(columns, [2]string{"chosen", label + " ? " + ref(t.first) + " : " + ref(t.second)},
			[2]string{"rejected", label + " ? " + ref(t.second) + " : " + ref(t.first)})
	default:
		columns = append(columns, [2]string{"chosen", known("chosen")}, [2]string{"rejected", known("rejected")})
	}
	return s.block("dataset", "mine", rows, columns)
}

func refOf(name string) string {
	if name == "" {
		return ""
	}
	return ref(name)
}

// block writes a block that reads the sample's file.
func (s *sample) block(kind, name, rows string, columns [][2]string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "  %s %s {\n", kind, quote(name))
	if rows != "" {
		fmt.Fprintf(&b, "    type = %s\n", quote(rows))
	}
	fmt.Fprintf(&b, "    source %s {\n      path = %s\n      map = {\n", quote(s.format), quote(s.name))
	width := 0
	for _, c := range columns {
		width = max(width, len(c[0]))
	}
	for _, c := range columns {
		fmt.Fprintf(&b, "        %-*s = %s\n", width, c[0], c[1])
	}
	b.WriteString("      }\n    }\n  }\n")
	return b.String()
}

// oneSided is the error of data without two responses. A question with one answer is what benchmarks are made of.
func (s *sample) oneSided() error {
	question, ok1 := s.find("prompt")
	answer, ok2 := s.find("answer")
	if !ok1 || !ok2 || !s.texts(question) || question == answer {
		return s.unclear("which are the chosen and the rejected response?")
	}
	var b strings.Builder
	fmt.Fprintf(&b, "the records of %s have one answer each (%s, to %s), and preferences have two: this looks like a benchmark, or like "+
		"examples to fine-tune on.\n\n%s\n", s.name, answer, question, s.seen())
	columns := [][2]string{{"question", ref(question)}, {"answer", ref(answer)}}
	if name, ok := s.find("item"); ok {
		columns = append(columns, [2]string{"name", "tostring(" + ref(name) + ")"})
	}
	fmt.Fprintf(&b, "A benchmark is what decontaminate looks for in training data (prefab stages decontaminate):\n\n%s\n"+
		"If there are two answers after all, name them in the map of a dataset: prefab stages dataset.", s.block("benchmark", "mine", "", columns))
	return errors.New(b.String())
}
