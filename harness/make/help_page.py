"""``make help``: what the goals do, and what the variables mean."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from harness.errors import UsageError
from harness.make import offered, tools

_WIDTH = 80
_GROUPS = {
    "Train": ("bench-BACKEND", "bench-WORKLOAD", "bench", "bench-all", "bench-thesis", "resume"),
    "Look at results": ("report", "compare", "history"),
    "This machine": ("doctor", "peak", "selftest", "images", "setup", "clean", "help"),
    "Change benchdl (test and lint goals install its tools for development)": (
        "test-fast", "test", "test-gpu", "lint", "format", "mutants", "perf", "lock",
    ),
}  # fmt: skip
_OFTEN = (
    "BACKENDS", "WORKLOAD", "EPOCHS", "MODE", "REPEAT", "DEVICE", "GPUS", "THREADS", "DATA_DIR",
    "DRY_RUN",
)  # fmt: skip
_BEGIN = """\
benchdl: how fast does a deep-learning tool train on this machine, and can you
trust the number? Begin with two commands:

  make bench-tf EPOCHS=1    train a small network once; prints a table
  make report               write report.html: charts, tables, provenance"""
_FIRST = """\
The first bench makes what it needs, once: benchdl's own environment (.venv), the
image or environment of the tool, and the data. make bench-tf DRY_RUN=1 shows the
plan. Outside this folder, ~/.cache/benchdl and the Docker engine nothing changes."""


def text(goal: str = "") -> str:
    """The page about everything, or about one goal.

    Raises:
        UsageError: there is no such goal.
    """
    return "\n".join(_of_goal(goal) if goal else _of_all()) + "\n"


def _of_all() -> Iterator[str]:
    yield from (_BEGIN, "", _FIRST)
    for title, goals in _GROUPS.items():
        yield from ("", title)
        for goal in goals:
            yield from _entry(f"make {goal}", offered.GOALS[goal].meaning, 21)
    yield from ("", "Variables of bench goals used most (lists are divided by blanks or commas)")
    for name in _OFTEN:
        yield from _entry(name, offered.GOALS["bench"].takes[name].meaning, 21)
    yield ""
    yield from _entry("BACKEND", ", ".join(tools.backends()), 10)
    yield from _entry("WORKLOAD", ", ".join(tools.workloads()), 10)


def _of_goal(goal: str) -> Iterator[str]:
    kind = offered.kind(goal) or (goal if goal in offered.GOALS else "")
    if not kind:
        raise UsageError(f"ABOUT={goal}: make knows no such goal", "make help lists them")
    yield from textwrap.wrap(f"make {goal}: {offered.GOALS[kind].meaning}", _WIDTH)
    for name, variable in sorted(offered.taken(kind).items()):
        yield from _entry(name, variable.meaning, 15)


def _entry(name: str, meaning: str, column: int) -> list[str]:
    """A name and its meaning in two columns."""
    indent = " " * (column + 2)
    return textwrap.wrap(
        f"{name:<{column - 1}} {meaning}", _WIDTH, initial_indent="  ", subsequent_indent=indent,
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip
