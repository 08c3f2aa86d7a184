"""Runs whose convolutions were written anew: further from the tool than a setting of it.

Mode ``tuned`` of some backends makes a convolution a product of matrices, because the tool's own is
slow on a CPU. Nobody who uses the tool as it comes has that time, so every row of it says so.
"""

from __future__ import annotations

from collections.abc import Sequence

from harness.tables.kinds import Kind
from runner.contract.measurement import Measurement

REWRITTEN = "rewritten"


def convolutions(measurement: Measurement) -> str | None:
    """``rewritten``, as the backend attests; None: the tool's own, or none.

    ``convolution`` is what `jax` said before 2026-11-26.
    """
    said = measurement.attestation.framework
    anew = said.get("convolutions_as_products") is True or said.get("convolution") == "patches"
    return REWRITTEN if anew else None


def marked(text: str, kind: Kind) -> str:
    """A cell with the mark of rewritten convolutions behind it, where they were."""
    return f"{text}, {kind.convolutions}" if kind.convolutions else text


def notes(names: Sequence[str]) -> list[str]:
    """What the mark means, where there are lines that have it."""
    if not names:
        return []
    return [
        f"{REWRITTEN} ({'; '.join(names)}): convolutions are products of matrices, which the "
        "backend's module in benchdl writes in the place of the tool's own operation"
    ]
