# Conditions over metrics.
dataset "hh" {
  source "synthetic" {}
}

reward_model "rm" {
  train = dataset.hh.pairs
  architecture "bag" {}
}

evaluate "rm" {
  for_each = toset(["a", "b"])
  model    = reward_model.rm.model
  on       = { train = dataset.hh.pairs }
}

locals {
  accuracies = [for e in evaluate.rm : e.train.accuracy]
  worst      = min(local.accuracies...)
}

gate "good" {
  check "worst" {
    condition     = local.worst > 0.5 && alltrue([for e in evaluate.rm : e.train.ties < 0.5])
    error_message = "Worst is ${local.worst}."
  }
  check "each" {
    condition     = evaluate.rm["a"].train.accuracy_low >= 0.5
    error_message = "Low."
    severity      = "warning"  ### unknown-value "Did you mean warn\\?"
  }
}

gate "bad" {
  check "name" {
    condition     = evaluate.rm["a"].train.acuracy > 0.5  ### unknown-output `evaluate.rm\["a"\].train has no metric "acuracy". Did you mean accuracy\?`
    error_message = "x"
  }
  check "type" {
    condition     = evaluate.rm["a"].train.accuracy  ### condition-type "this is a number. Compare"
    error_message = 3  ### wrong-type "error_message is a string"
  }
  check "output" {
    condition     = reward_model.rm.model != ""  ### output-as-value "reward_model.rm.model holds model"
    error_message = "x"
  }
  check "null" {
    condition     = evaluate.rm["a"].train.accuracy != null  ### metric-null-test "Remove the comparison"
    error_message = "x"
  }
  check "coalesce" {
    condition     = coalesce(evaluate.rm["a"].train.accuracy, 1) > 0  ### metric-null-test "stand in"
    error_message = "x"
  }
  check "try" {
    condition     = try(evaluate.rm["a"].train.accuracy, 1) > 0  ### metric-null-test "try would let"
    error_message = "x"
  }
  check "function" {
    condition     = strrev(evaluate.rm["a"].train.accuracy) == "5"  ### function-not-lowered "strrev cannot work on rows or metrics"
    error_message = "x"
  }
  check "logic" {
    condition     = evaluate.rm["a"].train.accuracy && true  ### operand-type "works on a bool, and this is a number"
    error_message = "x"
  }
  check "order" {
    condition     = evaluate.rm["a"].train.accuracy > "0.5x"  ### operand-type "works on a number, and this is a string"
    error_message = "x"
  }
  check "row" {
    condition     = row.x > 1  ### row-outside "one value for the whole stage"
    error_message = "x"
  }
  check "gate" {
    condition     = gate.good.passed  ### unknown-output "gate.good has no outputs"
    error_message = "x"
  }
  check "list" {
    condition     = true
    error_message = "All: ${local.accuracies}"  ### template-value "join or jsonencode"
  }
}

split "s" {
  pairs  = dataset.hh.pairs
  ratios = { train = local.worst, validation = 0.5 }  ### metric-misplaced "local.worst reads metrics"
  seed   = dataset.hh.rows  ### metric-misplaced "dataset.hh.rows is a metric"
}

output "worst" {
  value = local.worst
}

output "rows" {
  value = dataset.hh.pairs  ### output-as-value "dataset.hh.pairs holds pairs"
}
-----
# Thresholds.
benchmark "b" {
  source "synthetic" {}
  threshold "items" {  ### no-metrics "A benchmark stage measures nothing"
    min = 1
  }
}

dataset "hh" {
  source "synthetic" {}
  threshold "rows" {  ### empty-threshold "min, max or both"
  }
}

decontaminate "d" {
  pairs   = dataset.hh.pairs
  against = [benchmark.b.items]
  threshold "decontaminaton" {  ### unknown-metric "Did you mean decontamination\\?"
    min = 1
  }
  threshold "decontamination" {
    min        = 1.5  ### impossible-threshold "at most 1, so it can never reach 1.5"
    on_failure = "halt"  ### unknown-value "guard, stop and warn"
  }
}

decontaminate "e" {
  pairs   = dataset.hh.pairs
  against = [benchmark.b.items]
  threshold "decontamination" {
    min = 1.5  ### impossible-threshold "at most 1, so it can never reach 1.5"
  }
  threshold "decontamination" {  ### duplicate-threshold "limited already"
    max = 1
  }
}

decontaminate "f" {
  pairs   = dataset.hh.pairs
  against = [benchmark.b.items]
  threshold "decontamination" {
    end = "low"  ### no-interval "Remove end"
  }
}

validate "v" {
  pairs = dataset.hh.pairs
  threshold "pair_count" {
    min = 10  ### impossible-threshold "no number is between"
    max = 5
  }
}
-----
# Held-out rows.
dataset "hh" {
  source "synthetic" {}
}

split "main" {
  pairs  = dataset.hh.pairs
  ratios = { train = 0.7, validation = 0.2, test = 0.1 }
}

filter "f" {
  pairs = split.main.validation
}

reward_model "direct" {
  train      = split.main.test  ### held-out-rows "held out for test reach it: split.main.test -> reward_model.direct.train"
  validation = split.main.validation
  architecture "bag" {}
}

reward_model "union" {
  train = [
    split.main.train,
    filter.f.pairs,  ### held-out-rows "split.main.validation -> filter.f.pairs -> reward_model.union.train"
  ]
  architecture "bag" {}
}

reward_model "fine" {
  train      = split.main.train
  validation = filter.f.pairs
  cross_fit  = 2
  architecture "bag" {}
}

filter "scored" {
  pairs  = split.main.train
  scores = reward_model.fine.out_of_fold
}

reward_model "again" {
  train = filter.scored.pairs
  architecture "bag" {}
}
