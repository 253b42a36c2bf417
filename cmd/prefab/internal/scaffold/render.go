package scaffold

import (
	"fmt"
	"strings"

	"github.com/prefab-build/prefab/executor/dataset/frame"
)

// render writes the spec.
func render(g *guess, s *sample, paths []string) string {
	var b strings.Builder
	fmt.Fprintf(&b, `# Written by prefab init from the first %d records of
# %s. It is a start: read it, and change what is not so.
#
#   prefab plan     what would run, and why
#   prefab apply    run it, and judge the gates
#   prefab stages   what each kind of stage does, reads and measures

project {
  required_version = ">= 0.1"
  seed             = 1

  # What a threshold demands that gives no limit of its own. documented: the
  # limits that prefab stages KIND lists. strict: most of them of the
  # unfavourable end of the 95 %% interval. permissive: the documented ones, as
  # warnings. No profile changes the condition of a gate.
  profile = "documented"
}

`, len(s.records), paths[0])
	dataset(&b, g, paths)
	pairs := "dataset.raw.pairs"
	if g.rows == "votes" {
		pairs = "resolve.majority.pairs"
		b.WriteString(resolveText)
	}
	b.WriteString(strings.Replace(dedupeText, "PAIRS", pairs, 1))
	validate(&b, g)
	fmt.Fprintf(&b, splitText, `"`+strings.Join(g.strata, `", "`)+`"`)
	b.WriteString(modelText)
	b.WriteString(gateText)
	return b.String()
}

func (g *guess) hasGap() bool { return g.scale != nil || g.votes || g.rows == "votes" }

// dataset writes the dataset block, and in comments one of the files that are held out.
func dataset(b *strings.Builder, g *guess, paths []string) {
	for _, n := range g.notes {
		comment(b, "Note: "+n+".")
	}
	b.WriteString("dataset \"raw\" {\n")
	if g.format != frame.HHRLHF {
		fmt.Fprintf(b, "  type = %q\n\n", g.rows)
	}
	source(b, g, paths)
	b.WriteString("\n  threshold \"rejected_share\" {} # records that could not be read; warns\n}\n\n")
	if len(g.held) == 0 {
		return
	}
	comment(b, "To measure the model on what is held out as well, read it as a dataset of its own, and give evaluate one more part: on = { ..., test = dataset.test.pairs }")
	b.WriteString("#\n")
	var held strings.Builder
	held.WriteString("dataset \"test\" {\n")
	if g.format != frame.HHRLHF {
		fmt.Fprintf(&held, "  type = %q\n\n", g.rows)
	}
	source(&held, g, g.held)
	held.WriteString("}\n")
	for line := range strings.Lines(held.String()) {
		b.WriteString(strings.TrimRight("#   "+line, " \n") + "\n")
	}
	b.WriteString("\n")
}

// comment writes a paragraph in lines of 80 columns.
func comment(b *strings.Builder, text string) {
	line := "#"
	for _, word := range strings.Fields(text) {
		if len(line)+1+len(word) > 80 {
			b.WriteString(line + "\n")
			line = "#"
		}
		line += " " + word
	}
	b.WriteString(line + "\n")
}

func source(b *strings.Builder, g *guess, paths []string) {
	fmt.Fprintf(b, "  source %q {\n", g.format)
	if len(paths) == 1 {
		fmt.Fprintf(b, "    path = %s\n", quote(paths[0]))
	} else {
		b.WriteString("    paths = [\n")
		for _, p := range paths {
			fmt.Fprintf(b, "      %s,\n", quote(p))
		}
		b.WriteString("    ]\n")
	}
	if g.comma != "" {
		fmt.Fprintf(b, "    comma = %s\n", quote(g.comma))
	}
	if g.where != "" {
		fmt.Fprintf(b, "    where = %s\n", g.where)
	}
	if g.implicit {
		b.WriteString("    # no field holds the prompt: it is what both responses begin with in common\n    implicit_prompt = true\n")
	}
	var taken, mapped []string
	for _, f := range g.fields {
		if f.byName {
			taken = append(taken, f.column)
		} else {
			mapped = append(mapped, fmt.Sprintf("      %s = %s\n", f.column, f.expr))
		}
	}
	if len(taken) > 0 {
		fmt.Fprintf(b, "    # taken from fields of the same name: %s\n", strings.Join(taken, ", "))
	}
	if len(mapped) > 0 {
		b.WriteString("    map = {\n" + strings.Join(mapped, "") + "    }\n")
	}
	b.WriteString("  }\n")
}

// validate writes the validate block with what there is to measure a gap on.
func validate(b *strings.Builder, g *guess) {
	b.WriteString("# What there is and how good it is. A threshold that does not pass keeps the\n# exports behind it from being written, and nothing else.\nvalidate \"quality\" {\n  pairs = deduplicate.unique.pairs\n")
	switch {
	case g.scale != nil:
		fmt.Fprintf(b, "\n  # (chosen_score - rejected_score) / (max - min). The scale is a guess from the\n"+
			"  # ratings that were seen; pairs with ratings outside of it are dropped.\n  gap   = \"judge_gap\"\n  scale = [%g, %g]\n", g.scale[0], g.scale[1])
	case g.votes || g.rows == "votes":
		b.WriteString("\n  # (votes for chosen - votes for rejected) / all votes\n  gap = \"vote_gap\"\n")
	default:
		b.WriteString("\n  # There are no ratings or votes, so how clear the preferences are cannot be\n" +
			"  # measured. With chosen_score and rejected_score on a scale from 1 to 10:\n  #   gap   = \"judge_gap\"\n  #   scale = [1, 10]\n")
	}
	if g.hasGap() {
		b.WriteString("\n  threshold \"gap\" {}")
	}
	b.WriteString("\n  threshold \"pair_count\" {}\n  threshold \"format_errors\" {}\n  threshold \"prompt_groups\" {}\n  threshold \"style_separability\" {}\n  threshold \"word_separability\" {}\n}\n\n")
}
