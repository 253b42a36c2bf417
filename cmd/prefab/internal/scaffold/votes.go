package scaffold

import (
	"cmp"
	"fmt"
)

// sides says which side a label is for, of those labels that leave no doubt.
var sides = map[string]string{
	"a": "a", "model_a": "a", "response_a": "a", "answer_a": "a", "output_a": "a", "left": "a", "1": "a", "response_1": "a",
	"b": "b", "model_b": "b", "response_b": "b", "answer_b": "b", "output_b": "b", "right": "b", "2": "b", "response_2": "b",
	"tie": "tie", "equal": "tie", "both": "tie", "neither": "tie", "tie (bothbad)": "tie", "same": "tie",
}

// compared takes two responses and what says which is better. Where the data name who judged, they are votes, which the
// majority decides; else pairs.
func (g *guess) compared(s *sample, t twin) error {
	v, err := s.verdict(t)
	if err != nil {
		return err
	}
	prompt, first, second, err := g.texts(s, t)
	if err != nil {
		return err
	}
	if worker, ok := s.find("worker"); ok {
		g.cast(s, v, worker, prompt, first, second)
		return nil
	}
	g.fields = append(g.fields, field{"prompt", prompt, prompt == "row.prompt"})
	better, other := cmp.Or(v.first, "false"), cmp.Or(v.second, "false")
	if v.first == "" { // the first was never seen to win: the other condition says all
		g.fields = append(g.fields, field{"chosen", other + " ? " + second + " : " + first, false}, field{"rejected", other + " ? " + first + " : " + second, false})
	} else {
		g.fields = append(g.fields, field{"chosen", better + " ? " + first + " : " + second, false}, field{"rejected", better + " ? " + second + " : " + first, false})
	}
	if v.margin != "" {
		g.fields = append(g.fields, field{"margin", v.margin, false})
	}
	g.and(either(v.first, v.second)) // a label that was not seen yet must not count for the second
	if !v.always {
		g.notes = append(g.notes, "records in which neither response is the better one are left out, by where")
	}
	return nil
}

func either(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + " || " + b
}

// and makes a condition of which records to take narrower.
func (g *guess) and(condition string) {
	if g.where != "" {
		condition = g.where + " && (" + condition + ")"
	}
	g.where = condition
}

// texts finds the prompt and the two responses of a comparison. Whole conversations hold the prompt themselves.
func (g *guess) texts(s *sample, t twin) (prompt, first, second string, err error) {
	first, second = ref(t.first), ref(t.second)
	prompt, _, err = s.promptOf()
	switch {
	case err != nil:
	case s.texts(t.first) && s.texts(t.second):
		if prompt == "" {
			err = s.unclear("what is the prompt?")
		}
	case s.object(t.first, "text") && s.object(t.second, "text") && prompt != "":
		first, second = first+".text", second+".text"
	case s.turns(t.first) == "role" && s.turns(t.second) == "role":
		if s.longest(t.first) > 2 || s.longest(t.second) > 2 {
			g.where = fmt.Sprintf("length(%s) == 2 && length(%s) == 2", first, second)
			g.notes = append(g.notes, "of the conversations only those of one question and one answer are taken: in longer ones the two sides differ before the last answer")
		}
		prompt, first, second = first+"[0].content", first+"[1].content", second+"[1].content"
	default:
		err = s.unclear(fmt.Sprintf("%s and %s are neither texts nor lists of messages", t.first, t.second))
	}
	return prompt, first, second, err
}

// cast takes a comparison as a vote.
func (g *guess) cast(s *sample, v verdict, worker, prompt, first, second string) {
	g.rows = "votes"
	if item, ok := s.find("item"); ok {
		g.fields = append(g.fields, field{"item", "tostring(" + ref(item) + ")", false})
	} else {
		g.fields = append(g.fields, field{"item", fmt.Sprintf("join(\"\\n\", [%s, %s, %s])", prompt, first, second), false})
		g.notes = append(g.notes, "there is no id of what was voted on: votes with the same three texts are taken for votes on one item")
	}
	label := v.label
	if label == "" {
		label = "null"
		for _, side := range [][2]string{{v.tie, "tie"}, {v.second, "b"}, {v.first, "a"}} {
			if side[0] != "" {
				label = fmt.Sprintf("%s ? %s : %s", side[0], quote(side[1]), label)
			}
		}
	}
	g.fields = append(g.fields,
		field{"prompt", prompt, prompt == "row.prompt"}, field{"response_a", first, first == "row.response_a"},
		field{"response_b", second, second == "row.response_b"}, field{"label", label, label == "row.label"},
		field{"worker", "tostring(" + ref(worker) + ")", false})
}
