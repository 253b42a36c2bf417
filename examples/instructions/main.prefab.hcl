# Instructions with a polite and an impolite answer, made by a model. A reward
# model is right on nine of ten validation pairs: it has learnt politeness, which
# is all that there is to learn. The spec shows where such data give themselves
# away, and what the strict profile has against them.

project {
  required_version = ">= 0.1"
  seed             = 1729
  profile          = var.profile
}

variable "pairs_file" {
  type        = string
  description = "a JSON array of objects with instruction, input, chosen and rejected"
}

variable "profile" {
  type    = string
  default = "documented"

  validation {
    condition     = contains(["documented", "strict", "permissive"], var.profile)
    error_message = "The profiles are documented, strict and permissive."
  }
}

dataset "instructions" {
  type = "pairs"

  source "json" {
    path = var.pairs_file
    map = {
      prompt = row.input == "" ? row.instruction : "${row.instruction}\n\n${row.input}"
    }
  }
}

validate "quality" {
  pairs = dataset.instructions.pairs

  threshold "pair_count" {}
  threshold "format_errors" {}

  # Prompts that are alike count once: 1,000 pairs on fewer prompts are less.
  threshold "prompt_groups" {}

  # Can chosen and rejected be told apart without reading the prompt, by one mark
  # of style or by their words? Both warn and never fail: style may be what the
  # pairs are meant to teach.
  threshold "style_separability" {}
  threshold "word_separability" {}
}

split "main" {
  pairs    = validate.quality.pairs
  ratios   = { train = 0.8, validation = 0.2 }
  stratify = ["length"]

  threshold "train_rows" {}
  threshold "validation_rows" {}
  threshold "leaked" {}
}

reward_model "rm" {
  train = split.main.train
  architecture "linear" { ngrams = [1, 2] }
}

evaluate "rm" {
  model  = reward_model.rm.model
  scores = reward_model.rm.out_of_fold
  on     = { train = split.main.train, validation = split.main.validation }

  threshold "validation.accuracy" {}
  threshold "overfit" {}
  threshold "validation.improvement" {}
  threshold "validation.length_matched_accuracy" {}
}

gate "ship" {
  check "accuracy" {
    condition     = evaluate.rm.validation.accuracy >= 0.70
    error_message = "Validation accuracy is ${evaluate.rm.validation.accuracy}."
  }
  check "not_style_alone" {
    severity  = "warn"
    condition = evaluate.rm.validation.accuracy - evaluate.rm.validation.no_prompt_accuracy >= 0.05
    error_message = join(" ", [
      "The model is right on ${format("%.1f", 100 * evaluate.rm.validation.accuracy)} % of the pairs, and on ${format("%.1f", 100 * evaluate.rm.validation.no_prompt_accuracy)} % when it does not see the prompt;",
      "counting words tells ${format("%.1f", 100 * validate.quality.word_separability)} % of all pairs apart.",
      "It has learnt what one kind of answer sounds like, not which answer fits the question:",
      "expect it to reward the same tone everywhere.",
    ])
  }
}

export "train" {
  requires = [gate.ship]
  pairs    = split.main.train
  path     = "out/train.jsonl"
}

output "accuracy" { value = evaluate.rm.validation.accuracy }
output "without_prompt" { value = evaluate.rm.validation.no_prompt_accuracy }
output "word_separability" { value = validate.quality.word_separability }
output "unique_prompts" { value = validate.quality.unique_prompts }
output "prompt_groups" { value = validate.quality.prompt_groups }
