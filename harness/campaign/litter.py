"""What harnesses that died left on this machine and in this store: cleared at every start.

Only what bears a mark of ours is looked at, and only where that says that its harness, on this
machine, is dead. What an older benchdl left without a mark must be old as well.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from harness import files, marks, staging, trees
from harness.campaign import leftovers, records
from harness.errors import BenchdlError
from harness.files import FileError
from harness.launchers.exchange import MAX_RESULT_BYTES, OURS
from harness.launchers.launcher import Launcher
from harness.launchers.local import LocalLauncher
from harness.store import Store
from runner.contract.job import Job, load_job
from runner.contract.schema import ContractError

Say = Callable[[str], None]

_OLD_S = 24 * 3600.0
_MARK_BYTES = 4096
_LOCK = ".lock"


def sweep(launcher: Launcher, store: Store, machine: str, say: Say) -> None:
    """End the processes and containers of dead harnesses, and clear this store's staging folder.

    A job that was cut off is stored as interrupted, so that its campaign can be resumed.

    Raises:
        BenchdlError: the engine does not answer.
    """
    end_processes(launcher, say)
    folder = store.staging()
    for campaign_id in _abandoned(folder, launcher, say):
        try:
            with records.held(store, campaign_id):
                leftovers.clear(campaign_id, machine, launcher, store, say)
        except BenchdlError as problem:  # another campaign's, which must not hinder this one
            say(f"campaign {campaign_id}, whose benchdl died, is left as it is: {problem}")
    for path in files.listing(folder):
        owner = staging.owner_of(path.name)
        if owner is not None and _is_dead(owner, path):
            trees.remove(path)
        elif path.name.endswith(_LOCK) and files.is_file(path):
            _try_lock(store, path.name.removesuffix(_LOCK))


def end_processes(launcher: Launcher, say: Say) -> None:
    """End all that dead harnesses left running on this machine, whatever campaign it is of.

    Raises:
        BenchdlError: the engine does not answer.
    """
    launcher.clear(None, say)
    if launcher.name == "docker":
        LocalLauncher().clear(None, say)


def _abandoned(folder: Path, launcher: Launcher, say: Say) -> list[str]:
    """Campaigns with jobs in ``folder`` whose harness is dead, once each."""
    found: dict[str, None] = {}
    for outer in files.listing(folder):
        job = _job(outer)
        if job is None or job.run_id != outer.name:
            continue
        try:
            owner = files.read_text(outer / staging.OWNER, _MARK_BYTES).strip()
        except FileError:
            owner = ""
        if not _is_dead(owner, outer):
            continue
        if job.launcher != "docker" or launcher.name == "docker":
            found[job.campaign_id] = None
        else:
            say(f"left for later: {job.run_id}, whose benchdl died, ran in {job.launcher}; "
                f"go on with it: benchdl resume {job.campaign_id}")  # fmt: skip
    return list(found)


def _job(outer: Path) -> Job | None:
    try:
        return load_job(files.read_plain(outer / OURS, MAX_RESULT_BYTES))
    except (FileError, ContractError):
        return None


def _is_dead(owner: str, path: Path) -> bool:
    """Whether the harness of this mark is; where there is none, whether ``path`` is old."""
    if owner:
        return marks.state(owner) == "dead"
    try:
        return time.time() - path.lstat().st_mtime > _OLD_S
    except OSError:
        return False


def _try_lock(store: Store, campaign_id: str) -> None:
    """Remove a lock that nobody holds: holding it proves that, and letting go removes it."""
    try:
        with records.held(store, campaign_id):
            pass
    except BenchdlError:
        pass
