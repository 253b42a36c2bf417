# Types, bounds and choices.
dataset "hh" {
  max_record_bytes = "many"  ### wrong-type "max_record_bytes is a whole number, and this is a string"
  source "synthetic" {
    rows = 0  ### out-of-bounds "rows is 0, and the least that it may be is 1 rows"
  }
  source "synthetic" {
    rows = 2.5  ### wrong-type "whole number of at most 64 bits, and this is 2.5"
  }
  source "jsonl" {
    path = null  ### missing-attribute "path is required, and its value here is null"
    pin  = "maybe"  ### wrong-type "true or false"
  }
}

benchmark "b" {
  source "synthetic" {}
}

decontaminate "d" {
  pairs   = dataset.ok.pairs
  against = [benchmark.b.items]
  ngram   = 99  ### out-of-bounds "the most that it may be is 50 words"
  action  = "removed"  ### unknown-value "Did you mean remove\\?"
  allow   = [{ id = "a", reason = null }]  ### wrong-type "allow\\[0\\].reason is null"
}

dataset "ok" {
  source "synthetic" {}
}

split "s" {
  pairs    = dataset.ok.pairs
  ratios   = {
    train      = 0.8
    validation = 1.5  ### out-of-bounds "ratios.validation is 1.5, and the most that it may be is 1"
  }
  stratify = [
    "turns",
    "lenght",  ### unknown-value `stratify\[1\] may not be "lenght". Did you mean length\?`
  ]
  seed        = 1.5  ### wrong-type "whole number"
  timeout     = "soon"  ### wrong-type "30m"
  description = ["a"]  ### wrong-type "description is string, and this is a list"
}

split "unbalanced" {
  pairs  = dataset.ok.pairs
  ratios = { train = 0.5, validation = 0.2 }  ### invalid-config "must sum to 1"
}

command "c" {
  program = "python"  ### wrong-type "program is a list of strings, and this is a string"
  weights = [1, "x"]  ### wrong-type `at weights\[1\]`
}

command "infinite" {
  program = ["a"]
  offset  = 1e999  ### wrong-type "too large"
}
-----
# Secrets are named, not valued.
variable "token" {
  type      = string
  default   = "abc"
  sensitive = true
}

variable "plain" {
  type    = string
  default = "x"
}

locals {
  header = "Bearer ${var.token}"
}

command "c" {
  program     = ["curl", local.header]  ### sensitive-value "Secrets are named, not valued"
  api_key_env = "KEY"
}

command "env" {
  program = ["curl", env("HF_TOKEN")]  ### sensitive-value "program is part of the stage's key"
}

export "x" {
  pairs    = dataset.hh.pairs
  format   = "jsonl"
  path     = "out/${var.token}.jsonl"
  for_each = toset([var.token])  ### sensitive-value "keys of for_each stand in addresses"
}

dataset "hh" {
  source "synthetic" {}
}

gate "g" {
  check "a" {
    condition     = var.token != ""  ### sensitive-value "rests on a sensitive variable"
    error_message = "The token is ${var.token}"  ### sensitive-value "rests on a sensitive variable"
  }
}

output "token" {
  value = var.token  ### sensitive-value "rests on a sensitive variable"
}

output "infinite" {
  value = 1 / 0  ### operation-failed "divided by zero"
}

output "hidden" {
  value     = var.token
  sensitive = true
}
-----
# Names in expressions.
locals {
  a = var.missing  ### unknown-variable "No variable \"missing\" is declared. Declare it with"
  b = local.aa  ### unknown-local "Did you mean a\\?"
  c = uper("x")  ### unknown-function "Did you mean upper\\?"
  d = abspath("x")  ### unknown-function "relative to the pipeline's folder"
  e = each.key  ### each-outside "for_each"
  f = count.index  ### unsupported-count "each.key"
  g = module.x.y  ### unsupported-module "no modules"
  h = row.x  ### row-outside "for each row"
  i = var  ### incomplete-reference "var alone is no value"
  j = jsonl  ### unknown-name `A text stands in quotes: "jsonl"`
  k = [for x in ["a"] : x.y]  ### unknown-attribute-of-value "Can't access attributes"
  m = { a = 1 }.b  ### unknown-attribute-of-value "does not have an attribute"
  n = length(3)  ### function-argument "has a length"
  o = "a" + 1  ### operand-type "number"
  p = env("NOPE")  ### function-argument "Set it, or give a default"
  q = file("none.txt")  ### function-argument "none.txt cannot be read"
  r = true ? 1 : [2]  ### conditional-type "must have consistent types"
  s = regex("(", "x")  ### function-argument "invalid regexp"
  t = [for k in 5 : k]  ### not-iterable "cannot be used as the collection"
  u = split(",")  ### function-argument "Missing value for"
  w = "${path.module}/x"  ### unknown-name "relative to the pipeline's folder"
  v = dataset.hh.rows  ### undeclared-block "hh"
}
-----
split "m" {
  pairs  = dataset.d.pairs
  ratios = { train = 0.8, valdiation = 0.2, test = -1 }  ### unknown-value "Did you mean validation" ### out-of-bounds "ratios.test is -1"
}

dataset "d" {
  source "synthetic" {}
}
