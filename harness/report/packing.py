"""Small and quick to read: columns, shared parts, and compressed text inside a page."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Sequence
from typing import Any

from harness import printable

_DIGITS = 7  # of a second of an hour's run that is still a millisecond


def pack(values: Sequence[Any]) -> dict[str, list[Any]]:
    """A column of numbers as ``v``; one of texts as the different ones, ``d``, and indices, ``c``.

    An index of -1 stands for None.
    """
    if all(value is None or isinstance(value, str) for value in values):
        known: dict[str, int] = {}
        codes = [-1 if v is None else known.setdefault(v, len(known)) for v in values]
        return {"d": list(known), "c": codes}
    return {"v": [short(value) for value in values]}


def short(value: Any) -> Any:
    """A float cut to seven significant digits, all else as it is."""
    return float(f"{value:.{_DIGITS}g}") if isinstance(value, float) else value


class Pool:
    """Texts that many runs share, each held once: an image's provenance, a host, a finding."""

    def __init__(self) -> None:
        self._known: dict[str, int] = {}

    def add(self, text: str) -> int:
        """The number of ``text``."""
        return self._known.setdefault(text, len(self._known))

    def texts(self) -> list[str]:
        """All texts, by number."""
        return list(self._known)


def packed(document: Any) -> str:
    """``document`` as JSON, gzip and base64: letters that no HTML parser takes for a tag.

    Its texts show as they are: no character in them turns or hides others.
    """
    text = json.dumps(document, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    text = printable.in_json(text)
    # mtime=0: the same document is the same text
    return base64.b64encode(gzip.compress(text.encode(), compresslevel=5, mtime=0)).decode("ascii")
