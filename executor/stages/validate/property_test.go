package validate

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/prefab-build/prefab/executor/methods/text"
	"github.com/prefab-build/prefab/executor/stage"
	"github.com/prefab-build/prefab/executor/stage/prompts"
	"github.com/prefab-build/prefab/executor/stage/stagetest"
	"github.com/prefab-build/prefab/spec"
)

// A pair is a row of a made case.
type pair struct {
	Prompt        string   `json:"prompt"`
	Chosen        string   `json:"chosen"`
	Rejected      string   `json:"rejected"`
	ChosenScore   *float64 `json:"chosen_score,omitempty"`
	RejectedScore *float64 `json:"rejected_score,omitempty"`
	Margin        *float64 `json:"margin,omitempty"`
	VotesChosen   *int     `json:"votes_chosen,omitempty"`
	VotesRejected *int     `json:"votes_rejected,omitempty"`
	Category      string   `json:"category,omitempty"`
}

func (p pair) swapped() pair {
	p.Chosen, p.Rejected = p.Rejected, p.Chosen
	p.ChosenScore, p.RejectedScore = p.RejectedScore, p.ChosenScore
	p.VotesChosen, p.VotesRejected = p.VotesRejected, p.VotesChosen
	if p.Margin != nil {
		m := -*p.Margin
		p.Margin = &m
	}
	return p
}

// made returns n pairs of different prompts whose scores mostly agree with their labels.
func made(r *rand.Rand, n int) []pair {
	list := make([]pair, n)
	for i := range list {
		score := func(base float64) *float64 { x := base + math.Round(r.Float64()*30)/10; return &x }
		votes := func(most int) *int { x := r.IntN(most); return &x }
		margin := r.NormFloat64() + 1
		list[i] = pair{
			Prompt: words(r, 8), Chosen: words(r, 3+r.IntN(9)), Rejected: words(r, 3+r.IntN(9)),
			ChosenScore: score(7), RejectedScore: score(3), Margin: &margin, VotesChosen: votes(9), VotesRejected: votes(2),
			Category: fmt.Sprint(r.IntN(4)),
		}
		if r.IntN(5) == 0 {
			list[i].ChosenScore = nil
		}
		if i > 0 && r.IntN(4) == 0 {
			list[i].Prompt = list[r.IntN(i)].Prompt
		}
	}
	return list
}

func words(r *rand.Rand, n int) string {
	var b strings.Builder
	for range n {
		for range 2 + r.IntN(6) {
			b.WriteByte(byte('a' + r.IntN(26)))
		}
		b.WriteByte(" \n.?"[r.IntN(4)])
		b.WriteByte(' ')
	}
	return b.String()
}

func jsonLines(list []pair) string {
	var b strings.Builder
	for _, p := range list {
		line, err := json.Marshal(p)
		if err != nil {
			panic(err)
		}
		b.Write(append(line, '\n'))
	}
	return b.String()
}

func run(t *testing.T, config string, list []pair) *stagetest.Finished {
	t.Helper()
	return runKind(t, Kind, config, list)
}

func runKind(t *testing.T, k *stage.Kind, config string, list []pair) *stagetest.Finished {
	t.Helper()
	return stagetest.Case(t, k, `{"config": `+config+`, "inputs": {"pairs": "pairs.jsonl"}}`, map[string]string{"pairs.jsonl": jsonLines(list)})
}

func value(t *testing.T, f *stagetest.Finished, name string) float64 {
	t.Helper()
	return *metricOf(t, f, name).Value
}

func metricOf(t *testing.T, f *stagetest.Finished, name string) spec.Metric {
	t.Helper()
	for _, m := range f.Result.Metrics {
		if m.Name == name {
			if m.Value == nil {
				t.Fatalf("%s is unavailable: %s", name, m.Reason)
			}
			return m
		}
	}
	t.Fatalf("%s was not measured", name)
	return spec.Metric{}
}

// Exchanging the responses of every pair, each with its own scores and votes, turns the sign of every gap exactly, and a
// data set that passed its gate fails.
func TestSwap(t *testing.T) {
	for _, config := range []string{
		`{"gap": "judge_gap", "scale": [1, 10]}`,
		`{"gap": "vote_gap"}`,
		`{"gap": "rm_prob_gap", "margin_unit": "logit", "temperature": 1.3}`,
	} {
		list := made(rand.New(rand.NewPCG(1, 2)), 90)
		swapped := make([]pair, len(list))
		for i, p := range list {
			swapped[i] = p.swapped()
		}
		there, back := run(t, config, list), run(t, config, swapped)
		if a, b := value(t, there, "gap"), value(t, back, "gap"); a != -b || a <= 0 {
			t.Errorf("%s: the gap is %v, with the responses exchanged %v", config, a, b)
		}
		for _, profile := range []string{"documented", "strict"} {
			if v := stagetest.Judge(Kind, there, profile, "gap"); v.Outcome != "pass" {
				t.Errorf("%s, %s: the gap comes to %s", config, profile, v.Outcome)
			}
			if v := stagetest.Judge(Kind, back, profile, "gap"); v.Outcome != "fail" {
				t.Errorf("%s, %s: with the responses exchanged the gap comes to %s", config, profile, v.Outcome)
			}
		}
		for _, name := range []string{"pair_count", "prompt_groups", "relabelled_copies", "style_separability", "word_separability"} {
			if a, b := value(t, there, name), value(t, back, name); math.Abs(a-b) > 1e-15 {
				t.Errorf("%s: %s is %v, with the responses exchanged %v", config, name, a, b)
			}
		}
	}
}

// No metric depends on the order of rows or on where chunks end.
func TestOrder(t *testing.T) {
	const config = `{"gap": "judge_gap", "scale": [1, 10], "margin_unit": "logit"}`
	r := rand.New(rand.NewPCG(3, 4))
	list := made(r, 50)
	list = append(list, list[3], list[7].swapped(), pair{Prompt: "p", Chosen: "c"})
	want := spec.Canonical(run(t, config, list).Result.Metrics)
	for range 4 {
		r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		if got := spec.Canonical(run(t, config, list).Result.Metrics); string(got) != string(want) {
			t.Fatalf("the metrics of shuffled rows are\n%s\nwant\n%s", got, want)
		}
	}
}

// The pairs and prompts gates stand at a thousand: unique pairs of 999 different prompts fail what a thousand pass, and a
// copy does not make up for one.
func TestThousand(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	list := make([]pair, 1000)
	for i := range list {
		list[i] = pair{Prompt: words(r, 8), Chosen: words(r, 3), Rejected: words(r, 4)}
	}
	outcomes := func(f *stagetest.Finished) string {
		var got []string
		for _, profile := range []string{"documented", "strict"} {
			for _, metric := range []string{"pair_count", "prompt_groups"} {
				v := stagetest.Judge(Kind, f, profile, metric)
				got = append(got, fmt.Sprint(v.Severity, ":", v.Outcome))
			}
		}
		return strings.Join(got, " ")
	}
	if got := outcomes(run(t, `{}`, list)); got != "error:pass warn:pass error:pass error:pass" {
		t.Errorf("a thousand pairs come to %s", got)
	}
	copied := append(append([]pair(nil), list[:999]...), list[0].swapped())
	if got := outcomes(run(t, `{}`, copied)); got != "error:fail warn:fail error:fail error:fail" {
		t.Errorf("999 pairs and a copy come to %s", got)
	}
	alike := append([]pair(nil), list...)
	alike[0].Prompt = alike[1].Prompt + " now"
	if got := outcomes(run(t, `{}`, alike)); got != "error:pass warn:fail error:pass error:fail" {
		t.Errorf("a thousand pairs of 999 prompts come to %s", got)
	}
}

// Words that give the label away are found, and words that do not are not.
func TestWordSeparability(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	vocabulary := strings.Fields(words(r, 60))
	say := func(n int) string {
		parts := make([]string, n)
		for i := range parts {
			parts[i] = vocabulary[r.IntN(len(vocabulary))]
		}
		return strings.Join(parts, " ")
	}
	list := make([]pair, 400)
	for i := range list {
		list[i] = pair{Prompt: words(r, 8), Chosen: say(10) + fmt.Sprint(" ", i), Rejected: say(10)}
	}
	if x := value(t, run(t, `{}`, list), "word_separability"); x < 0.4 || x > 0.6 {
		t.Errorf("random words decide %v of the pairs", x)
	}
	for i := range list {
		if i%10 > 0 {
			list[i].Rejected += " obviously"
		}
	}
	f := run(t, `{}`, list)
	if x := value(t, f, "word_separability"); x < 0.9 {
		t.Errorf("a word that nine of ten rejected responses have decides %v of the pairs", x)
	}
	if v := stagetest.Judge(Kind, f, "documented", "word_separability"); v.Outcome != "fail" || v.Severity != "warn" {
		t.Errorf("the threshold comes to %s (%s)", v.Outcome, v.Severity)
	}
	for _, m := range run(t, `{}`, list[:49]).Result.Metrics {
		if m.Name == "word_separability" && m.Available() {
			t.Error("49 pairs are enough")
		}
	}
}

func TestWithout(t *testing.T) {
	hashes := func(list ...uint64) []uint64 {
		for i := range list {
			list[i] <<= 64 - bucketBits
		}
		return list
	}
	for _, c := range []struct {
		a, b []uint64
		want []uint32
	}{
		{hashes(1, 3, 5), hashes(2, 3, 4), []uint32{1, 5}},
		{hashes(1, 2), nil, []uint32{1, 2}},
		{nil, hashes(1), nil},
		{hashes(7, 9), hashes(1, 7, 8, 9), nil},
	} {
		if got := without(nil, c.a, c.b); !slices.Equal(got, c.want) {
			t.Errorf("%v without %v is %v, want %v", c.a, c.b, got, c.want)
		}
	}
}

// A sample holds whole prompts and no more words than it may, and does not depend on the order of rows.
func TestSample(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 9))
	var rows []record
	for i := range 30000 {
		row := record{prompt: half{byte(r.IntN(256)), byte(r.IntN(256)), byte(i)}, words: [3]uint32{9, uint32(r.IntN(900)), 100}}
		for range 1 + r.IntN(3) {
			rows = append(rows, row)
		}
	}
	const words = 10e6
	want, _ := newSample(rows, words)
	total, n := 0, 0
	for i := range rows {
		if want[place(&rows[i])] {
			total += int(rows[i].words[1] + rows[i].words[2])
			n++
		}
	}
	if total > words || total < 0.9*words || n == len(rows) {
		t.Errorf("the sample has %d words of %.0f, in %d rows of %d", total, words, n, len(rows))
	}
	r.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	if again, _ := newSample(rows, words); *again != *want {
		t.Error("the sample depends on the order of the rows")
	}
	if _, beyond := newSample(rows, words/100); beyond {
		t.Error("a small share of a table is looked for beyond the places that are kept")
	}
	// A prompt with more words leaves the others, and short rows count.
	rows = []record{{words: [3]uint32{0, words, 1}}, {prompt: half{1}}, {prompt: half{2}}}
	s, _ := newSample(rows, leastWords)
	if s[place(&rows[0])] || !s[place(&rows[1])] || s[place(&rows[2])] {
		t.Error("the sample is not of the second row alone")
	}
}

func TestPartial(t *testing.T) {
	s := summary{Rows: 7, Rejected: map[string]int64{"empty prompt": 2}, Categories: map[string]int64{"a": 3}}
	s.Gaps[1].Add(0.25)
	s.Gaps[1].Add(-1)
	list := []record{
		{prompt: half{1}, pair: half{2}, chosenFirst: true, words: [3]uint32{1, 2, 3}},
		{prompt: half{3}, hasGap: true, gap: -0.5, words: [3]uint32{1 << 30, 0, 9}},
		{voted: true, share: 0.75, hasGap: true, gap: 1},
	}
	apart := contrast{chosen: []uint32{0, 7, 7, 1<<bucketBits - 1}, rejected: []uint32{300}}
	var records []byte
	for i := range list {
		records = list[i].append(records)
	}
	b, err := encode(&s, records, apart.append(nil))
	if err != nil {
		t.Fatal(err)
	}
	decode := func(b []byte) (r chunkResult, c contrast, err error) {
		r.records = make([]record, len(list))
		if err = r.decode(b); err == nil {
			_, err = c.decode(r.contrasts)
		}
		return r, c, err
	}
	got, c, err := decode(b)
	if err != nil {
		t.Fatal(err)
	}
	if sum := &got.sum; sum.Rows != 7 || sum.Rejected["empty prompt"] != 2 || sum.Gaps[1].Mean() != -0.375 || sum.Gaps[0].N() != 0 {
		t.Errorf("the summary came back as %+v", sum)
	}
	if fmt.Sprint(got.records) != fmt.Sprint(list) || fmt.Sprint(c) != fmt.Sprint(apart) {
		t.Errorf("the records came back as %v, %v; want %v, %v", got.records, c, list, apart)
	}
	for n := range b {
		if _, _, err := decode(b[:n]); err == nil {
			t.Errorf("a partial cut off at %d of %d bytes is read", n, len(b))
		}
	}
}

// What the chunks keep of the words says the same as the responses themselves.
func TestKeptContrasts(t *testing.T) {
	const sampled = 10_000 // words: those of a hundred of 4000 short pairs
	r := rand.New(rand.NewPCG(3, 3))
	list := make([]pair, 4000)
	records := make([]record, len(list))
	for i := range list {
		list[i] = pair{Prompt: words(r, 8), Chosen: words(r, 3+r.IntN(9)), Rejected: words(r, 3+r.IntN(9))}
		hash := sha256.Sum256(text.N1.Append(nil, list[i].Prompt))
		records[i].prompt = half(hash[:16])
	}
	s, beyond := newSample(records, sampled)
	if beyond {
		t.Fatal("the sample goes beyond what is kept")
	}
	var want []contrast
	for i := range list {
		if !s[place(&records[i])] {
			continue
		}
		c := contrast{group: prompts.Key(records[i].prompt)}
		chosen, rejected := hashesOf(list[i].Chosen), hashesOf(list[i].Rejected)
		c.chosen, c.rejected = without(nil, chosen, rejected), without(nil, rejected, chosen)
		want = append(want, c)
	}
	l, credit := newLexicon(want), 0.0
	for i := range want {
		credit += l.credit(&want[i])
	}
	small := *Kind
	small.Mapper = mapper{sampleWords: sampled}
	got := metricOf(t, runKind(t, &small, `{"prompt_similarity": 1}`, list), "word_separability")
	if *got.Value != credit/float64(len(want)) || !strings.Contains(got.Method, fmt.Sprintf("a sample of %d pairs", len(want))) {
		t.Errorf("got %v, %s; want %v of %d pairs", *got.Value, got.Method, credit/float64(len(want)), len(want))
	}
}

func hashesOf(s string) []uint64 {
	list := text.AppendHashes(nil, s)
	slices.Sort(list)
	return slices.Compact(list)
}

func TestStyle(t *testing.T) {
	n := style("1. One? Two!\n- three\n  * four: 42%\n```go\n")
	want := [marks]int{characters: 41, lineBreaks: 4, listItems: 3, questions: 1, exclamations: 1, digits: 3, capitals: 2, fences: 1}
	if n != want {
		t.Errorf("the marks are %v, want %v", n, want)
	}
}

func TestCheck(t *testing.T) {
	for config, want := range map[string]string{
		`{}`:                     "",
		`{"gap": "judge_gap"}`:   "gap: judge_gap needs a scale",
		`{"gap": "rm_prob_gap"}`: "gap: rm_prob_gap needs a unit",
		`{"gap": "rm_cdf_gap"}`:  "gap: rm_cdf_gap needs a calibration set",
		`{"gap": "rm_cdf_gap", "calibration": true}`: "",
		`{"scale": [3]}`:                "scale: The scale is no range",
		`{"scale": [3, 3]}`:             "scale: The scale is no range",
		`{"prompt_similarity": 0}`:      "prompt_similarity: The similarity cannot be used",
		`{"gap": "vote_gap", "x": "y"}`: "",
	} {
		var got []string
		for _, p := range Kind.Check(spec.Config(config)) {
			got = append(got, p.Path[0]+": "+p.Summary)
		}
		if strings.Join(got, "; ") != want {
			t.Errorf("%s: the problems are %q, want %q", config, got, want)
		}
	}
}
