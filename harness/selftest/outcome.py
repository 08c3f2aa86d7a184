"""What a self-test says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Word = Literal["PASS", "FAIL", "INCONCLUSIVE"]


@dataclass(frozen=True)
class Outcome:
    """One test: its name, how it ended, and the numbers. ``INCONCLUSIVE``: not known here, now."""

    test: str
    word: Word
    said: str

    def __str__(self) -> str:
        return f"{self.word:<12}  {self.test}: {self.said}"
