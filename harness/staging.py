"""Names for what is half-done in a store, which tell whose it is.

What a harness is making or removing has its mark in its name: until it is whole and gets its own
by a rename, or until it is gone. So whoever comes later knows from a name alone whether somebody
still works on it: :mod:`harness.campaign.litter`.
"""

from __future__ import annotations

import re
import secrets
from urllib.parse import quote, unquote

from harness import marks
from runner.contract.job import RUN_ID_PATTERN

OWNER = "harness.txt"
"""In the folder of a job: the mark of the harness that runs it."""

_PARTIAL = re.compile(r"~([^/]+)~[0-9a-f]{8}\.partial")
_OLDER = re.compile(r"(\.[0-9a-f]{8})?\.partial")
_RUN_ID = re.compile(RUN_ID_PATTERN.rstrip("$").replace("._-]", "_-]"))


def partial(name: str) -> str:
    """A name of its own for what becomes ``name``, or was it."""
    return f"{name}~{quote(marks.own(), safe=':.')}~{secrets.token_hex(4)}.partial"


def owner_of(name: str) -> str | None:
    """The mark in such a name: empty in one of an older benchdl; None if it is no such name."""
    run_id = _RUN_ID.match(name)
    if run_id is None:
        return None
    rest = name[run_id.end() :]
    found = _PARTIAL.fullmatch(rest)
    if found:
        return unquote(found[1])
    return "" if _OLDER.fullmatch(rest) else None
