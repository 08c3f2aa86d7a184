"""Runs that are put away or removed, so that no campaign is broken.

What is done of a campaign follows from its record and all of its results: one without the other
would run jobs again, or tell of a campaign of which some is missing. So a campaign goes whole, its
record first: what a power cut leaves is runs without a record, which every table reads.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness import files, staging, trees
from harness.campaign import records
from harness.errors import BenchdlError, UsageError
from harness.files import FileError
from harness.launchers.exchange import MAX_RESULT_BYTES, unwritable
from harness.newest import fitting
from harness.store import ARCHIVE, Store, read
from runner.contract.job import load_job
from runner.contract.schema import ContractError


@dataclass(frozen=True)
class Chosen:
    """Folders of runs, and the ids of the campaigns that go whole with them."""

    folders: list[Path]
    campaigns: list[str]

    def __str__(self) -> str:
        runs, campaigns = len(self.folders), len(self.campaigns)
        whole = f", {campaigns} campaign{'s' if campaigns > 1 else ''} whole" if campaigns else ""
        return f"{runs:,} run{'' if runs == 1 else 's'}{whole}"


def choose(
    store: Store, runs: Sequence[str], campaigns: Sequence[str], say: Callable[[str], None]
) -> Chosen:
    """The runs that are named, and all runs of the campaigns that are.

    Args:
        store: where they are.
        runs: ids, or parts of them.
        campaigns: likewise.
        say: is told if ``latest`` passes over what is dated in the future.

    Raises:
        UsageError: a word names nothing, or several; or a run that the record of a campaign needs
            is named without the others.
    """
    of = {folder: _campaign(folder) for folder in store.folders()}
    recorded = set(records.names(store))
    whole = [_one(word, {*recorded, *filter(None, of.values())}, say) for word in campaigns]
    named = [store.named(word, say) for word in runs]
    chosen = [folder for folder in of if folder in named or of[folder] in whole]
    for folder in named:
        campaign = of[folder]
        missing = [other for other in of if of[other] == campaign and other not in chosen]
        if campaign not in recorded or campaign in whole:
            continue
        if missing:
            raise UsageError(
                f"{files.shown(folder.name)} is one of {len(missing) + 1} or more runs of campaign "
                f"{campaign}, whose record needs all of them",
                f"take it whole: --campaign {campaign}",
            )
        whole.append(str(campaign))
    return Chosen(chosen, sorted({campaign for campaign in whole if campaign in recorded}))


def archive(store: Store, chosen: Chosen) -> Path:
    """Move what was chosen into the store's archive, a store itself; returns its folder.

    Raises:
        BenchdlError: a campaign is being run, something of that name is in the archive, or the
            folder cannot be written. What was moved until then is whole.
    """
    target = store.directory / ARCHIVE
    with _held(store, chosen):
        for source in _in_order(store, chosen):
            place = target / source.relative_to(store.directory)
            if files.exists(place):
                raise BenchdlError(f"{files.shown(place)} exists already", "nothing is replaced")
            try:
                place.parent.mkdir(parents=True, exist_ok=True)
                source.rename(place)
                files.sync(place.parent)
                files.sync(source.parent)
            except OSError as error:
                raise unwritable(store.directory, error) from None
    return target


def remove(store: Store, chosen: Chosen) -> None:
    """Remove for good what was chosen.

    Raises:
        BenchdlError: a campaign is being run, or the folder cannot be written. What was removed
            until then is gone whole.
    """
    with _held(store, chosen):
        for source in _in_order(store, chosen):
            # The name says who removes it: what is left of it is swept after a power cut.
            gone = store.staging() / staging.partial(files.shown(source.stem))
            try:
                source.rename(gone)
                files.sync(source.parent)
                gone.unlink() if files.is_file(gone) else trees.remove(gone)
            except OSError as error:
                raise unwritable(store.directory, error) from None


def _in_order(store: Store, chosen: Chosen) -> Iterator[Path]:
    """The records of the campaigns, then the runs."""
    for campaign_id in chosen.campaigns:
        yield from records.stored(store, campaign_id)
    yield from chosen.folders


@contextlib.contextmanager
def _held(store: Store, chosen: Chosen) -> Iterator[None]:
    """Within the body nobody runs jobs of these campaigns."""
    with contextlib.ExitStack() as locks:
        for campaign_id in chosen.campaigns:
            locks.enter_context(records.held(store, campaign_id))
        yield


def _campaign(folder: Path) -> str | None:
    """The campaign of a run, also of a damaged one; None where its files do not tell."""
    try:
        return read(folder)[0].job.campaign_id
    except BenchdlError:
        pass
    try:
        return load_job(files.read_plain(folder / "job.json", MAX_RESULT_BYTES)).campaign_id
    except (FileError, ContractError):
        return None


def _one(word: str, campaign_ids: set[str], say: Callable[[str], None]) -> str:
    found = fitting(word, campaign_ids, say) if word.strip() else []
    if len(found) != 1:
        fits = f"fits {len(found)} campaigns" if found else "is no campaign here"
        raise UsageError(f"'{word}' {fits}", f"as in {', '.join(found[:4])}" if found else "")
    return found[0]
