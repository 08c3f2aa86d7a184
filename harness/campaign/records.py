"""Campaigns on disk: one file each, written before the first job and never again.

A record says what was planned, and with what. What came of it is in the results alone, which name
their campaign and their position in it: what is done and what is left follows from both.
"""

from __future__ import annotations

import contextlib
import hashlib
import shlex
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path
from typing import Literal

from filelock import FileLock, Timeout
from pydantic import Field, ValidationError

from harness import files, origins, staging
from harness.campaign.plan import Device, Options, PlannedJob, Skipped
from harness.errors import BenchdlError, UsageError
from harness.files import FileError, MissingError
from harness.launchers.exchange import unwritable
from harness.newest import fitting, nothing
from harness.store import CAMPAIGNS, Damaged, Store, report, write_durably
from runner.contract.job import RUN_ID_PATTERN, LauncherName, Pins, Provenance
from runner.contract.result import Result
from runner.contract.schema import ContractError, Model, Moment, Whole, first_error, versioned

SCHEMA_VERSION = 1

_MAX_BYTES = 64 * 2**20
"""A record of 100,000 jobs has 20 MiB."""

_SUM = ".sha256"
"""Beside each record: ``sha256sum -c`` in its folder checks it without benchdl."""
_MAX_SUM_BYTES = 4096


class Environment(Model):
    """What the jobs of one backend on one device run in; ``earlier``: not what was built for it."""

    backend: str
    device: Device
    image_toml_sha256: str
    provenance: Provenance
    pins: Pins
    earlier: bool = False

    @property
    def key(self) -> tuple[str, str, str | None]:
        """Backend, device, and the image's id if it is an earlier one."""
        return self.backend, self.device, self.provenance.image_id if self.earlier else None


class Campaign(Model):
    """What was planned, by which harness, on which machine, with which data and environments.

    ``bundle_sha256``: it repeats the campaign of the bundle whose manifest has this SHA-256.
    ``shard``: it is a part of a fleet's campaign, ``FLEET/SHARD``.
    """

    schema_version: Literal[1] = 1
    campaign_id: str = Field(pattern=RUN_ID_PATTERN)
    created_at: Moment
    launcher: LauncherName
    harness_version: str
    harness_sha256: str
    runner_sha256: str
    machine: str
    options: Options
    order_seed: Whole
    dataset: str
    dataset_sha256: dict[str, str]
    environments: list[Environment]
    jobs: list[PlannedJob]
    skipped: list[Skipped] = []
    bundle_sha256: str | None = None
    shard: str | None = None

    @property
    def how_to_go_on(self) -> str:
        """The command that runs what is left of it."""
        if self.shard:
            return f"benchdl fleet resume {self.shard.partition('/')[0]}"
        if self.bundle_sha256:
            trusted = " --launcher local --trust-maker" if self.launcher == "local" else ""
            return f"benchdl bundle rerun FILE --resume{trusted}"
        python = self.options.python
        return shlex.join(
            ["benchdl", "resume", self.campaign_id, *(["--python", str(python)] if python else [])]
        )

    def left(self, results: Iterable[Result]) -> list[PlannedJob]:
        """The jobs that have no end yet, in their order.

        A job that failed has ended and stays as it is; one that was interrupted has not.
        """
        ended = {
            result.job.campaign_position for result in results if result.status != "interrupted"
        }
        return [job for job in self.jobs if job.position not in ended]


def save(store: Store, campaign: Campaign) -> Path:
    """Write the record so that it is there whole, also after a power cut, or not at all.

    Raises:
        BenchdlError: the folder of the results cannot be written.
    """
    return put(store, campaign.campaign_id, campaign.model_dump_json(indent=1))


def put(store: Store, campaign_id: str, text: str) -> Path:
    """The same of a record that is text already, which stays as it is.

    Raises:
        BenchdlError: as with :func:`save`.
    """
    file = folder(store) / f"{campaign_id}.json"
    partial = store.staging() / staging.partial(campaign_id)
    digest = hashlib.sha256(text.encode()).hexdigest()
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        for content, place in ((text, file), (_sum(digest, file), file.with_suffix(_SUM))):
            write_durably(partial, content)
            partial.rename(place)
        files.sync(file.parent)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise unwritable(store.directory, error) from None
    return file


def find(
    store: Store,
    word: str,
    say: Callable[[str], None] = nothing,
    among: Collection[str] | None = None,
) -> Campaign:
    """The one campaign whose id is or contains ``word``; ``latest`` is the newest.

    ``say`` is told if others are dated in the future. ``among``: the ids that it may have.

    Raises:
        UsageError: none or several fit.
        BenchdlError: its record is damaged.
    """
    if not word.strip():
        raise UsageError("an empty name is no campaign", "`latest` is the newest")
    names = [files.shown(Path(file.stem)) for file in _files(store)]
    if among is not None:
        names = [name for name in names if name in among]
    chosen = fitting(word, names, say)
    if not chosen:
        known = f"the newest: {', '.join(names[:-4:-1])}" if names else "benchdl run makes one"
        raise UsageError(f"no campaign '{word}' in {store.directory}", known)
    if len(chosen) > 1:
        raise UsageError(f"'{word}' fits {len(chosen)} campaigns", f"as in {', '.join(chosen[:5])}")
    return read(folder(store) / f"{chosen[0]}.json")[0]


def names(store: Store) -> list[str]:
    """The ids of all campaigns that have a record, damaged ones too."""
    return [file.stem for file in _files(store)]


def stored(store: Store, campaign_id: str) -> list[Path]:
    """The files of a record: itself, its checksum, and where it came from, as far as they are."""
    file = folder(store) / f"{campaign_id}.json"
    beside = (file.with_suffix(_SUM), origins.file(file.parent, campaign_id))
    return [path for path in (file, *beside) if files.exists(path)]


def load(store: Store) -> tuple[list[Campaign], list[Damaged]]:
    """All campaigns in the order of their ids, and the files that cannot be read."""
    campaigns: list[Campaign] = []
    damaged: list[Damaged] = []
    for file in _files(store):
        try:
            campaigns.append(read(file)[0])
        except BenchdlError as error:
            damaged.append(Damaged(file, error.message))
    return campaigns, damaged


def results_of(store: Store, campaign_id: str, say: Callable[[str], None]) -> list[Result]:
    """The stored results of one campaign in the order of its plan, attempts one after another."""
    found, damaged = store.load()
    report(damaged, say)
    ours = [result for result in found if result.job.campaign_id == campaign_id]
    return sorted(ours, key=lambda result: (result.job.campaign_position or 0, result.job.attempt))


@contextlib.contextmanager
def held(store: Store, campaign_id: str) -> Iterator[None]:
    """Within the body this process, and no other, runs jobs of the campaign.

    The lock ends with the process that holds it, however that ends.

    Raises:
        BenchdlError: another process holds it.
    """
    file = store.staging() / f"{campaign_id}.lock"
    lock = FileLock(file)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise BenchdlError(
            f"campaign {campaign_id} is being run by another benchdl",
            "wait for it or end it; two at once would run jobs twice",
        ) from None
    except OSError as error:
        raise unwritable(store.directory, error) from None
    try:
        yield
    finally:
        file.unlink(missing_ok=True)  # while it is held: filelock passes over an unlinked file
        lock.release()


def folder(store: Store) -> Path:
    """Where the store's records are."""
    return store.directory / CAMPAIGNS


def _files(store: Store) -> list[Path]:
    try:
        found = files.listing(folder(store))
    except FileError as error:
        raise BenchdlError(
            f"cannot read the campaigns in {folder(store)}: {error.message}",
            "name the folder of the results with --results",
        ) from None
    return [file for file in found if file.suffix == ".json" and not file.name.startswith(".")]


def read(file: Path) -> tuple[Campaign, bytes]:
    """The record in a file that is named after it, and its text.

    Raises:
        BenchdlError: it is damaged; the message begins with the file's name.
    """
    try:
        raw = files.read_plain(file, _MAX_BYTES)
    except FileError as error:
        raise BenchdlError(f"{files.shown(file.name)}: {error}") from None
    campaign = parse(file.stem, raw)
    _check_sum(file, raw)
    return campaign, raw


def parse(campaign_id: str, raw: bytes) -> Campaign:
    """The record of this campaign from its text.

    Raises:
        BenchdlError: it is damaged, or another's; the message begins with the file's name.
    """
    name = files.shown(f"{campaign_id}.json")
    try:
        campaign = Campaign.model_validate(versioned(raw, "campaign", SCHEMA_VERSION))
    except ValidationError as error:
        raise BenchdlError(f"{name} does not fit the schema: {first_error(error)}") from None
    except ContractError as error:
        raise BenchdlError(f"{name}: {error}") from None
    if campaign.campaign_id != campaign_id:
        raise BenchdlError(f"{name}: holds another campaign, {campaign.campaign_id}")
    if [job.position for job in campaign.jobs] != list(range(1, len(campaign.jobs) + 1)):
        raise BenchdlError(f"{name}: its jobs are not numbered from 1 to their count")
    return campaign


def _sum(digest: str, file: Path) -> str:
    """A record's checksum as sha256sum(1) has it."""
    return f"{digest}  {file.name}\n"


def _check_sum(file: Path, raw: bytes) -> None:
    """Compare a record with its checksum; one that was written before there were any has none.

    Raises:
        BenchdlError: one of the two was changed.
    """
    try:
        told = files.read_plain(file.with_suffix(_SUM), _MAX_SUM_BYTES)
    except MissingError:
        return
    except FileError as error:
        raise BenchdlError(f"{file.stem}{_SUM}: {error.message}") from None
    if told != _sum(hashlib.sha256(raw).hexdigest(), file).encode():
        raise BenchdlError(f"{file.name} was changed: its SHA-256 is not that in {file.stem}{_SUM}")
