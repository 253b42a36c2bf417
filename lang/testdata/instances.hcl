# for_each and what refers to it.
variable "models" {
  default = ["a", "b"]
}

benchmark "bench" {
  for_each = { gsm8k = "g.jsonl", mbpp = "m.jsonl" }
  source "jsonl" {
    path = each.value
  }
}

benchmark "list" {
  for_each = var.models  ### invalid-for-each "toset"
  source "synthetic" {}
}

benchmark "null" {
  for_each = null  ### invalid-for-each "null"
  source "synthetic" {}
}

benchmark "numbers" {
  for_each = toset([1, 2])  ### invalid-for-each "set of strings, and this is a set of numbers"
  source "synthetic" {}
}

benchmark "empty" {
  for_each = { "" = 1 }  ### invalid-for-each "empty"
  source "synthetic" {}
}

benchmark "self" {
  for_each = { a = each.key }  ### each-outside "not in for_each itself"
  source "synthetic" {}
}

dataset "hh" {
  source "synthetic" {
    rows = each.value  ### each-outside "Add for_each"
  }
}

dataset "ok" {
  source "synthetic" {}
}

decontaminate "a" {
  pairs   = dataset.ok.pairs
  against = [
    benchmark.bench["gsm8k"].items,
    benchmark.bench["gsm8"].items,  ### unknown-instance "has no key \"gsm8\". Did you mean gsm8k\\?"
    benchmark.bench.items,  ### missing-instance-key `Name one by its key, as in benchmark.bench\["gsm8k"\].items`
    benchmark.bench["mbpp"].item,  ### unknown-output "Did you mean items\\?"
    benchmark.bench,  ### missing-instance-key "several blocks"
    benchmark.bench[*].items,  ### splat-over-map "values"
  ]
}

decontaminate "b" {
  pairs   = dataset.ok.pairs
  against = [for k in ["gsm8k", "humaneval"] : benchmark.bench[k].items]  ### unknown-instance "has no key \"humaneval\""
}

decontaminate "good" {
  for_each = toset(["x", "y"])
  pairs    = dataset.ok.pairs
  against  = values(benchmark.bench)[*].items
  ngram    = each.kay  ### unknown-attribute-of-value "each.key and each.value"
}
-----
# An error in a for_each block is reported once.
dataset "many" {
  for_each = toset(["a", "b", "c"])
  source "synthetic" {
    rows = -1  ### out-of-bounds "least"
  }
}
-----
# enabled = false drops a block; only a reference that counts is an error.
variable "large" {
  default = false
}

dataset "small" {
  enabled = !var.large
  source "synthetic" {}
}

dataset "large" {
  enabled = var.large
  source "jsonl" {
    path = null
  }
}

validate "chosen" {
  pairs = var.large ? dataset.large.pairs : dataset.small.pairs
}

validate "fixed" {
  pairs = dataset.large.pairs  ### disabled-block "dataset.large is switched off"
}

benchmark "b" {
  for_each = toset(["x", "y"])
  enabled  = each.key != "y"
  source "synthetic" {}
}

decontaminate "d" {
  pairs   = dataset.small.pairs
  against = [for b in benchmark.b : b.items]
}

decontaminate "e" {
  pairs   = dataset.small.pairs
  against = [benchmark.b["y"].items]  ### disabled-block `benchmark.b\["y"\] is switched off`
}

gate "g" {
  check "rows" {
    condition     = dataset.large.rows > 1  ### disabled-block "makes nothing"
    error_message = var.large ? "${dataset.large.rows}" : "few"
  }
}

export "e" {
  pairs    = dataset.small.pairs
  format   = "jsonl"
  path     = "x"
  enabled  = "perhaps"  ### wrong-type "enabled"
}
