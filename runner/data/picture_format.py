"""Pictures in IDX files, one byte a pixel and channel: MNIST's own format, and colours with it."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence, Tuple, Union

from runner.data import idx_header
from runner.data.arrays import Arrays
from runner.data.contents import DatasetError

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
    def stored(self) -> Tuple[int, ...]:
        """The shape of a picture in its file."""
        return self.shape[:2] if self.shape[2] == 1 else self.shape

    def images_name(self, split: str) -> str:
        """The file of the pictures of ``split``: ``train``, or ``t10k`` for the test set."""
        return f"{split}-images-idx{1 + len(self.stored)}-ubyte"

    def labels_name(self, split: str) -> str:
        """The file of their labels."""
        return f"{split}-labels-idx1-ubyte"

    def load(
        self,
        data_dir: Union[str, Path],
        expected_sha256: Dict[str, str],
        train_samples: Optional[int],
        most_train: Optional[int] = None,
    ) -> Arrays:
        """As every format."""
        import numpy as np  # noqa: PLC0415 - not before a backend has fixed its threads

        from runner.data import labelled  # noqa: PLC0415 - as above

        directory = Path(data_dir)
        images, labels = self._pair(directory, "train", expected_sha256)
        test_images, test_labels = self._pair(directory, "t10k", expected_sha256)
        chosen = labelled.chosen(len(labels), directory, train_samples, most_train)
        return Arrays(
            train_inputs=_scaled(images[chosen]),
            train_labels=labels[chosen].astype(np.int64),
            test_inputs=_scaled(test_images),
            test_labels=test_labels.astype(np.int64),
        )

    def inputs(self, samples: Sequence[bytes]) -> Any:
        """Pixels divided by 255."""
        import numpy as np  # noqa: PLC0415 - as above

        pixels = np.frombuffer(b"".join(samples), np.uint8)
        return _scaled(pixels.reshape(len(samples), *self.shape))

    def files(self, samples: Sequence[bytes], labels: Sequence[int]) -> Dict[str, bytes]:
        """Four files."""
        images = idx_header.of_bytes((len(samples), *self.stored)) + b"".join(samples)
        classes = idx_header.of_bytes((len(labels),)) + bytes(labels)
        contents = {}
        for split in ("train", "t10k"):
            contents[self.images_name(split)] = images
            contents[self.labels_name(split)] = classes
        return contents

    def drawn(self, count: int, draw: random.Random) -> List[bytes]:
        """Noise in every pixel."""
        pixels = range(_BRIGHTEST + 1)
        return [bytes(draw.choices(pixels, k=math.prod(self.shape))) for _ in range(count)]

    def _pair(self, directory: Path, split: str, expected: Dict[str, str]) -> Tuple[Any, Any]:
        from runner.data import idx, labelled  # noqa: PLC0415 - as above

        name = self.images_name(split)
        images = idx.unsigned_bytes(directory, name, 1 + len(self.stored), expected)
        if images.shape[1:] != self.stored:
            sides = "x".join(map(str, self.stored))
            raise DatasetError(f"{name}: pictures of {images.shape[1:]} pixels, not {sides}")
        labels = labelled.labels(
            directory, self.labels_name(split), expected, self.classes, len(images), name
        )
        return images.reshape(len(images), *self.shape), labels


def _scaled(pixels: Any) -> Any:
    import numpy as np  # noqa: PLC0415 - as above

    values = pixels.astype(np.float32)
    values /= np.float32(255)
    return values
