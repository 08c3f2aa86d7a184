"""What ``benchdl doctor`` prints: for people, for pipes, and as JSON."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

from harness import printable
from harness.doctor.examination import verdict
from harness.doctor.line import Line, State

if TYPE_CHECKING:
    from rich.text import Text

_STYLES = {State.OK: "green", State.FIRST_USE: "cyan", State.BROKEN: "bold red"}
_COLUMN = max(len(state.value) for state in State) + 1


def plain(lines: list[Line]) -> Iterator[str]:
    """One line each, and the answer."""
    for line in lines:
        fix = f"  -> {line.fix}" if line.fix else ""
        yield f"{line.state.value:<{_COLUMN}}{line.subject}: {line.found}{fix}"
    yield verdict(lines)


def drawn(lines: list[Line], width: int) -> Iterator[Text]:
    """For a terminal of ``width`` columns: no line is longer, unless one word is.

    What was found alike of several is told once.
    """
    from rich.text import Text  # noqa: PLC0415

    for line in _alike_once(lines):
        state = Text(f"{line.state.value:<{_COLUMN}}", style=_STYLES[line.state])
        yield state + Text(_wrapped(f"{line.subject}: {line.found}", width))
        if line.fix:
            yield Text(" " * _COLUMN + _wrapped(f"-> {line.fix}", width), style="bold")
    broken = any(line.state is State.BROKEN for line in lines)
    answer = _wrapped(verdict(lines), width)
    yield Text(f"\n{answer}", style="bold red" if broken else "bold green")


def _alike_once(lines: list[Line]) -> Iterator[Line]:
    """One line for all of one state and finding, where the first of them stands."""
    alike: dict[tuple[State, str, str], list[str]] = {}
    for line in lines:
        alike.setdefault((line.state, line.found, line.fix), []).append(line.subject)
    for (state, found, fix), subjects in alike.items():
        yield Line(state, _listed(subjects), found, fix)


def _listed(subjects: list[str]) -> str:
    """``dataset imdb, mnist``: the words that all begin or end with stand once."""
    words = [subject.split() for subject in subjects]
    least = min(map(len, words)) - 1 if len(words) > 1 else 0
    begin = _shared(words, least)
    end = _shared([part[::-1] for part in words], least - begin)
    own = [" ".join(part[begin : len(part) - end]) for part in words]
    return " ".join([*words[0][:begin], ", ".join(own), *words[0][len(words[0]) - end :]])


def _shared(words: list[list[str]], most: int) -> int:
    """How many of the first words all have, ``most`` at the most."""
    same = (len(set(place)) == 1 for place in zip(*words, strict=False))
    return min(most, next((n for n, alike in enumerate(same) if not alike), most))


def as_json(lines: list[Line]) -> str:
    """``ok`` is whether nothing is broken; ``lines`` has every state, with its fix."""
    broken = any(line.state is State.BROKEN for line in lines)
    found = {"ok": not broken, "lines": [asdict(line) for line in lines]}
    return json.dumps(found, indent=2)


def _wrapped(text: str, width: int) -> str:
    """Beside the column of states."""
    safe = printable.line(text)
    lines = textwrap.wrap(
        safe, max(width - _COLUMN, 20), break_long_words=False, break_on_hyphens=False
    )
    return f"\n{' ' * _COLUMN}".join(lines)
