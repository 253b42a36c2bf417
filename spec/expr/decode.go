package expr

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// MaxJSONDepth is how deep lists and objects may be nested in JSON that FromJSON reads.
const MaxJSONDepth = 1000

// The codes of a JSONError.
const (
	BadSyntax     = "syntax"
	BadUTF8       = "utf8"           // bytes that are not UTF-8
	LoneSurrogate = "lone-surrogate" // half of a surrogate pair as \uXXXX
	DuplicateName = "duplicate-name" // one name twice in one object
	BadNumber     = "number"         // a number that neither int64 nor float64 holds
	TooDeep       = "depth"
)

// A JSONError says what is wrong with a JSON text and where.
type JSONError struct {
	Code   string // one of the codes above
	Offset int    // in bytes, from 0
	Reason string
}

// Error returns the problem with its place.
func (e *JSONError) Error() string { return fmt.Sprintf("at byte %d: %s", e.Offset, e.Reason) }

// FromJSON reads one JSON value with white space around it. Numbers written without fraction and exponent are
// integers, the others floats. It is strict: what RFC 8259 leaves open (duplicate names, lone surrogates, numbers
// beyond range) is a *JSONError. It keeps no part of b.
func FromJSON(b []byte) (Value, error) { return FromJSONString(string(b)) }

// FromJSONString is FromJSON for a string. Strings of the value that have no escapes share s, which costs no copy but
// keeps all of s in memory.
func FromJSONString(s string) (Value, error) {
	var d Decoder
	return d.FromJSONString(s)
}

// FromJSONString is the function of that name, for many values in turn: what it works with is kept from one to the next.
func (d *Decoder) FromJSONString(s string) (Value, error) {
	d.text, d.pos, d.elems, d.fields = s, 0, d.elems[:0], d.fields[:0]
	v, err := d.value(0)
	if err != nil {
		return Value{}, err
	}
	if d.space(); d.pos < len(s) {
		return Value{}, d.unexpected("nothing more")
	}
	return v, nil
}

// A Decoder is a recursive-descent parser. Elements gather on two stacks, so that each list and object is allocated
// once, at its size. The zero value is ready.
type Decoder struct {
	text   string
	pos    int
	elems  []Value
	fields []Field
	buf    []byte // a string with escapes, as far as it is read
}

func (d *Decoder) fail(code string, at int, format string, args ...any) error {
	return &JSONError{Code: code, Offset: at, Reason: fmt.Sprintf(format, args...)}
}

func (d *Decoder) unexpected(want string) error {
	if d.pos >= len(d.text) {
		return d.fail(BadSyntax, len(d.text), "the text ends where %s should be", want)
	}
	r, size := utf8.DecodeRuneInString(d.text[d.pos:])
	if r == utf8.RuneError && size == 1 {
		return d.fail(BadUTF8, d.pos, "the byte 0x%02x is not UTF-8", d.text[d.pos])
	}
	return d.fail(BadSyntax, d.pos, "%q stands where %s should be", r, want)
}

func (d *Decoder) space() {
	for d.pos < len(d.text) {
		switch d.text[d.pos] {
		case ' ', '\t', '\n', '\r':
			d.pos++
		default:
			return
		}
	}
}

// next skips white space and returns the next byte without taking it; 0 at the end.
func (d *Decoder) next() byte {
	d.space()
	if d.pos >= len(d.text) {
		return 0
	}
	return d.text[d.pos]
}

func (d *Decoder) value(depth int) (Value, error) {
	if depth > MaxJSONDepth {
		return Value{}, d.fail(TooDeep, d.pos, "lists and objects are nested deeper than %d", MaxJSONDepth)
	}
	switch c := d.next(); c {
	case '{':
		return d.object(depth)
	case '[':
		return d.list(depth)
	case '"':
		s, err := d.str()
		return StringOf(s), err
	case 't':
		return BoolOf(true), d.word("true")
	case 'f':
		return BoolOf(false), d.word("false")
	case 'n':
		return Value{}, d.word("null")
	default:
		if c == '-' || isDigit(c) {
			return d.number()
		}
		return Value{}, d.unexpected("a value")
	}
}

func (d *Decoder) word(w string) error {
	if !strings.HasPrefix(d.text[d.pos:], w) {
		return d.unexpected("a value")
	}
	d.pos += len(w)
	return nil
}

func (d *Decoder) list(depth int) (Value, error) {
	d.pos++
	base := len(d.elems)
	if d.next() == ']' {
		d.pos++
		return ValuesOf(nil), nil
	}
	for {
		v, err := d.value(depth + 1)
		if err != nil {
			return Value{}, err
		}
		d.elems = append(d.elems, v)
		switch d.next() {
		case ',':
			d.pos++
		case ']':
			d.pos++
			elems := append([]Value(nil), d.elems[base:]...)
			d.elems = d.elems[:base]
			return ValuesOf(elems), nil
		default:
			return Value{}, d.unexpected("a comma or the end of the list")
		}
	}
}

func (d *Decoder) object(depth int) (Value, error) {
	start := d.pos
	d.pos++
	base := len(d.fields)
	if d.next() == '}' {
		d.pos++
		return ObjectOf(nil), nil
	}
	for {
		if d.next() != '"' {
			return Value{}, d.unexpected("a name in double quotes")
		}
		name, err := d.str()
		if err != nil {
			return Value{}, err
		}
		if d.next() != ':' {
			return Value{}, d.unexpected("a colon")
		}
		d.pos++
		v, err := d.value(depth + 1)
		if err != nil {
			return Value{}, err
		}
		d.fields = append(d.fields, Field{name, v})
		switch d.next() {
		case ',':
			d.pos++
			d.space()
		case '}':
			d.pos++
			fields := append([]Field(nil), d.fields[base:]...)
			d.fields = d.fields[:base]
			return d.close(fields, start)
		default:
			return Value{}, d.unexpected("a comma or the end of the object")
		}
	}
}

// close makes the object and refuses a name that came twice: readers disagree on which one counts.
func (d *Decoder) close(fields []Field, start int) (Value, error) {
	if sortedFields(fields) {
		return ObjectOf(fields), nil
	}
	slices.SortFunc(fields, func(a, b Field) int { return strings.Compare(a.Name, b.Name) })
	for i := 1; i < len(fields); i++ {
		if fields[i-1].Name == fields[i].Name {
			return Value{}, d.fail(DuplicateName, start, "the object that starts here has %q twice", clip(fields[i].Name))
		}
	}
	return ObjectOf(fields), nil
}

func (d *Decoder) number() (Value, error) {
	start := d.pos
	if d.text[d.pos] == '-' {
		d.pos++
	}
	whole := true
	switch {
	case d.pos < len(d.text) && d.text[d.pos] == '0':
		d.pos++
	case !d.digits():
		return Value{}, d.unexpected("a digit")
	}
	if d.pos < len(d.text) && d.text[d.pos] == '.' {
		whole = false
		d.pos++
		if !d.digits() {
			return Value{}, d.unexpected("a digit")
		}
	}
	if d.pos < len(d.text) && d.text[d.pos]|0x20 == 'e' {
		whole = false
		d.pos++
		if d.pos < len(d.text) && (d.text[d.pos] == '+' || d.text[d.pos] == '-') {
			d.pos++
		}
		if !d.digits() {
			return Value{}, d.unexpected("a digit")
		}
	}
	if digits := d.text[start:d.pos]; whole {
		i, err := strconv.ParseInt(digits, 10, 64)
		if err != nil {
			return Value{}, d.fail(BadNumber, start, "the integer %s is beyond 64 bits", clip(digits))
		}
		return IntOf(i), nil
	} else {
		f, err := strconv.ParseFloat(digits, 64)
		if err != nil || math.IsInf(f, 0) {
			return Value{}, d.fail(BadNumber, start, "the number %s is beyond the range of float64", clip(digits))
		}
		return FloatOf(f), nil
	}
}

func (d *Decoder) digits() bool {
	start := d.pos
	for d.pos < len(d.text) && isDigit(d.text[d.pos]) {
		d.pos++
	}
	return d.pos > start
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// clip shortens text that is quoted in a message.
func clip(s string) string {
	const most = 60
	if len(s) <= most {
		return s
	}
	cut := most
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "…"
}
