"""The store: one directory per job, put in place by one rename, never written again.

Its folder is anybody's: results may have come by mail. Whatever is wrong with one of them makes
that one damaged, and no other.
"""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from pydantic import ValidationError

from harness import checksums, files, staging, trees
from harness.errors import BenchdlError, UsageError
from harness.files import FileError, MissingError, sync
from harness.launchers.exchange import MAX_RESULT_BYTES, Exchange, unwritable
from harness.named_paths import recordable
from harness.newest import newest, nothing
from runner.contract.result import Result, load_result
from runner.contract.schema import ContractError

CAMPAIGNS = "campaigns"
"""The folder among the results that holds the records of campaigns: harness/campaign/records.py."""

ARCHIVE = "archive"
"""The folder among the results that holds runs put away: a store itself, read only if named."""

FLEETS = "fleets"
"""The folder among the results that holds the records of fleets: harness/fleet/fleet_record.py."""

_STAGING = ".staging"
_MAX_STORED_BYTES = 4 * MAX_RESULT_BYTES
"""A runner's result may be half of this when it is written out again; then come our findings."""


@dataclass(frozen=True)
class Damaged:
    """A directory in the store that cannot be read, and why."""

    directory: Path
    reason: str

    @property
    def name(self) -> str:
        """The directory's own, as text that can be printed and stored."""
        return files.shown(Path(self.directory.name))


def new_run_id(backend: str, device: str, now: datetime | None = None) -> str:
    """A name that sorts by time and does not collide: ``20261123t120000z-tf-cpu-1a2b3c4d``."""
    moment = (now or datetime.now(timezone.utc)).strftime("%Y%m%dt%H%M%Sz")
    return f"{moment}-{backend}-{device}-{secrets.token_hex(4)}"


class Store:
    """Results below ``directory``. Several ``benchdl run`` may use one store at once."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def staging(self) -> Path:
        """Where jobs in progress live: on the same file system, so that a rename is atomic.

        Raises:
            BenchdlError: it cannot be made, or is a link.
        """
        try:
            folder = (recordable(self.directory, "--results") / _STAGING).absolute()
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise unwritable(self.directory, error) from None
        if folder.is_symlink():  # it is swept: what is behind the link is not ours to sweep
            raise BenchdlError(
                f"{folder} is a link, and what benchdl clears there would be somebody else's",
                "remove the link; benchdl makes a folder of that name",
            )
        return folder

    def add(self, result: Result, exchange: Exchange | None = None) -> Path:
        """Store ``result`` with the job's samples and log; all or nothing.

        Raises:
            BenchdlError: the disk is full or not writable, or the run is there already.
        """
        final = self.directory / result.run_id
        partial = self.staging() / staging.partial(result.run_id)
        try:
            partial.mkdir()
            sums = exchange.deliver(partial) if exchange is not None else {}
            texts = {"job.json": result.job, "result.json": result}
            for name, model in texts.items():
                text = model.model_dump_json(indent=1)
                write_durably(partial / name, text)
                sums[name] = hashlib.sha256(text.encode()).hexdigest()
            write_durably(partial / checksums.NAME, checksums.text(sums))
            partial.rename(final)  # fails if there is one: no folder replaces one that holds files
            sync(self.directory)
        except OSError as error:
            if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
                raise BenchdlError(
                    f"{final} exists already", "results are never rewritten"
                ) from None
            raise unwritable(self.directory, error) from None
        finally:
            trees.remove(partial)
        return final

    def load(
        self, *, whole: bool = False, campaign_id: str | None = None
    ) -> tuple[list[Result], list[Damaged]]:
        """All results in the order of their ids, and the directories that cannot be read.

        Args:
            whole: check large files beside them as well.
            campaign_id: leave out the sound results of other campaigns.

        Raises:
            BenchdlError: the folder of the results itself cannot be listed.
        """
        results: list[Result] = []
        damaged: list[Damaged] = []
        for folder in self.folders():
            try:
                result, _ = read(folder)
                if campaign_id in (None, result.job.campaign_id):
                    results.append(read(folder, whole=True)[0] if whole else result)
            except BenchdlError as error:
                damaged.append(Damaged(folder, error.message))
        return results, damaged

    def find(self, run: str, say: Callable[[str], None] = nothing) -> tuple[Result, Path]:
        """The one result whose id is or contains ``run``; ``latest`` is the newest.

        ``say`` is told if others are dated in the future.

        Raises:
            UsageError: none or several fit.
            BenchdlError: it is damaged.
        """
        folder = self.named(run, say)
        return read(folder, whole=True)[0], folder

    def named(self, run: str, say: Callable[[str], None] = nothing) -> Path:
        """The folder of the one run that :meth:`find` finds, whatever is in it.

        Raises:
            UsageError: none or several fit.
        """
        if not run.strip():
            raise UsageError("an empty name is no run", "`latest` is the newest")
        folders = self.folders()
        fitting = [folder for folder in folders if run in folder.name]
        exact = [folder for folder in folders if folder.name == run]
        if run == "latest":
            last = newest([files.shown(Path(folder.name)) for folder in folders], say)
            exact = [folder for folder in folders if files.shown(Path(folder.name)) in last]
        chosen = exact or fitting
        if not chosen:
            raise UsageError(f"no run '{run}' in {self.directory}", "benchdl runs lists them")
        if len(chosen) > 1:
            names = ", ".join(files.shown(Path(folder.name)) for folder in chosen[:5])
            raise UsageError(f"'{run}' fits {len(chosen)} runs", f"be more exact: {names}")
        return chosen[0]

    def folders(self) -> list[Path]:
        """All of runs; a link that leads nowhere is damage, not nothing.

        Raises:
            BenchdlError: the folder of the results cannot be listed.
        """
        try:
            found = files.listing(self.directory)
        except FileError as error:
            raise BenchdlError(
                f"cannot read the results in {self.directory}: {error.message}",
                "name the folder of the results with --results",
            ) from None
        return [
            folder
            for folder in found
            if not folder.name.startswith(".")
            and folder.name not in (CAMPAIGNS, ARCHIVE, FLEETS)
            and (files.is_dir(folder) or not files.leads(folder))
        ]


def read(folder: Path, *, whole: bool = False) -> tuple[Result, bool]:
    """The result in ``folder``, and whether it has checksums that say that it is as it was stored.

    Args:
        folder: the result's own; its name is the run's.
        whole: check large files beside it as well.

    Raises:
        BenchdlError: it is damaged; the message begins with the folder's name.
    """
    name = files.shown(Path(folder.name))
    try:
        raw = files.read_plain(folder / "result.json", _MAX_STORED_BYTES)
    except MissingError:
        raise BenchdlError(f"{name}: result.json is missing") from None
    except FileError as error:
        raise BenchdlError(f"{name}: result.json: {error.message}") from None
    try:
        result = _parse(raw)
        if result.run_id == folder.name:
            return result, checksums.check(folder, {"result.json": raw}, whole=whole)
    except FileError as error:
        raise BenchdlError(f"{name}: {error.message}") from None
    except ContractError as error:
        raise BenchdlError(f"{name}: {error}") from None
    raise BenchdlError(f"{name}: holds the result of another run, {result.run_id}")


def _parse(text: bytes) -> Result:
    """What :func:`load_result` returns, in half its time for a sound text: thousands are read.

    The bounds are those of the models, and the same; only a name that stands twice gets through.
    """
    try:
        return Result.model_validate_json(text)
    except ValidationError:
        return load_result(text)  # says what is wrong, in one line


def write_durably(file: Path, text: str) -> None:
    """Write and reach the disk, so that a full one is noticed here and not after the rename."""
    with file.open("w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())


def report(damaged: list[Damaged], say: Callable[[str], None]) -> None:
    """Tell of each directory that was skipped."""
    for result in damaged:
        say(f"skipped {files.shown(result.directory)}: {result.reason}")
