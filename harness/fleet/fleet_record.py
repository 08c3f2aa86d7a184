"""Fleets on disk: one record each, beside the results and in the shared folder, never rewritten.

A record says which shards there are and where. What became of them stands in their folders alone.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from harness import files
from harness.campaign.plan import Options
from harness.errors import BenchdlError, UsageError
from harness.files import FileError
from harness.fleet.fleet_file import FleetFile
from harness.fleet.shard_files import ShardFolder
from harness.launchers.exchange import unwritable
from harness.newest import fitting
from harness.store import FLEETS, Store
from runner.contract.job import RUN_ID_PATTERN
from runner.contract.schema import ContractError, Model, Moment, first_error, versioned

SCHEMA_VERSION = 1

_MAX_BYTES = 16 * 2**20


class PlannedShard(Model):
    """A shard's name, which is its folder's, and the type of its host."""

    name: str
    label: str


class Fleet(Model):
    """What was planned, and where it runs.

    Attributes:
        file: the fleet file, as it was.
        options: of the whole campaign; ``repeat`` is its blocks on each type of host.
        shards: in the order of submission.
        nonce: stands in the shared folder as well, so that hosts know it.
    """

    schema_version: Literal[1] = 1
    fleet_id: str = Field(pattern=RUN_ID_PATTERN)
    created_at: Moment
    file: FleetFile
    options: Options
    shards: list[PlannedShard]
    nonce: str

    @property
    def folder(self) -> Path:
        """Of this fleet, within the one that all hosts see."""
        return self.file.folder / self.fleet_id

    def shard_folder(self, shard: PlannedShard) -> ShardFolder:
        """Where a shard's files are."""
        return ShardFolder(self.folder / shard.name)

    def commands(self) -> list[str]:
        """What its user may type next."""
        return [f"benchdl fleet {verb} {self.fleet_id}" for verb in ("status", "resume", "cancel")]


def save(store: Store, fleet: Fleet) -> None:
    """Write the record in both places.

    Raises:
        BenchdlError: one cannot be written.
    """
    text = fleet.model_dump_json(indent=1)
    for file in (fleet.folder / "fleet.json", _folder(store) / f"{fleet.fleet_id}.json"):
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            files.write_whole(file, text)
        except OSError as error:
            raise unwritable(file.parent, error) from None


def find(store: Store, word: str, say: Callable[[str], None]) -> Fleet:
    """The one fleet whose id is or contains ``word``; ``latest`` is the newest.

    Raises:
        UsageError: none or several fit.
        BenchdlError: its record is damaged.
    """
    try:
        names = [file.stem for file in files.listing(_folder(store)) if file.suffix == ".json"]
    except FileError:
        names = []
    chosen = fitting(word, names, say) if word.strip() else []
    if not chosen:
        known = (
            f"the newest: {', '.join(names[:-4:-1])}" if names else "benchdl fleet run makes one"
        )
        raise UsageError(f"no fleet '{word}' in {store.directory}", known)
    if len(chosen) > 1:
        raise UsageError(f"'{word}' fits {len(chosen)} fleets", f"as in {', '.join(chosen[:5])}")
    return _read(_folder(store) / f"{chosen[0]}.json")


def _folder(store: Store) -> Path:
    return store.directory / FLEETS


def _read(file: Path) -> Fleet:
    try:
        raw = files.read_plain(file, _MAX_BYTES)
        return Fleet.model_validate(versioned(raw, "fleet", SCHEMA_VERSION))
    except FileError as error:
        raise BenchdlError(f"cannot read {file}: {error.message}") from None
    except ValidationError as error:
        raise BenchdlError(f"{file} does not fit the schema: {first_error(error)}") from None
    except ContractError as error:
        raise BenchdlError(f"{file}: {error}") from None
