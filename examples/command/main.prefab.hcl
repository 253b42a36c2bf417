# A reward model of your own: one program trains it, another scores pairs with it,
# and prefab measures it, so that no number is taken on trust.

dataset "mine" {
  source "synthetic" {
    rows = 2000
  }
}

split "main" {
  pairs  = dataset.mine.pairs
  ratios = { train = 0.8, validation = 0.2 }
}

# The program is given the training part and nothing else: what it has not seen
# it cannot have learnt.
command "train" {
  argv  = ["python3", "train.py", "--penalty", "0.001"]
  files = ["train.py", "features.py"]
  pairs = { train = split.main.train }

  output "model" {
    type = "model"
    file = "model.json"
  }

  metric "train_loss" {
    doc  = "mean log-loss on the training pairs after the last pass"
    unit = "nats"
    min  = 0
  }
}

command "score" {
  argv    = ["python3", "score.py"]
  files   = ["score.py", "features.py"]
  models  = { rm = command.train.model }
  pairs   = { validation = split.main.validation }
  columns = ["prompt", "chosen", "rejected"]

  output "scores" {
    type = "scores"
    rows = "validation"
  }
}

evaluate "rm" {
  scores = command.score.scores
  on     = { validation = split.main.validation }
}

gate "ship" {
  check "learnt" {
    condition     = evaluate.rm.validation.accuracy_low > 0.6
    error_message = "Validation accuracy is ${evaluate.rm.validation.accuracy}: no better than guessing."
  }
}

export "train" {
  requires = [gate.ship]
  pairs    = split.main.train
  path     = "out/train.jsonl"
}

output "accuracy" {
  value = evaluate.rm.validation.accuracy
}
