"""Rows of a table of data in IDX files: 16-bit integers, each a number or the code of a level."""

from __future__ import annotations

import random
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence, Tuple, Union

from runner.contract import labelled_files
from runner.contract.labelled_files import LabelledFiles
from runner.data.arrays import Arrays
from runner.data.contents import DatasetError


@dataclass(frozen=True)
class Levels:
    """A column of codes, counted from 0: which of ``count`` levels a row has."""

    name: str
    count: int

    @property
    def width(self) -> int:
        """Inputs of a network: a 1 at the level's place among zeros (one-hot)."""
        return self.count

    @property
    def most(self) -> int:
        """The largest value in a file."""
        return self.count - 1


@dataclass(frozen=True)
class Quantity:
    """A column of numbers from 0 to ``most``.

    A network gets ``value / scale``, or with ``logarithm`` log10(1 + value) / scale, so that inputs
    are about 0 to 1.
    """

    name: str
    most: int
    scale: float
    logarithm: bool = False

    @property
    def width(self) -> int:
        """Inputs of a network."""
        return 1


Column = Union[Levels, Quantity]


@dataclass(frozen=True)
class Table:
    """Rows of ``columns`` and their class.

    :meth:`load` gives a network's inputs: float32 (n, width); :meth:`load_codes` the rows as they
    lie in the file, int16 (n, columns), for tools that take levels as levels.
    """

    columns: Tuple[Column, ...]
    classes: int

    @property
    def noun(self) -> str:
        """As every format."""
        return "rows"

    @property
    def width(self) -> int:
        """How many inputs a network has."""
        return sum(column.width for column in self.columns)

    @property
    def stored(self) -> LabelledFiles:
        """How they lie in their files."""
        return labelled_files.rows(len(self.columns))

    def load(
        self,
        data_dir: Union[str, Path],
        expected_sha256: Dict[str, str],
        train_samples: Optional[int],
        most_train: Optional[int] = None,
    ) -> Arrays:
        """As every format: one-hot levels and scaled numbers."""
        found = self.load_codes(data_dir, expected_sha256, train_samples, most_train)
        return found.mapped(self._one_hot)

    def load_codes(
        self,
        data_dir: Union[str, Path],
        expected_sha256: Dict[str, str],
        train_samples: Optional[int],
        most_train: Optional[int] = None,
    ) -> Arrays:
        """Numbers and codes; arguments and errors are those of :meth:`load`."""
        from runner.data import labelled  # noqa: PLC0415 - NumPy: not before a backend has set it

        return labelled.load(
            self.stored,
            self.classes,
            data_dir,
            expected_sha256,
            train_samples,
            most_train,
            self._check,
        )

    def inputs(self, samples: Sequence[bytes]) -> Any:
        """A network's inputs of rows as the file has them."""
        import numpy as np  # noqa: PLC0415 - as above

        values = np.frombuffer(b"".join(samples), ">i2").astype(np.int16)
        return self._one_hot(values.reshape(len(samples), len(self.columns)))

    def files(self, samples: Sequence[bytes], labels: Sequence[int]) -> Dict[str, bytes]:
        """Four files."""
        return self.stored.contents(samples, labels)

    def drawn(self, count: int, draw: random.Random) -> List[bytes]:
        """Rows whose every value is drawn evenly."""
        form = f">{len(self.columns)}h"
        return [
            struct.pack(form, *(draw.randint(0, column.most) for column in self.columns))
            for _ in range(count)
        ]

    def _one_hot(self, values: Any) -> Any:
        """Of rows (n, columns) each column's levels one-hot, or its scaled number: (n, width)."""
        import numpy as np  # noqa: PLC0415 - as above

        inputs = np.zeros((len(values), self.width), np.float32)
        every, first = np.arange(len(values)), 0
        for column, column_values in zip(self.columns, values.T):
            if isinstance(column, Levels):
                inputs[every, first + column_values.astype(np.int64)] = 1
            else:
                numbers = column_values.astype(np.float32)
                if column.logarithm:
                    numbers = np.log10(numbers + 1)
                inputs[:, first] = numbers / np.float32(column.scale)
            first += column.width
        return inputs

    def _check(self, name: str, values: Any) -> None:
        for column, column_values in zip(self.columns, values.T):
            lowest, highest = int(column_values.min()), int(column_values.max())
            if lowest < 0 or highest > column.most:
                wrong = lowest if lowest < 0 else highest
                raise DatasetError(
                    f"{name}: column {column.name} has {wrong}, not 0 to {column.most}: of "
                    "another table of levels?"
                )
