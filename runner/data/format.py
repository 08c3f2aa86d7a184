"""What a workload says of its samples: how they lie in files, and what a trainer gets of them.

A format is a plain statement that imports no NumPy: a trainer is a fork of the judge, whose number
of threads would otherwise be fixed before the backend can set it.
"""

from __future__ import annotations

import random
from pathlib import Path
from typing import Dict, List, Optional, Sequence, Union

from typing_extensions import Protocol

from runner.data.arrays import Arrays


class Format(Protocol):
    """One kind of samples; each of them is a string of bytes in its file, and has a label.

    Labels count from 0 and are below ``classes``. Those of a text lie in it: what comes next.
    """

    @property
    def classes(self) -> int:
        """How many classes the labels tell apart."""

    @property
    def noun(self) -> str:
        """What tables call the samples, in the plural."""

    def load(
        self,
        data_dir: Union[str, Path],
        expected_sha256: Dict[str, str],
        train_samples: Optional[int],
        most_train: Optional[int] = None,
    ) -> Arrays:
        """Read and check the files of both sets.

        Args:
            data_dir: the directory of the files, raw or compressed; a raw file is preferred.
            expected_sha256: of the decoded contents, by file name without ``.gz``.
            train_samples: take only the first so many training samples; all if None.
            most_train: of those at most so many, evenly spread over all; all if None.

        Raises:
            DatasetError: a file is missing, unreadable, malformed or not the expected one, or there
                are fewer training samples than asked for.
        """

    def files(self, samples: Sequence[bytes], labels: Sequence[int]) -> Dict[str, bytes]:
        """A dataset whose training and test set are both of these samples: contents by name."""

    def drawn(self, count: int, draw: random.Random) -> List[bytes]:
        """``count`` samples of noise, no two alike, whose gradients are of the usual size."""
