package view

import (
	"fmt"
	"regexp"
	"strings"
)

// A comment on GitHub has at most 65,536 characters. Each section may fill a report up to its limit in bytes, which are at
// least as many; so there is always room for those behind it, and for a line that says what is missing.
const (
	roomForFailures = 24_000
	roomForNotDone  = 34_000
	roomForVerdicts = 48_000
	roomForStages   = 60_000
	roomForFiles    = 62_000
)

// cellSize bounds one text in characters. A condition or a message longer than this is cut.
const cellSize = 500

type markdown struct{ strings.Builder }

// markdown renders a report as GitHub shows it. Whatever comes from the spec or the data is code, or is escaped.
func (r *Report) markdown() []byte {
	var m markdown
	fmt.Fprintf(&m, "## %s\n\n%s\n", r.headline(), prose(r.summary))
	var failures, notDone, verdicts, stages, files []string
	for _, d := range r.verdicts {
		if word := d.word(); word != "pass" && word != "not judged" {
			failures = append(failures, d.item(word))
		}
		verdicts = append(verdicts, line(d.mark(), code(d.Subject.String()), code(d.Check), code(d.measured()), code(d.Condition), d.observations()))
	}
	for _, s := range r.stages {
		if s.outcome != stageDone && !r.planned {
			notDone = append(notDone, s.item())
		}
		stages = append(stages, s.line(r.planned))
	}
	for _, p := range r.placed {
		word, size := placedWords(&p)
		files = append(files, fmt.Sprintf("- %s %s: %s\n", word, code(p.Path), size))
	}
	m.section("To look at", "", failures, roomForFailures)
	m.section("Not done", "", notDone, roomForNotDone)
	m.section("Verdicts", "| | of | judgement | measured | must hold | observations |\n|---|---|---|---|---|---:|\n", verdicts, roomForVerdicts)
	head := "| stage | came to | took | rows |\n|---|---|---:|---:|\n"
	if r.planned {
		head = "| stage | plan | why |\n|---|---|---|\n"
	}
	m.section("Stages", head, stages, roomForStages)
	m.section("Files", "", files, roomForFiles)
	return []byte(m.String())
}

// section writes a title and lines, as many as there is room for.
func (m *markdown) section(title, head string, lines []string, room int) {
	if len(lines) == 0 {
		return
	}
	fmt.Fprintf(m, "\n### %s\n\n%s", title, head)
	for i, l := range lines {
		if m.Len()+len(l) > room {
			fmt.Fprintf(m, "\n*%s more, which there is no room for.*\n", thousands(int64(len(lines)-i)))
			return
		}
		m.WriteString(l)
	}
}

// mark is the word of a verdict, in bold where something is to be done.
func (d reportVerdict) mark() string {
	switch word := d.word(); word {
	case "pass", "not judged":
		return word
	default:
		return "**" + word + "**"
	}
}

// item tells all of a verdict that does not pass.
func (d reportVerdict) item(word string) string {
	text := fmt.Sprintf("- **%s** %s %s", word, code(d.Subject.String()), code(d.Check))
	if d.Condition != "" {
		text += ": " + code(d.Condition) + " must hold"
	}
	if measured := d.measured(); measured != "" {
		text += ", and measured is " + code(measured)
	}
	text += ".\n"
	if advice := d.advice(); advice != "" {
		text += "  " + prose(advice) + "\n"
	}
	return text
}

// item tells why a stage is not done. What a program printed at last keeps its lines.
func (s reportStage) item() string {
	first, rest, _ := strings.Cut(strings.TrimSpace(s.reason), "\n")
	return fmt.Sprintf("- **%s** %s: %s\n", s.word, code(s.addr.String()), prose(first)) + block(rest)
}

func (s reportStage) line(planned bool) string {
	if planned {
		return line(code(s.addr.String()), s.word, prose(s.reason))
	}
	took, rows := "", ""
	if s.elapsed > 0 {
		took = round(s.elapsed)
	}
	if s.rows > 0 {
		rows = thousands(s.rows)
	}
	return line(code(s.addr.String()), s.word, took, rows)
}

// line is a line of a table.
func line(cells ...string) string {
	for i, c := range cells {
		cells[i] = barred(c)
	}
	return "| " + strings.Join(cells, " | ") + " |\n"
}

// barred escapes the bars of a cell, which end it wherever they stand, in code too. Behind a backslash, which would take
// the escape for its own, a space comes first.
func barred(cell string) string {
	var out strings.Builder
	for i := range len(cell) {
		if cell[i] == '|' && i > 0 && cell[i-1] == '\\' {
			out.WriteByte(' ')
		}
		if cell[i] == '|' {
			out.WriteByte('\\')
		}
		out.WriteByte(cell[i])
	}
	return out.String()
}

var backticks = regexp.MustCompile("`+")

// oneLine is text for one line, cut where it is very long.
func oneLine(s string) string {
	return cut(strings.Join(strings.Fields(printable(s)), " "))
}

func cut(s string) string {
	if r := []rune(s); len(r) > cellSize {
		return string(r[:cellSize]) + "…"
	}
	return s
}

// code makes text that nothing is read into: neither markup nor names of people.
func code(s string) string {
	s = oneLine(s)
	if s == "" {
		return ""
	}
	fence := "`"
	for _, run := range backticks.FindAllString(s, -1) {
		fence = strings.Repeat("`", max(len(fence), len(run)+1))
	}
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") {
		s = " " + s + " "
	}
	return fence + s + fence
}

// blockSize is how many bytes of lines an item has, at most: the last.
const blockSize = 4000

// block makes lines, within an item of a list, into which nothing is read.
func block(s string) string {
	if more := len(s) - blockSize; more > 0 {
		s = "…" + strings.ToValidUTF8(s[more:], "")
	}
	if strings.TrimSpace(s) == "" {
		return ""
	}
	fence, lines := "```", ""
	for l := range strings.SplitSeq(strings.TrimRight(s, "\n"), "\n") {
		l = cut(printable(l))
		for _, run := range backticks.FindAllString(l, -1) {
			fence = strings.Repeat("`", max(len(fence), len(run)+1))
		}
		lines += "  " + l + "\n"
	}
	return "\n  " + fence + "text\n" + lines + "  " + fence + "\n"
}

// prose makes sentences of which no word is markup. A mark without a width keeps @ and # from being links to people and
// issues.
func prose(s string) string { return special.Replace(oneLine(s)) }

var special = strings.NewReplacer(
	`\`, `\\`, "`", "\\`", `*`, `\*`, `_`, `\_`, `[`, `\[`, `]`, `\]`, `<`, `\<`, `>`, `\>`, `~`, `\~`, `$`, `\$`, `&`, `\&`,
	`|`, `&#124;`, `@`, `@&#8203;`, `#`, `#&#8203;`,
)
