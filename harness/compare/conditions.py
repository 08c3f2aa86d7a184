"""What has to be equal for two sets of runs to be compared, and what a question lets differ."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal

from harness import counted
from harness.tables.builds import PARTS
from harness.tables.columns_work import samples_word
from harness.tables.rows import Row
from runner.contract.work_and_score import amount

Attribute = Literal[
    "workload",
    "dataset",
    "samples",
    "epochs",
    "budget",
    "batch size",
    "launcher",
    "device",
    "GPU",
    "ranks",
    "precision",
    "threads",
    "machine",
    "backend",
    "mode",
    "variant",
    "overrides",
    "layout",
    "convolutions",
    "software",
    "settings",
    "image",
    "lock files",
    "runner",
]

READ: dict[Attribute, Callable[[Row], object]] = {
    "workload": lambda row: row.workload,
    "dataset": lambda row: row.dataset,
    "samples": lambda row: row.train_samples,
    "epochs": lambda row: row.epochs,
    "budget": lambda row: None if row.epochs else amount(row.budget, row.budget_unit),
    "batch size": lambda row: row.batch_size,
    "launcher": lambda row: row.launcher,
    "device": lambda row: row.device,
    "GPU": lambda row: f"{row.gpus_visible} x {row.gpu_name}" if row.gpu_name else None,
    "ranks": lambda row: row.ranks,
    "precision": lambda row: row.precision,
    "threads": lambda row: row.threads,
    "machine": lambda row: row.machine,
    "backend": lambda row: row.backend,
    "mode": lambda row: row.mode,
    "variant": lambda row: row.variant,
    "overrides": lambda row: row.overrides or None,
    "layout": lambda row: row.layout,
    "convolutions": lambda row: row.convolutions,
    "software": lambda row: row.software,
    "settings": lambda row: row.settings,
    "image": PARTS["image"],
    "lock files": PARTS["lock files"],
    "runner": PARTS["runner"],
}

BUILD: frozenset[Attribute] = frozenset({"software", "image", "lock files", "runner"})
"""What a run was built from. No median is of two builds."""

_OPERATIONS: frozenset[Attribute] = frozenset({"layout", "convolutions"})

Question = Literal[
    "backend",
    "mode",
    "precision",
    "variant",
    "device",
    "launcher",
    "threads",
    "batch size",
    "image",
    "machine",
    "time",
]

FOLLOWS: dict[Question, frozenset[Attribute]] = {
    "backend": BUILD | _OPERATIONS | {"backend", "settings"},
    "mode": _OPERATIONS | {"mode", "settings"},
    "precision": _OPERATIONS | {"precision", "settings"},
    "variant": _OPERATIONS | {"variant", "settings"},
    "device": BUILD | _OPERATIONS | {"device", "GPU", "ranks", "settings"},
    "launcher": BUILD | {"launcher", "settings"},
    "threads": frozenset({"threads", "settings"}),
    "batch size": frozenset({"batch size"}),
    "image": BUILD | _OPERATIONS | {"settings"},
    "machine": (BUILD - {"software"}) | {"machine", "GPU", "ranks"},
    "time": BUILD | {"settings"},
}
"""What may differ because it is what was asked, or because it comes with that. A device brings its
own wheels; a later campaign, newer versions."""

NO_WINNER: dict[Question, frozenset[Attribute]] = {"backend": _OPERATIONS}
"""What differs between tools and is told, but keeps either from being named the faster one: as in
the tables, tools that lay out their pictures differently did not do quite the same, nor did one
whose convolutions were rewritten."""

_IN_ONE_CAMPAIGN: dict[Question, str] = {
    "backend": "benchdl run A B --repeat N runs both in the same shuffled blocks",
    "mode": "benchdl run with --mode as-written --mode tuned runs both in the same shuffled blocks",
    "precision": "benchdl run with --precision A --precision B runs both in the same shuffled "
    "blocks",
    "variant": "benchdl run with --variant A --variant B runs both in the same shuffled blocks",
    "image": "benchdl run BACKEND --against IMAGE runs old and new in the same shuffled blocks",
    "time": "benchdl run BACKEND --against CAMPAIGN runs old and new in the same shuffled blocks",
}
_BY_A_FILE = "a campaign file with both values runs them in the same shuffled blocks"
_MORE_CAMPAIGNS = "more campaigns of each, of 5 runs or more, tell how much campaigns differ"

Key = tuple[object, ...]


def allowed(questions: Iterable[Question]) -> frozenset[Attribute]:
    """The attributes that may differ."""
    return frozenset().union(*(FOLLOWS[question] for question in questions))


def hint(questions: Iterable[Question], launcher: str) -> str:
    """How to get a verdict on what ran in campaigns of different times."""
    asked = list(questions)
    if "machine" in asked or "launcher" in asked or (launcher != "docker" and "time" in asked):
        return _MORE_CAMPAIGNS
    return _IN_ONE_CAMPAIGN.get(asked[0], _BY_A_FILE) if len(asked) == 1 else _BY_A_FILE


def key(row: Row, free: frozenset[Attribute]) -> Key:
    """What a row has to have in common with those that it is compared with."""
    return tuple(read(row) for name, read in READ.items() if name not in free)


def differences(a: Row, b: Row) -> dict[Attribute, tuple[object, object]]:
    """Every attribute in which two rows differ, with both values."""
    both = {name: (read(a), read(b)) for name, read in READ.items()}
    return {name: values for name, values in both.items() if values[0] != values[1]}


def words(found: dict[Attribute, tuple[object, object]]) -> str:
    """Differences as text: ``dataset (mnist / synthetic-mnist), epochs (2 / 10)``."""

    def shown(value: object) -> str:
        return "none" if value is None else f"{value:,}" if isinstance(value, int) else f"{value}"

    return ", ".join(f"{name} ({shown(a)} / {shown(b)})" for name, (a, b) in found.items())


def work(row: Row, but: frozenset[Attribute]) -> str:
    """The conditions of a row as a caption, without those of ``but``."""
    word = samples_word(row.workload)
    shown: dict[Attribute, str | None] = {
        "workload": row.workload,
        "dataset": f"dataset {row.dataset}",
        "samples": f"{row.train_samples:,} {word}" if row.train_samples else None,
        "epochs" if row.epochs else "budget": amount(row.budget, row.budget_unit),
        "batch size": f"batch {row.batch_size}" if row.batch_size else None,
        "launcher": f"launcher {row.launcher}",
        "device": f"device {row.device}",
        "GPU": row.gpu_name,
        "ranks": counted.things(row.ranks, "rank") if row.ranks else None,
        "precision": row.precision,
        "convolutions": f"convolutions {row.convolutions}" if row.convolutions else None,
        "threads": counted.things(row.threads, "thread") if row.threads else None,
        "machine": row.machine,
    }
    return " · ".join(words for name, words in shown.items() if words and name not in but)
