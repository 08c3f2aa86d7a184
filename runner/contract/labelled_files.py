"""The four files of a labelled dataset: what they are called, and what a sample is in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Dict, NamedTuple, Sequence, Tuple

from runner.contract.idx_header import Kind, header


class SetNames(NamedTuple):
    """The files of the training set, or of the test set; a copy may have ``.gz`` behind them."""

    samples: str
    labels: str


@dataclass(frozen=True)
class LabelledFiles:
    """IDX files of samples, and of their classes, a byte each from 0.

    Attributes:
        noun: what the names of the files call samples, in the plural.
        shape: of one sample.
        kind: of its values.
        test: what the names of the test set's files begin with.
    """

    noun: str
    shape: Tuple[int, ...]
    kind: Kind
    test: str = "test"

    @property
    def sets(self) -> Tuple[SetNames, SetNames]:
        """The names of both sets, training first."""
        return self._of("train"), self._of(self.test)

    def _of(self, split: str) -> SetNames:
        samples = f"{split}-{self.noun}-idx{1 + len(self.shape)}-{self.kind.word}"
        return SetNames(samples, f"{split}-labels-idx1-ubyte")

    def contents(self, samples: Sequence[bytes], labels: Sequence[int]) -> Dict[str, bytes]:
        """A dataset whose training and test set are both of these samples: contents by name."""
        values = header((len(samples), *self.shape), self.kind) + b"".join(samples)
        classes = header((len(labels),)) + bytes(labels)
        made: Dict[str, bytes] = {}
        for names in self.sets:
            made[names.samples], made[names.labels] = values, classes
        return made


def pictures(side: Tuple[int, ...]) -> LabelledFiles:
    """MNIST's own names; ``side`` is height and width, and the colours if there are any."""
    return LabelledFiles("images", side, Kind.UBYTE, "t10k")


def rows(columns: int) -> LabelledFiles:
    """Of a table."""
    return LabelledFiles("rows", (columns,), Kind.SHORT)


def clips(shape: Tuple[int, int]) -> LabelledFiles:
    """Of the features of sounds: frames and bands."""
    return LabelledFiles("features", shape, Kind.SHORT)


def texts(length: int) -> LabelledFiles:
    """Of so many ids each."""
    return LabelledFiles("ids", (length,), Kind.SHORT)
