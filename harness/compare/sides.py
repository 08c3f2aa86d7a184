"""The words A and B of ``benchdl compare``: backends, campaigns, or folders of results."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from harness import catalog, files, together
from harness.compare.conditions import Question
from harness.errors import UsageError
from harness.named_paths import named
from harness.newest import fitting
from harness.store import Store, report
from harness.tables.columns_work import recipe_batch_size
from harness.tables.rows import Row
from harness.tables.selection import ALL, Selection, campaign_of
from harness.tables.told_beside import Beside
from runner.contract.precision import PRECISIONS

_COUNT = re.compile("[0-9]{1,9}")
_MODES = ("as-written", "tuned")
_COUNTS: dict[str, Question] = {"threads": "threads", "batch": "batch size"}


@dataclass(frozen=True)
class Selector:
    """A backend and what was named of its configuration: ``tf:tuned:gpu:threads=4:no-pool``."""

    backend: str
    named: dict[Question, str | int | None]


@dataclass(frozen=True)
class Sides:
    """Rows of both sides, what is asked of them, and those of further campaigns."""

    kind: Literal["backends", "campaigns", "folders"]
    names: tuple[str, str]
    rows: tuple[list[Row], list[Row]]
    questions: tuple[Question, ...]
    others: list[Row] = field(default_factory=list)


def resolve(
    words: tuple[str, str],
    stores: Sequence[Store],
    say: Callable[[str], None],
    selection: Selection = ALL,
) -> Sides:
    """Find out what A and B are and load their rows, of which only those of ``selection`` count.

    Raises:
        UsageError: a word is nothing known, both are the same, or they are of different kinds.
    """
    if words[0] == words[1]:
        raise UsageError(f"A and B are both '{words[0]}'", "benchdl selftest compares A with A")
    found = _load(stores, say, selection)
    where = " and ".join(files.shown(store.directory) for store in stores)
    known = {*catalog.names(), *(row.backend for row in found)}
    kinds = [_kind(word, known) for word in words]
    if kinds[0] != kinds[1]:
        for word, kind in zip(words, kinds, strict=True):
            if kind == "campaigns":
                _campaign(word, found, where, say)  # a typing error is the likelier reason
        raise UsageError(
            f"'{words[0]}' is of the {kinds[0]}, '{words[1]}' of the {kinds[1]}",
            "compare two backends, two campaigns, or two folders of results",
        )
    if selection.campaign and kinds[0] != "backends":
        raise UsageError(f"--campaign with {kinds[0]}", "it is for two backends")
    if kinds[0] == "folders":
        a, b = (_folder(word, say, selection) for word in words)
        return Sides("folders", words, (a, b), ("machine",))
    if kinds[0] == "campaigns":
        ids = (_campaign(words[0], found, where, say), _campaign(words[1], found, where, say))
        if ids[0] == ids[1]:
            raise UsageError(f"'{words[0]}' and '{words[1]}' are the same campaign", ids[0])
        first, second = (
            [row for row in found if row.campaign_id == campaign_id] for campaign_id in ids
        )
        others = [row for row in found if row.campaign_id not in ids]
        return Sides("campaigns", ids, (first, second), ("time",), others)
    return _backends(words, found, where)


def _kind(word: str, backends: set[str]) -> Literal["backends", "campaigns", "folders"]:
    if word.partition(":")[0] in backends:
        return "backends"
    return "folders" if files.is_dir(named(word, "compare")) else "campaigns"


def _load(stores: Sequence[Store], say: Callable[[str], None], selection: Selection) -> list[Row]:
    held = together.load(stores)
    report(held.damaged, say)
    return Beside(held.origins).rows(selection.of(held.results, say))


def _folder(word: str, say: Callable[[str], None], selection: Selection) -> list[Row]:
    found = _load([Store(named(word, "compare"))], say, selection)
    if not found:
        fits = " that fit" if selection else ""
        raise UsageError(f"no results{fits} in the folder {word}", "it is what --results names")
    return found


def _campaign(word: str, found: Sequence[Row], where: str, say: Callable[[str], None]) -> str:
    ids = sorted({row.campaign_id for row in found})
    if not fitting(word, ids):
        raise UsageError(
            f"'{word}' is no backend, no campaign in {where} and no folder",
            f"backends: {', '.join(catalog.names())}; "
            + (f"campaigns: {', '.join(ids[:-4:-1])}" if ids else "no campaign yet: benchdl run"),
        )
    return campaign_of(word, ids, say)


def _backends(words: tuple[str, str], found: list[Row], where: str) -> Sides:
    a, b = (_parse(word) for word in words)
    a, b = _completed(a, b.named), _completed(b, a.named)
    asked: list[Question] = ["backend"] if a.backend != b.backend else []
    asked += [name for name in a.named if a.named[name] != b.named[name]]
    if not asked:
        raise UsageError(f"'{words[0]}' and '{words[1]}' name the same configuration")
    matching = []
    for word, selector in zip(words, (a, b), strict=True):
        having = [row for row in found if row.backend == selector.backend and _fits(row, selector)]
        if not having:
            there = sorted({_said(row) for row in found if row.backend == selector.backend})
            raise UsageError(
                f"no results of {word} in {where}",
                f"there are: {', '.join(there)}" if there else f"benchdl run {selector.backend}",
            )
        matching.append(having)
    return Sides("backends", words, (matching[0], matching[1]), tuple(asked))


def _parse(word: str) -> Selector:
    backend, *parts = word.split(":")
    named: dict[Question, str | int | None] = {}
    for part in parts:
        name, _, value = part.partition("=")
        question: Question
        if value and name == "image":
            if not re.fullmatch("(sha256:)?[0-9a-f]{4,64}", value):
                raise UsageError(f"{word}: '{part}'", "expected image=ID, as benchdl table shows")
            question, value = "image", value.removeprefix("sha256:")
        elif value:
            if name not in _COUNTS or not _COUNT.fullmatch(value):
                raise UsageError(f"{word}: '{part}'", "expected threads=N, batch=N or image=ID")
            question = _COUNTS[name]
        elif part in _MODES:
            question = "mode"
        elif part in PRECISIONS:
            question = "precision"
        elif part in ("cpu", "gpu"):
            question = "device"
        elif part in ("docker", "local", "python"):
            question = "launcher"
        elif part:
            question = "variant"
        else:
            raise UsageError(f"{word}: nothing after a colon", f"as in {backend}:tuned:gpu")
        if question in named:
            raise UsageError(f"{word} names two of: {question}", f"{named[question]} and {part}")
        named[question] = (
            int(value) if value.isdigit() and question in _COUNTS.values() else value or part
        )
    return Selector(backend, named)


def _completed(selector: Selector, opposite: dict[Question, str | int | None]) -> Selector:
    """What only the other side names is here what a run has without that option."""
    usual: dict[Question, str | None] = {
        "mode": "as-written",
        "precision": "float32",
        "variant": "default",
    }
    named = dict(selector.named)
    for question, value in opposite.items():
        if question in named:
            continue
        if question in ("device", "launcher", "image"):
            raise UsageError(
                f"only one side names its {question}", f"as in {selector.backend}:{value}"
            )
        named[question] = usual.get(question)
    return Selector(selector.backend, named)


def _fits(row: Row, selector: Selector) -> bool:
    values: dict[Question, object] = {
        "mode": row.mode,
        "precision": row.precision,
        "variant": row.variant,
        "device": row.device,
        "launcher": row.launcher,
        "threads": row.threads,
        "batch size": row.batch_size,
        "image": (row.image_id or "").removeprefix("sha256:"),
    }
    own = recipe_batch_size(row.workload)
    return all(
        str(values[question]).startswith(str(wanted))
        if question == "image"
        else values[question] == (own if question == "batch size" and wanted is None else wanted)
        for question, wanted in selector.named.items()
    )


def _said(row: Row) -> str:
    """The row's configuration as a selector."""
    precision = [row.precision] if row.precision != "float32" else []
    return ":".join([row.backend, row.mode, *precision, row.variant, row.device, row.launcher])
