package evaluate

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/prefab-build/prefab/backends/reward"
	"github.com/prefab-build/prefab/backends/reward/linear"
	"github.com/prefab-build/prefab/executor/stage/stagetest"
	"github.com/prefab-build/prefab/planner"
	"github.com/prefab-build/prefab/spec"
)

// A pair is a row of a made case. Its prompt is like no other.
type pair struct {
	ID       string `json:"id"`
	Prompt   string `json:"prompt"`
	Chosen   string `json:"chosen"`
	Rejected string `json:"rejected"`
	Category string `json:"category,omitempty"`
	Votes    *int64 `json:"votes_chosen,omitempty"`
	Against  *int64 `json:"votes_rejected,omitempty"`
}

func row(name, chosen, rejected string) pair {
	h := spec.HashBytes([]byte(name)).String()
	return pair{ID: h, Prompt: h, Chosen: chosen, Rejected: rejected}
}

// rows makes right pairs that the model gets right and wrong ones that it gets wrong, all of one length.
func rows(name string, right, wrong int) []pair {
	var list []pair
	for i := range right + wrong {
		p := row(fmt.Sprintf("%s %d", name, i), "good", "evil")
		if i >= right {
			p.Chosen, p.Rejected = p.Rejected, p.Chosen
		}
		list = append(list, p)
	}
	return list
}

func lines[T any](list []T) string {
	var b strings.Builder
	for _, p := range list {
		b.Write(append(spec.Canonical(p), '\n'))
	}
	return b.String()
}

// modelOf trains a model that knows two words: it prefers "good" to all others and all others to "evil". The rows of
// train are those that it says it was trained on.
func modelOf(t *testing.T, train []pair) string {
	t.Helper()
	cfg := linear.Defaults()
	cfg.Ngrams, cfg.Lead, cfg.Interactions, cfg.MinDF, cfg.Penalties = []int{1}, false, false, 1, []float64{0.01}
	var list []reward.Example
	var folds []int
	for i := range 20 {
		key := spec.HashBytes(fmt.Append(nil, "learnt ", i))
		list = append(list, reward.Example{Key: key, Group: i, Prompt: "p", Chosen: "good", Rejected: "evil", Weight: 1})
		folds = append(folds, i%2)
	}
	m, _, err := linear.Train(t.Context(), list, folds, cfg, nil)
	if err != nil {
		t.Fatal(err)
	}
	files, err := m.Files()
	if err != nil {
		t.Fatal(err)
	}
	var ids []spec.Digest
	for _, p := range train {
		d, err := spec.ParseDigest(p.ID)
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, d)
	}
	slices.SortFunc(ids, func(a, b spec.Digest) int { return slices.Compare(a[:], b[:]) })
	var joined []byte
	for _, id := range ids {
		joined = append(joined, id[:]...)
	}
	files["training.ids"] = joined
	return stagetest.Files(files)
}

// evaluate runs the kind on parts by name; config is what comes before its inputs.
func evaluate(t *testing.T, parts map[string][]pair, more map[string]string) (*stagetest.Finished, error) {
	t.Helper()
	files := map[string]string{"model.json": modelOf(t, parts[trainPart])}
	on := map[string]string{}
	for name, list := range parts {
		files[name+".jsonl"], on[name] = lines(list), name+".jsonl"
	}
	inputs := map[string]any{"model": "model.json", "on": on}
	for name, text := range more {
		files[name+".jsonl"], inputs[name] = text, name+".jsonl"
	}
	return stagetest.Try(t, Kind, string(spec.Canonical(map[string]any{"config": map[string]any{}, "inputs": inputs})), files)
}

func measured(t *testing.T, parts map[string][]pair, more map[string]string) (*stagetest.Finished, map[string]spec.Metric) {
	t.Helper()
	f, err := evaluate(t, parts, more)
	if err != nil {
		t.Fatal(err)
	}
	list := map[string]spec.Metric{}
	for _, m := range f.Result.Metrics {
		list[m.Name] = m
	}
	return f, list
}

func want(t *testing.T, list map[string]spec.Metric, numbers map[string]float64) {
	t.Helper()
	for name, x := range numbers {
		m := list[name]
		if !m.Available() || math.Abs(*m.Value-x) > 1e-9 {
			t.Errorf("%s is %s, want %g", name, spec.Canonical(m), x)
		}
	}
}

// table reads what stands beside a metric into v.
func table(t *testing.T, m spec.Metric, v any) {
	t.Helper()
	if err := json.Unmarshal(spec.Canonical(m.Table), v); err != nil {
		t.Fatal(err)
	}
}

func TestContract(t *testing.T) { stagetest.Contract(t, Kind) }

// Ties count half: of five pairs two are right, one wrong and two of words that the model does not know.
func TestTiesCountHalf(t *testing.T) {
	list := append(rows("v", 2, 1), row("tie 1", "what", "ever"), row("tie 2", "same", "same"))
	_, m := measured(t, map[string][]pair{"validation": list}, nil)
	want(t, m, map[string]float64{"validation.accuracy": 0.6, "validation.tie_rate": 0.4, "validation.no_prompt_accuracy": 0.6})
	for _, name := range []string{"overfit", "validation.length_fit", "validation.majority", "validation.ceiling", "validation.normalised"} {
		if m[name].Available() {
			t.Errorf("%s is measured without train and votes: %s", name, spec.Canonical(m[name]))
		}
	}
}

// A part other than train has no row that the model was trained on, and train no other.
func TestPartsAreWhatTheySay(t *testing.T) {
	train := rows("t", 4, 0)
	for _, c := range []struct {
		name  string
		parts map[string][]pair
		say   string
	}{
		{"trained on", map[string][]pair{"train": train, "validation": append(rows("v", 3, 0), train[0])}, `1 of the 4 rows of "validation"`},
		{"trained on under another name", map[string][]pair{"train": train, "dev": train}, `4 of the 4 rows of "dev"`},
	} {
		if _, err := evaluate(t, c.parts, nil); err == nil || !strings.Contains(err.Error(), c.say) {
			t.Errorf("%s: the stage gives %v", c.name, err)
		}
	}
	other := map[string]string{"model.json": modelOf(t, train[:3]), "train.jsonl": lines(train)}
	_, err := stagetest.Try(t, Kind, `{"inputs": {"model": "model.json", "on": {"train": "train.jsonl"}}}`, other)
	if err == nil || !strings.Contains(err.Error(), "1 of the 4 rows of train are not rows that the model was trained on") {
		t.Errorf("a row that was not trained on: %v", err)
	}
}

// Six pairs by hand. Longer is right in the first three, wrong in the fourth and can say nothing of the others: 4/6. The
// model is right in three, wrong in one, and in two it is a tie. In train "dunno" always lost, and longer always won.
func TestBaselinesByHand(t *testing.T) {
	list := []pair{
		row("1", "good and", "evil"), row("2", "good and", "evil"), row("3", "what then", "ever"),
		row("4", "evil", "good and"), row("5", "some", "1234"), row("6", "good", "ever"),
	}
	train := []pair{row("t1", "longer one", "dunno"), row("t2", "another one", "dunno"), row("t3", "one thing", "ever")}
	f, m := measured(t, map[string][]pair{"train": train, "validation": list}, nil)
	want(t, m, map[string]float64{
		"validation.accuracy": 4.0 / 6, "validation.longer": 4.0 / 6, "validation.shorter": 2.0 / 6,
		"validation.length_fit":  4.0 / 6, // as longer, for longer won in train
		"validation.majority":    4.0 / 6, // ever lost once: right in 3 and 6, nothing to say of the others
		"train.longer":           1,
		"train.majority":         (1 + 1 + 0.5) / 3, // a row does not vote on itself
		"validation.improvement": 0,
	})
	var best struct {
		Baseline   string   `json:"baseline"`
		OnlyModel  int      `json:"only_model_right"`
		OnlyOther  int      `json:"only_baseline_right"`
		McNemar    float64  `json:"mcnemar_exact_p"`
		NotAgainst []string `json:"not_compared_with"`
	}
	table(t, m["validation.improvement"], &best)
	if best.Baseline != "longer" || best.OnlyModel != 0 || best.OnlyOther != 0 || len(best.NotAgainst) != 0 {
		t.Errorf("the improvement is measured over %+v", best)
	}
	if v := stagetest.Judge(Kind, f, "strict", "validation.improvement"); v.Outcome != planner.Fail {
		t.Errorf("no improvement comes to %s", v.Outcome)
	}
	_, m = measured(t, map[string][]pair{"validation": list}, nil)
	table(t, m["validation.improvement"], &best)
	if !slices.Equal(best.NotAgainst, []string{"length_fit", "majority"}) {
		t.Errorf("without train the improvement is not over %v", best.NotAgainst)
	}
}

// The improvement is paired: the model is right and longer wrong in 30 pairs, the other way round in 10 and both are
// right in 60, so it is 0.2 in every draw's mean, and its interval that of these differences.
func TestImprovementIsPaired(t *testing.T) {
	var list []pair
	for i := range 100 {
		p := row(fmt.Sprint(i), "good and", "evil")
		switch {
		case i < 30:
			p.Chosen, p.Rejected = "good", "evil and"
		case i < 40:
			p.Chosen, p.Rejected = "evil and", "good"
		}
		list = append(list, p)
	}
	_, m := measured(t, map[string][]pair{"validation": list}, nil)
	want(t, m, map[string]float64{"validation.accuracy": 0.9, "validation.longer": 0.7, "validation.improvement": 0.2})
	e := m["validation.improvement"]
	half := 1.96 * math.Sqrt((0.3+0.1-0.04)/100)
	if math.Abs(*e.Low-(0.2-half)) > 0.02 || math.Abs(*e.High-(0.2+half)) > 0.02 {
		t.Errorf("the interval is [%g, %g], want about 0.2 ± %g", *e.Low, *e.High, half)
	}
}

// Two categories are large enough for a verdict: 20 of 30 and 15 of 30, whose probabilities Holm doubles and leaves at
// most 1; a third is shown without.
func TestCategories(t *testing.T) {
	var list []pair
	for name, right := range map[string]int{"code": 20, "chat": 15} {
		for i, p := range rows(name, right, 30-right) {
			p.Category = name
			list = append(list, p)
			if i < 3 {
				q := row(name+fmt.Sprint("small", i), "good", "evil")
				q.Category = "few"
				list = append(list, q)
			}
		}
	}
	_, m := measured(t, map[string][]pair{"validation": list}, nil)
	var got []categoryRow
	table(t, m["validation.accuracy"], &got)
	if len(got) != 3 || got[0].Category != "chat" || got[1].Category != "code" || got[2].Category != "few" {
		t.Fatalf("the categories are %+v", got)
	}
	share := 20.0 / 30
	z := (share - 0.5) / math.Sqrt(share*(1-share)/30)
	if p := 2 * math.Erfc(z/math.Sqrt2); got[1].P == nil || math.Abs(*got[1].P-p) > 1e-9 {
		t.Errorf("code has %s, want p = %g", spec.Canonical(got[1]), p)
	}
	if got[0].P == nil || *got[0].P != 1 || got[2].P != nil || got[2].N != 6 || got[2].Accuracy != 1 {
		t.Errorf("chat has %s and few %s", spec.Canonical(got[0]), spec.Canonical(got[2]))
	}
}

// Three pairs of one mind and two of 2:1 agree at (3 + 2/3)/5.
func TestCeiling(t *testing.T) {
	list := rows("v", 4, 1)
	for i := range list {
		for_, against := int64(3), int64(0)
		if i > 2 {
			for_, against = 2, 1
		}
		list[i].Votes, list[i].Against = &for_, &against
	}
	_, m := measured(t, map[string][]pair{"validation": list}, nil)
	a := (3 + 2.0/3) / 5
	high := (1 + math.Sqrt(2*a-1)) / 2
	want(t, m, map[string]float64{"validation.ceiling": high, "validation.normalised": 0.3 / (high - 0.5)})
	if low := *m["validation.ceiling"].Low; math.Abs(low-a) > 1e-12 {
		t.Errorf("the lower end of the ceiling is %g, want the agreement %g", low, a)
	}
}

// The accuracy out of fold is that of the scores, whatever the model thinks of its own rows.
func TestCrossFitAccuracy(t *testing.T) {
	type score struct {
		ID     string  `json:"id"`
		Margin float64 `json:"margin"`
	}
	train := rows("t", 4, 0)
	scores := []score{{train[3].ID, -1}, {train[2].ID, 0}, {train[0].ID, 2}, {train[1].ID, 1}}
	parts := map[string][]pair{"train": train, "validation": rows("v", 4, 0)}
	_, m := measured(t, parts, map[string]string{"scores": lines(scores)})
	want(t, m, map[string]float64{"train.accuracy": 1, "train.cross_fit_accuracy": 0.625})
	if _, err := evaluate(t, parts, map[string]string{"scores": lines(scores[:3])}); err == nil || !strings.Contains(err.Error(), "another training set") {
		t.Errorf("scores without a row of train: %v", err)
	}
}

// Empty parts measure nothing, and say so.
func TestEmptyParts(t *testing.T) {
	_, m := measured(t, map[string][]pair{"train": nil, "validation": rows("v", 2, 0)}, map[string]string{"scores": ""})
	for _, name := range []string{"train.accuracy", "train.cross_fit_accuracy", "overfit", "validation.length_fit"} {
		if m[name].Available() {
			t.Errorf("%s is %s on no rows", name, spec.Canonical(m[name]))
		}
	}
	want(t, m, map[string]float64{"validation.accuracy": 1, "validation.majority": 0.5})
}

// In any order of the rows everything measured is the same.
func TestOrderOfRows(t *testing.T) {
	train, held := rows("t", 30, 5), rows("v", 25, 15)
	for i := range held {
		held[i].Category = []string{"x", "y", ""}[i%3]
		held[i].Rejected += strings.Repeat(" and", i%4)
	}
	first, _ := measured(t, map[string][]pair{"train": train, "validation": held}, nil)
	r := rand.New(rand.NewPCG(1, 2))
	for _, list := range [][]pair{train, held} {
		r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	}
	second, _ := measured(t, map[string][]pair{"train": train, "validation": held}, nil)
	if a, b := spec.Canonical(first.Result.Metrics), spec.Canonical(second.Result.Metrics); string(a) != string(b) {
		t.Errorf("in another order the metrics are\n%s\nand not\n%s", b, a)
	}
}
