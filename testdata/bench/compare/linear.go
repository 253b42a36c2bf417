package compare

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// The penalties were looked for once for each program, in steps of about three, on the pairs of this workload.
const (
	prefabPenalty = "0.00003"
	sklearnC      = "0.3"
)

// linear measures the training of linear reward models on the same pairs.
func linear(ctx context.Context, b *bench) (*section, error) {
	n := b.Sizes.Pairs
	s := &section{
		title: "Linear reward model",
		text: fmt.Sprintf("One model on TF-IDF of words and pairs of words, at a fixed penalty that suits the program, from %d pairs of about 650\n"+
			"bytes, judged on %d others. prefab's has features of the first words and of what response and prompt share as well.\n"+
			"The penalties were looked for on 100,000 pairs and suit other numbers less. Features and fit are timed inside the\n"+
			"processes, without reading and judging.", n, n/5),
		head: append(slices.Clone(usage), "features and fit, CPU s", "pairs a CPU s", "log-loss"),
	}
	train, held := b.path("train.jsonl"), b.path("held-out.jsonl")
	if err := b.make(ctx, "preferences", "-n", fmt.Sprint(n), train); err != nil {
		return nil, err
	}
	if err := b.make(ctx, "preferences", "-from", fmt.Sprint(n), "-n", fmt.Sprint(n/5), held); err != nil {
		return nil, err
	}
	jobs := []job{{tool: "prefab", argv: []string{b.Bench, "linear", train, held, prefabPenalty}}}
	if b.tools["scikit-learn"].there() {
		j := b.python("scikit-learn", "sklearn_linear.py", train, held, sklearnC)
		j.most = 2
		jobs = append(jobs, j)
	}
	list := turns(ctx, max(1, (b.Sizes.Runs+1)/2), jobs)
	err := add(s, fmt.Sprintf("%d pairs", n), list, func(l series) []string {
		loss, took, _ := strings.Cut(tail(l.out, 1), " ")
		seconds, err := strconv.ParseFloat(took, 64)
		if err != nil || seconds == 0 {
			return []string{took, "", loss}
		}
		return []string{took, digits(float64(n) / seconds), loss}
	})
	return s, err
}
