"""What is no longer as it was when a campaign began.

Other data is another question: such a campaign cannot go on. Another environment or machine makes
other numbers: going on takes ``--accept-changes``, and every further result is ``suspect``, so
that no median mixes the two. A different benchdl version is reported and recorded.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import harness
from harness import origins, paths
from harness.campaign import records
from harness.campaign.records import Campaign, Environment
from harness.errors import BenchdlError, UsageError
from harness.provision.verified import Dataset
from harness.store import Store
from runner.contract.result import Finding

CODE = "campaign-changed"


@dataclass(frozen=True)
class Change:
    """One difference, in words; ``harmless`` if it can have no part in what is measured."""

    words: str
    harmless: bool = False


def since(
    campaign: Campaign, data: Dataset, environments: list[Environment], machine: str
) -> list[Change]:
    """The differences between a campaign's start and now.

    Raises:
        BenchdlError: the data is not the same.
    """
    same_data(campaign, data, "start a new campaign: benchdl run")
    found: list[Change] = []
    before = {environment.key: environment for environment in campaign.environments}
    for now in environments:
        then = before.get(now.key)
        if then is None:
            found.append(Change(f"the {now.device} environment of {now.backend} is not recorded"))
        elif now.model_copy(update={"provenance": then.provenance}) != then:
            found.append(Change(f"image.toml of {now.backend} was changed"))
        elif now.provenance.model_copy(update={"note": None}) != then.provenance.model_copy(
            update={"note": None}
        ):
            found.append(Change(_other(then, now)))
    if campaign.launcher != "docker" and runner_sha256() != campaign.runner_sha256:
        found.append(Change("the runner's code was changed"))  # in an image it is part of its id
    if machine != campaign.machine:
        found.append(Change(f"the machine was {campaign.machine}, it is {machine}"))
    version = metadata.version("benchdl")
    if version != campaign.harness_version:
        found.append(Change(f"benchdl was {campaign.harness_version}, it is {version}", True))
    elif harness_sha256() != campaign.harness_sha256:
        found.append(Change("the code of benchdl itself was changed", True))
    return found


def begun_here(campaign: Campaign, store: Store) -> None:
    """A campaign that was imported goes on where it began: of two that go on nobody could tell.

    Raises:
        UsageError: it was begun elsewhere.
    """
    origin = origins.read(records.folder(store), campaign.campaign_id)
    if origin is not None:
        raise UsageError(
            f"campaign {campaign.campaign_id} was imported from {origin.place}, on "
            f"{campaign.machine}",
            f"go on there, with: {campaign.how_to_go_on}; and import it again",
        )


def same_data(campaign: Campaign, data: Dataset, advice: str) -> None:
    """Other data is another question.

    Raises:
        BenchdlError: it is not what the campaign began with.
    """
    if (data.name, data.sha256) != (campaign.dataset, campaign.dataset_sha256):
        raise BenchdlError(
            f"campaign {campaign.campaign_id} began with other data than {data.name} is now", advice
        )


def judge(found: list[Change], *, accept: bool, say: Callable[[str], None]) -> list[Finding]:
    """Tell of each change; the findings that every further result gets.

    Raises:
        BenchdlError: one may change what is measured, and that was not accepted.
    """
    for change in found:
        say(f"changed since the campaign began: {change.words}")
    harmful = [change.words for change in found if not change.harmless]
    if harmful and not accept:
        raise BenchdlError(
            f"what the campaign began with has changed: {'; '.join(harmful)}",
            "start a new one with benchdl run, or go on with --accept-changes: further results "
            "are then marked suspect",
        )
    if not found:
        return []
    return [
        Finding(
            code=CODE,
            severity="suspect" if harmful else "info",
            evidence="since the campaign began: " + "; ".join(change.words for change in found),
            advice="compare with results of the same campaign only in full knowledge of that",
        )
    ]


def runner_sha256() -> str:
    """Of the runner's code, as it runs without an image."""
    return _code_sha256(paths.root() / "runner")


def harness_sha256() -> str:
    """Of the code of this program, which is the same in a checkout and installed."""
    return _code_sha256(Path(harness.__file__).parent)


def file_sha256(file: Path) -> str:
    """Of one file's contents."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _other(then: Environment, now: Environment) -> str:
    ids = [environment.provenance.image_id for environment in (then, now)]
    if ids[0] != ids[1]:
        short = [(image_id or "none").removeprefix("sha256:")[:12] for image_id in ids]
        return f"the {now.device} image of {now.backend} was {short[0]}, it is {short[1]}"
    if now.provenance.kind == "interpreter":
        return f"the Python of {now.backend} is another, or holds other packages"
    return f"the {now.device} environment of {now.backend} has other locked versions"


def _code_sha256(folder: Path) -> str:
    digest = hashlib.sha256()
    files = [
        file for file in folder.rglob("*.py") if paths.CARRIED not in file.relative_to(folder).parts
    ]
    for file in sorted(files):
        digest.update(f"{file.relative_to(folder)}\0{file_sha256(file)}\n".encode())
    return digest.hexdigest()
