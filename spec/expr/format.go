package expr

import (
	"fmt"
	"strings"
)

// format fills a layout. It reads the verbs itself, since fmt would print its complaints into the text.
func format(c *call) Value {
	layout := c.args[0].Str()
	next := 1
	var b strings.Builder
	for layout != "" {
		at := strings.IndexByte(layout, '%')
		if at < 0 {
			b.WriteString(layout)
			break
		}
		b.WriteString(layout[:at])
		verb, ok := readVerb(layout[at:])
		if !ok {
			return c.fail("%s is no verb: a verb is %%, flags - + 0 or space, width, precision and one of s v q d f e g t %%",
				quote(clip(layout[at:])))
		}
		layout = layout[at+len(verb):]
		if verb == "%%" {
			b.WriteByte('%')
			continue
		}
		if next >= len(c.args) {
			return c.fail("there is no value for %s", verb)
		}
		text, ok := c.format(verb, next)
		if !ok {
			if c.err == nil {
				c.fail("%s, which %s cannot print", c.arg(next), verb)
			}
			return Value{}
		}
		if !c.env.spendText(len(text)) {
			return c.fail(tooMuch)
		}
		b.WriteString(text)
		next++
	}
	if next < len(c.args) {
		return c.fail("there is %s for %s", count(len(c.args)-1, "value"), count(next-1, "verb"))
	}
	return c.text(b.String())
}

// readVerb returns the verb that s starts with. Width and precision have at most two digits.
func readVerb(s string) (verb string, ok bool) {
	i := 1
	for i < len(s) && strings.IndexByte("-+0 ", s[i]) >= 0 {
		i++
	}
	digits := func() {
		for n := 0; n < 2 && i < len(s) && isDigit(s[i]); n++ {
			i++
		}
	}
	digits()
	if i < len(s) && s[i] == '.' {
		i++
		digits()
	}
	if i >= len(s) || strings.IndexByte("svqdfegt%", s[i]) < 0 || s[i] == '%' && i > 1 {
		return "", false
	}
	return s[:i+1], true
}

// format prints one value. It reports false for a value that the verb is not for.
func (c *call) format(verb string, i int) (string, bool) {
	v := c.args[i]
	switch verb[len(verb)-1] {
	case 's', 'v', 'q':
		text, ok := v.Text()
		if !ok {
			if verb[len(verb)-1] == 's' || !c.env.weigh(v) {
				return "", false
			}
			b, ok := c.appendJSON(nil, v)
			if !ok {
				c.fail(tooMuch)
				return "", false
			}
			text = string(b)
		}
		if verb[len(verb)-1] == 'q' {
			verb, text = verb[:len(verb)-1]+"s", string(appendJSONString(nil, text))
		}
		return fmt.Sprintf(verb, text), true
	case 'd':
		n, ok := whole(v)
		return fmt.Sprintf(verb, n), ok
	case 't':
		return fmt.Sprintf(verb, v.Bool()), v.kind == Bool
	default:
		return fmt.Sprintf(verb, v.Float()), v.IsNumber()
	}
}
