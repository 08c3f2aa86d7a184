"""How far sound updates and others are from NumPy's: the source of the tolerances of a proof.

    python benchmarks/conformance.py --seeds 1200 --batches 120

Updates in float32 (a sound backend), with products in TF32 and bfloat16, and of slightly other
recipes, on the data of runner/proving/plans.py, beside double precision. Prints the distances that
runner/proving/weights_apart.py measures: the nearest, the median, and the farthest.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np

REPO = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(REPO), str(REPO / "tests" / "dummy" / "runner" / "backends")]

from numpy_network import stack  # noqa: E402

from runner.networks import sgd_in_numpy  # noqa: E402
from runner.proving import plans  # noqa: E402
from runner.proving.weights_apart import apart, arrays  # noqa: E402
from runner.workloads import lookup  # noqa: E402

WORKLOAD = lookup.load("cnn-mnist")
PLANS = {
    plans.alike: [[0]] * 3,
    plans.one_batch: [range(WORKLOAD.batch_size)] * 3,
    plans.in_turn: [[1], [0], [2], [2], [1], [0], [0], [1], [2]],
}
"""Each with the pictures of every update."""

BITS = {"TF32": 10, "bfloat16": 7}
OTHER = {
    "rate 0.051": {"learning_rate": 0.051},
    "momentum 0.89": {"momentum": 0.89},
    "decay 0.45": {"decay": 0.45},
}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", type=int, default=100, help="of updates on one picture")
    parser.add_argument("--batches", type=int, default=10, help="seeds of updates on a batch")
    asked = parser.parse_args()
    found: dict[tuple[str, str], list[float]] = defaultdict(list)
    for plan, batches in PLANS.items():
        for seed in range(asked.batches if plan is plans.one_batch else asked.seeds):
            for name, distance in distances(plan(WORKLOAD, seed), batches, seed):
                found[plan.__name__, name].append(distance)
    for (plan_name, name), values in found.items():
        nearest, median, farthest = np.quantile(values, [0, 0.5, 1])
        sys.stdout.write(
            f"| {plan_name} | {name} | {len(values)} | {nearest:.1e} | {median:.1e} | "
            f"{farthest:.1e} |\n"
        )


def distances(trial, batches, seed):
    """Of sound updates from one start, and of others."""
    images, labels = arrays(trial.samples)
    network, recipe = trial.workload.network, trial.workload.recipe
    start = [
        value for layer in stack(network, np.random.RandomState(seed)) for value in layer.weights
    ]

    def exact(own):
        state = sgd_in_numpy.begin(own, start)
        for batch in batches:
            chosen = list(batch)
            state = sgd_in_numpy.updated(network, own, state, images[chosen], labels[chosen])
        return state.weights

    wanted = exact(recipe)
    yield (
        "float32",
        apart(in_float32(network, recipe, start, batches, images, labels), wanted, start),
    )
    for name, bits in BITS.items():
        coarse = in_float32(network, recipe, start, batches, images, labels, bits)
        yield name, apart(coarse, wanted, start)
    for name, change in OTHER.items():
        yield name, apart(exact(with_optimizer(recipe, change)), wanted, start)


def with_optimizer(recipe, change):
    """``recipe`` whose optimizer has other figures."""
    return dataclasses.replace(recipe, optimizer=dataclasses.replace(recipe.optimizer, **change))


def in_float32(network, recipe, start, batches, images, labels, bits=None):
    """The weights after these batches; with ``bits`` products have so much of a mantissa."""
    layers = stack(network, np.random.RandomState(0))
    for layer, (_, values) in zip(layers, network.grouped(start), strict=True):
        layer.start_from(values)
        if bits:
            layer.product = lambda left, right: rounded(left, bits) @ rounded(right, bits)
    for number, batch in enumerate(batches):
        chosen = list(batch)
        out = images[chosen][..., None]
        for layer in layers:
            out = layer.forward(out, True)
        out[np.arange(len(out)), labels[chosen]] -= 1
        error = (out / len(out)).astype("float32")
        for layer in reversed(layers):
            error = layer.backward(error)
        for layer in layers:
            if layer.weights:
                layer.update(recipe.optimizer.rate(number), recipe.optimizer.momentum)
    return [value for layer in layers for value in layer.weights]


def rounded(values, bits):
    """float32 with so many bits of mantissa, to the nearest."""
    rest = 23 - bits
    whole = np.ascontiguousarray(values, "<f4").view("<u4").astype("u8")
    return ((whole + (1 << (rest - 1))) >> rest << rest).astype("<u4").view("<f4")


if __name__ == "__main__":
    main()
