package read

import (
	"strings"

	"github.com/prefab-build/prefab/executor/dataset"
	"github.com/prefab-build/prefab/spec/expr"
)

// The marks that turns begin with in the dialogues of HH-RLHF.
const (
	humanMark     = "\n\nHuman:"
	assistantMark = "\n\nAssistant:"
)

// dialogue reads a record of HH-RLHF: chosen and rejected are whole dialogues as text, and the response is what
// follows the last mark of the assistant. White space around a turn belongs to the marks.
func (w *worker) dialogue() *problem {
	if given := w.values[promptColumn]; !given.IsNull() { // the dialogues hold the prompt; a field of that name is another thing
		w.extras = append(w.extras, expr.Field{Name: w.columns[promptColumn].Name, Value: given})
	}
	var before, response [2]string
	for k, i := range []int{chosenColumn, rejectedColumn} {
		name, v := w.columns[i].Name, w.values[i]
		switch v.Kind() {
		case expr.String:
		case expr.Null:
			return w.missing(MissingField, i)
		default:
			return wrong(WrongType, "%s is to be a string, not %s: %s", name, v.Kind(), quote(v.String()))
		}
		cut := strings.LastIndex(v.Str(), assistantMark)
		if cut < 0 {
			return wrong(NoDialogue, "%s has no turn of the assistant: %s", name, quote(v.Str()))
		}
		before[k] = v.Str()[:cut]
		last := v.Str()[cut+len(assistantMark):]
		if at := strings.Index(last, humanMark); at >= 0 {
			return wrong(HumanLast, "%s ends in a turn of the human, which nobody answered: %s", name, quote(strings.TrimSpace(last[at:])))
		}
		if response[k] = strings.TrimSpace(last); response[k] == "" {
			return emptyResponse(i == chosenColumn)
		}
	}
	if before[0] != before[1] {
		at := 0
		for at < min(len(before[0]), len(before[1])) && before[0][at] == before[1][at] {
			at++
		}
		return wrong(PromptsDiffer, "the dialogues before the response differ at byte %d: %s, %s", at,
			around(before[0], at), around(before[1], at))
	}
	var p *problem
	if w.prompt, p = turns(w.prompt[:0], before[0]); p != nil {
		return p
	}
	w.chosen = append(w.chosen[:0], dataset.Message{Role: "assistant", Content: response[0]})
	w.rejected = append(w.rejected[:0], dataset.Message{Role: "assistant", Content: response[1]})
	return w.appendPair(w.prompt, w.chosen, w.rejected)
}

// turns cuts a dialogue at its marks.
func turns(list []dataset.Message, text string) ([]dataset.Message, *problem) {
	for len(text) > 0 {
		role, mark := "user", humanMark
		if strings.HasPrefix(text, assistantMark) {
			role, mark = "assistant", assistantMark
		} else if !strings.HasPrefix(text, humanMark) {
			return list, wrong(NoDialogue, "the dialogue does not begin with %q: %s", humanMark, quote(text))
		}
		text = text[len(mark):]
		end := len(text)
		for _, next := range []string{humanMark, assistantMark} {
			if i := strings.Index(text[:end], next); i >= 0 {
				end = i
			}
		}
		list = append(list, dataset.Message{Role: role, Content: strings.TrimSpace(text[:end])})
		text = text[end:]
	}
	return list, nil
}
