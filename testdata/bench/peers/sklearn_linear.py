"""A linear reward model in scikit-learn: TRAIN HELD_OUT. TF-IDF of words and pairs of words, a logistic regression on
the differences. Prints the log-loss on the held-out pairs and the seconds of CPU that features and fit took."""
import json
import sys
import time

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression


def read(path):
    rows = [json.loads(line) for line in open(path, encoding="utf-8")]
    return [r["chosen"] for r in rows], [r["rejected"] for r in rows]


chosen, rejected = read(sys.argv[1])
start = time.process_time()
vectors = TfidfVectorizer(ngram_range=(1, 2), min_df=3, sublinear_tf=True, dtype=np.float32)
x = vectors.fit_transform(chosen + rejected)
x = x[:len(chosen)] - x[len(chosen):]
# Half of the pairs are turned round, so that there are two classes.
sign = np.where(np.arange(len(chosen)) % 2 == 0, 1, -1)
model = LogisticRegression(C=float(sys.argv[3]), fit_intercept=False, max_iter=1000, tol=1e-4)
model.fit(x.multiply(sign[:, None]).tocsr(), sign)
used = time.process_time() - start
chosen, rejected = read(sys.argv[2])
margin = model.decision_function(vectors.transform(chosen) - vectors.transform(rejected))
print(f"{np.mean(np.logaddexp(0, -margin)):.4f} {used:.2f}")
