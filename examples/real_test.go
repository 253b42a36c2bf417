package examples_test

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
)

// TestHH checks that human judgements on harmlessness do not pass 70 %, and that the message says what to think of it.
func TestHH(t *testing.T) {
	pairs := data(t, "pairs/hh_harmless.jsonl.gz")
	vars := []string{"--var", "pairs_file=" + pairs, "--var", "benchmarks=" + data(t, "benchmarks")}
	p := example(t, "hh")
	o := p.apply(3, vars...)
	o.verdicts(t, map[string]string{
		"decontaminate.clean decontamination":            "pass",
		"validate.quality pair_count":                    "pass",
		"validate.quality format_errors":                 "pass",
		"split.main train_rows":                          "pass",
		"split.main validation_rows":                     "pass",
		"split.main leaked":                              "pass",
		"evaluate.rm validation.improvement":             "pass",
		"evaluate.rm validation.length_matched_accuracy": "not_evaluated",
		"gate.ship accuracy":                             "fail",
		"gate.ship overfitting":                          "fail",
		"gate.ship saved":                                "pass",
	})
	o.number(t, "cross_validated_accuracy", 0.59, 0.65)
	o.number(t, "validation_accuracy", 0.58, 0.6999)
	o.number(t, "benchmark_items", 5793, 5793)
	o.number(t, "contaminated_pairs", 0, 0)
	says(t, o.message(t, "gate.ship", "accuracy"), "95 % interval", "grouped cross-validation", "longer answer", "more popular answer",
		"a tenth of the training pairs", "with all", "Published models", "74 %")
	if o.Summary["blocked"] != 1 {
		t.Errorf("the export is not blocked: %v", o.Summary)
	}
	p.done(3, vars...)
}

// TestInstructions checks that pairs which style decides pass with warnings, and fail for their prompts when it is strict.
func TestInstructions(t *testing.T) {
	file := "pairs_file=" + data(t, "pairs/instruction-data-with-preference.json")
	p := example(t, "instructions")
	o := p.apply(0, "--var", file)
	want := map[string]string{
		"validate.quality pair_count":                    "pass",
		"validate.quality format_errors":                 "pass",
		"validate.quality prompt_groups":                 "warn",
		"validate.quality style_separability":            "pass",
		"validate.quality word_separability":             "warn",
		"split.main train_rows":                          "pass",
		"split.main validation_rows":                     "pass",
		"split.main leaked":                              "pass",
		"evaluate.rm validation.accuracy":                "pass",
		"evaluate.rm overfit":                            "pass",
		"evaluate.rm validation.improvement":             "pass",
		"evaluate.rm validation.length_matched_accuracy": "not_evaluated",
		"gate.ship accuracy":                             "pass",
		"gate.ship not_style_alone":                      "warn",
	}
	o.verdicts(t, want)
	o.number(t, "accuracy", 0.88, 0.96)
	o.number(t, "word_separability", 0.9, 0.96)
	o.number(t, "unique_prompts", 1000, 1100)
	o.number(t, "prompt_groups", 700, 999)
	says(t, o.message(t, "gate.ship", "not_style_alone"), "does not see the prompt", "counting words", "not which answer fits")
	p.read("out/train.jsonl")

	strict := []string{"--var", file, "--var", "profile=strict"}
	o = p.apply(3, strict...)
	want["validate.quality prompt_groups"] = "fail"
	o.verdicts(t, want)
	if o.Summary["ran"]+o.Summary["same"] != 0 {
		t.Errorf("another profile ran something: %v", o.Summary)
	}
}

// TestLeaks checks that problems word for word are found, each where it stands, and that nobody is told that rephrasings
// were looked for.
func TestLeaks(t *testing.T) {
	folder := "data=" + filepath.Dir(data(t, "decontam_truth"))
	p := example(t, "leaks")
	o := p.apply(3, "--var", folder)
	o.verdicts(t, map[string]string{"gate.clean decontamination": "fail"})
	rows, _ := o.Outputs["found"].([]any)
	if len(rows) != 4 {
		t.Fatalf("found has %d rows", len(rows))
	}
	count := func(row int) (in, found float64) {
		r := rows[row].([]any)
		return r[1].(float64), r[2].(float64)
	}
	if in, found := count(1); in != 1483 || found != in {
		t.Errorf("%v of %v problems were found word for word", found, in)
	}
	if in, found := count(2); in < 1400 || found > 0.02*in {
		t.Errorf("%v of %v problems were found in other words", found, in)
	}
	if in, found := count(3); in < 1000 || found != 0 {
		t.Errorf("%v of %v ordinary instructions were found", found, in)
	}
	says(t, o.message(t, "gate.clean", "decontamination"), "Only verbatim text was looked for, rephrasings were not", "would pass")

	stdout, stderr, code := p.run("show", "decontaminate.copies", "--json", "--var", folder)
	if code != 0 {
		t.Fatal(stderr)
	}
	var shown struct {
		Ledger []struct{ Reason, Detail string }
	}
	if err := json.Unmarshal([]byte(stdout), &shown); err != nil {
		t.Fatal(err)
	}
	spans := 0
	for _, l := range shown.Ledger {
		if l.Reason == "contaminated" && strings.Contains(l.Detail, "(question)") && strings.Contains(l.Detail, " of prompt") &&
			strings.Contains(l.Detail, "bytes ") {
			spans++
		}
	}
	if spans != 1483 {
		t.Errorf("%d rows say which bytes of the prompt hold the question", spans)
	}
}

// TestHumour checks the way from judgements to pairs of unseen texts.
func TestHumour(t *testing.T) {
	file := "judgements=" + data(t, "pairs/humour_judgements.jsonl.gz")
	p := example(t, "humour")
	o := p.apply(3, "--var", file)
	o.verdicts(t, map[string]string{
		"validate.quality pair_count":  "pass",
		"validate.quality gap":         "pass",
		"gate.ship accuracy":           "fail",
		"gate.ship better_than_longer": "pass",
	})
	o.number(t, "judgements", 73521, 73521)
	o.number(t, "items", 18160, 18160)
	o.number(t, "majority_pairs", 16017, 16017)
	o.number(t, "accuracy", 0.65, 0.7)
	o.number(t, "accuracy_one_text_at_a_time", 0.64, 0.7)
	says(t, o.message(t, "gate.ship", "accuracy"), "not in training", "95 % interval", "longer text", "noise ceiling")
	train, validation := p.texts("train", file), p.texts("validation", file)
	if len(train) < 2000 || len(validation) < 900 {
		t.Errorf("%d and %d texts", len(train), len(validation))
	}
	for text := range validation {
		if train[text] {
			t.Errorf("a text is on both sides: %s", text)
		}
	}
}

// texts returns the texts of one side.
func (p pipeline) texts(side, file string) map[string]bool {
	p.t.Helper()
	stdout, stderr, code := p.run("cat", `resolve.majority["`+side+`"]`, "--var", file)
	if code != 0 {
		p.t.Fatal(stderr)
	}
	set := map[string]bool{}
	for line := range strings.Lines(stdout) {
		var pair struct{ Chosen, Rejected string }
		if err := json.Unmarshal([]byte(line), &pair); err != nil {
			p.t.Fatal(err)
		}
		set[pair.Chosen], set[pair.Rejected] = true, true
	}
	return set
}
