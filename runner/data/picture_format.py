"""Pictures in IDX files, one byte a pixel and channel: MNIST's own format, and colours with it."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from typing import Any, List, Tuple

from runner.contract import labelled_files
from runner.contract.labelled_files import LabelledFiles
from runner.data.labelled_format import LabelledFormat

_BRIGHTEST = 76
"""Of noise, out of 255: the mean is near that of MNIST's pixels, 0.13."""


@dataclass(frozen=True)
class Pictures(LabelledFormat):
    """Pictures of ``shape`` (height, width, channels); inputs are float32 from 0 to 1.

    A file of grey pictures (one channel) has three dimensions, any other four.
    """

    shape: Tuple[int, int, int]
    classes: int

    @property
    def noun(self) -> str:
        """As every format."""
        return "images"

    @property
    def stored(self) -> LabelledFiles:
        """How they lie in their files."""
        return labelled_files.pictures(self.shape[:2] if self.shape[2] == 1 else self.shape)

    def drawn(self, count: int, draw: random.Random) -> List[bytes]:
        """Noise in every pixel."""
        pixels = range(_BRIGHTEST + 1)
        return [bytes(draw.choices(pixels, k=math.prod(self.shape))) for _ in range(count)]

    def of_stored(self, values: Any) -> Any:
        """Pixels divided by 255."""
        import numpy as np  # noqa: PLC0415 - not before a backend has fixed its threads

        pixels = values.reshape(-1, *self.shape).astype(np.float32)
        pixels /= np.float32(255)
        return pixels
