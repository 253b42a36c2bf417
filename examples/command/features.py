"""What the model sees of a response: its words, and how long it is."""

import json
import math
import re


def text(turns):
    """A response is a string, or a list of messages."""
    if isinstance(turns, str):
        return turns
    return "\n".join(turn["content"] for turn in turns)


def features(response):
    words = re.findall(r"\w+", text(response).lower())
    found = {"length": math.log1p(len(words))}
    for word in words:
        found["word " + word] = 1.0
    return found


def difference(row):
    """Features of the chosen response less those of the rejected one."""
    x = features(row["chosen"])
    for name, value in features(row["rejected"]).items():
        x[name] = x.get(name, 0.0) - value
    return {name: value for name, value in x.items() if value}


def pairs(path):
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def margin(weights, x):
    """Summed in the order of the names: the same bytes every time."""
    return sum(weights.get(name, 0.0) * x[name] for name in sorted(x))
