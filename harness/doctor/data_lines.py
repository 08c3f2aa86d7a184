"""Datasets, as ``benchdl doctor`` finds them."""

from __future__ import annotations

from pathlib import Path

from harness.doctor.line import Line, broken, first_use, ok
from harness.provision import obtain
from harness.provision.obtain import DatasetState

_CACHE = "cache"


def examine(data_dir: Path | None) -> list[Line]:
    """Every dataset, in the cache and in the folder that the user named."""
    return [_line(state) for state in obtain.listing(data_dir)]


def _line(state: DatasetState) -> Line:
    name = state.spec.name
    subject = f"dataset {name}"
    if state.state == "complete":
        # In the cache each has a folder of its name: told alike, they share one line.
        place = state.where.parent if state.origin == _CACHE else state.where
        return ok(subject, f"complete in {place}")
    if state.origin != _CACHE:
        fix = f"name the folder that has it, or none: benchdl data fetch {name}"
        found = state.problem or f"{state.where} has none of its files"
        return broken(subject, f"{state.origin}: {found}", fix)
    if state.state == "corrupt":
        return first_use(subject, f"replaced by the next run: {state.problem}")
    if state.spec.generate:
        return first_use(subject, "not generated yet; the first run does it")
    return first_use(subject, "not downloaded yet; the first run does it")
