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

_PAIR = re.compile(r"\s+(?=[A-Za-z_][\w.]*=)")
_YES, _NO = ("1", "yes", "true", "on"), ("0", "no", "false", "off")


def single(option: str) -> Options:
    """One value, whatever is in it."""
    return lambda name, value: [f"{option}={value}"]  # noqa: ARG005


def repeated(option: str) -> Options:
    """Words, each of which is given to the option."""
    return lambda name, value: [f"{option}={word}" for word in value.split()]  # noqa: ARG005


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


def words(name: str, value: str) -> list[str]:  # noqa: ARG001
    """Words, as they are."""
    return value.split()


def whole(name: str, value: str) -> list[str]:  # noqa: ARG001
    """One word, blanks included."""
    return [value]


def given(environment: Mapping[str, str]) -> dict[str, str]:
    """Variables of make's command line; in a value ``$$`` is one ``$``, as make has it."""
    names = environment.get(GIVEN, "").split()
    return {name: environment.get(PREFIX + name, "").replace("$$", "$") for name in names}


def check(goals: list[str], known: Iterable[str], given: Mapping[str, str]) -> None:
    """Refuse a variable that none of the goals knows: a mistyped one would change nothing.

    Raises:
        UsageError: there is one.
    """
    known = sorted(known)
    for name in given:
        if name in known:
            continue
        near = difflib.get_close_matches(name.upper(), known, n=1, cutoff=0.6)
        advice = f"did you mean {near[0]}?" if near else f"it knows: {', '.join(known)}"
        raise UsageError(f"make {' '.join(goals)} knows no variable {name}", advice)


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
