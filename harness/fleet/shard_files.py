"""What lies in the folder of a shard, and who writes it.

    shard.json          the driver, once: what is to run
    submitted-N.json    the driver: the N-th submission; first without, then with the engine's id
    begin-JOB.json      the host: it is the right one and begins
    beat-JOB.json       the host, again and again: it is alive, and how far it is
    started/RUN.json    the host: this job starts now
    store/              the host: results and the campaign's record, by copy and rename
    end-JOB.json        the host: the shard's process has ended of itself, and how
    log.txt             the engine: what it said

``JOB`` is the engine's id. An end file means ended, whatever the engine says.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import Field, ValidationError

from harness import files
from harness.campaign.plan import Options
from harness.campaign.records import Environment
from harness.errors import BenchdlError
from harness.files import FileError
from harness.launchers.exchange import unwritable
from harness.store import Store
from runner.contract.job import RUN_ID_PATTERN, LauncherName
from runner.contract.schema import Model, Moment, Ordinal, Whole, first_error

SHARD_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$"
"""A folder's name, and a part of the engine's name of a job."""

_MAX_BYTES = 16 * 2**20
_BEGIN, _BEAT, _END, _SUBMITTED = "begin-", "beat-", "end-", "submitted-"


class Shard(Model):
    """What one host is to run, with what, and from where.

    Attributes:
        label: the type of its host.
        dataset_sha256: what the driver verified, by file name.
        environments: what the driver built; empty where each host makes its own.
        nonce: of the fleet: a folder that has another is not the fleet's.
        scratch: a local disk of the host.
        patience_s: how long a result waits for a shared folder that is full or away.
    """

    schema_version: Literal[1] = 1
    fleet_id: str = Field(pattern=RUN_ID_PATTERN)
    name: str = Field(pattern=SHARD_PATTERN)
    label: str
    options: Options
    launcher: LauncherName
    dataset: str
    dataset_sha256: dict[str, str]
    environments: list[Environment]
    harness_version: str
    harness_sha256: str
    runner_sha256: str
    created_at: Moment
    nonce: str
    scratch: str
    heartbeat_s: float = Field(gt=0)
    patience_s: float = Field(ge=0)


class Submitted(Model):
    """One submission; ``job_id`` is None until the engine gave one."""

    name: str
    at: Moment
    job_id: str | None = None


class Begin(Model):
    """A host begins; ``machine`` is what tables call it."""

    job_id: str
    host: str
    at: Moment
    machine: str


class Beat(Model):
    """A sign of life: ``count`` grows; nobody's clock is compared with another's."""

    count: Whole
    ended: Whole = 0
    total: Whole = 0
    running: str = ""
    left_s: float | None = None


class End(Model):
    """How the shard's process ended.

    ``done`` is all jobs, whatever came of each; ``out-of-time``: its time limit was near.

    Attributes:
        kept: ids of runs that the host began and has not delivered: it has what came of them.
    """

    how: Literal["done", "refused", "failed", "interrupted", "out-of-time"]
    at: Moment
    message: str = ""
    advice: str = ""
    kept: list[str] = []


M = TypeVar("M", bound=Model)


class ShardFolder:
    """The files of one shard, below ``path``."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.store = Store(path / "store")
        self.log = path / "log.txt"
        self._started = path / "started"

    @property
    def name(self) -> str:
        """The shard's."""
        return self.path.name

    def make(self, shard: Shard) -> None:
        """Make the folder, with what is to run.

        Raises:
            BenchdlError: it cannot be written.
        """
        try:
            self._started.mkdir(parents=True)
            self.store.directory.mkdir()
        except OSError as error:
            raise unwritable(self.path, error) from None
        self._write("shard.json", shard)

    def shard(self) -> Shard:
        """What is to run.

        Raises:
            BenchdlError: it cannot be read, or is damaged.
        """
        found = self._read(self.path / "shard.json", Shard)
        if found.name != self.name:
            raise BenchdlError(f"{self.path / 'shard.json'} is of another shard, {found.name}")
        return found

    def submissions(self) -> list[Submitted]:
        """In their order.

        Raises:
            BenchdlError: one cannot be read.
        """
        found = sorted(self._named(_SUBMITTED), key=lambda file: _number(file.stem))
        return [self._read(file, Submitted) for file in found]

    def note_submission(self, number: Ordinal, submitted: Submitted) -> None:
        """Write the ``number``-th, over what was known of it before."""
        self._write(f"{_SUBMITTED}{number}.json", submitted)

    def begin(self, begin: Begin) -> None:
        """Write that a host begins."""
        self._write(f"{_BEGIN}{begin.job_id}.json", begin)

    def begins(self) -> dict[str, Begin]:
        """By the engine's id; what cannot be read is left out."""
        return self._all(_BEGIN, Begin)

    def beat(self, job_id: str, beat: Beat) -> None:
        """Write a sign of life."""
        self._write(f"{_BEAT}{job_id}.json", beat)

    def beats(self) -> dict[str, Beat]:
        """By the engine's id; what cannot be read is left out."""
        return self._all(_BEAT, Beat)

    def end(self, job_id: str, end: End) -> None:
        """Write that the process of the engine's job ends."""
        self._write(f"{_END}{job_id}.json", end)

    def ends(self) -> dict[str, End]:
        """By the engine's id; what cannot be read is left out."""
        return self._all(_END, End)

    def note_started(self, run_id: str, job_text: str) -> None:
        """Write that a job starts, before it does."""
        self._put(self._started / f"{run_id}.json", job_text)

    def started(self) -> list[Path]:
        """The files of all jobs that were started, in the order of their ids.

        Raises:
            BenchdlError: the folder cannot be read.
        """
        try:
            found = files.listing(self._started)
        except FileError as error:
            raise BenchdlError(f"cannot read {self._started}: {error.message}") from None
        return [file for file in found if file.suffix == ".json"]

    def _named(self, prefix: str) -> list[Path]:
        try:
            found = files.listing(self.path)
        except FileError as error:
            raise BenchdlError(f"cannot read {self.path}: {error.message}") from None
        return [file for file in found if file.name.startswith(prefix) and file.suffix == ".json"]

    def _all(self, prefix: str, model: type[M]) -> dict[str, M]:
        found = {}
        for file in self._named(prefix):
            with contextlib.suppress(BenchdlError):
                found[file.stem.removeprefix(prefix)] = self._read(file, model)
        return found

    def _read(self, file: Path, model: type[M]) -> M:
        try:
            return model.model_validate_json(files.read_plain(file, _MAX_BYTES))
        except FileError as error:
            raise BenchdlError(f"cannot read {file}: {error.message}") from None
        except ValidationError as error:
            raise BenchdlError(f"{file} does not fit the schema: {first_error(error)}") from None

    def _write(self, name: str, model: Model) -> None:
        self._put(self.path / name, model.model_dump_json(indent=1))

    def _put(self, file: Path, text: str) -> None:
        try:
            files.write_whole(file, text)
        except OSError as error:
            raise unwritable(self.path, error) from None


def _number(stem: str) -> int:
    digits = stem.removeprefix(_SUBMITTED)
    return int(digits) if digits.isdigit() else 0
