"""The store: one directory per job, put in place by one rename, never written again."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from pydantic import ValidationError

from harness.errors import BenchdlError, UsageError
from harness.launchers.exchange import Exchange, unwritable
from runner.contract import ContractError, Result, load_result

CAMPAIGNS = "campaigns"
"""The folder among the results that holds the records of campaigns: harness/campaign/records.py."""

_STAGING = ".staging"


@dataclass(frozen=True)
class Damaged:
    """A directory in the store that cannot be read, and why."""

    directory: Path
    reason: str


def new_run_id(backend: str, device: str, now: datetime | None = None) -> str:
    """A name that sorts by time and does not collide: ``20261123t120000z-tf-cpu-1a2b3c4d``."""
    moment = (now or datetime.now(timezone.utc)).strftime("%Y%m%dt%H%M%Sz")
    return f"{moment}-{backend}-{device}-{secrets.token_hex(4)}"


class Store:
    """Results below ``directory``. Several ``benchdl run`` may use one store at once."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def staging(self) -> Path:
        """Where jobs in progress live: on the same file system, so that a rename is atomic."""
        folder = (self.directory / _STAGING).absolute()
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise unwritable(self.directory, error) from None
        return folder

    def add(self, result: Result, exchange: Exchange | None = None) -> Path:
        """Store ``result`` with the job's samples and log; all or nothing.

        Raises:
            BenchdlError: the disk is full or not writable, or the run is there already.
        """
        final = self.directory / result.run_id
        partial = self.staging() / f"{result.run_id}.{secrets.token_hex(4)}.partial"
        try:
            partial.mkdir()
            if exchange is not None:
                exchange.deliver(partial)
            write_durably(partial / "job.json", result.job.model_dump_json(indent=1))
            write_durably(partial / "result.json", result.model_dump_json(indent=1))
            partial.rename(final)  # fails if there is one: no folder replaces one that holds files
            sync(self.directory)
        except OSError as error:
            if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
                raise BenchdlError(
                    f"{final} exists already", "results are never rewritten"
                ) from None
            raise unwritable(self.directory, error) from None
        finally:
            shutil.rmtree(partial, ignore_errors=True)
        return final

    def load(self) -> tuple[list[Result], list[Damaged]]:
        """All results in the order of their ids, and the directories that cannot be read."""
        results: list[Result] = []
        damaged: list[Damaged] = []
        for folder in self._folders():
            try:
                results.append(_read(folder))
            except BenchdlError as error:
                damaged.append(Damaged(folder, error.message))
        return results, damaged

    def find(self, run: str) -> tuple[Result, Path]:
        """The one result whose id is or contains ``run``; ``latest`` is the newest.

        Raises:
            UsageError: none or several fit.
            BenchdlError: it is damaged.
        """
        folders = self._folders()
        fitting = [folder for folder in folders if run in folder.name]
        exact = [folder for folder in folders if folder.name == run]
        chosen = folders[-1:] if run == "latest" else exact or fitting
        if not chosen:
            raise UsageError(f"no run '{run}' in {self.directory}", "benchdl table lists them")
        if len(chosen) > 1:
            names = ", ".join(folder.name for folder in chosen[:5])
            raise UsageError(f"'{run}' fits {len(chosen)} runs", f"be more exact: {names}")
        return _read(chosen[0]), chosen[0]

    def _folders(self) -> list[Path]:
        if not self.directory.exists():
            return []
        try:
            with os.scandir(self.directory) as entries:
                names = sorted(
                    entry.name
                    for entry in entries
                    if entry.is_dir() and entry.name != CAMPAIGNS and not entry.name.startswith(".")
                )
            return [self.directory / name for name in names]
        except OSError as error:
            raise BenchdlError(
                f"cannot read the results in {self.directory}: {error.strerror or error}",
                "name the folder of the results with --results",
            ) from None


def _read(folder: Path) -> Result:
    try:
        result = _parse((folder / "result.json").read_bytes())
    except FileNotFoundError:
        raise BenchdlError(f"{folder.name}: result.json is missing") from None
    except (OSError, UnicodeDecodeError, ContractError) as error:
        raise BenchdlError(f"{folder.name}: {error}") from None
    if result.run_id != folder.name:
        raise BenchdlError(f"{folder.name}: holds the result of another run, {result.run_id}")
    return result


def _parse(text: bytes) -> Result:
    """What :func:`load_result` returns, in half its time for a sound text: thousands are read."""
    try:
        return Result.model_validate_json(text)
    except ValidationError:
        return load_result(text.decode("utf-8"))  # says what is wrong, in one line


def write_durably(file: Path, text: str) -> None:
    """Write and reach the disk, so that a full one is noticed here and not after the rename."""
    with file.open("w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())


def sync(folder: Path) -> None:
    """Make a rename in ``folder`` survive a power cut, where the file system can promise that."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def report(damaged: list[Damaged], say: Callable[[str], None]) -> None:
    """Tell of each directory that was skipped."""
    for one in damaged:
        say(f"skipped {one.directory}: {one.reason}")
