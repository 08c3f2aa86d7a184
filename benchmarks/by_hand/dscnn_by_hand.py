"""What dscnn_torch.py and dscnn_jax.py share: options, clips from a folder, and the printed line.

    python benchmarks/by_hand/dscnn_torch.py --data DIR --epochs 2

DIR holds the four files of one of the datasets `spoken-words`, `synthetic-speech` and
`speech-commands`, as `benchdl data fetch` leaves them.
"""

import argparse
import json
from pathlib import Path

import numpy as np

BATCH, RATE, EPSILON, CLASSES, FILTERS, BLOCKS = 100, 1e-3, 1e-7, 12, 64, 4
DROPS, NORM_MOMENTUM, NORM_EPSILON = (0.2, 0.4), 0.9, 1e-3


def options():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", default="/data")
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--samples", type=int, help="of the training set; all, if not said")
    parser.add_argument("--seed", type=int, default=123)
    parser.add_argument("--device", choices=["cpu", "gpu"], default="cpu")
    return parser.parse_args()


def clips(args):
    """(features, labels) of training and test; float32 (n, 49, 10), int64 (n,)."""
    found = []
    for part, count in (("train", args.samples), ("test", None)):
        values = np.fromfile(Path(args.data, part + "-features-idx3-short"), ">i2", offset=16)
        labels = np.fromfile(Path(args.data, part + "-labels-idx1-ubyte"), np.uint8, offset=8)
        features = (values.reshape(-1, 49, 10).astype("float32") / 256 - 36) / 8
        found.append((features[:count], labels[:count].astype("int64")))
    return found


def report(fit_s, epochs_s, updates, error_rate):
    """``epochs_s``: seconds of each epoch; the first one may compile."""
    line = {"fit_s": fit_s, "epochs_s": epochs_s, "updates": updates, "error_rate": error_rate}
    print(json.dumps(line))
