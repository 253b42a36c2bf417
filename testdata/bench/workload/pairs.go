package workload

import (
	"encoding/json"
	"hash/fnv"
	"math"
	"strings"
)

// Preference makes of a record of package bulk one that a reward model can learn from: of its responses, cut to so many
// words each, the one whose words are worth more is mostly the chosen one. What a word is worth depends on its spelling.
// With 35 words a pair has about 650 bytes.
func Preference(record []byte, words int) []byte {
	var r struct {
		UID      int    `json:"uid"`
		Prompt   string `json:"prompt"`
		Chosen   string `json:"chosen"`
		Rejected string `json:"rejected"`
	}
	if err := json.Unmarshal(record, &r); err != nil {
		panic("workload: " + err.Error()) // not a record of that package
	}
	chosen, a := cut(r.Chosen, words)
	rejected, b := cut(r.Rejected, words)
	// The record's own number decides how surprising the choice is: a logistic draw, as in the model of Bradley and Terry.
	u := unit(r.Prompt + chosen)
	if (a-b)/2 < math.Log(u/(1-u)) {
		chosen, rejected = rejected, chosen
	}
	r.Chosen, r.Rejected = chosen, rejected
	line, err := json.Marshal(r)
	if err != nil {
		panic("workload: " + err.Error())
	}
	return line
}

// cut returns the first words of a text and what they are worth.
func cut(text string, n int) (string, float64) {
	words := strings.Fields(text)
	words = words[:min(n, len(words))]
	worth := 0.0
	for _, w := range words {
		worth += unit(w) - 0.5
	}
	return strings.Join(words, " "), worth
}

// unit is a number between 0 and 1 that depends on a text alone.
func unit(s string) float64 {
	h := fnv.New64a()
	h.Write([]byte(s))
	x := h.Sum64()
	// Similar texts have similar sums: mix as SplitMix64 does.
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	x ^= x >> 31
	return (float64(x>>11) + 0.5) / (1 << 53)
}
