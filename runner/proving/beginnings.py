"""Where training begins: by the seed and nothing else; and in which type weights are kept."""

from __future__ import annotations

from typing import Any, List, Sequence

from runner.channel import tensors
from runner.contract.conformance import Check
from runner.proving.trials import Told


def of_seeds(first: Told, again: Told, here: Told, elsewhere: Told) -> List[Check]:
    """What beginnings show: of two trials from one seed, and of two from two seeds.

    Each pair is of one network.
    """
    starts = [tensors(told.untrained) for told in (first, again, here, elsewhere)]
    return [_same_seed(*starts[:2]), _other_seed(*starts[2:])]


def _same_seed(first: Sequence[Any], again: Sequence[Any]) -> Check:
    """Two beginnings from one seed have the same weights."""
    differ = _unlike(first, again)
    return Check(
        name="same-seed",
        expected=0.0,
        seen=float(len(differ)),
        detail=f"tensors of {len(first)} that differ between two starts from one seed",
    )


def _other_seed(first: Sequence[Any], elsewhere: Sequence[Any]) -> Check:
    """Two beginnings of one network from two seeds differ in every kernel; biases begin with 0."""
    if [weight.shape for weight in first] != [weight.shape for weight in elsewhere]:
        raise ValueError("the beginnings are those of two networks")
    kernels = [number for number, weight in enumerate(first) if weight.ndim > 1]
    differ = set(_unlike(first, elsewhere)) & set(kernels)
    return Check(
        name="other-seed",
        expected=float(len(kernels)),
        seen=float(len(differ)),
        detail="kernels that differ between starts from two seeds",
    )


def float32(told: Sequence[Told]) -> Check:
    """The types of the weights, as the framework gives them out."""
    types = [name for trial in told for frame in (trial.untrained, trial.trained)
             for name in frame.facts.get("types", [])]  # fmt: skip
    others = sorted({str(name)[:40] for name in types if name != "float32"})
    return Check(
        name="float32",
        expected=0.0,
        seen=float(sum(name != "float32" for name in types)) if types else None,
        detail=f"weights in {', '.join(others)}" if others else "weights of another type",
    )


def _unlike(first: Sequence[Any], second: Sequence[Any]) -> List[int]:
    return [
        number
        for number, (left, right) in enumerate(zip(first, second))
        if left.shape != right.shape or not bool((left == right).all())
    ]
