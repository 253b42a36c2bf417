package view

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"strings"
	"time"
)

// The elements of JUnit's form that CI servers agree on: suites with counts, cases with at most one outcome, and what
// there is to say of them.
type (
	junitSuites struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Name     string       `xml:"name,attr"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Errors   int          `xml:"errors,attr"`
		Time     string       `xml:"time,attr"`
		Suites   []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name     string      `xml:"name,attr"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Errors   int         `xml:"errors,attr"`
		Skipped  int         `xml:"skipped,attr"`
		Time     string      `xml:"time,attr"`
		Cases    []junitCase `xml:"testcase"`

		elapsed time.Duration
	}
	junitCase struct {
		Name      string     `xml:"name,attr"`
		Class     string     `xml:"classname,attr"`
		Time      string     `xml:"time,attr"`
		Skipped   *junitNote `xml:"skipped"`
		Error     *junitNote `xml:"error"`
		Failure   *junitNote `xml:"failure"`
		SystemOut string     `xml:"system-out,omitempty"`

		elapsed time.Duration
	}
	junitNote struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr,omitempty"`
		Text    string `xml:",chardata"`
	}
)

// junit renders a report with one case for each stage and one for each judgement. A warning passes and says so.
func (r *Report) junit() []byte {
	stages, thresholds, gates := &junitSuite{Name: "stages"}, &junitSuite{Name: "thresholds"}, &junitSuite{Name: "gates"}
	for _, s := range r.stages {
		stages.add(s.junit())
	}
	for _, d := range r.verdicts {
		if d.Threshold {
			thresholds.add(d.junit())
		} else {
			gates.add(d.junit())
		}
	}
	all := junitSuites{Name: r.title}
	var elapsed time.Duration
	for _, s := range []*junitSuite{stages, thresholds, gates} {
		if s.Tests == 0 {
			continue
		}
		s.Time = seconds(s.elapsed)
		all.Suites = append(all.Suites, *s)
		all.Tests, all.Failures, all.Errors, elapsed = all.Tests+s.Tests, all.Failures+s.Failures, all.Errors+s.Errors, elapsed+s.elapsed
	}
	all.Time = seconds(elapsed)
	b, err := xml.MarshalIndent(all, "", "  ")
	if err != nil {
		panic("view: no XML: " + err.Error())
	}
	b = bytes.ReplaceAll(b, []byte("&#xA;"), []byte("\n")) // in an attribute it is read as a space
	return append([]byte(xml.Header), append(b, '\n')...)
}

func (s *junitSuite) add(c junitCase) {
	c.Time = seconds(c.elapsed)
	c.Name, c.Class, c.SystemOut = printable(c.Name), printable(c.Class), printable(c.SystemOut)
	for n, note := range map[*int]*junitNote{&s.Skipped: c.Skipped, &s.Errors: c.Error, &s.Failures: c.Failure} {
		if note != nil {
			note.Message, note.Text = printable(note.Message), printable(note.Text)
			*n++
		}
	}
	s.Cases = append(s.Cases, c)
	s.Tests++
	s.elapsed += c.elapsed
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.3f", d.Seconds()) }

func (s reportStage) junit() junitCase {
	c := junitCase{Name: s.addr.String(), Class: "stages", elapsed: s.elapsed}
	why := &junitNote{Message: strings.TrimSuffix(s.word+": "+s.reason, ": ")}
	switch s.outcome {
	case stageDone:
		c.SystemOut = s.word
	case stageFailed:
		why.Message, why.Text, _ = strings.Cut(s.reason, "\n")
		why.Type = "failed"
		c.Error = why
	default:
		c.Skipped = why
	}
	return c
}

func (d reportVerdict) junit() junitCase {
	c := junitCase{Name: d.Check, Class: d.Subject.String()}
	text := d.details()
	switch word := d.word(); word {
	case "pass":
		c.SystemOut = text
	case "warn":
		c.SystemOut = "warning: " + text
	case "not judged":
		c.Skipped = &junitNote{Message: "not judged: " + d.Condition}
	default:
		message := d.measured()
		if message == "" {
			message = d.Message
		}
		c.Failure = &junitNote{Message: message, Type: word, Text: text}
	}
	return c
}

// details are all that a verdict says, a line each.
func (d reportVerdict) details() string {
	var lines []string
	add := func(head, text string) {
		if text != "" {
			lines = append(lines, head+text)
		}
	}
	add("must hold: ", d.Condition)
	add("measured: ", d.measured())
	add("observations: ", d.observations())
	add("", d.advice())
	return strings.Join(lines, "\n")
}
