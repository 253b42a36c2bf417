package scaffold

// The parts of a spec that do not depend on the data.
const (
	resolveText = `# The majority of the votes on an item decides; items without one go to the
# ledger: prefab show resolve.majority.
resolve "majority" {
  votes         = dataset.raw.votes
  min_agreement = 0.6
}

`

	dedupeText = `# Exact and near duplicates go. Pairs that stand in the data both ways go too,
# as nobody here can say which of the two is right.
deduplicate "unique" {
  pairs      = PAIRS
  relabelled = "drop"
}

# No benchmark is known here, so nothing was checked for leaked test items. Name
# those that you report on, and let validate read decontaminate.clean.pairs:
#
#   benchmark "gsm8k" {
#     source "jsonl" {
#       path = "gsm8k_test.jsonl"
#       map  = { question = row.question, answer = row.answer }
#     }
#   }
#
#   decontaminate "clean" {
#     pairs   = deduplicate.unique.pairs
#     against = [benchmark.gsm8k.items]
#     threshold "decontamination" {}
#   }

`

	splitText = `# Similar prompts stay on one side, so that the model is not examined on what it
# was trained on.
split "main" {
  pairs    = validate.quality.pairs
  ratios   = { train = 0.8, validation = 0.2 }
  stratify = [%s]

  threshold "train_rows" {}
  threshold "validation_rows" {}
  threshold "leaked" {}
}

`

	modelText = `# A linear model of words and what they have to do with the prompt: seconds on a
# CPU, and the baseline that a larger one has to beat.
reward_model "rm" {
  train          = split.main.train
  cross_fit      = 5
  learning_curve = true
  architecture "linear" {}

  threshold "reloads" {}
}

evaluate "rm" {
  model  = reward_model.rm.model
  scores = reward_model.rm.out_of_fold
  on     = { train = split.main.train, validation = split.main.validation }

  threshold "validation.accuracy" {}
  threshold "overfit" {}

  # Is it better than preferring the longer answer? Also where lengths are alike?
  threshold "validation.improvement" {}
  threshold "validation.length_matched_accuracy" {}
}

`

	gateText = `# What no threshold can say, as it compares two stages: that what the model
# reaches on the validation part is no luck of the split.
gate "model" {
  check "no_luck" {
    condition     = abs(evaluate.rm.validation.accuracy - reward_model.rm.out_of_fold_accuracy) < 0.10
    error_message = "The model is right in ${format("%.1f", 100 * evaluate.rm.validation.accuracy)} % of the validation part and, by cross-validation, in ${format("%.1f", 100 * reward_model.rm.out_of_fold_accuracy)} % of the training part: the two parts are not alike, or too small."
  }
}

# Each training pair gets the probability of its label by models that did not
# see it. action = "drop" takes the least probable away, at most a fifth.
filter "doubtful" {
  pairs           = split.main.train
  scores          = reward_model.rm.out_of_fold
  action          = "flag"
  min_probability = 0.55
}

# Written when the thresholds before it and the gate pass.
export "train" {
  requires = [gate.model]
  pairs    = filter.doubtful.pairs
  format   = "trl"
  path     = "out/train.jsonl"
}

export "validation" {
  requires = [gate.model]
  pairs    = split.main.validation
  format   = "trl"
  path     = "out/validation.jsonl"
  split    = "validation"
}

output "accuracy" { value = evaluate.rm.validation.accuracy }
output "cross_validated_accuracy" { value = reward_model.rm.out_of_fold_accuracy }

# The same from two fifths of the training pairs: if it rises much from there to
# all of them, more pairs will help.
output "cross_validated_accuracy_of_two_fifths" { value = reward_model.rm.curve_40 }
`
)
