package scaffold

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/prefab-build/prefab/executor/dataset/frame"
)

// A guess is which field is what.
type guess struct {
	format string
	comma  string
	rows   string  // pairs or votes
	fields []field // in the order in which they are written
	scale  *[2]float64
	where  string // which records to take
	// implicit says that the responses begin with the prompt.
	implicit bool
	votes    bool // pairs have votes
	strata   []string
	notes    []string
	held     []string // files that look like parts to measure on
}

// A field is a column and the expression over `row` that makes it. Those that the reader finds by itself are not
// written, but told.
type field struct {
	column, expr string
	byName       bool
}

// names lists what fields are called, likeliest first; see also package read, which knows some by itself.
var names = map[string][]string{
	"prompt": {"prompt", "question", "instruction", "query", "context", "input", "post", "request", "history", "text"},
	"chosen": valued([]string{"chosen", "preferred", "better", "best", "accepted", "good", "positive", "correct"}, "winner", "winning_response"),
	"rejected": valued([]string{"rejected", "dispreferred", "worse", "worst", "bad", "negative", "incorrect", "wrong"},
		"loser", "losing_response", "best_incorrect_answer"),
	"chosen_score":   {"chosen_score", "score_chosen", "chosen_rating", "rating_chosen"},
	"rejected_score": {"rejected_score", "score_rejected", "rejected_rating", "rating_rejected"},
	"label": {
		"label", "labels", "winner", "overall_preference", "preference_strength", "preference", "better_response_id", "better_response",
		"preferred", "preferred_response", "choice", "vote", "verdict", "better",
	},
	"worker":   {"worker", "annotator", "rater", "judge", "user_id", "worker_id", "annotator_id"},
	"item":     {"item", "task", "pair_id", "item_id", "task_id", "comparison_id", "question_id", "id"},
	"category": {"category", "topic", "domain", "subset"},
	"group":    {"group", "conversation_id", "dialogue_id", "thread_id", "document_id", "post_id"},
	"answer":   {"answer", "solution", "canonical_solution", "reference", "target", "gold", "best_answer", "output", "completion", "response", "code"},
}

// valued makes names of words that value a response: chosen, chosen_response, response_chosen.
func valued(words []string, more ...string) []string {
	list := slices.Clone(words)
	for _, noun := range []string{"response", "answer", "completion", "output", "reply", "summary"} {
		for _, w := range words {
			list = append(list, w+"_"+noun, noun+"_"+w)
		}
	}
	return append(list, more...)
}

// find returns the field of a sample that has one of the names; case does not matter, and spaces and hyphens are as
// good as underscores.
func (s *sample) find(column string) (name string, ok bool) {
	seen := s.names()
	for _, want := range names[column] {
		for _, name := range seen {
			if spaces.Replace(strings.ToLower(name)) == want {
				return name, true
			}
		}
	}
	return "", false
}

var spaces = strings.NewReplacer(" ", "_", "-", "_")

// names lists the fields of all records.
func (s *sample) names() []string {
	set := map[string]bool{}
	for _, r := range s.records {
		for name := range r {
			set[name] = true
		}
	}
	return slices.Sorted(maps.Keys(set))
}

// values lists what a field holds, where it is there and not null.
func (s *sample) values(name string) (list []any) {
	for _, r := range s.records {
		if v := r[name]; v != nil {
			list = append(list, v)
		}
	}
	return list
}

var plainName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// ref is the expression that reads a field.
func ref(name string) string {
	if plainName.MatchString(name) {
		return "row." + name
	}
	return fmt.Sprintf("row[%s]", quote(name))
}

// quote writes a string as HCL does.
func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\r", `\r`, "\t", `\t`, "${", "$${", "%{", "%%{").Replace(s) + `"`
}

// guessFields finds out what the fields are, or says why that cannot be told.
func guessFields(s *sample) (*guess, error) {
	g := &guess{format: s.format, comma: s.comma, rows: "pairs"}
	chosen, hasChosen := s.find("chosen")
	rejected, hasRejected := s.find("rejected")
	if hasChosen && hasRejected && s.dialogues(chosen) && s.dialogues(rejected) && chosen == "chosen" && rejected == "rejected" && s.format == frame.JSONL {
		g.format = frame.HHRLHF
		g.strata = []string{"turns", "length"}
		return g, nil
	}
	sides, compared := s.twins()
	var err error
	switch {
	case hasChosen && hasRejected:
		err = g.pairs(s, chosen, rejected)
	case compared:
		err = g.compared(s, sides)
	default:
		err = s.oneSided()
	}
	if err != nil {
		return nil, err
	}
	for _, column := range []string{"category", "group"} {
		if name, ok := s.find(column); ok && s.texts(name) {
			g.take(column, name)
		}
	}
	g.strata = []string{"length"}
	if name, ok := s.find("category"); ok && s.texts(name) {
		g.strata = []string{"category", "length"}
	}
	return g, nil
}

func (g *guess) take(column, name string) {
	g.fields = append(g.fields, field{column, ref(name), column == name})
}

// pairs takes fields that name the chosen and the rejected response.
func (g *guess) pairs(s *sample, chosen, rejected string) error {
	if s.turns(chosen) != s.turns(rejected) {
		return s.unclear(fmt.Sprintf("%s and %s have different types", chosen, rejected))
	}
	if err := g.prompt(s, chosen, rejected); err != nil {
		return err
	}
	for _, f := range []struct{ column, name string }{{"chosen", chosen}, {"rejected", rejected}} {
		switch {
		case s.texts(f.name), s.turns(f.name) == "role":
			g.take(f.column, f.name)
		case s.object(f.name, "value"):
			g.fields = append(g.fields, field{f.column, ref(f.name) + ".value", false})
		default:
			return s.unclear(fmt.Sprintf("%s is neither a text nor a list of messages", f.name))
		}
	}
	g.scores(s)
	g.votes = len(s.values("votes_chosen")) > 0 && len(s.values("votes_rejected")) > 0
	return nil
}

// prompt finds what the responses answer.
func (g *guess) prompt(s *sample, chosen, rejected string) error {
	if name := "conversations"; s.turns(name) == "from" { // as LLaMA-Factory writes them
		g.fields = append(g.fields, field{"prompt", "[for m in row.conversations : " +
			`{ role = m.from == "human" ? "user" : m.from == "gpt" ? "assistant" : m.from, content = m.value }]`, false})
		return nil
	}
	e, name, err := s.promptOf()
	switch input := s.named("input"); {
	case err != nil:
		return err
	case strings.EqualFold(name, "instruction") && input != "" && s.texts(input): // as in Alpaca
		more := ref(input)
		g.fields = append(g.fields, field{"prompt", fmt.Sprintf("%s == null || %s == \"\" ? %s : \"${%s}\\n\\n${%s}\"", more, more, ref(name), ref(name), more), false})
	case e != "":
		g.fields = append(g.fields, field{"prompt", e, e == "row.prompt"})
	case s.beginAlike(chosen, rejected):
		g.implicit = true
		g.notes = append(g.notes, "there is no field for the prompt: with implicit_prompt it is what both responses begin with in common, so read some rows with prefab cat dataset.raw")
	default:
		return s.unclear("what is the prompt? Chosen and rejected do not begin alike, so they do not hold it")
	}
	return nil
}

// promptOf finds the field that holds the prompt: a text, a list of messages, or an object with the text in it.
func (s *sample) promptOf() (expr, name string, err error) {
	name, ok := s.find("prompt")
	switch {
	case !ok:
		return "", "", nil
	case s.texts(name), s.turns(name) == "role":
		return ref(name), name, nil
	case s.object(name, "full_text"): // as in WebGPT's comparisons
		return ref(name) + ".full_text", name, nil
	case s.object(name, "text"):
		return ref(name) + ".text", name, nil
	}
	return "", name, s.unclear(name + " is neither a text nor a list of messages")
}

// named returns the field of that name, whatever its case.
func (s *sample) named(name string) string {
	for _, n := range s.names() {
		if strings.EqualFold(n, name) {
			return n
		}
	}
	return ""
}

// scores takes ratings, and guesses their scale from those that were seen.
func (g *guess) scores(s *sample) {
	chosen, ok1 := s.find("chosen_score")
	rejected, ok2 := s.find("rejected_score")
	if !ok1 || !ok2 {
		return
	}
	all := append(s.numbers(chosen), s.numbers(rejected)...)
	if len(all) == 0 {
		return
	}
	g.take("chosen_score", chosen)
	g.take("rejected_score", rejected)
	low, high := slices.Min(all), slices.Max(all)
	for _, scale := range [][2]float64{{0, 1}, {1, 5}, {0, 5}, {1, 10}, {0, 10}, {0, 100}} {
		if low >= scale[0] && high <= scale[1] {
			g.scale = &scale
			return
		}
	}
	g.notes = append(g.notes, fmt.Sprintf("%s and %s lie between %g and %g: without a fixed scale there is no gap to judge", chosen, rejected, low, high))
}
