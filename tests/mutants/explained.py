"""Mutants that no test can notice, with the reason: ``explained.toml``."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from mutants.trial import Tried
from pydantic import BaseModel, ConfigDict

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FILE = Path(__file__).with_name("explained.toml")


class Explained(BaseModel):
    """Changes of one place, with why they make no difference.

    ``was`` are the changed lines without their indentation; ``now`` is what each of the mutants
    makes of them.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    module: str
    was: str
    now: list[str]
    why: str


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    mutant: list[Explained] = []


@dataclass(frozen=True)
class Judged:
    """Survivors without an explanation, and explanations without a survivor."""

    unexplained: list[Tried]
    idle: list[str]


def read(file: Path = FILE) -> list[Explained]:
    """All explanations."""
    return _File.model_validate(tomllib.loads(file.read_text(encoding="utf-8"))).mutant


def judge(tried: Iterable[Tried], known: Iterable[Explained]) -> Judged:
    """Compare what survived with what is explained, for the modules that were tried."""
    tried = list(tried)
    modules = {attempt.module for attempt in tried}
    reasons = {
        (explanation.module, explanation.was.strip(), now.strip())
        for explanation in known
        if explanation.module in modules
        for now in explanation.now
    }
    survivors = {_key(attempt): attempt for attempt in tried if attempt.outcome == "survived"}
    unexplained = [
        attempt
        for attempt in tried
        if attempt.outcome == "survived" and _key(attempt) not in reasons
    ]
    idle = [f"{key[0]}: {key[1]} -> {key[2]}" for key in sorted(reasons - set(survivors))]
    return Judged(unexplained, idle)


def _key(attempt: Tried) -> tuple[str, str, str]:
    return attempt.module, attempt.mutant.was, attempt.mutant.now
