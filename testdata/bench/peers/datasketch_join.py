"""Groups of near duplicates by datasketch: MinHash of 128 permutations, LSH at 0.7, as its documentation shows it."""
from datasketch import MinHash, MinHashLSH

import groups

texts = groups.read()
found = groups.Groups(len(texts))
lsh = MinHashLSH(threshold=0.7, num_perm=128)
for i, text in enumerate(texts):
    m = MinHash(num_perm=128)
    m.update_batch([t.encode() for t in groups.tokens(text)])
    for j in lsh.query(m):
        found.union(i, j)
    lsh.insert(i, m, check_duplication=False)
found.write()
