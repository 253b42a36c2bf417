package expr

import (
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// str reads a string whose opening quote is next. One without escapes is a part of the text.
func (d *Decoder) str() (string, error) {
	start := d.pos + 1
	i := plainUpTo(d.text, start)
	if i < len(d.text) && d.text[i] == '"' {
		d.pos = i + 1
		return d.text[start:i], d.utf8(start, i)
	}
	d.buf = d.buf[:0]
	for done := start; i < len(d.text) && d.text[i] >= 0x20; i = plainUpTo(d.text, i) {
		if err := d.utf8(done, i); err != nil {
			return "", err
		}
		d.buf = append(d.buf, d.text[done:i]...)
		if d.text[i] == '"' {
			d.pos = i + 1
			return string(d.buf), nil
		}
		r, size, err := d.escape(i)
		if err != nil {
			return "", err
		}
		d.buf = utf8.AppendRune(d.buf, r)
		i += size
		done = i
	}
	if i < len(d.text) {
		return "", d.fail(BadSyntax, i, "the control character 0x%02x stands in a string without an escape", d.text[i])
	}
	return "", d.fail(BadSyntax, start-1, "the string that starts here has no end")
}

// utf8 checks a part of the text.
func (d *Decoder) utf8(from, to int) error {
	if utf8.ValidString(d.text[from:to]) {
		return nil
	}
	return d.badUTF8(from)
}

func (d *Decoder) badUTF8(at int) error {
	for at < len(d.text) {
		r, size := utf8.DecodeRuneInString(d.text[at:])
		if r == utf8.RuneError && size == 1 {
			return d.fail(BadUTF8, at, "the byte 0x%02x is not UTF-8", d.text[at])
		}
		at += size
	}
	panic("expr: no bad UTF-8 where some was seen")
}

// escape reads the escape at i, and the second half of a surrogate pair with it.
func (d *Decoder) escape(i int) (r rune, size int, err error) {
	if i+1 >= len(d.text) {
		return 0, 0, d.fail(BadSyntax, i, "the text ends within an escape")
	}
	switch c := d.text[i+1]; c {
	case '"', '\\', '/':
		return rune(c), 2, nil
	case 'b':
		return '\b', 2, nil
	case 'f':
		return '\f', 2, nil
	case 'n':
		return '\n', 2, nil
	case 'r':
		return '\r', 2, nil
	case 't':
		return '\t', 2, nil
	case 'u':
		first, ok := d.hex(i)
		if !ok {
			return 0, 0, d.fail(BadSyntax, i, `\u wants four hexadecimal digits`)
		}
		if !utf16.IsSurrogate(first) {
			return first, 6, nil
		}
		second, ok := d.hex(i + 6)
		if r := utf16.DecodeRune(first, second); ok && r != utf8.RuneError {
			return r, 12, nil
		}
		return 0, 0, d.fail(LoneSurrogate, i, "%s is half of a surrogate pair without its other half", d.text[i:i+6])
	default:
		return 0, 0, d.fail(BadSyntax, i, `\%c is no escape`, c)
	}
}

// hex reads \uXXXX at i.
func (d *Decoder) hex(i int) (rune, bool) {
	if i+6 > len(d.text) || d.text[i] != '\\' || d.text[i+1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(d.text[i+2:i+6], 16, 32)
	return rune(n), err == nil
}
