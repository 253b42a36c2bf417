package read

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/prefab-build/prefab/executor/dataset"
	"github.com/prefab-build/prefab/spec"
	"github.com/prefab-build/prefab/spec/expr"
)

// The first three columns of pairs.
const (
	promptColumn = iota
	chosenColumn
	rejectedColumn
)

// messages reads a string, a message or a list of messages, appended to list. A plain string is one message without a
// role. What a message holds beside role and content becomes an extra field such as chosen[0].name.
func (w *worker) messages(list []dataset.Message, column string, v expr.Value) ([]dataset.Message, *problem) {
	turns := []expr.Value{v}
	switch v.Kind() {
	case expr.String:
		return append(list, dataset.Message{Content: v.Str()}), nil
	case expr.Map:
	case expr.List:
		turns = v.Elems()
	default:
		return list, wrong(WrongType, "%s is to be %s, not %s: %s", column, typeNames[spec.Messages], v.Kind(), quote(v.String()))
	}
	for i, t := range turns {
		role, content := t.Get("role"), t.Get("content")
		if role.Kind() != expr.String || role.Str() == "" || content.Kind() != expr.String {
			return list, wrong(WrongType, "message %d of %s is to be {role, content}, both strings: %s", i, column, quote(t.String()))
		}
		list = append(list, dataset.Message{Role: role.Str(), Content: content.Str()})
		if t.Len() == 2 {
			continue
		}
		for _, f := range t.Fields() {
			if f.Name != "role" && f.Name != "content" && !f.Value.IsNull() {
				name := column + "[" + strconv.Itoa(i) + "]." + f.Name
				w.extras = append(w.extras, expr.Field{Name: name, Value: f.Value})
			}
		}
	}
	return list, nil
}

// messageCell appends a column of messages of a table other than pairs.
func (w *worker) messageCell(i int) *problem {
	c := w.columns[i]
	if w.values[i].IsNull() {
		if c.Required {
			return w.missing(MissingField, i)
		}
		return nil
	}
	list, p := w.messages(w.prompt[:0], c.Name, w.values[i])
	if w.prompt = list; p != nil {
		return p
	}
	if empty(list) {
		return wrong(EmptyText, "%s is empty", c.Name)
	}
	w.build.At(i).AppendMessages(list...)
	return nil
}

// empty reports whether there is nothing to read in the last message.
func empty(list []dataset.Message) bool {
	return len(list) == 0 || strings.TrimSpace(list[len(list)-1].Content) == ""
}

func plain(list []dataset.Message) bool { return len(list) == 1 && list[0].Role == "" }

// pair reads prompt, chosen and rejected in TRL's forms. A record without a prompt is rejected unless the source says that
// the responses begin with it. Where there is one, and the responses are whole conversations, the messages that these
// begin with in common are split off: they are in the data twice.
func (w *worker) pair() *problem {
	w.prompt, w.chosen, w.rejected = w.prompt[:0], w.chosen[:0], w.rejected[:0]
	lists := []*[]dataset.Message{&w.prompt, &w.chosen, &w.rejected}
	for i, list := range lists {
		v := w.values[i]
		if v.IsNull() {
			if i != promptColumn {
				return w.missing(MissingField, i)
			}
			continue
		}
		var p *problem
		if *list, p = w.messages(*list, w.columns[i].Name, v); p != nil {
			return p
		}
	}
	if empty(w.chosen) || empty(w.rejected) {
		return emptyResponse(empty(w.chosen))
	}
	if plain(w.chosen) != plain(w.rejected) {
		return wrong(WrongType, "chosen and rejected are to be two strings or two lists of messages, not one of each")
	}
	without := w.values[promptColumn].IsNull()
	if without && !w.ImplicitPrompt {
		return w.missing(NoPrompt, promptColumn)
	}
	prompt, chosen, rejected := w.prompt, w.chosen, w.rejected
	var p *problem
	switch response := chosen[len(chosen)-1].Role; {
	case plain(chosen) && without:
		prompt, chosen, rejected, p = splitTexts(prompt, chosen, rejected)
	case !plain(chosen) && (chosen[0].Role != response || rejected[0].Role != response):
		prompt, chosen, rejected, p = w.splitTurns(prompt, chosen, rejected)
	case without:
		p = wrong(NoPrompt, "implicit_prompt is set, and chosen and rejected hold no message before the response")
	}
	if p != nil {
		return p
	}
	return w.appendPair(prompt, chosen, rejected)
}

func emptyResponse(chosen bool) *problem {
	if chosen {
		return wrong(EmptyText, "chosen is empty")
	}
	return wrong(EmptyText, "rejected is empty")
}

func (w *worker) appendPair(prompt, chosen, rejected []dataset.Message) *problem {
	switch {
	case empty(prompt):
		return wrong(EmptyText, "prompt is empty")
	case empty(chosen) || empty(rejected):
		return emptyResponse(empty(chosen))
	case slices.Equal(chosen, rejected):
		return wrong(SameResponses, "both are %s", quote(chosen[len(chosen)-1].Content))
	}
	w.build.At(promptColumn).AppendMessages(prompt...)
	w.build.At(chosenColumn).AppendMessages(chosen...)
	w.build.At(rejectedColumn).AppendMessages(rejected...)
	return nil
}

// splitTexts splits off what two strings begin with in common, by the rule of TRL's extract_prompt: up to the first
// character in which they differ, and a space before that belongs to the responses. Where the responses themselves begin
// with the same words the cut falls into them, which nothing in such data can tell.
func splitTexts(prompt, chosen, rejected []dataset.Message) (p, c, r []dataset.Message, bad *problem) {
	a, b := chosen[0].Content, rejected[0].Content
	if a == b {
		return nil, nil, nil, wrong(SameResponses, "both are %s", quote(a))
	}
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	for n > 0 && n < len(a) && !utf8.RuneStart(a[n]) {
		n--
	}
	if n > 0 && a[n-1] == ' ' {
		n--
	}
	switch {
	case strings.TrimSpace(a[:n]) == "":
		return nil, nil, nil, wrong(NoPrompt, "implicit_prompt is set, and chosen and rejected do not begin alike: %s, %s", quote(a), quote(b))
	case strings.TrimSpace(a[n:]) == "":
		return nil, nil, nil, wrong(EmptyText, "rejected begins with all of chosen, so that nothing is left of chosen behind the prompt")
	case strings.TrimSpace(b[n:]) == "":
		return nil, nil, nil, wrong(EmptyText, "chosen begins with all of rejected, so that nothing is left of rejected behind the prompt")
	}
	chosen[0].Content, rejected[0].Content = a[n:], b[n:]
	return append(prompt, dataset.Message{Content: a[:n]}), chosen, rejected, nil
}

// splitTurns splits off the messages that two conversations begin with in common. A prompt that says the same is
// dropped, one that says more is kept, another becomes an extra field.
func (w *worker) splitTurns(prompt, chosen, rejected []dataset.Message) (p, c, r []dataset.Message, bad *problem) {
	response := chosen[len(chosen)-1].Role
	k := 0
	for k < min(len(chosen), len(rejected))-1 && chosen[k] == rejected[k] {
		k++
	}
	if k == 0 || chosen[k].Role != response || rejected[k].Role != response {
		return nil, nil, nil, wrong(PromptsDiffer, "chosen and rejected differ at message %d, before the response: %s, %s", k,
			quote(chosen[k].Content), quote(rejected[k].Content))
	}
	common := chosen[:k]
	switch {
	case len(prompt) == 0 || plain(prompt) && says(common, prompt[0].Content):
	case len(prompt) >= k && slices.Equal(prompt[len(prompt)-k:], common):
		common = prompt
	case len(prompt) < k && slices.Equal(common[k-len(prompt):], prompt):
	default:
		w.extras = append(w.extras, expr.Field{Name: w.columns[promptColumn].Name, Value: w.values[promptColumn]})
	}
	return common, chosen[k:], rejected[k:], nil
}

// says reports whether one of the messages is that text.
func says(list []dataset.Message, text string) bool {
	text = strings.TrimSpace(text)
	return slices.ContainsFunc(list, func(m dataset.Message) bool { return strings.TrimSpace(m.Content) == text })
}
