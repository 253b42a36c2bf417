"""Decontamination in plain Python: a set of the items' n-grams of 8 words. ITEMS PAIRS; prints the rows found."""
import json
import re
import sys

word = re.compile(r"\w+")


def grams(text):
    words = word.findall(text.lower())
    return (" ".join(words[i:i + 8]) for i in range(len(words) - 7))


index = set()
for line in open(sys.argv[1], encoding="utf-8"):
    item = json.loads(line)
    index.update(grams(item["question"]), grams(item["answer"]))
found = 0
for line in open(sys.argv[2], encoding="utf-8"):
    row = json.loads(line)
    found += any(g in index for f in ("prompt", "chosen", "rejected") for g in grams(row[f]))
print(found)
