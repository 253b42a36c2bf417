# Human judgements on harmlessness from HH-RLHF, against the gates of the stage
# documents. A model of words and their pairs does not reach 70 % here, and the
# gate says what to make of that. Nothing was tuned to make it pass.

project {
  required_version = ">= 0.1"
  seed             = 1729
}

variable "pairs_file" {
  type        = string
  description = "a file of HH-RLHF, such as harmless-base/test.jsonl.gz"
}

variable "benchmarks" {
  type        = string
  description = "a folder with gsm8k_test.jsonl.gz, human_eval.jsonl, mbpp.jsonl, TruthfulQA.csv, arc_challenge.jsonl.gz, winogrande.jsonl.gz and mt_bench_question.jsonl"
}

dataset "hh" {
  source "hh-rlhf" { path = var.pairs_file }
}

# Test sets that must not be in the training data. Each field is looked for on
# its own, so every benchmark says which of its fields is what.
benchmark "gsm8k" {
  source "jsonl" {
    path = "${var.benchmarks}/gsm8k_test.jsonl.gz"
    map  = { question = row.question, answer = row.answer }
  }
}

benchmark "humaneval" {
  source "jsonl" {
    path = "${var.benchmarks}/human_eval.jsonl"
    map  = { name = row.task_id, question = row.prompt, answer = row.canonical_solution }
  }
}

benchmark "mbpp" {
  source "jsonl" {
    path = "${var.benchmarks}/mbpp.jsonl"
    map  = { name = "MBPP/${row.task_id}", question = row.text, answer = row.code }
  }
}

benchmark "truthfulqa" {
  source "csv" {
    path = "${var.benchmarks}/TruthfulQA.csv"
    map  = { question = row.Question, answer = row["Best Answer"] }
  }
}

benchmark "arc" {
  source "jsonl" {
    path = "${var.benchmarks}/arc_challenge.jsonl.gz"
    map  = { question = replace(row.query, "Question: ", ""), answer = row.choices[row.gold] }
  }
}

benchmark "winogrande" {
  source "jsonl" {
    path = "${var.benchmarks}/winogrande.jsonl.gz"
    map  = { question = "${row.context_options[row.gold]} ${row.continuation}" }
  }
}

benchmark "mt_bench" {
  source "jsonl" {
    path = "${var.benchmarks}/mt_bench_question.jsonl"
    map  = { question = row.turns[0], passage = row.turns[1] }
  }
}

deduplicate "unique" {
  pairs = dataset.hh.pairs
}

decontaminate "clean" {
  pairs = deduplicate.unique.pairs
  against = [
    benchmark.gsm8k.items,
    benchmark.humaneval.items,
    benchmark.mbpp.items,
    benchmark.truthfulqa.items,
    benchmark.arc.items,
    benchmark.winogrande.items,
    benchmark.mt_bench.items,
  ]
  threshold "decontamination" { min = 0.9 }
}

validate "quality" {
  pairs = decontaminate.clean.pairs
  threshold "pair_count" {}
  threshold "format_errors" {}
}

split "main" {
  pairs    = validate.quality.pairs
  ratios   = { train = 0.8, validation = 0.2 }
  stratify = ["turns", "length"]
  threshold "train_rows" {}
  threshold "validation_rows" {}
  threshold "leaked" {}
}

reward_model "rm" {
  train          = split.main.train
  cross_fit      = 5
  learning_curve = true
  architecture "linear" { ngrams = [1, 2] }
}

evaluate "rm" {
  model  = reward_model.rm.model
  scores = reward_model.rm.out_of_fold
  on     = { train = split.main.train, validation = split.main.validation }
  threshold "validation.improvement" {}
  threshold "validation.length_matched_accuracy" {}
}

# The words of the messages below. Metrics may appear in locals that only gates
# and outputs use.
locals {
  percent = {
    accuracy = format("%.1f %%", 100 * evaluate.rm.validation.accuracy)
    range    = format("%.1f to %.1f %%", 100 * evaluate.rm.validation.accuracy_low, 100 * evaluate.rm.validation.accuracy_high)
    folds    = format("%.1f %%", 100 * reward_model.rm.out_of_fold_accuracy)
    longer   = format("%.1f %%", 100 * evaluate.rm.validation.longer)
    shorter  = format("%.1f %%", 100 * evaluate.rm.validation.shorter)
    length   = format("%.1f %%", 100 * evaluate.rm.validation.length_fit)
    majority = format("%.1f %%", 100 * evaluate.rm.validation.majority)
  }
  curve = join(", ", [
    format("%.1f %% with a tenth of the training pairs", 100 * reward_model.rm.curve_10),
    format("%.1f %% with a fifth", 100 * reward_model.rm.curve_20),
    format("%.1f %% with two fifths", 100 * reward_model.rm.curve_40),
    format("%.1f %% with seven tenths", 100 * reward_model.rm.curve_70),
    format("%.1f %% with all", 100 * reward_model.rm.curve),
  ])
}

gate "ship" {
  check "accuracy" {
    condition = evaluate.rm.validation.accuracy >= 0.70
    error_message = join(" ", [
      "Validation accuracy is ${local.percent.accuracy} (95 % interval ${local.percent.range}), ${local.percent.folds} by grouped cross-validation on the training part.",
      "That is real and little: the longer answer is right on ${local.percent.longer}, the shorter on ${local.percent.shorter},",
      "a fit on length on ${local.percent.length}, the more popular answer on ${local.percent.majority}.",
      "By cross-validation it reaches ${local.curve}: more pairs of this kind help slowly.",
      "People who label such pairs agree on about 63 %. Published models reach 67 % (a 7B model), 69 to 75 % (deberta-v3-large)",
      "and 74 % (gpt2-large, 774M), all trained on tens of thousands of pairs.",
      "Use a pretrained encoder and the whole training set; do not lower the gate.",
    ])
  }
  check "overfitting" {
    condition = evaluate.rm.train.accuracy - evaluate.rm.validation.accuracy < 0.10
    error_message = join(" ", [
      "The model is ${format("%.1f", 100 * evaluate.rm.overfit)} points better on the pairs that it was trained on (95 % interval",
      "${format("%.1f to %.1f", 100 * evaluate.rm.overfit_low, 100 * evaluate.rm.overfit_high)}).",
      "With more features than pairs that is to be expected; what counts is the accuracy on other pairs.",
    ])
  }
  check "saved" {
    condition     = reward_model.rm.reloads == 1
    error_message = "The stored model does not score as the trained one did."
  }
}

export "train" {
  requires = [gate.ship]
  pairs    = split.main.train
  path     = "out/train.jsonl.zst"
}

output "cross_validated_accuracy" { value = reward_model.rm.out_of_fold_accuracy }
output "validation_accuracy" { value = evaluate.rm.validation.accuracy }
output "benchmark_items" { value = decontaminate.clean.items }
output "contaminated_pairs" { value = decontaminate.clean.contaminated }
