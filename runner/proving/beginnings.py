"""Where training begins: by the seed and nothing else; and in which type weights are kept."""

from __future__ import annotations

from typing import Any, List, Sequence

from runner.channel import tensors
from runner.contract.conformance import Check
from runner.proving.trials import Told


def of_seeds(first: Told, again: Told, elsewhere: Told) -> List[Check]:
    """What the beginnings of two trials from one seed and of one from another show."""
    weights, same, unlike = (tensors(told.untrained) for told in (first, again, elsewhere))
    return [_same_seed(weights, same), _other_seed(weights, unlike)]


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
    """Two beginnings from two seeds differ in every kernel; biases begin with zeros."""
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
