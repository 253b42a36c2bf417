"""Reads JSON lines in plain Python, hashing every line: FILE, plain or .gz. Prints the number of records."""
import gzip
import hashlib
import json
import sys

digest, n = hashlib.sha256(), 0
with (gzip.open if sys.argv[1].endswith(".gz") else open)(sys.argv[1], "rb") as f:
    for line in f:
        digest.update(line)
        json.loads(line)
        n += 1
print(n)
