package compare

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
)

// join measures the grouping of near-duplicate prompts, exact and by sketches.
func join(ctx context.Context, b *bench) (*section, error) {
	s := &section{
		title: "Near duplicates",
		text: "Groups of prompts whose Jaccard index is at least 0.7, chains included, of texts in normal form read from JSON lines:\n" +
			"prompts of 10 to 40 words by their words and, where they were given, real prompts of few templates by runs of five\n" +
			"characters. prefab's join is exact, so its groups are the truth. Recall is the share of its pairs within groups that a\n" +
			"tool has in one group too, precision the share of the tool's that prefab has; \"would go\" is rows less groups.\n" +
			"datasketch and rensa use 128 permutations, DataTrove 14 buckets of 8; rensa checks its estimates, the others do not.\n" +
			"The limit is ten minutes.",
		head: append(slices.Clone(usage), "rows a CPU s", "recall", "precision", "would go"),
	}
	prompts := b.path("prompts.jsonl")
	n := b.Sizes.Prompts
	if err := b.make(ctx, "prompts", "-n", fmt.Sprint(n), prompts); err != nil {
		return nil, err
	}
	if err := b.groups(ctx, s, fmt.Sprintf("%d prompts, words", n), prompts, "word"); err != nil {
		return nil, err
	}
	if b.Prompts == "" {
		return s, nil
	}
	templated := b.path("templated.jsonl")
	if err := b.make(ctx, "texts", b.Prompts, templated); err != nil {
		return nil, err
	}
	return s, b.groups(ctx, s, "templated prompts, characters", templated, "char5")
}

// groups measures one collection of texts.
func (b *bench) groups(ctx context.Context, s *section, work, texts, shingle string) error {
	b.log("  %s", work)
	labels := func(name string) string { return texts + "." + name }
	jobs := []job{{tool: "prefab", argv: []string{b.Bench, "join", texts, labels("prefab"), shingle}}}
	for _, name := range []string{"datasketch", "rensa", "datatrove"} {
		if b.tools[name].there() {
			j := b.python(name, name+"_join.py", texts, labels(name), shingle)
			j.most = 2
			jobs = append(jobs, j)
		}
	}
	list := turns(ctx, max(1, (b.Sizes.Runs+1)/2), jobs)
	if list[0].err != nil {
		return list[0].err
	}
	truth, err := readGroups(labels("prefab"))
	if err != nil {
		return err
	}
	for i := range list {
		var a agreement
		l := &list[i]
		if l.err == nil {
			var groups []string
			if groups, l.err = readGroups(labels(l.tool)); l.err == nil {
				a, l.err = agree(truth, groups)
			}
			if l.err != nil {
				l.runs = nil
			}
		}
		s.measured(work, []series{*l}, func(l series) []string {
			return []string{digits(float64(len(truth)) / SpreadOf(l.runs, cpu).Median), fmt.Sprintf("%.3f", a.recall), fmt.Sprintf("%.3f", a.precision), fmt.Sprint(a.gone)}
		})
	}
	ratios(s, work, list)
	return nil
}

// readGroups reads the group of each row.
func readGroups(path string) ([]string, error) {
	text, err := os.ReadFile(path)
	return strings.Fields(string(text)), err
}

// agreement compares two groupings of the same rows.
type agreement struct {
	recall, precision float64
	gone              int // rows of the second grouping that are not the only one kept of their group
}

// agree counts pairs of rows that are in one group.
func agree(truth, found []string) (agreement, error) {
	if len(truth) != len(found) {
		return agreement{}, fmt.Errorf("it has groups for %d of %d rows", len(found), len(truth))
	}
	a, b, both := map[string]float64{}, map[string]float64{}, map[[2]string]float64{}
	for i := range truth {
		a[truth[i]]++
		b[found[i]]++
		both[[2]string{truth[i], found[i]}]++
	}
	share := func(part, whole float64) float64 {
		if whole == 0 {
			return 1
		}
		return part / whole
	}
	common := pairsWithin(both)
	return agreement{share(common, pairsWithin(a)), share(common, pairsWithin(b)), len(found) - len(b)}, nil
}

// pairsWithin is the number of pairs within groups of these sizes.
func pairsWithin[K comparable](sizes map[K]float64) float64 {
	n := 0.0
	for _, size := range sizes {
		n += size * (size - 1) / 2
	}
	return n
}
