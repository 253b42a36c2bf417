project {
  required_version = ">= 0.1"
  seed             = 1729            # a stage's seed is a hash of this, its kind and its own `seed`, never of its name
  profile          = "documented"    # how a threshold without a limit of its own is judged
}

variable "pairs_file" { type = string }

backend "cpu" {}

dataset "hh" {
  source "hh-rlhf" { path = var.pairs_file }
}

benchmark "gsm8k" {                  # its own artifact: fields that are matched apart
  source "jsonl" {
    path = "data/gsm8k_test.jsonl.gz"
    map = {
      question = row.question
      answer   = row.answer
    }
  }
}

decontaminate "clean" {
  pairs   = dataset.hh.pairs
  against = [benchmark.gsm8k.items]
  ngram   = 8
  threshold "decontamination" { min = 0.9 }   # any kind with metrics takes thresholds
}

validate "quality" {
  pairs = decontaminate.clean.pairs
  threshold "pair_count" { min = 1000 }         # a threshold's label is a metric; ports and metrics share one namespace
}

split "main" {
  pairs    = validate.quality.pairs
  ratios   = { train = 0.8, validation = 0.2 }
  stratify = ["turns", "length"]
  group_by = "similar_prompts"       # near-duplicates never cross the border
}

reward_model "rm" {
  train      = split.main.train
  validation = split.main.validation
  cross_fit  = 5                              # also scores its training rows out of fold
  architecture "linear" { ngrams = [1, 2] }   # or "transformer" {}, or "checkpoint" { path = "..." }
  backend    = backend.cpu
}

evaluate "rm" {
  model = reward_model.rm.model
  on    = { train = split.main.train, validation = split.main.validation }
}

gate "ship" {
  check "accuracy" {
    condition     = evaluate.rm.validation.accuracy >= 0.70
    error_message = "Validation accuracy is ${evaluate.rm.validation.accuracy}: improve data quality or model capacity."
  }
  check "overfit" {
    condition     = evaluate.rm.train.accuracy - evaluate.rm.validation.accuracy < 0.10
    error_message = "The train/validation gap is 10 points or more."
  }
}

filter "confident" {
  pairs           = split.main.train
  scores          = reward_model.rm.out_of_fold
  min_probability = 0.55             # signed: a pair that the scores contradict is not "confident"
}

export "dpo" {
  requires = [gate.ship]             # order and permission; never part of a cache key
  pairs    = filter.confident.pairs
  format   = "trl"
  path     = "out/train.jsonl.zst"
}
