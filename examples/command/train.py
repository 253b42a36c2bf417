"""Fits a logistic model to pairs by stochastic gradient descent, in plain Python."""

import argparse
import json
import math
import os
import random

from features import difference, margin, pairs

parser = argparse.ArgumentParser()
parser.add_argument("--penalty", type=float, default=0.001)
parser.add_argument("--passes", type=int, default=8)
options = parser.parse_args()

random.seed(int(os.environ["PREFAB_SEED"]))
rows = [difference(row) for row in pairs("in/train.jsonl")]
weights = {}
for step in range(options.passes):
    random.shuffle(rows)
    rate = 0.5 / (1 + step)
    loss = 0.0
    for x in rows:
        m = margin(weights, x)
        loss += math.log1p(math.exp(-abs(m))) + max(-m, 0.0)
        pull = 1 / (1 + math.exp(min(m, 500.0)))
        for name, value in x.items():
            w = weights.get(name, 0.0)
            weights[name] = w + rate * (pull * value / len(x) ** 0.5 - options.penalty * w)
    print(f"pass {step + 1} of {options.passes}: log-loss {loss / len(rows):.4f}", flush=True)

with open("out/model.json", "w", encoding="utf-8") as out:
    json.dump(weights, out, sort_keys=True, indent=0)
with open("out/metrics.json", "w", encoding="utf-8") as out:
    json.dump({"train_loss": loss / len(rows)}, out)
