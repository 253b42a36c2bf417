package scaffold

import (
	"fmt"
	"slices"
	"strings"
)

// sides says which side a label is for, of those labels that leave no doubt.
var sides = map[string]string{
	"a": "a", "model_a": "a", "response_a": "a", "answer_a": "a", "output_a": "a", "left": "a", "1": "a", "response_1": "a",
	"b": "b", "model_b": "b", "response_b": "b", "answer_b": "b", "output_b": "b", "right": "b", "2": "b", "response_2": "b",
	"tie": "tie", "equal": "tie", "both": "tie", "neither": "tie", "tie (bothbad)": "tie", "same": "tie",
}

// compared takes two responses and a label that says which is better: votes, which the majority decides.
func (g *guess) compared(s *sample, a, b, label string) error {
	if !s.texts(a) || !s.texts(b) {
		return s.unclear(fmt.Sprintf("%s and %s are not texts", a, b))
	}
	choice, err := s.choice(label)
	if err != nil {
		return err
	}
	prompt, ok := s.find("prompt")
	if !ok || !s.texts(prompt) {
		return s.unclear("what is the prompt?")
	}
	g.rows = "votes"
	if item, ok := s.find("item"); ok {
		g.fields = append(g.fields, field{"item", "tostring(" + ref(item) + ")", false})
	} else {
		g.fields = append(g.fields, field{"item", fmt.Sprintf("join(\"\\n\", [%s, %s, %s])", ref(prompt), ref(a), ref(b)), false})
		g.notes = append(g.notes, "there is no id of what was voted on: votes with the same three texts are taken for votes on one item")
	}
	g.take("prompt", prompt)
	g.take("response_a", a)
	g.take("response_b", b)
	g.fields = append(g.fields, field{"label", choice, choice == "row.label"})
	if worker, ok := s.find("worker"); ok {
		g.fields = append(g.fields, field{"worker", "tostring(" + ref(worker) + ")", false})
	}
	return nil
}

// choice is the expression that makes a, b or tie of a label.
func (s *sample) choice(label string) (string, error) {
	by := map[string][]string{}
	exact := true
	for _, v := range s.values(label) {
		text, ok := v.(string)
		if !ok {
			text = compact(v)
		}
		side := sides[strings.ToLower(text)]
		if side == "" {
			return "", s.unclear(fmt.Sprintf("%s is %q, which does not say which response is better", label, text))
		}
		exact = exact && ok && text == side
		if !slices.Contains(by[side], text) {
			by[side] = append(by[side], text)
		}
	}
	if exact {
		return ref(label), nil
	}
	// The label as text, whatever its type, compared with what was seen for each side; anything else is no vote.
	expr := "null"
	for _, side := range []string{"tie", "b", "a"} {
		slices.Sort(by[side])
		var tests []string
		for _, text := range by[side] {
			tests = append(tests, fmt.Sprintf("tostring(%s) == %s", ref(label), quote(text)))
		}
		if len(tests) > 0 {
			expr = fmt.Sprintf("%s ? %s : %s", strings.Join(tests, " || "), quote(side), expr)
		}
	}
	return expr, nil
}
