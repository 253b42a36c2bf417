# The pipeline that large tables are timed on; million.go makes its files.
project {
  seed = 1
}

dataset "pairs" {
  source "jsonl" {
    path = "pairs.jsonl"
  }
}

benchmark "items" {
  source "jsonl" {
    path = "items.jsonl"
    map = {
      question = row.question
      answer   = row.answer
    }
  }
}

decontaminate "clean" {
  pairs   = dataset.pairs.pairs
  against = [benchmark.items.items]
}

validate "quality" {
  pairs = decontaminate.clean.pairs
}

split "main" {
  pairs  = validate.quality.pairs
  ratios = { train = 0.8, validation = 0.2 }
}

reward_model "rm" {
  train      = split.main.train
  validation = split.main.validation
}

evaluate "rm" {
  model = reward_model.rm.model
  on    = { validation = split.main.validation }
}

filter "confident" {
  pairs  = split.main.train
  scores = reward_model.rm.out_of_fold
  action = "drop"
}

export "train" {
  pairs = filter.confident.pairs
  path  = "out/train.jsonl.zst"
}
