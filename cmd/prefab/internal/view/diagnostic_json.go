package view

import (
	"bytes"

	"github.com/prefab-build/prefab/spec/diag"
)

// DiagnosticsDocument is the machine's form of a list of problems: what `--json` prints. Codes and field names are
// stable; summaries and details are for people and may change.
type DiagnosticsDocument struct {
	FormatVersion string           `json:"format_version"`
	Valid         bool             `json:"valid"` // no errors; warnings do not count
	ErrorCount    int              `json:"error_count"`
	WarningCount  int              `json:"warning_count"`
	Diagnostics   []DiagnosticJSON `json:"diagnostics"`
}

// DiagnosticJSON is one problem.
type DiagnosticJSON struct {
	Severity string        `json:"severity"` // "error" or "warning"
	Code     string        `json:"code"`     // such as "unknown-attribute"
	Summary  string        `json:"summary"`
	Detail   string        `json:"detail,omitempty"`
	Block    string        `json:"block,omitempty"`
	Range    *RangeJSON    `json:"range,omitempty"`
	Source   string        `json:"source,omitempty"` // the first line that the range touches, as written
	Values   []OperandJSON `json:"values,omitempty"`
}

// RangeJSON is a stretch of a file, its end not included.
type RangeJSON struct {
	File  string       `json:"file"`
	Start PositionJSON `json:"start"`
	End   PositionJSON `json:"end"`
}

// PositionJSON is a place in a file: line and column count from 1, the column in characters; the byte from 0.
type PositionJSON struct {
	Line   int `json:"line"`
	Column int `json:"column"`
	Byte   int `json:"byte"`
}

// OperandJSON is something that the failing expression referred to.
type OperandJSON struct {
	Traversal string `json:"traversal"`
	Value     string `json:"value"`
}

// DiagnosticsJSON returns the problems in the machine's form, in their order. Files is as in Diagnostics.
func DiagnosticsJSON(list diag.List, files map[string][]byte) DiagnosticsDocument {
	doc := DiagnosticsDocument{FormatVersion: "1", Diagnostics: make([]DiagnosticJSON, len(list))}
	for i, d := range list {
		if d.Severity == diag.Warning {
			doc.WarningCount++
		} else {
			doc.ErrorCount++
		}
		doc.Diagnostics[i] = diagnosticJSON(d, files)
	}
	doc.Valid = doc.ErrorCount == 0
	return doc
}

func diagnosticJSON(d diag.Diagnostic, files map[string][]byte) DiagnosticJSON {
	j := DiagnosticJSON{
		Severity: string(d.Severity), Code: d.Code, Summary: d.Summary, Detail: d.Detail, Block: d.Block,
	}
	for _, v := range d.Values {
		j.Values = append(j.Values, OperandJSON(v))
	}
	if d.Subject.IsZero() {
		return j
	}
	j.Range = &RangeJSON{File: d.Subject.File, Start: PositionJSON(d.Subject.Start), End: PositionJSON(d.Subject.End)}
	if src, at := files[d.Subject.File], d.Subject.Start.Byte; !d.Secret && len(snippet(src, d.Subject, diag.Range{})) > 0 {
		line, _, _ := bytes.Cut(src[lineStart(src, at):], []byte("\n"))
		j.Source = string(bytes.TrimSuffix(line, []byte("\r")))
	}
	return j
}
