"""A text in IDX files, a byte for each character, cut into windows: what comes next?"""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence, Tuple, Union

from runner.contract.idx_header import Kind, header
from runner.data.arrays import Arrays
from runner.data.contents import DatasetError

FILES = ("train-characters-idx1-ubyte", "test-characters-idx1-ubyte")
"""The training text and the test text."""


@dataclass(frozen=True)
class Windows:
    """Windows of ``block`` characters, one after the other; the label of each is the next.

    Inputs are int32 (n, block), labels int64 (n, block): the same characters, one further on. No
    character is a label twice. What is left at a text's end is dropped.

    Attributes:
        characters: how many different ones there are.
        block: characters of a window.
        train_windows: only the first so many windows of the training text; all if None.
    """

    characters: int
    block: int
    train_windows: Optional[int] = None

    @property
    def classes(self) -> int:
        """The characters."""
        return self.characters

    @property
    def noun(self) -> str:
        """As every format."""
        return "windows"

    def train_count(self, text: int) -> int:
        """How many windows of a training text of so many characters are taken."""
        count = self.count(text)
        return count if self.train_windows is None else min(count, self.train_windows)

    def count(self, text: int) -> int:
        """How many windows a text of so many characters gives."""
        return max(0, text - 1) // self.block

    def load(
        self,
        data_dir: Union[str, Path],
        expected_sha256: Dict[str, str],
        train_samples: Optional[int],
        most_train: Optional[int] = None,
    ) -> Arrays:
        """As every format."""
        from runner.data import labelled  # noqa: PLC0415 - NumPy: not before threads are fixed

        directory = Path(data_dir)
        text, tests = (self._text(directory, name, expected_sha256) for name in FILES)
        chosen = labelled.chosen(self.train_count(len(text)), directory, train_samples, most_train)
        inputs, labels = self._cut(text)
        return Arrays(inputs[chosen], labels[chosen], *self._cut(tests))

    def files(self, samples: Sequence[bytes], labels: Sequence[int]) -> Dict[str, bytes]:
        """Two files; the first character follows the last one. A window has its labels itself."""
        del labels
        text = b"".join(samples) + samples[0][:1]
        return {name: header((len(text),)) + text for name in FILES}

    def drawn(self, count: int, draw: random.Random) -> List[bytes]:
        """Characters drawn evenly."""
        every = range(self.characters)
        return [bytes(draw.choices(every, k=self.block)) for _ in range(count)]

    def _text(self, directory: Path, name: str, expected: Dict[str, str]) -> Any:
        from runner.data import idx  # noqa: PLC0415 - as above

        text = idx.values(directory, name, Kind.UBYTE, 1, expected)
        if not self.count(len(text)):
            raise DatasetError(f"{name}: {len(text)} characters give no window of {self.block}")
        if int(text.max()) >= self.characters:
            raise DatasetError(
                f"{name}: character {int(text.max())} of {self.characters} from 0: of another "
                "table of characters?"
            )
        return text

    def _cut(self, text: Any) -> Tuple[Any, Any]:
        """Inputs and labels of all windows, (n, block)."""
        count = self.count(len(text)) * self.block
        shape = (-1, self.block)
        inputs, labels = text[:count].reshape(shape), text[1 : count + 1].reshape(shape)
        return inputs.astype("int32"), labels.astype("int64")
