// Package diag holds problems and where in the source they are. It is data: package view prints it.
package diag

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// A Pos is a place in a file: line and column count from 1, the column in characters; Byte from 0.
type Pos struct {
	Line, Column, Byte int
}

// A Range is a stretch of a source file.
type Range struct {
	File       string
	Start, End Pos
}

// IsZero reports whether the range was never set.
func (r Range) IsZero() bool { return r.File == "" }

// String returns the range as file:line,column.
func (r Range) String() string {
	return fmt.Sprintf("%s:%d,%d", r.File, r.Start.Line, r.Start.Column)
}

// A Severity says whether work can go on.
type Severity string

// The severities.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
)

// A Diagnostic is one problem. The summary is terse and constant, carrying no names, so that readers learn it; the
// detail is whole sentences: what is wrong, why, and what to do.
type Diagnostic struct {
	Severity Severity
	Code     string // stable, such as "unknown-attribute"
	Summary  string
	Detail   string
	Subject  Range // tight
	Context  Range // wide; zero when the subject says enough
	Block    string
	// Secret says that a sensitive value is written on these lines: they are not shown.
	Secret bool
	// Values are what the failing expression referred to: {"var.min_gap", "1.2"}.
	Values []Operand
}

// An Operand is something that a failing expression referred to.
type Operand struct {
	Traversal string
	Value     string
}

// Error returns the problem on one line.
func (d Diagnostic) Error() string {
	if d.Subject.IsZero() {
		return d.Summary + ": " + d.Detail
	}
	return d.Subject.String() + ": " + d.Summary + ": " + d.Detail
}

// A List is the problems of one run, in the order in which they were found.
type List []Diagnostic

// HasErrors reports whether any of the problems stops the work.
func (l List) HasErrors() bool {
	for _, d := range l {
		if d.Severity == Error {
			return true
		}
	}
	return false
}

// Sort puts the problems in the order of the source. Those without a place come first.
func (l List) Sort() {
	slices.SortStableFunc(l, func(a, b Diagnostic) int {
		return cmp.Or(
			strings.Compare(a.Subject.File, b.Subject.File),
			cmp.Compare(a.Subject.Start.Byte, b.Subject.Start.Byte),
			cmp.Compare(a.Subject.End.Byte, b.Subject.End.Byte),
			strings.Compare(a.Code, b.Code),
			strings.Compare(a.Detail, b.Detail),
		)
	})
}

// Error returns all problems, one a line.
func (l List) Error() string {
	lines := make([]string, len(l))
	for i, d := range l {
		lines[i] = d.Error()
	}
	return strings.Join(lines, "\n")
}
