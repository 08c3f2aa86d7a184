"""What the scripts of this folder share: options, MNIST from /data, and the line that they print.

Each script trains the network of `cnn-mnist` as somebody would who writes it for one framework,
with nothing of benchdl: it is what a job of benchdl is compared with. It runs in the framework's
image.
"""

import argparse
import gzip
import json
from pathlib import Path

import numpy as np

BATCH, RATE, MOMENTUM, DECAY = 128, 0.05, 0.9, 1e-5


def options():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", default="/data")
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--samples", type=int, default=60000)
    parser.add_argument("--seed", type=int, default=123)
    parser.add_argument("--device", choices=["cpu", "gpu"], default="cpu")
    return parser.parse_args()


def read(folder, name, header):
    path = Path(folder, name)
    content = (
        path.read_bytes()
        if path.exists()
        else gzip.decompress(path.with_name(name + ".gz").read_bytes())
    )
    return np.frombuffer(content, np.uint8, offset=header)


def mnist(args):
    """(images, labels) of training and test; float32 (n, 28, 28) from 0 to 1, int64 (n,)."""
    found = []
    for part, count in (("train", args.samples), ("t10k", None)):
        images = read(args.data, part + "-images-idx3-ubyte", 16).reshape(-1, 28, 28)[:count]
        labels = read(args.data, part + "-labels-idx1-ubyte", 8)[:count]
        found.append((images.astype("float32") / np.float32(255), labels.astype("int64")))
    return found


def report(fit_s, updates, error_rate):
    print(json.dumps({"fit_s": fit_s, "updates": int(updates), "error_rate": float(error_rate)}))
