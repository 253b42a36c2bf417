# From raw preference pairs to a gated export, without a file of your own: the
# data are made up on the spot, with defects planted in them whose number is
# known. At the end a table compares what was planted with what was found.

project {
  required_version = ">= 0.1"
  seed             = 1729
}

locals {
  shortcut = 0.1 # of the comparisons are won by the longer answer, whatever it says
}

# Questions with two answers, ratings from 1 to 10, votes of several raters, and
# a label. `prefab stages dataset` documents the source and what it plants.
dataset "raw" {
  key = row.uid

  source "synthetic" {
    rows             = 2400
    seed             = 1
    exact_duplicates = 0.02
    near_duplicates  = 0.02
    relabelled       = 0.01 # the same pair once more, with the sides swapped
    copied_items     = 0.01 # questions of the benchmark below, word for word
    wrapped_items    = 0.02 # the same between two other sentences
    malformed        = 0.008
    noise            = 0.05 # labels the wrong way round
    shortcut         = local.shortcut
  }
}

# A test set that must not leak into the training data.
benchmark "puzzles" {
  source "synthetic" { seed = 1 }
}

deduplicate "unique" {
  pairs      = dataset.raw.pairs
  relabelled = "drop" # nobody here can say which of the two labels is right
}

decontaminate "clean" {
  pairs   = deduplicate.unique.pairs
  against = [benchmark.puzzles.items]
}

# Counts, gaps and agreement. Nothing is dropped for its gap: that would make
# the gate on the mean gap meaningless.
validate "quality" {
  pairs = decontaminate.clean.pairs
  gap   = "judge_gap" # (rating of chosen - rating of rejected) / 9
  scale = [1, 10]
}

# Three parts: early stopping and temperatures look at validation, so that the
# accuracy that is reported comes from pairs that nothing was fitted to.
split "main" {
  pairs    = validate.quality.pairs
  ratios   = { train = 0.7, validation = 0.15, test = 0.15 }
  stratify = ["category", "length"]
}

reward_model "rm" {
  train      = split.main.train
  validation = split.main.validation
  cross_fit  = 5 # the training rows get scores from models that did not see them
  architecture "linear" { ngrams = [1, 2] }
}

evaluate "rm" {
  model  = reward_model.rm.model
  scores = reward_model.rm.out_of_fold
  on = {
    train      = split.main.train
    validation = split.main.validation
    test       = split.main.test
  }
}

# The quality gate of the preference data.
gate "data" {
  check "gap" {
    condition     = validate.quality.gap >= 0.15
    error_message = "The mean preference gap is ${format("%.3f", validate.quality.gap)}: make the candidates more diverse, or clarify what raters are asked."
  }
  check "pairs" {
    condition     = validate.quality.pair_count >= 1000
    error_message = "Unique pairs: ${validate.quality.pair_count}, of 1000 that are asked for. Collect more prompts and annotations."
  }
  check "decontamination" {
    condition     = decontaminate.clean.decontamination >= 0.9
    error_message = "Benchmark items are left in the pairs: remove them."
  }
  check "format" {
    condition     = validate.quality.format_errors == 0
    error_message = "Some pairs cannot be read by a trainer: see prefab show validate.quality."
  }
  check "splits" {
    condition     = split.main.train_rows >= 800 && split.main.validation_rows + split.main.test_rows >= 200 && split.main.leaked == 0
    error_message = "The parts are too small, or similar prompts stand on both sides of a border."
  }
}

# The quality gate of the reward model.
gate "model" {
  check "accuracy" {
    condition     = evaluate.rm.test.accuracy >= 0.70
    error_message = "Test accuracy is ${format("%.1f", 100 * evaluate.rm.test.accuracy)} %: improve the data or use a larger model."
  }
  check "overfitting" {
    condition     = evaluate.rm.train.accuracy - evaluate.rm.test.accuracy < 0.10
    error_message = "The model is 10 points or more better on what it was trained on: see train.cross_fit_accuracy before you raise penalties, or collect more pairs."
  }
  check "saved" {
    condition     = reward_model.rm.reloads == 1
    error_message = "The stored model does not score as the trained one did."
  }
  # An accuracy means something only beside what knows nothing: here, preferring
  # the longer answer, the shorter one, or the one that is chosen more often.
  check "baselines" {
    severity      = "warn"
    condition     = evaluate.rm.test.improvement_low > 0
    error_message = "The model is not clearly better than the best trivial baseline."
  }
}

# Training pairs whose label models that were trained without them find
# improbable go, the least probable first and at most a fifth of all.
filter "confident" {
  pairs           = split.main.train
  scores          = reward_model.rm.out_of_fold
  action          = "drop"
  min_probability = 0.5
  max_drop        = 0.2
}

# Neither file is written unless both gates pass.
export "train" {
  requires = [gate.data, gate.model]
  pairs    = filter.confident.pairs
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

# What was planted and what was found. Copies and broken records are found one
# by one. A wrong label or a shortcut shows in the whole only: the ratings of a
# pair contradict its label, or the longer answer wins more than half the time.
# These are estimates, each with its 95 % interval.
output "planted_and_found" {
  value = [
    ["defect", "planted", "found", "interval"],
    ["exact duplicates", dataset.raw.planted_exact_duplicates, deduplicate.unique.exact_duplicates, "exact"],
    ["near duplicates", dataset.raw.planted_near_duplicates, deduplicate.unique.near_duplicates, "exact"],
    ["re-labelled copies", dataset.raw.planted_relabelled, deduplicate.unique.relabelled_copies, "exact"],
    ["copied benchmark items", dataset.raw.planted_copied_items + dataset.raw.planted_wrapped_items, decontaminate.clean.contaminated, "exact"],
    ["malformed records", dataset.raw.planted_malformed, dataset.raw.rejected, "exact"],
    [
      "wrong labels (share)",
      format("%.3f", dataset.raw.planted_noise / validate.quality.rows_out),
      format("%.3f", validate.quality.gap_share_negative),
      format("%.3f to %.3f", validate.quality.gap_share_negative_low, validate.quality.gap_share_negative_high),
    ],
    [
      "length shortcut (share)",
      format("%.3f", local.shortcut),
      format("%.3f", 2 * validate.quality.longer_share - 1),
      format("%.3f to %.3f", 2 * validate.quality.longer_share_low - 1, 2 * validate.quality.longer_share_high - 1),
    ],
  ]
}
