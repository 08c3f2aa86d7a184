"""What gpt_torch.py and gpt_jax.py share: the settings, the text in windows, the learning rate, and
the line that they print.

    python benchmarks/by_hand/gpt_torch.py --data DIR --setting large --device gpu --updates 300 \
        --precision bfloat16 --compile

DIR holds the two files of the dataset `shakespeare` or `synthetic-shakespeare`.
"""

import argparse
import json
import math
import statistics
from pathlib import Path
from typing import NamedTuple

import numpy as np

CHARACTERS, HEADER, WARM_UP, RATE, LEAST_RATE = 84, 8, 100, 1e-3, 1e-4
BETAS, EPSILON, DECAY, CLIP = (0.9, 0.99), 1e-8, 0.1, 1.0


class Setting(NamedTuple):
    """nanoGPT's setting for a GPU, and the one for a computer without."""

    layers: int
    heads: int
    units: int
    block: int
    batch: int
    dropout: float
    updates: int
    windows: int | None
    tests: int


SETTINGS = {
    "large": Setting(6, 6, 384, 256, 64, 0.2, 5000, None, 200),
    "small": Setting(4, 4, 128, 64, 12, 0.0, 2000, 12_000, 1000),
}


def options():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", default="/data")
    parser.add_argument("--setting", choices=SETTINGS, default="small")
    parser.add_argument("--updates", type=int, help="as many as the setting has, if not said")
    parser.add_argument("--seed", type=int, default=123)
    parser.add_argument("--device", choices=["cpu", "gpu"], default="cpu")
    parser.add_argument("--precision", choices=["float32", "tf32", "bfloat16"], default="float32")
    parser.add_argument("--compile", action="store_true", help="torch.compile")
    return parser.parse_args()


def windows(args, setting):
    """(inputs, labels) of training and test, int64 (n, block)."""
    found = []
    for part, most in (("train", setting.windows), ("test", None)):
        content = Path(args.data, part + "-characters-idx1-ubyte").read_bytes()
        text = np.frombuffer(content, np.uint8, offset=HEADER).astype("int64")
        count = (len(text) - 1) // setting.block
        rows = slice(most) if most else np.arange(count)
        if part == "test":
            rows = np.unique(np.linspace(0, count - 1, setting.tests).astype(int))
        size = count * setting.block
        found.append(
            (text[:size].reshape(count, -1)[rows], text[1 : size + 1].reshape(count, -1)[rows])
        )
    return found


def rate(update, setting):
    """nanoGPT's get_lr."""
    if update < WARM_UP:
        return RATE * (update + 1) / (WARM_UP + 1)
    way = min(1.0, (update - WARM_UP) / (setting.updates - WARM_UP))
    return LEAST_RATE + 0.5 * (1 + math.cos(math.pi * way)) * (RATE - LEAST_RATE)


def batches(random, count, setting, updates):
    """Row numbers of each update: every window once before any comes again."""
    made = 0
    while made < updates:
        order = random.permutation(count)
        for first in range(0, count, setting.batch):
            if made < updates:
                yield order[first : first + setting.batch]
                made += 1


def report(fit_s, first_s, laps, loss):
    """``laps``: seconds of 10 updates each, after the first one, which compiles."""
    print(
        json.dumps(
            {
                "fit_s": fit_s,
                "first_update_s": first_s,
                "ms_an_update": 100 * statistics.median(laps) if laps else None,
                "test_loss": loss,
            }
        )
    )
