# Pairs whose raters took the longer answer, whatever it said, unless they pressed
# the wrong button (one in six). A reward model reaches more than 70 % on them and
# has learnt to count: the strict profile says so, and nothing is exported.

project {
  required_version = ">= 0.1"
  seed             = 1729
  profile          = "strict" # limits hold for the lower end of the interval
}

dataset "raw" {
  key = row.uid

  source "synthetic" {
    seed     = 7
    rows     = 4000
    shortcut = 1
    noise    = 0.15

    exact_duplicates = 0
    near_duplicates  = 0
    relabelled       = 0
    copied_items     = 0
    wrapped_items    = 0
    malformed        = 0
  }
}

validate "quality" {
  pairs = dataset.raw.pairs
  gap   = "judge_gap"
  scale = [1, 10]

  threshold "pair_count" {}
  threshold "prompt_groups" {}
  threshold "gap" {}

  # Told before anything is trained: one mark of style decides most pairs.
  threshold "style_separability" {}
}

split "main" {
  pairs    = validate.quality.pairs
  ratios   = { train = 0.7, validation = 0.3 }
  stratify = ["category", "length"]

  threshold "train_rows" {}
  threshold "validation_rows" {}
  threshold "leaked" {}
}

reward_model "rm" {
  train = split.main.train
  architecture "linear" {}
}

# A threshold without a limit takes that of the profile.
evaluate "rm" {
  model  = reward_model.rm.model
  scores = reward_model.rm.out_of_fold
  on     = { train = split.main.train, validation = split.main.validation }

  threshold "validation.accuracy" {}
  threshold "overfit" {}
  threshold "validation.improvement" {}
  threshold "validation.length_matched_accuracy" {}
}

locals {
  accuracy = format("%.1f %%", 100 * evaluate.rm.validation.accuracy)
  longer   = format("%.1f %%", 100 * evaluate.rm.validation.longer)
  matched  = format("%.1f %%", 100 * evaluate.rm.validation.length_matched_accuracy)
  lead     = format("%.1f points", 100 * evaluate.rm.validation.improvement)

  # ends of 95 % intervals
  lead_interval    = format("%.1f to %.1f", 100 * evaluate.rm.validation.improvement_low, 100 * evaluate.rm.validation.improvement_high)
  matched_interval = format("%.1f to %.1f %%", 100 * evaluate.rm.validation.length_matched_accuracy_low, 100 * evaluate.rm.validation.length_matched_accuracy_high)
}

# What the documented profile asks for passes; what it does not ask fails.
gate "ship" {
  check "accuracy" {
    condition     = evaluate.rm.validation.accuracy >= 0.70
    error_message = "Validation accuracy is under 70 %."
  }

  check "better_than_counting" {
    condition = evaluate.rm.validation.improvement_low > 0
    error_message = join(" ", [
      "The model is right on ${local.accuracy} of the pairs, and the rule that prefers the longer answer without reading it on ${local.longer}.",
      "The model's lead is ${local.lead} (95 % interval ${local.lead_interval}).",
      "More than 70 % means nothing on data that counting characters decides.",
    ])
  }

  check "without_length" {
    condition = evaluate.rm.validation.length_matched_accuracy_low > 0.5
    error_message = join(" ", [
      "Where both answers are about as long the model is right on ${local.matched} of the pairs (95 % interval ${local.matched_interval}).",
      "That may be a coin: it has learnt length, and nothing else that shows.",
      "Collect answers of like length, and ask raters what they liked.",
    ])
  }
}

export "train" {
  requires = [gate.ship]
  pairs    = split.main.train
  path     = "out/train.jsonl"
}

output "accuracy" { value = evaluate.rm.validation.accuracy }
output "longer_answer" { value = evaluate.rm.validation.longer }
