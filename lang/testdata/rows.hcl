# Expressions over rows.
locals {
  prefix = "hh"
}

variable "key" {
  default   = "x"
  sensitive = true
}

dataset "good" {
  key = "${local.prefix}/${row.uid}"
  source "jsonl" {
    path = "x"
    map = {
      prompt   = row.question
      chosen   = row.answers[0].text
      rejected = join("\n", [for m in row.messages : m.content if m.role == "user"])
      category = row["a b"] == null ? "none" : lower(row["a b"])
      all      = row.messages[*].content
    }
  }
}

dataset "bad" {
  key = "${var.key}/${row.uid}"  ### sensitive-value "sensitive variable"
  source "jsonl" {
    path = row.uid  ### row-outside "one value for the whole stage"
    map  = "row.question"  ### wrong-type "map is a map of expressions over the row"
  }
  source "jsonl" {
    path = "x"
    map = {
      a = strrev(row.x)  ### function-not-lowered "strrev"
      b = lowr(row.x)  ### unknown-function "Did you mean lower"
      c = dataset.good.rows  ### metric-misplaced "dataset.good.rows is a metric"
      d = dataset.good.pairs  ### output-as-value "no value to calculate with"
      e = substr(row.x)  ### function-argument "substr"
      f = !"x${row.x}"  ### operand-type "works on a bool, and this is a string"
      g = [for i in row.x : i.y if "yes"]  ### operand-type "works on a bool"
      h = round(row.x, 1, 2)  ### function-argument "round"
      i = regexmatch("(", row.x)  ### function-argument "regexmatch"
      j = [for i in 5 : row.x]  ### not-iterable "goes over a list"
      k = row.x ? 1 : 2
      l = row.x[*].y[0]
    }
  }
}

dataset "keys" {
  source "jsonl" {
    path = "x"
    map = {  ### wrong-type "map of expressions over the row"
      (row.k) = 1
    }
  }
}
