"""The options that say which of the stored runs a verb is about: the same ones everywhere."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, TypeVar

import click

from harness import store as stores
from harness import together
from harness.cli import common, completion, out
from harness.cli.priced import Asked
from harness.tables.rows import Row
from harness.tables.selection import STATUSES, Selection
from harness.tables.told_beside import NOTHING
from harness.together import Together

Command = TypeVar("Command", bound=Callable[..., Any])

_AGE = re.compile("([0-9]{1,5})([mhdw])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


class Since(click.ParamType[datetime]):
    """A date, a date and time, or an age as in ``7d``; a time without a zone is UTC."""

    name = "when"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """The moment, with its zone."""
        if isinstance(value, datetime):
            return value
        age = _AGE.fullmatch(value)
        try:
            if age:
                return datetime.now(timezone.utc) - timedelta(**{_UNITS[age[2]]: int(age[1])})
            moment = datetime.fromisoformat(re.sub("[Zz]$", "+00:00", value))
            return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
        except (ValueError, OverflowError):
            self.fail(f"{value}: expected a date as in 2026-11-26, or an age as in 7d or 12h",
                      param, ctx)  # fmt: skip


_OPTIONS: dict[str, Callable[[Any], Any]] = {
    "backends": click.option(
        "--backend",
        "backends",
        multiple=True,
        metavar="BACKEND",
        shell_complete=completion.backends,
        help="Only runs of this backend; repeat for several.",
    ),
    "workloads": click.option(
        "--workload",
        "workloads",
        multiple=True,
        metavar="WORKLOAD",
        shell_complete=completion.workloads,
        help="Only runs of this workload; repeat for several.",
    ),
    "machines": click.option(
        "--machine",
        "machines",
        multiple=True,
        metavar="PART",
        help="Only runs on a machine whose name contains this; repeat for several.",
    ),
    "campaign": click.option(
        "--campaign",
        metavar="CAMPAIGN",
        shell_complete=completion.campaigns,
        help="Only runs of this campaign: its id, a part of it, or latest.",
    ),
    "since": click.option(
        "--since",
        type=Since(),
        metavar="WHEN",
        help="Only runs begun since then: a date (UTC), or an age as in 7d or 12h.",
    ),
    "tags": click.option(
        "--tag",
        "tags",
        multiple=True,
        metavar="WORD",
        help="Only runs that `run --tag` gave this word; repeat for several.",
    ),
    "statuses": click.option(
        "--status",
        "statuses",
        multiple=True,
        type=click.Choice(STATUSES),
        help="Only runs that came to this; repeat for several.",
    ),
}


def options(*without: str) -> Callable[[Command], Command]:
    """Options for all parts of a selection but ``without``; the command gets ``selection``."""
    named = {name: option for name, option in _OPTIONS.items() if name not in without}

    def decorate(command: Command) -> Command:
        @functools.wraps(command)
        def with_selection(*args: Any, **asked: Any) -> Any:
            selection = Selection(**{name: asked.pop(name) for name in named})
            return command(*args, selection=selection, **asked)

        decorated: Any = with_selection
        for option in reversed(named.values()):
            decorated = option(decorated)
        chosen: Command = decorated
        return chosen

    return decorate


def chosen(results: Sequence[Path], selection: Selection) -> Together:
    """What the stores hold, of the results those that fit; a notice says so where none does.

    Raises:
        BenchdlError: a folder of results cannot be listed, or two results of one id differ.
        UsageError: a word of the selection is nothing known.
    """
    found = together.load(common.stores(results))
    stores.report(found.damaged, out.say)
    fitting = selection.of(found.results, out.say)
    if found.results and not fitting:
        out.say(f"none of {len(found.results):,} stored runs fits: benchdl runs lists them")
    return replace(found, results=fitting)


def rows(results: Sequence[Path], selection: Selection, priced: Asked | None = None) -> list[Row]:
    """The same as rows, each with where it is from, and with what it cost where that is asked for.

    Raises:
        BenchdlError: as with :func:`chosen`.
        UsageError: as with :func:`chosen`, or a price is none.
    """
    beside = priced.read(common.stores(results)) if priced else NOTHING
    found = chosen(results, selection)
    return replace(beside, origins=found.origins).rows(found.results)
