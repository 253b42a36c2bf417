# A small neural reward model: hashed n-gram embeddings and a network of one
# hidden layer. It trains on the backend "cpu", which is written in Go and needs
# nothing; after `prefab backend install xla:cpu` it trains on XLA too, with
#
#     prefab -C examples/neural apply --yes --var xla=true

project {
  required_version = ">= 0.1"
  seed             = 1729
}

variable "xla" {
  type        = bool
  default     = false
  description = "train on XLA's CPU backend, which must be installed"
}

variable "device" {
  type        = string
  default     = "cpu"
  description = "what XLA compiles for"

  validation {
    condition     = contains(["cpu", "cuda"], var.device)
    error_message = "XLA is installed for cpu or for cuda."
  }
}

backend "cpu" {}

# A backend is opened when a stage that will run uses it, and its library is
# part of that stage's key: another one may give other digits.
backend "xla" {
  device = var.device
}

dataset "raw" {
  key = row.uid

  source "synthetic" {
    rows  = 1600
    seed  = 3
    noise = 0.05
  }
}

deduplicate "unique" {
  pairs      = dataset.raw.pairs
  relabelled = "drop"
}

split "main" {
  pairs    = deduplicate.unique.pairs
  ratios   = { train = 0.7, validation = 0.15, test = 0.15 }
  stratify = ["category"]
}

# Training stops early by the log-loss on the validation part, so the accuracy
# that counts is the one on the test part.
reward_model "bag" {
  train      = split.main.train
  validation = split.main.validation
  cross_fit  = 0 # five more trainings, which nothing here would use
  backend    = var.xla ? backend.xla : backend.cpu

  architecture "bag" {
    buckets = 4096
    width   = 16
    hidden  = 32
    epochs  = 4
  }
}

# The linear model beside it, as what a small network has to beat.
reward_model "linear" {
  train = split.main.train
  architecture "linear" {}
}

evaluate "bag" {
  model = reward_model.bag.model
  on    = { train = split.main.train, validation = split.main.validation, test = split.main.test }
}

evaluate "linear" {
  model = reward_model.linear.model
  on    = { train = split.main.train, test = split.main.test }
}

gate "learnt" {
  check "accuracy" {
    condition     = evaluate.bag.test.accuracy >= 0.70
    error_message = "Test accuracy is ${format("%.1f", 100 * evaluate.bag.test.accuracy)} %."
  }
  check "baselines" {
    condition     = evaluate.bag.test.improvement_low > 0
    error_message = "The network is not clearly better than the best trivial baseline."
  }
  check "saved" {
    condition     = reward_model.bag.reloads == 1
    error_message = "The stored model does not score as the trained one did."
  }
}

output "test_accuracy" {
  value = [
    ["model", "accuracy", "interval"],
    ["bag", evaluate.bag.test.accuracy, format("%.3f to %.3f", evaluate.bag.test.accuracy_low, evaluate.bag.test.accuracy_high)],
    ["linear", evaluate.linear.test.accuracy, format("%.3f to %.3f", evaluate.linear.test.accuracy_low, evaluate.linear.test.accuracy_high)],
  ]
}
