package scaffold

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// texts reports whether a field holds strings.
func (s *sample) texts(name string) bool {
	list := s.values(name)
	for _, v := range list {
		if _, ok := v.(string); !ok {
			return false
		}
	}
	return len(list) > 0
}

// turns tells how a field writes conversations: "role" for lists of {role, content}, "from" for lists of {from, value},
// and "" when it holds no lists.
func (s *sample) turns(name string) string {
	list := s.values(name)
	if len(list) == 0 {
		return ""
	}
	turns, _ := list[0].([]any)
	if len(turns) == 0 {
		return ""
	}
	turn, _ := turns[0].(map[string]any)
	switch {
	case turn["role"] != nil && turn["content"] != nil:
		return "role"
	case turn["from"] != nil && turn["value"] != nil:
		return "from"
	}
	return ""
}

// object reports whether a field holds objects with a text of that name.
func (s *sample) object(name, inner string) bool {
	list := s.values(name)
	for _, v := range list {
		o, _ := v.(map[string]any)
		if _, ok := o[inner].(string); !ok {
			return false
		}
	}
	return len(list) > 0
}

// dialogues reports whether a field holds whole conversations as HH-RLHF writes them.
func (s *sample) dialogues(name string) bool {
	list, whole := s.values(name), 0
	for _, v := range list {
		text, _ := v.(string)
		if strings.HasPrefix(text, "\n\nHuman:") && strings.Contains(text, "\n\nAssistant:") {
			whole++
		}
	}
	return whole > 0 && 10*whole >= 9*len(list)
}

// beginAlike reports whether nine in ten records have two responses, not the same, that begin with the same words or
// the same message.
func (s *sample) beginAlike(chosen, rejected string) bool {
	both, alike := 0, 0
	for _, r := range s.records {
		if r[chosen] == nil || r[rejected] == nil {
			continue
		}
		both++
		a, b := first(r[chosen]), first(r[rejected])
		n := 0
		for n < min(len(a), len(b)) && a[n] == b[n] {
			n++
		}
		if strings.ContainsAny(strings.TrimSpace(a[:n]), " \n") {
			alike++
		}
	}
	return both > 0 && 10*alike >= 9*both
}

// first is a text, or the first message of a conversation with a mark of where it ends.
func first(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case []any:
		if len(v) > 1 {
			return compact(v[0]) + " \n"
		}
	}
	return ""
}

// numbers lists the numbers of a field; in tables they are texts.
func (s *sample) numbers(name string) (list []float64) {
	for _, v := range s.values(name) {
		switch v := v.(type) {
		case float64:
			list = append(list, v)
		case string:
			x, err := strconv.ParseFloat(v, 64)
			if err != nil {
				return nil
			}
			list = append(list, x)
		}
	}
	return list
}

func compact(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic("scaffold: " + err.Error()) // it came from JSON
	}
	return string(b)
}

// unclear is the error of a sample that cannot be mapped without help: what was seen, and how to say what is what.
func (s *sample) unclear(question string) error {
	var b strings.Builder
	fmt.Fprintf(&b, "the fields of %s cannot be told: %s\n\nFields in the first %d records:\n", s.name, question, len(s.records))
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
	fmt.Fprintf(&b, "\nSay what is what in a spec of your own, main.prefab.hcl, with these fields in place of FIELD:\n\n"+
		"  dataset \"mine\" {\n    type = \"pairs\"\n    source %s {\n      path = %s\n      map = {\n"+
		"        prompt   = row.FIELD\n        chosen   = row.FIELD\n        rejected = row.FIELD\n      }\n    }\n  }\n\n"+
		"Any expression over row will do; prefab stages dataset explains more", quote(s.format), quote(s.name))
	return errors.New(b.String())
}
