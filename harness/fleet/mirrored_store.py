"""A store on a host's own disk whose results also reach the shared folder, by copy and rename.

Jobs live on the local disk, where containers may enter and nothing else slows them. A result that
the shared folder has no room for stays here and is delivered later: it is never lost.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from harness import checksums, files, interrupts, staging, trees
from harness import store as stores
from harness.campaign import records
from harness.errors import BenchdlError
from harness.fleet import host_lost
from harness.importing.incoming import FILES
from harness.launchers.exchange import Exchange, unwritable
from harness.store import Store
from runner.contract.result import Result

_TRY_AGAIN_S = 1.0


class MirroredStore(Store):
    """The local store of one shard.

    Args:
        directory: on the local disk.
        shared: where every result is copied to.
        patience_s: how long a shared folder that cannot be written is tried again.
        say: takes one line of notice.
    """

    def __init__(
        self, directory: Path, shared: Store, patience_s: float, say: Callable[[str], None]
    ) -> None:
        super().__init__(directory)
        self._shared = shared
        self._patience_s = patience_s
        self._say = say
        self._spoilt: set[str] = set()

    def add(self, result: Result, exchange: Exchange | None = None) -> Path:
        """Store it here, then there.

        Raises:
            BenchdlError: it cannot be written here, or not there for too long.
        """
        final = super().add(result, exchange)
        self.deliver()
        return final

    def take_back(self) -> None:
        """Bring what is there and not here, as another host has left it, so that it counts here.

        Raises:
            BenchdlError: the campaign's record is damaged, or it cannot be written here.
        """
        self.directory.mkdir(parents=True, exist_ok=True)
        _copy_records(self._shared, self)
        for folder in self._shared.folders():
            missing = not files.exists(self.directory / folder.name)
            if missing and self._sound(folder, "its job runs again"):
                _copy_run(folder, self)

    def deliver(self) -> None:
        """Copy whatever is here and not there.

        Raises:
            BenchdlError: that was not possible for the whole of the patience.
        """
        begin = time.monotonic()
        told = False
        while True:
            try:
                self._deliver()
            except BenchdlError as problem:
                waited_s = time.monotonic() - begin
                if waited_s >= self._patience_s or interrupts.pending():
                    raise BenchdlError(
                        f"results stay in {self.directory}, since {problem.message}",
                        "make room there and run benchdl fleet resume: this host delivers them",
                    ) from None
                if not told:
                    told = True
                    self._say(f"trying again for up to {self._patience_s:.0f} s: {problem.message}")
                time.sleep(_TRY_AGAIN_S)
            else:
                return

    def kept(self) -> list[str]:
        """Ids of runs that are here, ended or not, and not there.

        Raises:
            BenchdlError: one of both folders cannot be read.
        """
        there = {folder.name for folder in self._shared.folders()}
        ours = [*self.staging().iterdir(), *self.folders()]  # the first makes the folder
        return sorted(
            folder.name for folder in ours if folder.name not in there and not _is_lost(folder)
        )

    def _deliver(self) -> None:
        _copy_records(self, self._shared)
        for folder in self.folders():
            if files.exists(self._shared.directory / folder.name):
                continue
            result = self._sound(folder, f"it stays in {self.directory}")
            if result is not None and not host_lost.is_lost(result):
                _copy_run(folder, self._shared)

    def _sound(self, folder: Path, otherwise: str) -> Result | None:
        """The result of a run, or a word on the damage: one that is spoilt keeps none back."""
        try:
            return stores.read(folder, whole=True)[0]
        except BenchdlError as problem:
            if folder.name not in self._spoilt:
                self._spoilt.add(folder.name)
                self._say(f"damaged: {problem}: {otherwise}")
            return None


def _is_lost(folder: Path) -> bool:
    """Whether all that is here of a run is that another host began it."""
    try:
        return host_lost.is_lost(stores.read(folder)[0])
    except BenchdlError:
        return False


def _copy_records(origin: Store, target: Store) -> None:
    """Copy the records of campaigns that ``target`` lacks.

    Raises:
        BenchdlError: one is damaged, or ``target`` cannot be written.
    """
    for campaign_id in set(records.names(origin)) - set(records.names(target)):
        _, raw = records.read(records.folder(origin) / f"{campaign_id}.json")
        records.put(target, campaign_id, raw.decode())


def _copy_run(run: Path, target: Store) -> None:
    """Copy one sound result whole, or leave nothing.

    Raises:
        BenchdlError: it was changed meanwhile, or ``target`` cannot be written.
    """
    partial = target.staging() / staging.partial(run.name)
    copy = partial / run.name
    try:
        copy.mkdir(parents=True)
        for name in (*FILES, checksums.NAME):
            if files.exists(run / name):
                shutil.copyfile(run / name, copy / name)
        stores.read(copy, whole=True)
        for file in copy.iterdir():
            with file.open("rb") as stream:
                os.fsync(stream.fileno())
        copy.rename(target.directory / run.name)
        files.sync(target.directory)
    except OSError as error:
        raise unwritable(target.directory, error) from None
    finally:
        trees.remove(partial)
