"""What runs were built from, and when: a median is of one build, and of days only with a note."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping

from harness import origins
from harness.tables.rows import Row
from harness.tables.sampled import moment

PARTS: dict[str, Callable[[Row], str | None]] = {
    "software": lambda row: row.software,
    "settings": lambda row: row.settings,
    "image": lambda row: row.image_id and short(row.image_id),
    "lock files": lambda row: row.locks_sha256 and short(row.locks_sha256),
    "runner": lambda row: row.runner_sha256 and short(row.runner_sha256),
}
"""What no two runs of one median may be built from."""

APART: dict[str, Callable[[Row], str | None]] = {
    **PARTS,
    "GPUs visible": lambda row: str(row.gpus_visible) if row.device == "gpu" else None,
}
"""What no two runs of one median may differ in: a tool that sees four GPUs and takes the first did
not do what one did that sees no other."""

_AS_STORED = operator.attrgetter(
    "software", "settings", "image_id", "locks_sha256", "runner_sha256", "gpus_visible"
)
"""The same of a run as it was stored."""

APART_S = 12 * 3600.0
"""Runs that began further apart than this did not meet one state of the machine."""

_DIGITS = 12


def short(digest: str) -> str:
    """The digits of a SHA-256 that tell it from others here."""
    return digest.removeprefix("sha256:")[:_DIGITS]


def words(
    rows: Iterable[Row], parts: Mapping[str, Callable[[Row], str | None]] = APART
) -> dict[str, str]:
    """By run id what tells its build from the others': empty where there is only one.

    Only those of ``parts`` that differ are named, and of those none that says nothing new.
    """
    known = list(rows)
    if len(set(map(_AS_STORED, known))) < 2:  # nearly always
        return {row.run_id: "" for row in known}
    told = ["" for _ in known]
    for name, read in parts.items():
        values = [read(row) for row in known]
        finer = {(said, value) for said, value in zip(told, values, strict=True)}
        if len(finer) == len(set(told)):
            continue
        plain = name in ("software", "settings")
        for index, value in enumerate(values):
            part = (value or "none") if plain else f"{name} {value or 'unknown'}"
            told[index] += ("; " if told[index] else "") + part
    return {row.run_id: said for row, said in zip(known, told, strict=True)}


def notes(named: str, rows: list[Row]) -> list[str]:
    """What the runs of one median differ in although they share it."""
    found = []
    measured_by = list(dict.fromkeys(row.harness for row in rows))
    if len(measured_by) > 1:
        found.append(
            f"{named}: its {len(rows)} runs were measured by {len(measured_by)} versions of "
            f"benchdl's code ({', '.join(version or 'not recorded' for version in measured_by)})"
        )
    kernels = sorted({row.kernel for row in rows if row.kernel})
    if len(kernels) > 1:
        found.append(
            f"{named}: its {len(rows)} runs were on {len(kernels)} kernels ({', '.join(kernels)})"
        )
    places = list(dict.fromkeys(row.origin or origins.HERE for row in rows))
    if len(places) > 1:
        found.append(
            f"{named}: its {len(rows)} runs were made in {len(places)} places "
            f"({', '.join(places)}); an interval of them speaks of these hosts, not of all of "
            "their type"
        )
    began = sorted(moment(row.started_at) for row in rows)
    apart_s = (began[-1] - began[0]).total_seconds() if began else 0.0
    if apart_s > APART_S:
        long = f"{apart_s / 86400:.1f} days" if apart_s >= 86400 else f"{apart_s / 3600:.0f} hours"
        found.append(
            f"{named}: its {len(rows)} runs began up to {long} apart "
            f"({began[0]:%Y-%m-%d} to {began[-1]:%Y-%m-%d})"
        )
    return found
