"""Exit statuses of ``--fail-on``: 1 is what was asked for alone, every problem is 2."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from harness.errors import BenchdlError

FOUND = 1
_PROBLEM = 2


@contextlib.contextmanager
def apart() -> Iterator[None]:
    """A problem within the body does not end with the status of ``--fail-on``."""
    try:
        yield
    except BenchdlError as error:
        if error.exit_code == FOUND:
            error.exit_code = _PROBLEM
        raise
