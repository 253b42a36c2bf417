package view

import (
	"encoding/xml"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/prefab-build/prefab/planner"
	"github.com/prefab-build/prefab/spec"
)

// reportOf is a report of n verdicts and n stages that say a text wherever one may be said.
func reportOf(n int, text string) *Report {
	r := &Report{title: "prefab apply", summary: text}
	for i := range n {
		x := float64(i)
		addr := spec.Addr{Kind: "evaluate", Name: "rm", Key: text}
		outcome := []planner.Outcome{planner.Pass, planner.Fail, planner.NotEvaluated, planner.Open, planner.Pending}[i%5]
		r.verdicts = append(r.verdicts, reportVerdict{Verdict: &planner.Verdict{
			Subject: addr, Check: text, Threshold: i%2 == 0, Severity: []string{"error", "warn"}[i%3%2], Outcome: outcome,
			Condition: text, Message: text, Metrics: []spec.Metric{{Name: text, Value: &x, N: 5}},
		}})
		r.stages = append(r.stages, reportStage{addr: addr, outcome: stageOutcome(i % 4), word: "ran", reason: text})
	}
	return r
}

func TestReportFitsAComment(t *testing.T) {
	for _, n := range []int{0, 1, 300, 5000} {
		text := string(reportOf(n, strings.Repeat("<a | b> & `c` 📚 ", 60)).markdown())
		if size := utf8.RuneCountInString(text); size > 65_536 {
			t.Errorf("a report of %d verdicts has %d characters", n, size)
		}
		if cut := strings.Contains(text, "more, which there is no room for"); cut != (n > 1) {
			t.Errorf("a report of %d verdicts is cut: %t", n, cut)
		}
	}
}

// Whatever a text holds: tables keep their columns, nothing outside of code is a tag or the name of a person, and what is XML
// says the text that went in.
func TestReportEscapes(t *testing.T) {
	tag := regexp.MustCompile(`(^|[^\\])<|@[a-z]`)
	pieces := []string{"|", `\`, "`", "``", "<b>", "&amp;", "@team", "#1", "*", "_", "\n", "\x00", "\x1b[31m", "\u202e", "é", " ", "]]>", "\xff", "a"}
	rapid.Check(t, func(t *rapid.T) {
		text := "x" + strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 8).Draw(t, "pieces"), "")
		r := reportOf(5, text)
		for l := range strings.SplitSeq(string(r.markdown()), "\n") {
			if strings.HasPrefix(l, "|") && cells(l) != 6 && cells(l) != 4 {
				t.Fatalf("%d cells in %s", cells(l), l)
			}
		}
		if out := prose(text); tag.MatchString(out) {
			t.Fatalf("prose: %q", out)
		}
		if span := code(text); !isCode(span) {
			t.Fatalf("more than code: %q", span)
		}
		var suites junitSuites
		if err := xml.Unmarshal(r.junit(), &suites); err != nil {
			t.Fatal(err)
		}
		counted(t, &suites)
		want := strings.Join(strings.Fields(printable(text)), " ")
		if got := strings.Join(strings.Fields(suites.Suites[1].Cases[0].Name), " "); got != want {
			t.Fatalf("the name is %q and not %q", got, want)
		}
	})
}

// isCode reports whether a text is one span of code: the run of backticks that it begins with is at its end, and not before.
func isCode(s string) bool {
	runs := backticks.FindAllStringIndex(s, -1)
	for _, run := range runs[1:] {
		if run[1]-run[0] == runs[0][1] {
			return run[1] == len(s)
		}
	}
	return false
}

// cells counts the cells of a line of a table as GitHub's parser does: a backslash takes what follows with it.
func cells(line string) (n int) {
	for i := 1; i < len(line); i++ {
		switch line[i] {
		case '\\':
			i++
		case '|':
			n++
		}
	}
	return n
}

// counted compares the counts of suites with what is in them.
func counted(t *rapid.T, all *junitSuites) {
	var tests, failures, errors int
	for _, s := range all.Suites {
		got := [4]int{}
		for _, c := range s.Cases {
			got[0]++
			outcomes := 0
			for i, note := range []*junitNote{c.Failure, c.Error, c.Skipped} {
				if note != nil {
					got[i+1]++
					outcomes++
				}
			}
			if outcomes > 1 {
				t.Fatalf("%s has %d outcomes", c.Name, outcomes)
			}
		}
		if want := [4]int{s.Tests, s.Failures, s.Errors, s.Skipped}; got != want {
			t.Fatalf("%s counts %s and holds %s", s.Name, fmt.Sprint(want), fmt.Sprint(got))
		}
		tests, failures, errors = tests+s.Tests, failures+s.Failures, errors+s.Errors
	}
	if tests != all.Tests || failures != all.Failures || errors != all.Errors || failures == 0 || errors == 0 {
		t.Fatalf("in all %d, %d, %d are counted", all.Tests, all.Failures, all.Errors)
	}
}
