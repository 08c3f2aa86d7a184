"""What flights_torch.py and flights_jax.py share: options, rows one-hot, and the line they print.

    python benchmarks/by_hand/flights_torch.py --data DIR --epochs 5

DIR holds the files of the dataset `flights`, `flights-days` or `synthetic-flights`. The network is
that of `mlp-flights`, written for one framework, with nothing of benchdl.
"""

import argparse
import json
from pathlib import Path

import numpy as np

BATCH, RATE, MOMENTUM = 128, 0.05, 0.9
LEVELS = (12, 31, 7, 0, 16, 3, 104, 0)  # of each column; 0: a number
WIDTH = 175


def options():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--samples", type=int)
    parser.add_argument("--seed", type=int, default=123)
    parser.add_argument("--device", choices=["cpu", "gpu"], default="cpu")
    return parser.parse_args()


def rows(args):
    """(inputs, labels) of training and test; float32 (n, 175), int64 (n,)."""
    found = []
    for part, count in (("train", args.samples), ("test", None)):
        raw = np.frombuffer((args.data / f"{part}-rows-idx2-short").read_bytes(), ">i2", offset=12)
        table = raw.reshape(-1, len(LEVELS))[:count].astype(np.int64)
        inputs, first = np.zeros((len(table), WIDTH), np.float32), 0
        for column, levels in zip(table.T, LEVELS):
            if levels:
                inputs[np.arange(len(table)), first + column] = 1
            else:  # minutes, then miles
                inputs[:, first] = column / 1500 if first == 50 else np.log10(column + 1) / 4
            first += levels or 1
        labels = np.frombuffer((args.data / f"{part}-labels-idx1-ubyte").read_bytes(), np.uint8)
        found.append((inputs, labels[8:][:count].astype(np.int64)))
    return found


def auc(scores, labels):
    """By ranks, ties shared (Mann and Whitney)."""
    _, places, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[places]
    late = int(labels.sum())
    return (ranks[labels == 1].sum() - late * (late + 1) / 2) / (late * (len(labels) - late))


def report(fit_s, updates, scores, labels):
    found = {"fit_s": fit_s, "updates": int(updates), "auc": float(auc(scores, labels))}
    print(json.dumps(found))
