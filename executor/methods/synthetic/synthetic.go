// Package synthetic makes preference data with planted defects: plausible English questions, two answers to each, ratings,
// votes and a label, and beside them copies, near copies, leaked benchmark items, broken records and wrong labels whose
// number is known. It is for examples and tests that compare what a pipeline finds with what is there, and it needs no
// file and no network.
//
// Everything is a function of the settings and of the record's number: parts can be made in any order and on any
// machine. Records come as the bytes of a JSONL file, so that broken ones are really broken and all of them pass through
// the same reader as anybody's files.
//
// The answers say nothing of worth. Do not train a model on them for any use but trying the tool, and do not take
// figures measured on them for figures about people.
package synthetic

import (
	"encoding/json"
	"fmt"
)

// Version moves when the same settings would give other bytes.
const Version = "synthetic/1"

// The tables that can be made.
const (
	Pairs   = "pairs"
	Prompts = "prompts"
	Votes   = "votes"
	Items   = "items"
)

// Config says what to make. Shares are of all records and lie in [0, 1].
type Config struct {
	Table string `json:"table"`
	// Seed names the data. Pairs and the items that leaked into them belong together by it.
	Seed int64 `json:"seed"`
	// Rows is the number of records: of pairs, prompts or items; for votes of comparisons, each with 3 to 5 votes.
	Rows int `json:"rows"`
	// Shortcut is the share of comparisons that length alone decides: the longer answer wins, and a coin where the two
	// differ by a tenth or less. The words of the answers then say nothing.
	Shortcut float64 `json:"shortcut"`
	// Noise is the share of pairs with the label the wrong way round. Ratings and votes are as they were.
	Noise float64 `json:"noise"`
	// ExactDuplicates repeat a pair, NearDuplicates with a word added here and there, Relabelled with its sides swapped.
	ExactDuplicates float64 `json:"exact_duplicates"`
	NearDuplicates  float64 `json:"near_duplicates"`
	Relabelled      float64 `json:"relabelled"`
	// CopiedItems ask a question of the benchmark, WrappedItems with a sentence before and after it.
	CopiedItems  float64 `json:"copied_items"`
	WrappedItems float64 `json:"wrapped_items"`
	// BenchmarkItems is the number of rows of the benchmark of the same seed, from which items are copied.
	BenchmarkItems int `json:"benchmark_items"`
	// Malformed records make no row, for six reasons in turn.
	Malformed float64 `json:"malformed"`
}

// Defaults returns the settings of an empty source block.
func Defaults() Config {
	return Config{
		Table: Pairs, Rows: 2400, Noise: 0.05,
		ExactDuplicates: 0.02, NearDuplicates: 0.02, Relabelled: 0.01,
		CopiedItems: 0.01, WrappedItems: 0.02, BenchmarkItems: 200, Malformed: 0.008,
	}
}

// MaxRows bounds a table. Up to there no two questions are alike by accident.
const MaxRows = 200_000

// Check says what is wrong with the settings, by the name of the setting; nil is nothing.
func (c Config) Check() map[string]string {
	wrong := map[string]string{}
	sum := 0.0
	for name, x := range map[string]float64{
		"shortcut": c.Shortcut, "noise": c.Noise,
		"exact_duplicates": c.ExactDuplicates, "near_duplicates": c.NearDuplicates, "relabelled": c.Relabelled,
		"copied_items": c.CopiedItems, "wrapped_items": c.WrappedItems, "malformed": c.Malformed,
	} {
		if !(x >= 0 && x <= 1) {
			wrong[name] = fmt.Sprintf("a share lies between 0 and 1, and this is %v", x)
		}
		if name != "shortcut" {
			sum += x
		}
	}
	if sum > 0.5 {
		wrong["noise"] = fmt.Sprintf("the shares of defects sum to %.3g: at most half of the records can have one, since the others are what is copied", sum)
	}
	if c.Rows < 1 || c.Rows > MaxRows {
		wrong["rows"] = fmt.Sprintf("from 1 to %d rows can be made, not %d", MaxRows, c.Rows)
	}
	if c.BenchmarkItems < 1 && c.CopiedItems+c.WrappedItems > 0 {
		wrong["benchmark_items"] = "items are to be copied from a benchmark of no items"
	}
	switch c.Table {
	case Pairs, Prompts, Votes, Items:
	default:
		wrong["table"] = fmt.Sprintf("%q cannot be made: pairs, prompts, votes and items can", c.Table)
	}
	if len(wrong) == 0 {
		return nil
	}
	return wrong
}

// partRows is how many records, or comparisons, one part makes: some 500 kB of text.
const partRows = 500

// A Part is what Generate needs to make one stretch of the records.
type Part struct {
	Rows   int    `json:"rows"`  // records, of which the votes have several for one comparison
	First  int    `json:"first"` // number of the first record or comparison
	Config Config `json:"config"`
}

// Parts cuts a table into parts that can be made apart.
func (c Config) Parts() []Part {
	var parts []Part
	for first := 0; first < c.Rows; first += partRows {
		p := Part{First: first, Config: c}
		for n := first; n < p.end(); n++ {
			p.Rows++
			if c.Table == Votes {
				p.Rows += raters(n) - 1
			}
		}
		parts = append(parts, p)
	}
	return parts
}

func (p Part) end() int { return min(p.First+partRows, p.Config.Rows) }

// Generate makes the records of a part, which is the JSON of a Part, as the bytes of a JSONL file.
func Generate(part []byte) ([]byte, error) {
	var p Part
	if err := json.Unmarshal(part, &p); err != nil {
		return nil, fmt.Errorf("synthetic: these bytes are no part: %w", err)
	}
	if wrong := p.Config.Check(); wrong != nil || p.First < 0 || p.First >= p.Config.Rows {
		return nil, fmt.Errorf("synthetic: the settings of a part are wrong: %v", wrong)
	}
	w := writer{Part: p}
	switch p.Config.Table {
	case Items:
		w.items()
	default:
		w.comparisons()
	}
	return w.out, nil
}
