"""Rows of a table of data in IDX files: 16-bit integers, each a number or the code of a level."""

from __future__ import annotations

import random
import struct
from dataclasses import dataclass
from typing import Any, List, Tuple, Union

from runner.contract import labelled_files
from runner.contract.labelled_files import LabelledFiles
from runner.data.contents import DatasetError
from runner.data.labelled_format import LabelledFormat


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
class Table(LabelledFormat):
    """Rows of ``columns`` and their class.

    :meth:`load` gives a network's inputs: float32 (n, width); :meth:`load_stored` the rows as they
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

    def drawn(self, count: int, draw: random.Random) -> List[bytes]:
        """Rows whose every value is drawn evenly."""
        form = f">{len(self.columns)}h"
        return [
            struct.pack(form, *(draw.randint(0, column.most) for column in self.columns))
            for _ in range(count)
        ]

    def of_stored(self, values: Any) -> Any:
        """Of rows (n, columns) each column's levels one-hot, or its scaled number: (n, width)."""
        import numpy as np  # noqa: PLC0415 - not before a backend has fixed its threads

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

    def check(self, name: str, values: Any) -> None:
        """Every value must be one of its column."""
        for column, column_values in zip(self.columns, values.T):
            lowest, highest = int(column_values.min()), int(column_values.max())
            if lowest < 0 or highest > column.most:
                wrong = lowest if lowest < 0 else highest
                raise DatasetError(
                    f"{name}: column {column.name} has {wrong}, not 0 to {column.most}: of "
                    "another table of levels?"
                )
