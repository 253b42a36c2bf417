package view

import (
	"cmp"
	"slices"
	"strings"
)

// columnOrder is the order in which what kinds measure is read: what a row is of, how much of it there is, what was
// measured, and how sure that is. Tables are stored with their names sorted, which says nothing to a person.
var columnOrder = []string{
	"category", "name", "kept", "row", "step", "pairs", "penalty", "from", "to", "size", "n", "rows", "items",
	"predicted", "observed", "training", "loss", "log_loss", "accuracy", "train_log_loss",
	"chosen_more", "equal", "rejected_more", "similar", "share", "probability", "hit_in", "hit_out", "unscorable",
	"low", "high", "p", "edge",
	"min", "p05", "p25", "p50", "p75", "p95", "max",
}

var columnRanks = func() map[string]int {
	ranks := map[string]int{}
	for i, name := range columnOrder {
		ranks[name] = i
	}
	return ranks
}()

// compareColumns puts columns in that order; before them texts that are not in it, behind them other numbers.
func compareColumns(text map[string]bool) func(a, b string) int {
	rank := func(name string) int {
		i, known := columnRanks[name]
		switch {
		case known:
			return i
		case text[name]:
			return -1
		}
		return len(columnOrder)
	}
	return func(a, b string) int { return cmp.Or(rank(a)-rank(b), strings.Compare(a, b)) }
}

// memberOrder sorts the names of an object: numbers first, by their size, then as columns are.
func memberOrder(x map[string]any) []string {
	keys := sortedKeys(x)
	size := func(k string) int {
		const last = 99
		if strings.Trim(k, "0123456789") != "" {
			return last
		}
		return len(k)
	}
	byColumn := compareColumns(nil)
	slices.SortFunc(keys, func(a, b string) int { return cmp.Or(size(a)-size(b), byColumn(a, b)) })
	return keys
}
