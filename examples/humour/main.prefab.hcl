# 73,521 judgements on which of two short texts is funnier: votes, of which the
# majority makes pairs, split by text. Every text stands in many pairs, so texts
# are divided first and pairs of one text from each side are left out: otherwise
# the model would be examined on texts that it has seen.

project {
  required_version = ">= 0.1"
  seed             = 1729
}

variable "judgements" {
  type        = string
  description = "JSON lines with winner_id, loser_id, winner and loser"
}

locals {
  # texts by their number modulo 3
  sides = {
    all        = [0, 1, 2] # for what the votes are worth
    train      = [1, 2]
    validation = [0]
  }
}

dataset "votes" {
  for_each = local.sides
  type     = "votes"

  source "jsonl" {
    path  = var.judgements
    where = contains(each.value, row.winner_id % 3) && contains(each.value, row.loser_id % 3)

    # The text of the smaller number is A, whoever won: the sides are fixed before
    # anyone voted.
    map = {
      item       = "${min(row.winner_id, row.loser_id)}-${max(row.winner_id, row.loser_id)}"
      prompt     = row.winner_id < row.loser_id ? "Which is funnier?\n1. ${row.winner}\n2. ${row.loser}" : "Which is funnier?\n1. ${row.loser}\n2. ${row.winner}"
      response_a = row.winner_id < row.loser_id ? row.winner : row.loser
      response_b = row.winner_id < row.loser_id ? row.loser : row.winner
      label      = row.winner_id < row.loser_id ? "a" : "b"
    }
  }
}

# Items on which fewer than 60 % agree make no pair.
resolve "majority" {
  for_each      = local.sides
  votes         = dataset.votes[each.key].votes
  min_agreement = 0.6
}

validate "quality" {
  pairs = resolve.majority["train"].pairs
  gap   = "vote_gap"

  threshold "pair_count" {}
  threshold "gap" {}
}

reward_model "rm" {
  train = validate.quality.pairs
  architecture "linear" { ngrams = [1, 2] }
}

evaluate "rm" {
  model  = reward_model.rm.model
  scores = reward_model.rm.out_of_fold
  on     = { train = validate.quality.pairs, validation = resolve.majority["validation"].pairs }
}

gate "ship" {
  check "accuracy" {
    condition = evaluate.rm.validation.accuracy >= 0.70
    error_message = join(" ", [
      "Validation accuracy is ${format("%.1f", 100 * evaluate.rm.validation.accuracy)} % on texts that were not in training",
      "(95 % interval ${format("%.1f to %.1f", 100 * evaluate.rm.validation.accuracy_low, 100 * evaluate.rm.validation.accuracy_high)}), ${format("%.1f", 100 * evaluate.rm.validation.no_prompt_accuracy)} % when the model sees one text at a time;",
      "the longer text wins ${format("%.1f", 100 * evaluate.rm.validation.longer)} %.",
      "People disagree about what is funny: against the votes of one of them no model can be right more often than on",
      "${format("%.1f to %.1f", 100 * evaluate.rm.validation.ceiling_low, 100 * evaluate.rm.validation.ceiling_high)} % (the noise ceiling).",
      "More judgements per pair would raise that; another model may come nearer to it.",
    ])
  }
  check "better_than_longer" {
    severity      = "warn"
    condition     = evaluate.rm.validation.improvement_low > 0
    error_message = "The model is not clearly better than preferring the longer text."
  }
}

export "pairs" {
  requires = [gate.ship]
  pairs    = resolve.majority["all"].pairs
  path     = "out/pairs.jsonl.gz"
}

output "judgements" { value = dataset.votes["all"].rows }
output "items" { value = resolve.majority["all"].items }
output "majority_pairs" { value = resolve.majority["all"].decided }
output "accuracy" { value = evaluate.rm.validation.accuracy }
output "accuracy_one_text_at_a_time" { value = evaluate.rm.validation.no_prompt_accuracy }
