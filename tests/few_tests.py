"""Few test pictures in a tree of tests: whatever is tested of a job, judging ten thousand of them
takes more time than its training.
"""

from __future__ import annotations

from pathlib import Path

COUNT = 1000

_PATCH = f"""

from runner.data.arrays import Arrays

_load_all = Pictures.load


def _load_few(*given, **named):
    arrays = _load_all(*given, **named)
    images, labels = arrays.test_inputs[:{COUNT}], arrays.test_labels[:{COUNT}]
    return Arrays(arrays.train_inputs, arrays.train_labels, images, labels)


Pictures.load = _load_few
"""


def leave_few(root: Path) -> None:
    """Let jobs of the tree ``root``, a BENCHDL_ROOT, read the first of the test pictures alone."""
    with (root / "runner" / "data" / "picture_format.py").open("a") as file:
        file.write(_PATCH)
