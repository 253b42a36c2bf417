package write

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/prefab-build/prefab/executor/dataset"
	"github.com/prefab-build/prefab/spec"
)

// A layout says which columns a file has and makes them of the rows.
type layout struct {
	columns []spec.Column
	pair    func(*texts) error // makes prompt, chosen and rejected; nil leaves them as they are
}

func (l *layout) names() []string {
	names := make([]string, len(l.columns))
	for i, c := range l.columns {
		names[i] = c.Name
	}
	return names
}

func newLayout(o Options) (*layout, error) {
	known := append([]spec.Column{{Name: spec.ID, Type: spec.Bytes32}}, o.Artifact.Columns()...)
	pick := func(names ...string) (list []spec.Column, err error) {
		for _, name := range names {
			i := slices.IndexFunc(known, func(c spec.Column) bool { return c.Name == name })
			if i < 0 {
				return nil, fmt.Errorf("%s have no column %q to write", o.Artifact, name)
			}
			list = append(list, known[i])
		}
		return list, nil
	}
	if o.Layout != Rows && o.Artifact != spec.Pairs {
		return nil, fmt.Errorf("the layout %s is of pairs; %s are written as rows", o.Layout, o.Artifact)
	}
	l := &layout{}
	var err error
	switch o.Layout {
	case Rows:
		if l.columns = o.Artifact.Columns(); len(o.Columns) > 0 {
			l.columns, err = pick(o.Columns...)
		}
		return l, err
	case HHRLHF:
		l.columns, err = pick(append([]string{"chosen", "rejected"}, o.Columns...)...)
		l.pair = dialogue
	case TRL:
		l.columns, err = l.trl(o, pick)
	default:
		err = fmt.Errorf("%q is no layout; they are %s, %s and %s", o.Layout, Rows, TRL, HHRLHF)
	}
	return l, err
}

func (l *layout) trl(o Options, pick func(...string) ([]spec.Column, error)) ([]spec.Column, error) {
	base := []string{"prompt", "chosen", "rejected"}
	steps := map[string]func(*texts) error{"": nil, AsGiven: nil, Text: toText, Conversational: toTurns}
	style, ok := steps[o.Style]
	if !ok {
		return nil, fmt.Errorf("%q is no style; they are %s, %s and %s", o.Style, AsGiven, Text, Conversational)
	}
	l.pair = style
	switch o.Form {
	case "", Explicit:
	case Implicit:
		base = base[1:]
		l.pair = func(t *texts) error {
			if style != nil {
				if err := style(t); err != nil {
					return err
				}
			}
			return join(t)
		}
	default:
		return nil, fmt.Errorf("%q is no form; they are %s and %s", o.Form, Explicit, Implicit)
	}
	return pick(append(base, o.Columns...)...)
}

// texts are the three texts of a pair.
type texts struct{ prompt, chosen, rejected []dataset.Message }

// apply makes the layout's columns. A column that the rows lack is left out: it is all null. The ids stay, so that what is
// refused later can be named.
func (l *layout) apply(rows dataset.Chunk) (dataset.Chunk, error) {
	out := rows.Select(append(l.names(), spec.ID)...)
	if l.pair == nil {
		return out, nil
	}
	prompt, chosen, rejected := rows.Messages("prompt"), rows.Messages("chosen"), rows.Messages("rejected")
	build := [3]*dataset.Builder{}
	for i := range build {
		build[i] = dataset.NewBuilder(spec.Messages)
	}
	var scratch texts
	for r := range rows.Rows {
		t := texts{
			prompt: prompt.Append(scratch.prompt[:0], r), chosen: chosen.Append(scratch.chosen[:0], r),
			rejected: rejected.Append(scratch.rejected[:0], r),
		}
		scratch = t
		if err := l.pair(&t); err != nil {
			return out, fmt.Errorf("row %s: %w", rowName(rows, r), err)
		}
		build[0].AppendMessages(t.prompt...)
		build[1].AppendMessages(t.chosen...)
		build[2].AppendMessages(t.rejected...)
	}
	for i, name := range []string{"prompt", "chosen", "rejected"} {
		if _, ok := out.Column(name); ok {
			out = out.With(build[i].Finish(name))
		}
	}
	return out, nil
}

// rowName names a row by its id, or by its place where it has none.
func rowName(rows dataset.Chunk, r int) string {
	if ids := rows.IDs(); !ids.Null(r) {
		return ids.Digest(r).Short()
	}
	return fmt.Sprintf("%d of its chunk", r)
}

func plain(list []dataset.Message) bool { return len(list) == 1 && list[0].Role == "" }

// toText makes strings of all three. The responses begin with white space, since TRL puts none between.
func toText(t *texts) error {
	for _, list := range []*[]dataset.Message{&t.prompt, &t.chosen, &t.rejected} {
		if len(*list) != 1 {
			return fmt.Errorf("a conversation of %d messages does not fit in one string: write it conversational", len(*list))
		}
		*list = []dataset.Message{{Content: (*list)[0].Content}}
	}
	separate(t)
	return nil
}

// separate puts a space before responses that would else touch the prompt.
func separate(t *texts) {
	const space = " \t\r\n"
	before := t.prompt[0].Content
	for _, list := range [][]dataset.Message{t.chosen, t.rejected} {
		after := list[0].Content
		if strings.TrimRight(before, space) == before && strings.TrimLeft(after, space) == after {
			list[0].Content = " " + after
		}
	}
}

// toTurns makes messages of all three: a plain prompt is the user's, a plain response the assistant's. The white space
// that a plain response begins with was its distance from the prompt.
func toTurns(t *texts) error {
	if plain(t.prompt) {
		t.prompt = []dataset.Message{{Role: "user", Content: t.prompt[0].Content}}
	}
	for _, list := range []*[]dataset.Message{&t.chosen, &t.rejected} {
		if plain(*list) {
			*list = []dataset.Message{{Role: "assistant", Content: strings.TrimLeft((*list)[0].Content, " \n")}}
		}
	}
	return nil
}

// join puts the prompt before both responses.
func join(t *texts) error {
	if plain(t.prompt) != plain(t.chosen) || plain(t.prompt) != plain(t.rejected) {
		return errors.New("prompt and responses are not all strings or all messages, so they cannot be joined: write them conversational")
	}
	if plain(t.prompt) {
		separate(t)
		for _, list := range []*[]dataset.Message{&t.chosen, &t.rejected} {
			*list = []dataset.Message{{Content: t.prompt[0].Content + (*list)[0].Content}}
		}
		return nil
	}
	t.chosen, t.rejected = slices.Concat(t.prompt, t.chosen), slices.Concat(t.prompt, t.rejected)
	return nil
}

// dialogue writes both responses as whole dialogues in the way of HH-RLHF.
func dialogue(t *texts) error {
	if err := toTurns(t); err != nil {
		return err
	}
	marks := map[string]string{"user": "\n\nHuman:", "assistant": "\n\nAssistant:"}
	for _, list := range []*[]dataset.Message{&t.chosen, &t.rejected} {
		if len(*list) != 1 || (*list)[0].Role != "assistant" {
			return errors.New("a response of hh-rlhf is one message of the assistant: write another layout")
		}
		var b strings.Builder
		for _, m := range slices.Concat(t.prompt, *list) {
			mark, ok := marks[m.Role]
			if !ok {
				return fmt.Errorf("a message of %q has no place in hh-rlhf: write another layout", m.Role)
			}
			if strings.Contains(m.Content, marks["user"]) || strings.Contains(m.Content, marks["assistant"]) {
				return errors.New("a message holds a mark of hh-rlhf, so its end could not be told: write another layout")
			}
			b.WriteString(mark + " " + m.Content)
		}
		*list = []dataset.Message{{Content: b.String()}}
	}
	return nil
}
