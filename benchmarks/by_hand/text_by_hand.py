"""What text_torch.py and text_jax.py share: options, ids of texts, and the line that they print.

    python benchmarks/by_hand/text_torch.py --data DIR --network lstm --epochs 3

DIR holds the files of the dataset `spamassassin`, `imdb` or `synthetic-imdb`. The networks are
those of `lstm-imdb` and `conv1d-imdb`, written for one framework, with nothing of benchdl.
"""

import argparse
import json
from pathlib import Path

import numpy as np

IDS, LENGTH, BATCH, RATE, EPSILON = 20_000, 400, 32, 1e-3, 1e-7
TOKENS = {"lstm": 80, "conv1d": 400}


def options():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--network", choices=list(TOKENS), default="lstm")
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--samples", type=int)
    parser.add_argument("--seed", type=int, default=123)
    parser.add_argument("--device", choices=["cpu", "gpu"], default="cpu")
    return parser.parse_args()


def texts(args):
    """(ids, labels) of training and test; int32 (n, tokens), int64 (n,)."""
    found = []
    for part, count in (("train", args.samples), ("test", None)):
        ids = np.frombuffer((args.data / f"{part}-ids-idx2-short").read_bytes(), ">i2", offset=12)
        ids = ids.reshape(-1, LENGTH)[:count, -TOKENS[args.network] :].astype(np.int32)
        labels = np.frombuffer((args.data / f"{part}-labels-idx1-ubyte").read_bytes(), np.uint8)
        found.append((ids, labels[8:][:count].astype(np.int64)))
    return found


def report(fit_s, updates, wrong, count):
    found = {"fit_s": fit_s, "updates": int(updates), "error_rate": float(wrong) / count}
    print(json.dumps(found))
