"""Variables of ``make`` that become options: which a goal knows, and what their values mean.

Only the command line counts. The Makefile hands every variable over through the environment, as it
was typed: neither make nor a shell looks into a value.
"""

from __future__ import annotations

import difflib
import re
import shlex
from collections.abc import Callable, Iterable, Mapping

from harness.errors import UsageError

GIVEN = "BENCHDL_MAKE_GIVEN"
"""In the environment: the names of the variables that the command line of make had."""

PREFIX = "BENCHDL_MAKE_"
"""Before the name of each of them: its value."""

Options = Callable[[str, str], list[str]]
"""From a variable's name and its value (never empty) to words of a command line."""

_FEW = 8  # names that one line can hold
_BETWEEN = re.compile(r"[,\s]+")
_PAIR = re.compile(r"\s+(?=[A-Za-z_][\w.]*=)")
_YES, _NO = ("1", "yes", "true", "on"), ("0", "no", "false", "off")


def single(option: str) -> Options:
    """One value, whatever is in it."""
    return lambda name, value: [f"{option}={value}"]  # noqa: ARG005


def listed(value: str) -> list[str]:
    """The names of a list, divided by blanks or commas."""
    return [name for name in _BETWEEN.split(value) if name]


def repeated(option: str) -> Options:
    """A list, each name of which is given to the option."""
    return lambda name, value: [f"{option}={word}" for word in listed(value)]  # noqa: ARG005


def joined(option: str) -> Options:
    """A list that the option takes whole, divided by commas."""
    return lambda name, value: [f"{option}={','.join(listed(value))}"]  # noqa: ARG005


def flag(option: str) -> Options:
    """``1`` gives the option, ``0`` does not."""

    def words(name: str, value: str) -> list[str]:
        if value.lower() not in _YES + _NO:
            raise UsageError(f"{name}={value}: expected 1 or 0")
        return [option] if value.lower() in _YES else []

    return words


def setting(key: str) -> Options:
    """The value of one setting of image.toml."""
    return lambda name, value: [f"--set={key}={value}"]  # noqa: ARG005


def pairs(name: str, value: str) -> list[str]:  # noqa: ARG001
    """KEY=VALUE pairs; blanks divide them only before the next key."""
    return [f"--set={pair}" for pair in _PAIR.split(value.strip())]


def free(name: str, value: str) -> list[str]:
    """Words of a command line, quoted as in a shell."""
    try:
        return shlex.split(value)
    except ValueError as error:
        raise UsageError(f"{name}={value}: {str(error).lower()}") from None


def given(environment: Mapping[str, str]) -> dict[str, str]:
    """Variables of make's command line; in a value ``$$`` is one ``$``, as make has it."""
    names = environment.get(GIVEN, "").split()
    return {name: environment.get(PREFIX + name, "").replace("$$", "$") for name in names}


def check(
    goals: list[str],
    known: Iterable[str],
    given: Mapping[str, str],
    takers: Mapping[str, list[str]],
) -> None:
    """Refuse a variable that none of the goals knows: a mistyped one would change nothing.

    Args:
        goals: of this call.
        known: the variables that they take.
        given: the variables of this call.
        takers: of every variable, the goals that take it.

    Raises:
        UsageError: there is one; it names the nearest, and the goals that take it.
    """
    known = sorted(known)
    for name in given:
        if name in known:
            continue
        asked = f"make {' '.join(goals)}"
        here = f"{asked} takes {', '.join(known)}"
        if len(known) > _FEW:
            here = f"make help ABOUT={goals[-1]} explains all that it takes"
        near = _nearest(name, known) or _nearest(name, takers, 0.75)
        if name in takers:
            advice = f"{_take(takers[name])} it; {here}"
        elif near:
            advice = f"did you mean {near}? {_take(takers[near])} it"
        else:
            advice = here
        raise UsageError(f"{asked} knows no variable {name}", advice)


def _nearest(name: str, names: Iterable[str], cutoff: float = 0.6) -> str:
    near = difflib.get_close_matches(name.upper(), sorted(names), n=1, cutoff=cutoff)
    return near[0] if near else ""


def _take(goals: list[str]) -> str:
    """The goals as the subject of a sentence."""
    if len(goals) == 1:
        return f"{goals[0]} takes"
    return f"{', '.join(goals[:-1])} and {goals[-1]} take"


def ignored(
    known: Iterable[str], given: Mapping[str, str], environment: Mapping[str, str]
) -> list[str]:
    """Names that would be options, but are only in the environment, where they do not count."""
    return [name for name in sorted(known) if name not in given and environment.get(name)]


def options(known: Mapping[str, Options], given: Mapping[str, str]) -> list[str]:
    """Options from the variables that are given and not empty.

    Raises:
        UsageError: a value that cannot be meant.
    """
    found = []
    for name, make in known.items():
        if given.get(name, "").strip():
            found += make(name, given[name])
    return found
