"""Scores pairs with the model that train.py made: one margin a pair, by its id."""

import json

from features import difference, margin, pairs

with open("in/rm/model.json", encoding="utf-8") as file:
    weights = json.load(file)
with open("out/scores.jsonl", "w", encoding="utf-8") as out:
    for row in pairs("in/validation.jsonl"):
        print(json.dumps({"id": row["id"], "margin": margin(weights, difference(row))}), file=out)
