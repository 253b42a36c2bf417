# The pipeline that large tables are timed on; main.go says how its files are made.
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
