package synthetic

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/prefab-build/prefab/executor/methods/stream"
)

// A writer appends the records of one part.
type writer struct {
	Part
	out []byte
}

// A record is a pair as it stands in the file. What is planted on purpose says so in fields that become extra fields of
// the row, where no stage looks unless it is told to.
type record struct {
	UID           string   `json:"uid"`
	Prompt        string   `json:"prompt"`
	Chosen        string   `json:"chosen,omitempty"`
	Rejected      *string  `json:"rejected,omitempty"`
	ChosenScore   *float64 `json:"chosen_score,omitempty"`
	RejectedScore *float64 `json:"rejected_score,omitempty"`
	VotesChosen   *int     `json:"votes_chosen,omitempty"`
	VotesRejected *int     `json:"votes_rejected,omitempty"`
	VotesTie      *int     `json:"votes_tie,omitempty"`
	Category      string   `json:"category"`
	Difficulty    float64  `json:"difficulty"`
	Source        string   `json:"source"`
	Group         string   `json:"group,omitempty"`
	Planted       string   `json:"planted,omitempty"`
	PlantedFrom   string   `json:"planted_from,omitempty"`
}

func (w *writer) line(v any) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic("synthetic: " + err.Error())
	}
	w.out = append(w.out, b.Bytes()...)
}

// comparisons writes pairs, prompts or votes.
func (w *writer) comparisons() {
	roles := w.roles()
	for i, r := range roles {
		n := w.First + i
		switch {
		case r.defect == malformed:
			w.broken(n, r)
		case w.Config.Table == Votes:
			w.votes(n, w.comparison(n))
		default:
			w.line(w.record(n, r))
		}
	}
}

func (w *writer) stream(n int, names ...string) stream.Stream {
	return stream.New(uint64(w.Config.Seed), append([]string{"record", strconv.Itoa(n)}, names...)...)
}

// comparison makes the comparison of a record that is no copy.
func (w *writer) comparison(n int) comparison {
	s := w.stream(n)
	return compare(&s, ask(w.Config.Seed, n), n, w.Config.Shortcut)
}

// record makes a record with what is planted in it.
func (w *writer) record(n int, r role) record {
	switch r.defect {
	case exactDuplicate, nearDuplicate, relabelled:
		return w.copied(n, r)
	case copiedItem, wrappedItem:
		return w.leaked(n, r)
	}
	out := w.pair(n, w.comparison(n))
	if r.defect == wrongLabel {
		out = out.swapped()
		out.Planted = wrongLabel
	}
	return out
}

var sources = list("forum; help desk; survey; workshop")

// pair puts a comparison into a record. Every fourth question belongs to a conversation of several.
func (w *writer) pair(n int, c comparison) record {
	r := record{
		UID: uid(n), Prompt: c.text, Category: c.topic, Difficulty: c.difficulty,
		Source: sources()[n/7%len(sources())],
	}
	if n%4 == 0 {
		r.Group = fmt.Sprintf("conversation-%d", n/12)
	}
	if w.Config.Table == Prompts {
		return r
	}
	var votes [3]int
	for _, v := range c.votes {
		switch v.label {
		case "better":
			votes[0]++
		case "worse":
			votes[1]++
		default:
			votes[2]++
		}
	}
	r.Chosen, r.Rejected = c.better.text, &c.worse.text
	r.ChosenScore, r.RejectedScore = &c.ratings[0], &c.ratings[1]
	r.VotesChosen, r.VotesRejected, r.VotesTie = &votes[0], &votes[1], &votes[2]
	return r
}

func uid(n int) string { return fmt.Sprintf("r%06d", n) }

// swapped returns the record with its sides, and all that is known of them, exchanged.
func (r record) swapped() record {
	if r.Rejected == nil {
		return r
	}
	chosen := r.Chosen
	r.Chosen, r.Rejected = *r.Rejected, &chosen
	r.ChosenScore, r.RejectedScore = r.RejectedScore, r.ChosenScore
	r.VotesChosen, r.VotesRejected = r.VotesRejected, r.VotesChosen
	return r
}

// votes writes one record for each vote on a comparison. The votes know the answers by the item's id, and by the side on
// which they were shown.
func (w *writer) votes(n int, c comparison) {
	for _, v := range c.votes {
		a, b, label := c.better.text, c.worse.text, map[string]string{"better": "a", "worse": "b", "tie": "tie"}[v.label]
		if v.swap {
			a, b = b, a
			label = map[string]string{"a": "b", "b": "a", "tie": "tie"}[label]
		}
		w.line(struct {
			Item     string `json:"item"`
			Prompt   string `json:"prompt"`
			A        string `json:"response_a"`
			B        string `json:"response_b"`
			Label    string `json:"label"`
			Worker   string `json:"worker"`
			Category string `json:"category"`
		}{uid(n), c.text, a, b, label, fmt.Sprintf("worker-%02d", v.worker), c.topic})
	}
}
