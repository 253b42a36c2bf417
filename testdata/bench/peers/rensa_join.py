"""Groups of near duplicates by rensa: R-MinHash of 128 permutations in 16 bands, its estimates checked against 0.7."""
from rensa import RMinHash, RMinHashLSH

import groups

texts = groups.read()
found = groups.Groups(len(texts))
sketches = RMinHash.from_token_sets((groups.tokens(t) for t in texts), num_perm=128, seed=1)
lsh = RMinHashLSH(threshold=0.7, num_perm=128, num_bands=16)
for i, m in enumerate(sketches):
    for j in lsh.query(m):
        if found.find(i) != found.find(j) and m.jaccard(sketches[j]) >= 0.7:
            found.union(i, j)
    lsh.insert(i, m)
found.write()
