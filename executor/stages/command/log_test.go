package command

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// said gives a log something to read, and returns what it says.
func said(text string, hide ...string) (lines []string, l *log) {
	l = &log{say: func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }}
	for _, h := range hide {
		l.hide(h, "(hidden)")
	}
	l.read(strings.NewReader(text))
	l.end()
	return lines, l
}

func TestLogLines(t *testing.T) {
	for _, c := range []struct {
		text string
		want []string
	}{
		{"one\ntwo", []string{"one", "two"}},
		{"one\r\n\n  \ntwo\n", []string{"one", "two"}},
		{"10%\r20%\r100%\n", []string{"100%"}},
		{"\x1b[31mred\x1b[0m and \x07loud\n", []string{"red and loud"}},
		{"no \xff UTF-8\n", []string{"no \uFFFD UTF-8"}},
		{strings.Repeat("x", 5000) + "\nnext\n", []string{strings.Repeat("x", mostLine) + " (cut)", "next"}},
		{strings.Repeat("x", 200_000) + "\nnext\n", []string{strings.Repeat("x", mostLine) + " (cut)", "next"}},
	} {
		if got, _ := said(c.text); !slices.Equal(got, c.want) {
			t.Errorf("%.40q is logged as %.80q, want %.80q", c.text, got, c.want)
		}
	}
}

// No part of a secret is said, wherever a line is cut and whichever secret begins another.
func TestLogHides(t *testing.T) {
	long := "s3cret-" + strings.Repeat("z", 60)
	for _, text := range []string{
		"token " + long + " used", long, strings.Repeat(long, 3),
		strings.Repeat("x", mostRead-20) + long + "\n", strings.Repeat("x", mostLine-20) + long + "\n",
		"first " + long + "\nsecond line\n",
	} {
		lines, l := said(text, "s3cret", long, "first line\nsecond line")
		all := strings.Join(lines, "\n") + l.last()
		for _, part := range []string{"s3cret", "zzz", "second line"} {
			if strings.Contains(all, part) {
				t.Errorf("%.30q says %q: %.200q", text, part, all)
			}
		}
	}
	if lines, _ := said("a 1 in 10\n", "1"); lines[0] != "a 1 in 10" {
		t.Errorf("a value of one character takes %q apart", lines)
	}
}

func TestLogIsBounded(t *testing.T) {
	lines, l := said(strings.Repeat("again\n", mostLines+500) + "the end\n")
	if len(lines) != mostLines+1 || lines[mostLines] != "(501 lines more, which are not kept)" {
		t.Errorf("%d lines, the last %q", len(lines), lines[len(lines)-1])
	}
	if len(l.tail) != tailLines || l.tail[tailLines-1] != "the end" {
		t.Errorf("the tail is %q", l.tail)
	}
}
