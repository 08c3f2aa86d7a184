"""Which of several names with a date is meant: by a part of it, or the newest, if clocks may have
been wrong.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta, timezone

_DATE = re.compile(r"(\d{8}t\d{6}z)-.*", re.ASCII | re.DOTALL)
_SLACK = timedelta(seconds=60)
"""For stores that several machines share."""


def nothing(line: str) -> None:
    """Say nothing."""


def fitting(word: str, names: Iterable[str], say: Callable[[str], None] = nothing) -> list[str]:
    """The names that ``word`` may mean: the very one, else those that contain it, sorted.

    ``latest`` is the newest, as with :func:`newest`.
    """
    known = sorted(set(names))
    if word == "latest":
        return newest(known, say)
    return [word] if word in known else [name for name in known if word in name]


def newest(
    names: Sequence[str], say: Callable[[str], None] = nothing, now: datetime | None = None
) -> list[str]:
    """The newest of ``names``, which are sorted, as a list of one; of none, none.

    What is dated in the future was made before the clock was set back, or by a machine whose clock
    is wrong: it comes last, and ``say`` is told. What has no date was not made by benchdl, and is
    the newest only where nothing has one.
    """
    names = [name for name in names if _DATE.fullmatch(name)] or names
    limit = (now or datetime.now(timezone.utc)) + _SLACK
    ahead = [name for name in names if _is_after(name, limit)]
    others = [name for name in names if name not in ahead]
    if not ahead or not others:
        return list(names[-1:])
    say(
        f"latest is {others[-1]}; {ahead[-1]} is dated in the future, by a clock that was wrong: "
        "name it if you mean it"
    )
    return others[-1:]


def _is_after(name: str, limit: datetime) -> bool:
    found = _DATE.fullmatch(name)
    if found is None:
        return False
    try:
        date = datetime.strptime(found[1].upper(), "%Y%m%dT%H%M%SZ").replace(tzinfo=timezone.utc)
    except ValueError:
        return False
    return date > limit
