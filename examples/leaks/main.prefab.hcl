# What decontamination finds and what it does not. The prompts are problems of
# GSM8K and HumanEval word for word, the same problems in other words, and
# ordinary instructions. Verbatim copies are found with the place where they
# stand; a problem in other words is not found, and not looked for.

project {
  required_version = ">= 0.1"
  seed             = 1729
}

variable "data" {
  type        = string
  description = "the folder that holds benchmarks/, decontam_truth/ and pairs/"
}

benchmark "gsm8k" {
  source "jsonl" {
    path = "${var.data}/benchmarks/gsm8k_test.jsonl.gz"
    map  = { question = row.question, answer = row.answer }
  }
}

benchmark "humaneval" {
  source "jsonl" {
    path = "${var.data}/benchmarks/human_eval.jsonl"
    map  = { name = row.task_id, question = row.prompt, answer = row.canonical_solution }
  }
}

# Problems of both benchmarks as somebody might have collected them: between a
# greeting and a request, with the solution as the chosen answer.
dataset "copies" {
  type = "pairs"

  source "jsonl" {
    path = "${var.data}/benchmarks/gsm8k_test.jsonl.gz"
    map = {
      prompt   = "Hello! Could you help me with this one?\n\n${row.question}\n\nPlease explain every step."
      chosen   = row.answer
      rejected = "I am not sure."
      source   = "gsm8k"
    }
  }

  source "jsonl" {
    path = "${var.data}/benchmarks/human_eval.jsonl"
    map = {
      prompt   = "Complete the function.\n\n${row.prompt}"
      chosen   = row.canonical_solution
      rejected = "    pass"
      source   = "humaneval"
    }
  }
}

# The same problems, re-phrased by a model.
dataset "rephrased" {
  type = "pairs"

  source "jsonl" {
    path = "${var.data}/decontam_truth/rephrase_gsm8k.jsonl.gz"
    map = {
      prompt   = row.text
      chosen   = "Let us go step by step."
      rejected = "I am not sure."
      source   = "gsm8k"
    }
  }

  source "jsonl" {
    path = "${var.data}/decontam_truth/rephrase_humaneval_python.jsonl.gz"
    map = {
      prompt   = row.text
      chosen   = "It looks right."
      rejected = "It looks wrong."
      source   = "humaneval"
    }
  }
}

dataset "instructions" {
  type = "pairs"

  source "json" {
    path = "${var.data}/pairs/instruction-data-with-preference.json"
    map  = { prompt = "${row.instruction}\n\n${row.input}", source = "instructions" }
  }
}

# Each set is scanned on its own, so that its metrics stand alone.
decontaminate "copies" {
  pairs   = dataset.copies.pairs
  against = [benchmark.gsm8k.items, benchmark.humaneval.items]
}

decontaminate "rephrased" {
  pairs   = dataset.rephrased.pairs
  against = [benchmark.gsm8k.items, benchmark.humaneval.items]
}

decontaminate "instructions" {
  pairs   = dataset.instructions.pairs
  against = [benchmark.gsm8k.items, benchmark.humaneval.items]
}

# And all of them together, as they would come: marked, not removed, so that the
# gate can fail.
decontaminate "mixed" {
  pairs   = [dataset.copies.pairs, dataset.rephrased.pairs, dataset.instructions.pairs]
  against = [benchmark.gsm8k.items, benchmark.humaneval.items]
  action  = "mark"
}

gate "clean" {
  check "decontamination" {
    condition = decontaminate.mixed.decontamination >= 0.9
    error_message = join(" ", [
      "${decontaminate.mixed.contaminated} of the pairs hold items of GSM8K or HumanEval; ${format("%.1f", 100 * decontaminate.mixed.decontamination)} % are clean.",
      "prefab show decontaminate.mixed lists each with the item and where it stands. Remove them: action = \"remove\".",
      "Only verbatim text was looked for, rephrasings were not: of the ${dataset.rephrased.rows} re-phrased problems ${decontaminate.rephrased.contaminated} still hold enough of the original words to be found,",
      "and the others would pass.",
    ])
  }
}

export "pairs" {
  requires = [gate.clean]
  pairs    = decontaminate.mixed.pairs
  path     = "out/pairs.jsonl.gz"
}

output "found" {
  value = [
    ["pairs", "in", "found"],
    ["problems word for word", dataset.copies.rows, decontaminate.copies.contaminated],
    ["problems in other words", dataset.rephrased.rows, decontaminate.rephrased.contaminated],
    ["ordinary instructions", dataset.instructions.rows, decontaminate.instructions.contaminated],
  ]
}

output "note" {
  value = "Verbatim copies were looked for, rephrasings were not."
}
