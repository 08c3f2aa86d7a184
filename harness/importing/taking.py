"""Results and records taken into a store: each whole or not at all, and none replaced.

Results come first, a campaign's record last: what a power cut leaves is runs without a record,
which every table reads, and the next import goes on from there.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from harness import counted, files, origins, staging, trees
from harness import store as stores
from harness.campaign import records
from harness.errors import BenchdlError
from harness.importing import likeness
from harness.importing.incoming import Incoming, StoreError
from harness.launchers.exchange import unwritable
from harness.store import ARCHIVE, CAMPAIGNS, Store, write_durably
from runner.contract.job import RUN_ID_PATTERN
from runner.contract.result import Result

Advance = Callable[[int], None]
"""Is told how many runs have been looked at."""

_HALF_DONE = "imported-run"


@dataclass
class Taken:
    """What came of one source: how many of each, and a line for each that was refused."""

    runs: int = 0
    known_runs: int = 0
    campaigns: int = 0
    known_campaigns: int = 0
    refused: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        new = [counted.things(self.runs, "run"), counted.things(self.campaigns, "campaign")]
        words = [f"{' and '.join(new)} new"]
        if self.known_runs or self.known_campaigns:
            known = [counted.things(self.known_runs, "run")]
            known += [counted.things(self.known_campaigns, "campaign")]
            words.append(f"{' and '.join(known)} there already")
        return ", ".join([*words, *([f"{len(self.refused)} refused"] if self.refused else [])])


def take(incoming: Incoming, store: Store, advance: Advance = lambda _: None) -> Taken:
    """Take all that is sound and not there yet; what is damaged or differs is refused, and told.

    Raises:
        BenchdlError: a folder cannot be listed, or the store cannot be written. What was taken
            until then is whole.
    """
    store.staging()  # a store that cannot be written refuses at once, and not each run
    taken = Taken(refused=incoming.spoilt())
    for number, run in enumerate(incoming.runs(), 1):
        with _refused(taken):
            is_new = _take_run(incoming, run, store)
            taken.runs, taken.known_runs = taken.runs + is_new, taken.known_runs + (not is_new)
        advance(number)
    for campaign_id in incoming.campaigns():
        with _refused(taken):
            is_new = _take_record(incoming, campaign_id, store)
            taken.campaigns += is_new
            taken.known_campaigns += not is_new
    return taken


@contextlib.contextmanager
def _refused(taken: Taken) -> Iterator[None]:
    try:
        yield
    except StoreError:
        raise
    except BenchdlError as problem:
        taken.refused.append(str(problem))


def _take_run(incoming: Incoming, run: Path, store: Store) -> bool:
    """Returns whether it is new. What is checked is the copy: the source may change meanwhile."""
    shown = files.shown(run.name)
    if not re.fullmatch(RUN_ID_PATTERN, run.name):
        raise BenchdlError(f"{shown}: that is no name of a run")
    with _writing(store):
        partial = store.staging() / staging.partial(_HALF_DONE)
        copy = partial / run.name
        try:
            copy.mkdir(parents=True)
            incoming.put(run, copy)
            result, _ = stores.read(copy, whole=True)
            there = _there(store, run.name)
            if there is None:
                _note_origin(incoming, result, store)
                if _put_in_place(copy, store.directory / run.name):
                    return True
                there = store.directory / run.name
            words = incoming.words_for_paths or _through_a_bundle(store, result.job.campaign_id)
            if not likeness.of_results(there, copy, words_for_paths=words):
                raise BenchdlError(
                    f"{shown}: it differs from {files.shown(there)}, which stays",
                    "a run is one: find out which was changed",
                )
            return False
        finally:
            trees.remove(partial)


def _take_record(incoming: Incoming, campaign_id: str, store: Store) -> bool:
    """Returns whether it is new."""
    raw = incoming.record(campaign_id)
    with _writing(store):
        for folder in (records.folder(store), store.directory / ARCHIVE / CAMPAIGNS):
            there = folder / f"{campaign_id}.json"
            if not files.exists(there):
                continue
            ours = records.read(there)[1]
            words = incoming.words_for_paths or _through_a_bundle(store, campaign_id)
            if ours != raw and not (words and likeness.alike(ours, raw)):
                raise BenchdlError(
                    f"{campaign_id}.json: it differs from {files.shown(there)}, which stays",
                    "a campaign is planned once: find out which was changed",
                )
            return False
        _put_origin(incoming, campaign_id, store)
        try:
            records.put(store, campaign_id, raw.decode("utf-8"))
        except BenchdlError as problem:
            raise StoreError(problem.message, problem.advice) from None
    return True


def _there(store: Store, run_id: str) -> Path | None:
    """The folder of a run that is here already, put away or not."""
    places = (store.directory / run_id, store.directory / ARCHIVE / run_id)
    return next((place for place in places if files.exists(place)), None)


def _put_in_place(copy: Path, final: Path) -> bool:
    """Returns whether it was put there, and not by another import in the meantime."""
    for file in copy.iterdir():
        with file.open("rb") as stream:
            os.fsync(stream.fileno())
    try:
        copy.rename(final)  # fails if there is one: no folder replaces one that holds files
    except OSError as error:
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
            return False
        raise
    files.sync(final.parent)
    return True


def _note_origin(incoming: Incoming, result: Result, store: Store) -> None:
    """Before the first run of a campaign that was begun elsewhere comes in."""
    campaign_id = result.job.campaign_id
    if not files.exists(records.folder(store) / f"{campaign_id}.json"):
        _put_origin(incoming, campaign_id, store)


def _put_origin(incoming: Incoming, campaign_id: str, store: Store) -> None:
    note = origins.file(records.folder(store), campaign_id)
    if files.exists(note):
        return
    note.parent.mkdir(parents=True, exist_ok=True)
    partial = store.staging() / staging.partial(_HALF_DONE)
    try:
        write_durably(partial, incoming.origin(campaign_id).model_dump_json())
        partial.rename(note)
    finally:
        partial.unlink(missing_ok=True)


def _through_a_bundle(store: Store, campaign_id: str) -> bool:
    note = origins.read(records.folder(store), campaign_id)
    return note is not None and note.bundle


@contextlib.contextmanager
def _writing(store: Store) -> Iterator[None]:
    """An error of the operating system within the body is one of the store."""
    try:
        yield
    except StoreError as error:
        cause = error.__cause__
        if not isinstance(cause, OSError):
            raise
        problem = unwritable(store.directory, cause)
    except OSError as error:
        problem = unwritable(store.directory, error)
    else:
        return
    raise StoreError(problem.message, problem.advice) from None
