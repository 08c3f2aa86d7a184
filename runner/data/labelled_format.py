"""What formats of labelled samples in four IDX files have in common: they differ in few words."""

from __future__ import annotations

import abc
from pathlib import Path
from typing import Any, Dict, Optional, Sequence, Union

from runner.contract.labelled_files import LabelledFiles
from runner.data.arrays import Arrays


class LabelledFormat(abc.ABC):
    """A :class:`runner.data.format.Format` by what a sample is in its file, and a model's input.

    :meth:`load` gives a network's inputs, :meth:`load_stored` the samples as they lie in the file.
    """

    classes: int

    @property
    @abc.abstractmethod
    def noun(self) -> str:
        """As every format."""

    @property
    @abc.abstractmethod
    def stored(self) -> LabelledFiles:
        """How samples lie in their files."""

    @abc.abstractmethod
    def of_stored(self, values: Any) -> Any:
        """A network's inputs of samples as they lie in a file: (n, *stored.shape)."""

    def check(self, name: str, values: Any) -> None:  # noqa: B027 - most formats refuse nothing
        """Raise DatasetError where the samples in the file ``name`` cannot be of this format."""

    def load_stored(
        self,
        data_dir: Union[str, Path],
        expected_sha256: Dict[str, str],
        train_samples: Optional[int],
        most_train: Optional[int] = None,
    ) -> Arrays:
        """Samples as they lie in the files; arguments and errors are those of :meth:`load`."""
        from runner.data import labelled  # noqa: PLC0415 - NumPy: not before a backend has set it

        return labelled.load(
            self.stored,
            self.classes,
            data_dir,
            expected_sha256,
            train_samples,
            most_train,
            self.check,
        )

    def load(
        self,
        data_dir: Union[str, Path],
        expected_sha256: Dict[str, str],
        train_samples: Optional[int],
        most_train: Optional[int] = None,
    ) -> Arrays:
        """As every format."""
        found = self.load_stored(data_dir, expected_sha256, train_samples, most_train)
        return found.mapped(self.of_stored)

    def files(self, samples: Sequence[bytes], labels: Sequence[int]) -> Dict[str, bytes]:
        """As every format: four files."""
        return self.stored.contents(samples, labels)
