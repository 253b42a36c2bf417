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
}

evaluate "rm" {
  model  = reward_model.rm.model
  scores = reward_model.rm.out_of_fold
  on     = { train = split.main.train, validation = split.main.validation }

  # Is it better than preferring the longer answer? Also where lengths are alike?
  threshold "validation.improvement" {}
  threshold "validation.length_matched_accuracy" {}
}

# Words for the messages below.
locals {
  accuracy = format("%.1f %% (95 %% interval %.1f to %.1f)", 100 * evaluate.rm.validation.accuracy, 100 * evaluate.rm.validation.accuracy_low, 100 * evaluate.rm.validation.accuracy_high)
  curve    = format("%.1f %% with a fifth of the pairs, %.1f %% with two fifths, %.1f %% with all", 100 * reward_model.rm.curve_20, 100 * reward_model.rm.curve_40, 100 * reward_model.rm.curve)
}

`

	gapCheck = `  check "gap" {
    condition     = validate.quality.gap >= 0.15
    error_message = "The mean preference gap is ${format("%.3f", validate.quality.gap)}: generate more diverse answers, use different models for both sides, or clarify what raters are asked."
  }
`

	gateText = `# The quality gates of the two stage documents.
gate "data" {
GAP  check "pairs" {
    condition     = validate.quality.pair_count >= 1000
    error_message = "There are ${validate.quality.pair_count} unique pairs: collect more prompts and judgements."
  }
  check "format" {
    condition     = validate.quality.format_errors == 0
    error_message = "Some pairs cannot be read by a trainer: prefab show validate.quality lists them."
  }
  check "splits" {
    condition     = split.main.train_rows >= 800 && split.main.validation_rows >= 200 && split.main.leaked == 0
    error_message = "There are ${split.main.train_rows} training and ${split.main.validation_rows} validation pairs, and 800 and 200 are needed: with fewer the accuracy below says little."
  }
}

gate "model" {
  check "accuracy" {
    condition = evaluate.rm.validation.accuracy >= 0.70
    error_message = join(" ", [
      "Validation accuracy is ${local.accuracy}.",
      "By cross-validation on the training part the model reaches ${local.curve}.",
      "If that still rises, collect more pairs; if not, look at doubtful labels (prefab show filter.doubtful) or use a larger model.",
    ])
  }
  check "overfitting" {
    condition     = evaluate.rm.train.accuracy - evaluate.rm.validation.accuracy < 0.10
    error_message = "The model is ${format("%.1f", 100 * evaluate.rm.overfit)} points better on what it was trained on: collect more pairs, or raise penalties."
  }
  check "saved" {
    condition     = reward_model.rm.reloads == 1
    error_message = "The stored model does not score as the trained one did."
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

# Written when both gates pass.
export "train" {
  requires = [gate.data, gate.model]
  pairs    = filter.doubtful.pairs
  format   = "trl"
  path     = "out/train.jsonl"
}

export "validation" {
  requires = [gate.data, gate.model]
  pairs    = split.main.validation
  format   = "trl"
  path     = "out/validation.jsonl"
  split    = "validation"
}

output "accuracy" { value = evaluate.rm.validation.accuracy }
output "cross_validated_accuracy" { value = reward_model.rm.out_of_fold_accuracy }
`
)
