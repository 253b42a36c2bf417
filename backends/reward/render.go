package reward

import "strings"

// RenderVersion names the template of Render. It is part of every model's
// configuration: scores of a model are defined for prompts of its template.
const RenderVersion = "turns/1"

// Message is one turn of a conversation.
type Message struct{ Role, Content string }

// The separators of Render are the ASCII control characters made for the job, record and
// unit separator: no tokenizer takes them for a word, and text has no use for
// them.
const (
	// TurnMark stands before a role.
	TurnMark = '\x1e'
	// TextMark stands between a role and its content.
	TextMark = '\x1f'
)

var unmark = strings.NewReplacer(string(TurnMark), " ", string(TextMark), " ")

// Render flattens a conversation into one string: per message the record
// separator U+001E, the role, the unit separator U+001F, the content as it is.
// So no content can be mistaken for a role or run into the next turn; a
// separator inside a role or a content becomes a space. Turns gives the
// messages back.
func Render(messages []Message) string {
	size := 0
	for _, m := range messages {
		size += len(m.Role) + len(m.Content) + 2
	}
	var b strings.Builder
	b.Grow(size)
	for _, m := range messages {
		b.WriteByte(TurnMark)
		_, _ = unmark.WriteString(&b, m.Role)
		b.WriteByte(TextMark)
		_, _ = unmark.WriteString(&b, m.Content)
	}
	return b.String()
}

// Turns takes a rendered prompt apart. Text without separators is one turn of
// the role "user", so that a plain prompt needs no rendering.
func Turns(prompt string) []Message {
	if prompt == "" || prompt[0] != TurnMark {
		return []Message{{Role: "user", Content: prompt}}
	}
	var turns []Message
	for part := range strings.SplitSeq(prompt[1:], string(TurnMark)) {
		role, content, ok := strings.Cut(part, string(TextMark))
		if !ok {
			role, content = "", part
		}
		turns = append(turns, Message{Role: role, Content: content})
	}
	return turns
}
