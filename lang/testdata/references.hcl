# References of every wrong kind, at the exact expression.
dataset "hh" {
  source "synthetic" {}
}

dataset "votes" {
  source "jsonl" {
    path = "v.jsonl"
    map  = { label = row.label }
  }
}

benchmark "gsm8k" {
  source "synthetic" {}
}

backend "cpu" {}

decontaminate "clean" {
  pairs   = dataset.hx.pairs  ### undeclared-block "No block dataset \"hx\" is declared. Did you mean hh\\?"
  against = [
    benchmark.gsm8k.items,
    dataset.hh.pairs,  ### wrong-artifact `against takes items, and dataset.hh.pairs holds pairs \(dataset.hh is declared at main.prefab.hcl:2,1\)`
    dataset.gsm8k.items,  ### undeclared-block "Did you mean benchmark.gsm8k\\?"
  ]
}

decontaminate "b" {
  pairs   = dataset.hh.pears  ### unknown-output "Did you mean pairs\\?"
  against = benchmark.gsm8k.items  ### reference-expected "takes a list of references"
}

decontaminate "c" {
  pairs   = dataset.votes.votes  ### wrong-artifact "pairs takes pairs, and dataset.votes.votes holds votes"
  against = []
}

validate "whole" {
  pairs = dataset.hh  ### incomplete-reference "Name the output of it that pairs takes. Those that fit are dataset.hh.pairs"
}

validate "text" {
  pairs = "dataset.hh.pairs"  ### reference-expected "without quotes"
}

validate "self" {
  pairs = validate.self.pairs  ### self-reference "refers to itself"
}

validate "number" {
  pairs = 3  ### reference-expected "a reference to pairs, and this is a number"
}

validate "metric" {
  pairs = validate.text.pair_count  ### metric-misplaced "validate.text.pair_count is a metric"
}

validate "deeper" {
  pairs = dataset.hh.pairs.rows  ### unknown-attribute-of-value "has no parts"
}

validate "word" {
  pairs = hh  ### unknown-name "A text stands in quotes"
}

validate "root" {
  pairs = datset.hh.pairs  ### unknown-name "Did you mean dataset\\?"
}

validate "short" {
  pairs = dataset  ### incomplete-reference "dataset alone is no value"
}

reward_model "rm" {
  train   = dataset.hh.pairs
  backend = backend.xla  ### undeclared-block "Declare it with: backend \"xla\""
  architecture "bag" {}
}

reward_model "rm2" {
  train   = dataset.hh.pairs
  backend = dataset.hh  ### backend-expected "the block dataset.hh"
  architecture "bag" {}
}

evaluate "e" {
  model = [reward_model.rm.model, reward_model.rm2.model]  ### reference-list "takes one model"
  on    = dataset.hh  ### incomplete-reference "Name the output"
}

export "x" {
  pairs    = [dataset.hh.pairs, dataset.votes.votes]  ### wrong-artifact "dataset.votes.votes"
  format   = "jsonl"
  path     = dataset.hh.pairs  ### output-as-value "path is a string, and this is dataset.hh.pairs"
  requires = [gate.shp]  ### undeclared-block "Did you mean ship\\?"
}

export "y" {
  pairs    = []  ### empty-union "no inputs at all"
  format   = "jsonl"
  path     = "y"
  requires = gate.ship  ### requires-expected "requires = \\[gate.ship\\]"
}

gate "ship" {
  check "a" {
    condition     = true
    error_message = "x"
  }
}
-----
# Cycles are printed as a path, once.
validate "a" {
  pairs = validate.c.pairs  ### cycle "validate.a -> validate.c -> validate.b -> validate.a"
}

validate "b" {
  pairs = validate.a.pairs
}

validate "c" {
  pairs = validate.b.pairs
}

export "behind" {
  pairs  = validate.c.pairs
  format = "jsonl"
  path   = "x"
}

locals {
  x = local.y  ### cycle "local.x -> local.y -> local.x"
  y = [local.x]
}
-----
# An edge of requires closes a cycle as any other, and the blocks are still looked at.
dataset "hh" {
  source "synthetic" {}
  requires = [gate.g]  ### cycle "dataset.hh -> gate.g -> validate.v -> dataset.hh"
}

validate "v" {
  pairs = dataset.hh.pears  ### unknown-output "Did you mean pairs"
}

gate "g" {
  check "rows" {
    condition     = validate.v.pair_count > 5
    error_message = "few"
  }
}
-----
# A block that is broken says so once: what refers to it is silent, what is surely wrong is not.
split "main" {  ### missing-attribute "ratios is required here: the share of each part"
  pairs = dataset.none.pairs  ### undeclared-block "none"
}

validate "v" {
  pairs = split.main.train
}

export "e" {
  pairs  = split.main.train
  format = "trk"  ### unknown-value "format may not be \"trk\". Did you mean trl\\?"
  path   = "x"
}
-----
# A stage is no gate: order comes with data.
dataset "a" {
  source "synthetic" {}
}

dataset "b" {
  source "synthetic" {}
  requires = [dataset.a]  ### requires-expected "requires is a list of gates"
}
-----
# A block with mistakes hides none of those that refer to it, and none of its own.
dataset "a" {
  colour = 1  ### unknown-attribute "no attribute colour"
  source "synthetic" { rows = 0 }  ### out-of-bounds "rows is 0"
  threshold "row" { min = 1 }  ### unknown-metric "Did you mean rows\\?"
}

split "s" {
  pairs    = dataset.a.pars  ### unknown-output `has no output "pars". Did you mean pairs\?`
  ratios   = { train = 0.5, validation = 0.4 }  ### invalid-config "must sum to 1"
  stratify = ["lenght"]  ### unknown-value "Did you mean length\\?"
}

evaluate "rm" {
  model = reward_model.rm.modl  ### unknown-output "Did you mean model\\?"
  on    = { held_out = split.s.tset }  ### unknown-output "It has train, validation|Did you mean test"
  threshold "held_out.acuracy" {}  ### unknown-metric "Did you mean held_out.accuracy\\?"
}

reward_model "rm" {
  train = split.s.validation  ### held-out-rows "held out for validation"
  architecture "linaer" {}  ### unknown-driver "Did you mean linear\\?"
}

gate "g" {
  check "typo" {
    condition     = evaluate.rm.held_out.accuraccy > 0.5  ### unknown-output "Did you mean accuracy\\?"
    error_message = "x"
  }
}
-----
# What an input takes is what is listed and guessed; a metric is no output.
dataset "a" {
  source "synthetic" {}
}

validate "v" {
  pairs = dataset.a.row  ### unknown-output `has no output "row". It has pairs\.`
}

locals {
  count = validate.v.pair_count
}

filter "f" {
  pairs           = validate.v.pairs
  min_probability = local.count  ### metric-misplaced "validate.v.pair_count is a metric"
}

# A threshold compares with a value, even one of a stage behind it.
dataset "b" {
  source "synthetic" {}
  threshold "rows" {
    min = validate.w.pair_count  ### metric-misplaced "threshold's limit is a value"
    max = local.later  ### metric-misplaced "comes of a stage that itself needs this one"
  }
}

validate "w" {
  pairs = dataset.b.pairs
}

locals {
  later = validate.w.pair_count
}
-----
# Neither a single reference where a list belongs nor a metric where rows belong hides what follows.
dataset "a" {
  source "synthetic" {}
}

benchmark "b" {
  source "synthetic" {}
}

decontaminate "d" {
  pairs   = dataset.a.pairs
  against = benchmark.b.items  ### reference-expected "a list of references"
}

validate "v" {
  pairs = decontaminate.d.rows  ### unknown-output "It has pairs"
}

validate "w" {
  pairs = decontaminate.d.decontamination  ### metric-misplaced "decontaminate.d.decontamination is a metric"
}
-----
# What judges a model may not be what it was trained on, as far as the references tell.
dataset "d" {
  source "synthetic" {}
}

split "m" {
  pairs  = dataset.d.pairs
  ratios = { train = 0.8, validation = 0.2 }
}

reward_model "same" {
  train      = split.m.train
  validation = split.m.train  ### seen-rows "split.m.train is both train and validation of reward_model.same"
  architecture "bag" {}
}

reward_model "joined" {
  train      = [split.m.train, dataset.d.pairs]
  validation = [
    split.m.validation,
    dataset.d.pairs,  ### seen-rows "dataset.d.pairs is both"
  ]
  architecture "bag" {}
}

reward_model "good" {
  train      = split.m.train
  validation = split.m.validation
  architecture "bag" {}
}

evaluate "e" {
  model = reward_model.good.model
  on = {
    train      = split.m.train
    validation = split.m.validation
    foo        = split.m.train  ### seen-rows "reward_model.good.model was trained on split.m.train"
    more       = [  ### seen-rows "trained on split.m.train"
      split.m.validation,
      split.m.train,
    ]
  }
}
