"""Groups of near duplicates by DataTrove's MinHash pipeline, 14 buckets of 8 hashes, as it comes.

Its own shingles are n-grams of spaCy's words; here the tokens are those of everyone else, which is also much faster.
"""
import os
import shutil
import struct
import sys

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import numpy as np
from datatrove.data import Document
from datatrove.pipeline.dedup import MinhashDedupBuckets, MinhashDedupCluster, MinhashDedupSignature
from datatrove.pipeline.dedup.minhash import MinhashConfig
from datatrove.utils.logging import logger

import groups

logger.remove()


class Signature(MinhashDedupSignature):
    def get_shingles(self, text):
        return np.fromiter((self._hash_func(t) for t in set(groups.tokens(text))), dtype=np.uint64).reshape((-1, 1))


texts = groups.read()
work = sys.argv[2] + ".datatrove"
shutil.rmtree(work, ignore_errors=True)
config = MinhashConfig()
Signature(f"{work}/signatures", config=config).run(Document(text=t, id=str(i)) for i, t in enumerate(texts))
for bucket in range(config.num_buckets):
    MinhashDedupBuckets(f"{work}/signatures", f"{work}/buckets", config=config).run(None, bucket, config.num_buckets)
MinhashDedupCluster(f"{work}/buckets", f"{work}/clusters", config=config, save_cluster_id=True).run(None, 0, 1)

found, first = groups.Groups(len(texts)), {}
with open(f"{work}/clusters/000000.clusters", "rb") as f:
    for row, cluster in struct.iter_unpack("<II", f.read()):
        found.union(row, first.setdefault(cluster, row))
found.write()
