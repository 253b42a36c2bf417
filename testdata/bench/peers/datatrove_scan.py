"""Decontamination by DataTrove's filter of n-grams, of 8 words here and no more: ITEMS PAIRS, both JSON lines.

The index is made with the filter's own functions, since its indexer asks for lighteval's tasks. Prints the rows found.
"""
import json
import os
import sys
import tempfile

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import numpy as np
from datatrove.data import Document
from datatrove.pipeline.decont import NGramsDecontFilter
from datatrove.pipeline.decont.n_grams import NGramsDecontConfig
from datatrove.utils.logging import logger
from datatrove.utils.text import ngrams, simplify_text

logger.remove()
config = NGramsDecontConfig(n_grams=8)
folder = tempfile.mkdtemp(dir=os.path.dirname(os.path.abspath(sys.argv[2])))
scan = NGramsDecontFilter(folder, config=config)
hashes = set()
for line in open(sys.argv[1], encoding="utf-8"):
    item = json.loads(line)
    for text in (item["question"], item["answer"]):
        words = scan.tokenizer.word_tokenize(simplify_text(text, config.norm_config))
        hashes.update(scan.hash_func(" ".join(g)) for g in ngrams(words, config.n_grams))
np.array(list(hashes), dtype=config.hash_config.np_descr).tofile(f"{folder}/items.index.hashes")

found = 0
for line in open(sys.argv[2], encoding="utf-8"):
    row = json.loads(line)
    texts = (row["prompt"], row["chosen"], row["rejected"])
    found += any(scan.filter(Document(text=t, id="")) is not True for t in texts)
print(found)
