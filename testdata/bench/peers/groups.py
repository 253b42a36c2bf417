"""What the near-duplicate drivers share: reading texts, their tokens, and groups of rows.

A driver is called with FILE OUT SHINGLE: JSON lines with a field "text" in normal form, the file that gets the group
of every row (the number of its first row), one a line, and "word" or "char5".
"""
import json
import sys


def read():
    with open(sys.argv[1], encoding="utf-8") as f:
        return [json.loads(line)["text"] for line in f]


def tokens(text):
    if sys.argv[3] == "word":
        return text.split()
    return [text[i:i + 5] for i in range(max(1, len(text) - 4))]


class Groups:
    """Union-find; the root of a group is its first row."""

    def __init__(self, n):
        self.parent = list(range(n))

    def find(self, x):
        while self.parent[x] != x:
            self.parent[x] = self.parent[self.parent[x]]
            x = self.parent[x]
        return x

    def union(self, a, b):
        a, b = self.find(a), self.find(b)
        self.parent[max(a, b)] = min(a, b)

    def write(self):
        with open(sys.argv[2], "w") as f:
            f.writelines(f"{self.find(i)}\n" for i in range(len(self.parent)))
