"""What the residual networks by hand share: options, CIFAR-10 from /data, the line they print.

    python resnet_torch.py --data DIR --epochs 2 --widths 64 128 256 --rate 0.02 --device gpu

The network of `resnet20-cifar10`, or with these widths and this rate of `wide-resnet-cifar10`, as
somebody would write it for one framework, with nothing of benchdl.
"""

import argparse

import numpy as np
from by_hand import read, report

BATCH, MOMENTUM = 128, 0.9
NORM_MOMENTUM, NORM_EPSILON, BLOCKS, CLASSES = 0.9, 1e-3, 3, 10
TESTED = 500

__all__ = [
    "BATCH", "BLOCKS", "CLASSES", "MOMENTUM", "NORM_EPSILON", "NORM_MOMENTUM", "TESTED", "blocks",
    "options", "pictures", "report",
]  # fmt: skip


def options():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", default="/data")
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--samples", type=int, default=50000)
    parser.add_argument("--tests", type=int, default=10000)
    parser.add_argument("--widths", type=int, nargs="+", default=[16, 32, 64])
    parser.add_argument("--rate", type=float, default=0.1)
    parser.add_argument("--seed", type=int, default=123)
    parser.add_argument("--device", choices=["cpu", "gpu"], default="cpu")
    return parser.parse_args()


def pictures(args):
    """(images, labels) of training and test; float32 (n, 32, 32, 3) from 0 to 1, int64 (n,)."""
    found = []
    for part, count in (("train", args.samples), ("t10k", args.tests)):
        images = read(args.data, part + "-images-idx4-ubyte", 20).reshape(-1, 32, 32, 3)[:count]
        labels = read(args.data, part + "-labels-idx1-ubyte", 8)[:count]
        found.append((images.astype("float32") / np.float32(255), labels.astype("int64")))
    return found


def blocks(widths):
    """(inputs, filters, stride) of each block."""
    inputs = widths[0]
    for stage, width in enumerate(widths):
        for number in range(BLOCKS):
            yield inputs, width, 2 if stage and not number else 1
            inputs = width
