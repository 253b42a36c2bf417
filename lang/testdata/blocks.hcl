# What blocks there are, and what may stand in them.
datset "hh" {  ### unknown-block "Did you mean dataset\\?"
}

dataset {  ### missing-label "name in quotes"
}

dataset "a" "b" {  ### surplus-label "takes one label"
  source "synthetic" {}
}

dataset "1st" {  ### invalid-name "starts with a letter"
  source "synthetic" {}
}

project "x" {  ### surplus-label "takes no label"
}

module "m" {  ### unsupported-module "no modules"
  source = "./m"
}

stray = 1  ### attribute-outside-block "locals"
-----
# Duplicates name the place of the first.
dataset "hh" {
  source "synthetic" {}
}

dataset "hh" {  ### duplicate-address "already declared at main.prefab.hcl:2,1"
  source "synthetic" {}
}

variable "x" { default = 1 }
variable "x" { default = 2 }  ### duplicate-address "variable.x"

locals { a = 1 }
locals { a = 2 }  ### duplicate-address "local.a"

output "o" { value = 1 }
output "o" { value = 2 }  ### duplicate-address "output.o"

project { seed = 1 }
project { seed = 2 }  ### duplicate-address "project"

backend "cpu" {}
backend "cpu" {}  ### duplicate-address "backend.cpu"

gate "g" {
  check "a" {
    condition     = true
    error_message = "x"
  }
  check "a" {  ### duplicate-check "a check \"a\" already"
    condition     = true
    error_message = "x"
  }
}
gate "g" {  ### duplicate-address "gate.g"
}
-----
# Attributes and nested blocks.
dataset "hh" {
  max_record_byte = 5  ### unknown-attribute "Did you mean max_record_bytes\\?"
  depends_on      = []  ### unknown-attribute "requires"
  count           = 3  ### unsupported-count "for_each"
  source          = "jsonl"  ### block-expected "source \\{"
  key { }  ### attribute-expected "key = "
  sauce "jsonl" {  ### unknown-block "Did you mean source\\?"
  }
  source "jsnol" {  ### unknown-driver "Did you mean jsonl\\?"
    path = "x"
  }
  source "jsonl" {  ### missing-attribute "path is required here: file or glob"
    colour = "red"  ### unknown-attribute "source \"jsonl\" block has no attribute colour. It has comma, map, path and pin"
  }
  source {  ### missing-label "hh-rlhf, jsonl and synthetic"
  }
}

dataset "empty" {  ### missing-block "source block is needed here: where the rows come from. The choices are"
}

backend "cuda" {  ### unknown-driver "cpu and xla"
}

reward_model "rm" {  ### missing-attribute "train is required"
  architecture "bag" {}
  architecture "linear" {}  ### too-many-blocks "1 architecture block here at most"
}

gate "none" {  ### missing-block "At least 1 check block"
}
-----
# Behind an error of syntax a file is not read any further.
dataset "hh" {
  source "synthetic" {
    rows =  ### syntax "expression"
  }
}

validate "v" {
  pairs  = dataset.lost.pairs
  colour = 1
}
-----
# Settings.
project {
  required_version = ">= 0.2"  ### unfit-version "needs prefab >= 0.2, and this is 0.1.0"
  profile          = "strickt"  ### unknown-value "Did you mean strict\\?"
  seed             = 1.5  ### wrong-type "whole number"
}

executor {
  parallelism = -1  ### out-of-bounds "least that it may be is 0"
}

cache {
  path = dataset.x.pairs  ### undeclared-block "dataset \"x\""
}
-----
project {
  required_version = "newer"  ### invalid-version "\"newer\" is no version"
}
-----
# A quote that is missing makes nonsense of all that follows: one problem says it.
dataset "hh {  ### syntax `.`
  source "synthetic" {
    rows = 5
  }
}

validate "v" {
  pairs = dataset.hh.pairs
}
-----
# So does a brace.
dataset "hh" {  ### syntax "no closing brace"
  source "synthetic" {
    rows = 5

}

validate "v" {
  pairs = dataset.hh.pairs
}

validate "w" {
  pairs = dataset.hh.pairs
}
