"""Several folders of results read as one: the same run once, and never two of one id."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness import files, origins
from harness.errors import BenchdlError, UsageError
from harness.store import CAMPAIGNS, Damaged, Store
from runner.contract.result import Result


@dataclass(frozen=True)
class Together:
    """What several stores hold.

    Args:
        results: in the order of their ids.
        damaged: the directories that cannot be read.
        folders: of the results' files, by run id.
        origins: by run id where a run was brought from, or which of several stores holds it;
            nothing of runs that were made in the only one.
    """

    results: list[Result]
    damaged: list[Damaged]
    folders: dict[str, Path]
    origins: dict[str, str]


def load(stores: Sequence[Store]) -> Together:
    """All results of the stores; one that several hold is one.

    Raises:
        UsageError: one of several folders is not there, since a typing error would go unseen.
        BenchdlError: a folder cannot be listed, or two results of one id differ.
    """
    found: dict[str, Result] = {}
    damaged: list[Damaged] = []
    folders: dict[str, Path] = {}
    places: dict[str, str] = {}
    several = len(stores) > 1
    for store in stores:
        if several and not files.is_dir(store.directory):
            raise UsageError(
                f"there is no folder {files.shown(store.directory)}", "each --results names one"
            )
        results, spoilt = store.load()
        damaged += spoilt
        notes = origins.known(store.directory / CAMPAIGNS)
        for result in results:
            earlier = found.setdefault(result.run_id, result)
            if earlier != result:
                raise BenchdlError(
                    f"two results of the id {result.run_id} differ: in "
                    f"{files.shown(folders[result.run_id].parent)} and in "
                    f"{files.shown(store.directory)}",
                    "a run is one: find out which was changed, and leave the other folder out",
                )
            if result.run_id in folders:
                continue
            folders[result.run_id] = store.directory / result.run_id
            note = notes.get(result.job.campaign_id)
            if note or several:
                places[result.run_id] = note.place if note else files.shown(store.directory)
    ordered = [found[run_id] for run_id in sorted(found)]
    return Together(ordered, damaged, folders, places)
