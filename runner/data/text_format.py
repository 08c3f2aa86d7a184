"""Texts in IDX files: 16-bit integers, each the id of a word."""

from __future__ import annotations

import random
import struct
from dataclasses import dataclass
from typing import Any, List

from runner.contract import labelled_files
from runner.contract.labelled_files import LabelledFiles
from runner.data.contents import DatasetError
from runner.data.labelled_format import LabelledFormat


@dataclass(frozen=True)
class Texts(LabelledFormat):
    """Texts of ``length`` ids in their file, of which a model gets the last ``tokens``.

    Ids are below ``words``; :mod:`runner.contract.text_ids` says what they stand for. Inputs are
    int32 (n, tokens).
    """

    words: int
    length: int
    tokens: int
    classes: int = 2

    @property
    def noun(self) -> str:
        """As every format."""
        return "texts"

    @property
    def stored(self) -> LabelledFiles:
        """As every labelled format."""
        return labelled_files.texts(self.length)

    def of_stored(self, values: Any) -> Any:
        """The last ids of each text."""
        return values[:, self.length - self.tokens :].astype("int32")

    def drawn(self, count: int, draw: random.Random) -> List[bytes]:
        """Texts whose every id is drawn evenly."""
        form, every = f">{self.length}h", range(self.words)
        return [struct.pack(form, *draw.choices(every, k=self.length)) for _ in range(count)]

    def check(self, name: str, values: Any) -> None:
        """As every labelled format: every id is one of the table's."""
        lowest, highest = int(values.min()), int(values.max())
        if lowest < 0 or highest >= self.words:
            wrong = lowest if lowest < 0 else highest
            raise DatasetError(
                f"{name}: id {wrong}, not from 0 to {self.words - 1}: of another table of words?"
            )
