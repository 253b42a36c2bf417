package scaffold

import (
	"fmt"
	"slices"
	"strings"
)

// A twin is two fields that hold the sides of a comparison, under names that differ in their endings: response_0 and
// response_1, human_ref_A and human_ref_B.
type twin struct {
	first, second string
	base          string // what the names have in common, in lower case
	endings       string // ab, 01 or 12
}

// bases are what responses are called before their ending, likeliest first.
var bases = []string{
	"response", "answer", "output", "completion", "conversation", "human_ref", "summary", "reply", "candidate", "generation",
	"model_output", "text", "",
}

// twins finds the two responses that are compared.
func (s *sample) twins() (twin, bool) { return s.twinOf(bases) }

// twinOf finds the fields with one of the bases. A third of the kind makes it no comparison of two.
func (s *sample) twinOf(bases []string) (twin, bool) {
	byName := map[string]string{}
	for _, name := range s.names() {
		byName[spaces.Replace(strings.ToLower(name))] = name
	}
	for _, base := range bases {
		for _, e := range [][3]string{{"a", "b", "c"}, {"0", "1", "2"}, {"1", "2", "3"}, {"left", "right", ""}} {
			for _, joint := range []string{"_", ""} {
				if base == "" && (joint != "" || e[0] == "0" || e[0] == "1") {
					continue
				}
				a, okA := byName[base+joint+e[0]]
				b, okB := byName[base+joint+e[1]]
				_, third := byName[base+joint+e[2]]
				if okA && okB && (!third || e[2] == "") {
					return twin{a, b, base, strings.Replace(e[0]+e[1], "leftright", "ab", 1)}, true
				}
			}
		}
	}
	return twin{}, false
}

// A verdict says who won, as conditions over row.
type verdict struct {
	first, second, tie string // tie may be empty
	margin             string // how clearly, where that is told
	label              string // a field that holds a, b or tie already
	always             bool   // each record that was seen has a winner
}

// signed are labels that say by their sign who is better, below zero the first, and by how much.
var signed = []string{"overall_preference", "preference_strength"}

// verdict finds what says which side is better: a label, or two scores.
func (s *sample) verdict(t twin) (verdict, error) {
	label, ok := s.find("label")
	if !ok {
		scores, ok := s.twinOf([]string{"score", "rating", "reward", "overall_score"})
		if !ok || len(s.numbers(scores.first)) == 0 || len(s.numbers(scores.second)) == 0 {
			return verdict{}, s.unclear(fmt.Sprintf("which of %s and %s is the better one?", t.first, t.second))
		}
		a, b := s.number(scores.first), s.number(scores.second)
		return verdict{first: a + " > " + b, second: a + " < " + b, tie: a + " == " + b, margin: "abs(" + a + " - " + b + ")"}, nil
	}
	seen := map[string]bool{}
	for _, v := range s.values(label) {
		text, isText := v.(string)
		if !isText {
			text = compact(v)
		}
		seen[text] = true
	}
	is := func(value string) string {
		if s.texts(label) {
			return ref(label) + " == " + quote(value)
		}
		return ref(label) + " == " + value
	}
	only := func(values ...string) bool {
		for v := range seen {
			if !slices.Contains(values, v) {
				return false
			}
		}
		return len(seen) > 0
	}
	switch {
	case slices.Contains(signed, strings.ToLower(label)) && len(s.numbers(label)) > 0:
		n := s.number(label)
		return verdict{first: n + " < 0", second: n + " > 0", tie: n + " == 0", margin: "abs(" + n + ")", always: !seen["0"]}, nil
	case only("0", "1") && t.endings == "01":
		return verdict{first: is("0"), second: is("1"), always: true}, nil
	case only("0", "1") && t.base == "human_ref": // as SHP documents it
		return verdict{first: is("1"), second: is("0"), always: true}, nil
	case only("1", "2") && t.endings != "01":
		return verdict{first: is("1"), second: is("2"), always: true}, nil
	}
	return s.worded(t, label)
}

// number is the expression that reads a number; in tables they are texts.
func (s *sample) number(name string) string {
	if s.texts(name) {
		return "tonumber(" + ref(name) + ")"
	}
	return ref(name)
}

// worded reads labels that name a side.
func (s *sample) worded(t twin, label string) (verdict, error) {
	by := map[string][]string{}
	exact := true
	for _, v := range s.values(label) {
		text, ok := v.(string)
		if !ok {
			text = compact(v)
		}
		side := sides[strings.ToLower(text)]
		switch {
		case side != "":
		case text == t.first:
			side = "a"
		case text == t.second:
			side = "b"
		case !ok || side == "":
			return verdict{}, s.unclear(fmt.Sprintf("%s is %s, which does not say which response is better", label, compact(v)))
		}
		exact = exact && ok && text == side
		if !slices.Contains(by[side], text) {
			by[side] = append(by[side], text)
		}
	}
	// The label as text, whatever its type, compared with what was seen for each side; anything else is no verdict.
	when := func(side string) string {
		slices.Sort(by[side])
		var tests []string
		for _, text := range by[side] {
			if s.texts(label) {
				tests = append(tests, ref(label)+" == "+quote(text))
			} else {
				tests = append(tests, fmt.Sprintf("tostring(%s) == %s", ref(label), quote(text)))
			}
		}
		return strings.Join(tests, " || ")
	}
	v := verdict{first: when("a"), second: when("b"), tie: when("tie"), always: len(by["tie"]) == 0}
	if exact {
		v.label = ref(label)
		if v.first == "" {
			v.first = ref(label) + ` == "a"`
		}
		if v.second == "" {
			v.second = ref(label) + ` == "b"`
		}
	}
	return v, nil
}
