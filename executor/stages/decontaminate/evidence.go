package decontaminate

import (
	"fmt"
	"strings"

	"github.com/prefab-build/prefab/executor/dataset"
	"github.com/prefab-build/prefab/executor/methods/ngram"
)

// A hit is the evidence that one text of a row holds an item.
type hit struct {
	Benchmark int     `json:"benchmark"` // its place in `against`
	Item      string  `json:"item"`      // its name, or the beginning of its id
	Field     string  `json:"field"`     // of the item
	Rule      string  `json:"rule"`
	Coverage  float64 `json:"coverage"`          // share of the item's words
	Text      string  `json:"text"`              // prompt, chosen or rejected
	Message   *int    `json:"message,omitempty"` // which message of it, where there are several
	Start     int     `json:"start"`             // first byte
	End       int     `json:"end"`               // one past the last
	Others    int     `json:"others,omitempty"`  // further items with the same words
	rule      ngram.Rule
}

// String says it to a person.
func (h hit) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "benchmark %d item %s (%s): %s", h.Benchmark, h.Item, h.Field, h.Rule)
	if h.rule == ngram.CoverTest || h.rule == ngram.CoverTrain || h.rule == ngram.LongSpan {
		fmt.Fprintf(&b, ", %.2f of the item", h.Coverage)
	}
	fmt.Fprintf(&b, ", bytes %d-%d of %s", h.Start, h.End, h.Text)
	if h.Message != nil {
		fmt.Fprintf(&b, " message %d", *h.Message)
	}
	if h.Others > 0 {
		fmt.Fprintf(&b, " (and %d items of the same words)", h.Others)
	}
	return b.String()
}

// detailHits is how many hits a ledger line spells out: a row that holds a whole benchmark needs no more.
const detailHits = 4

func detail(hits []hit) string {
	var parts []string
	for _, h := range hits[:min(len(hits), detailHits)] {
		parts = append(parts, h.String())
	}
	if more := len(hits) - detailHits; more > 0 {
		parts = append(parts, fmt.Sprintf("and %d more hits", more))
	}
	return strings.Join(parts, "; ")
}

// separator stands between the messages of a text; see dataset.Messages.Text.
const separator = 2

// locate turns bytes of a row's joined messages into bytes of one message. A stretch that begins in one message and ends in
// another keeps its joined place, and no message is named.
func locate(m dataset.Messages, row, start, end int) (message *int, from, to int) {
	n := m.Len(row)
	if n == 1 {
		return nil, start, end
	}
	at := 0
	for i := range n {
		size := len(m.Content(row, i))
		if start >= at && end <= at+size {
			return &i, start - at, end - at
		}
		at += size + separator
	}
	return nil, start, end
}
