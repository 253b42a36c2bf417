package scaffold

import (
	"bytes"
	"encoding/json"
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
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic("scaffold: " + err.Error()) // it came from JSON
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// longest is the largest number of elements of a field that holds lists.
func (s *sample) longest(name string) int {
	most := 0
	for _, v := range s.values(name) {
		list, _ := v.([]any)
		most = max(most, len(list))
	}
	return most
}
