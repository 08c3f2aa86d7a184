"""Spoken words as log-mel features in IDX files: 16-bit integers, log2 of energies."""

from __future__ import annotations

import math
import random
import struct
from dataclasses import dataclass
from typing import Any, List, Tuple

from runner.contract import labelled_files
from runner.contract.labelled_files import LabelledFiles
from runner.data.contents import DatasetError
from runner.data.labelled_format import LabelledFormat

_STEPS = 256  # of a doubling of energy (harness/generators/log_mel.py)
_MOST = 58 * _STEPS  # of the loudest clip there can be
_MIDDLE, _SPREAD = 36, 8  # doublings: inputs of speech are about -1 to 1.5
_QUIET, _LOUD = 32 * _STEPS, 48 * _STEPS  # of noise that is drawn


@dataclass(frozen=True)
class Clips(LabelledFormat):
    """Clips of ``shape`` (frames, bands); inputs are float32 (n, frames, bands, 1).

    Scaled by powers of two, so that they are the same numbers on every machine.
    """

    shape: Tuple[int, int]
    classes: int

    @property
    def noun(self) -> str:
        """As every format."""
        return "clips"

    @property
    def stored(self) -> LabelledFiles:
        """How they lie in their files."""
        return labelled_files.clips(self.shape)

    def drawn(self, count: int, draw: random.Random) -> List[bytes]:
        """Every feature drawn evenly between those of quiet and of loud sounds."""
        features = math.prod(self.shape)
        form = f">{features}h"
        return [
            struct.pack(form, *(draw.randint(_QUIET, _LOUD) for _ in range(features)))
            for _ in range(count)
        ]

    def of_stored(self, values: Any) -> Any:
        """Doublings of energy from a middle one, divided by 8."""
        import numpy as np  # noqa: PLC0415 - not before a backend has fixed its threads

        doublings = values.astype(np.float32) / np.float32(_STEPS)
        return ((doublings - np.float32(_MIDDLE)) / np.float32(_SPREAD))[..., None]

    def check(self, name: str, values: Any) -> None:
        """Every feature must be one that a clip can have."""
        lowest, highest = int(values.min()), int(values.max())
        if lowest < 0 or highest > _MOST:
            wrong = lowest if lowest < 0 else highest
            raise DatasetError(f"{name}: feature {wrong}, not 0 to {_MOST}: of another recipe?")
