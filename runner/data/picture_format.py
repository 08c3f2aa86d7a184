"""Pictures in IDX files, one byte a pixel and channel: MNIST's own format, and colours with it."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence, Tuple, Union

from runner.contract import labelled_files
from runner.contract.labelled_files import LabelledFiles
from runner.data.arrays import Arrays

_BRIGHTEST = 76
"""Of noise, out of 255: the mean is near that of MNIST's pixels, 0.13."""


@dataclass(frozen=True)
class Pictures:
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

    def load(
        self,
        data_dir: Union[str, Path],
        expected_sha256: Dict[str, str],
        train_samples: Optional[int],
        most_train: Optional[int] = None,
    ) -> Arrays:
        """As every format."""
        from runner.data import labelled  # noqa: PLC0415 - NumPy: not before a backend has set it

        found = labelled.load(
            self.stored, self.classes, data_dir, expected_sha256, train_samples, most_train
        )
        return found.mapped(self._scaled)

    def inputs(self, samples: Sequence[bytes]) -> Any:
        """Pixels divided by 255."""
        import numpy as np  # noqa: PLC0415 - as above

        return self._scaled(np.frombuffer(b"".join(samples), np.uint8))

    def files(self, samples: Sequence[bytes], labels: Sequence[int]) -> Dict[str, bytes]:
        """Four files."""
        return self.stored.contents(samples, labels)

    def drawn(self, count: int, draw: random.Random) -> List[bytes]:
        """Noise in every pixel."""
        pixels = range(_BRIGHTEST + 1)
        return [bytes(draw.choices(pixels, k=math.prod(self.shape))) for _ in range(count)]

    def _scaled(self, pixels: Any) -> Any:
        import numpy as np  # noqa: PLC0415 - as above

        values = pixels.reshape(-1, *self.shape).astype(np.float32)
        values /= np.float32(255)
        return values
