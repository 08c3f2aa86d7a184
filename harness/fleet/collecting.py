"""Results of shards, brought into the main store by the one process that drives the fleet."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from harness import checksums, files, staging, trees
from harness import store as stores
from harness.errors import BenchdlError
from harness.fleet import host_lost
from harness.fleet.fleet_record import Fleet, PlannedShard
from harness.importing import taking
from harness.importing.incoming import FromFolder, StoreError
from harness.launchers.exchange import unwritable
from harness.notices import Say
from harness.store import Store
from runner.contract.result import Finding, Result

TWICE = "position-twice"

Position = tuple[str, int]
"""A campaign's id, and a job's place in it."""


class Collector:
    """Brings what is new from the shards' folders, and says once what cannot be taken.

    Args:
        fleet: whose results they are.
        store: the main one; nobody else collects this fleet into it meanwhile.
        say: takes one line of notice.
    """

    def __init__(self, fleet: Fleet, store: Store, say: Say) -> None:
        self._fleet = fleet
        self._store = store
        self._say = say
        self._looked_at: set[str] = set()
        self._told: set[str] = set()
        self._counted: dict[Position, str] = {}
        self.results: dict[str, Result] = {}
        self.refused: list[str] = []
        for result in store.load()[0]:
            if result.launch and (result.launch.shard or "").startswith(f"{fleet.fleet_id}/"):
                self._note(result)

    def collect(self, shards: Iterable[PlannedShard]) -> None:
        """Take what came since the last time.

        Raises:
            BenchdlError: the store cannot be written.
        """
        for shard in shards:
            folder = self._fleet.shard_folder(shard)
            place = f"fleet {self._fleet.fleet_id}, shard {shard.name}"
            incoming = _FromShard(folder.store.directory, place, self._looked_at, self._counted)
            try:
                new = incoming.runs()
                for run in new:
                    self._make_way(run)
                refused = taking.take(incoming, self._store).refused
            except StoreError:
                raise
            except BenchdlError as problem:  # the folder is away: it is looked at again
                self._once(f"shard {shard.name}: {problem.message}")
                continue
            for line in refused:
                if self._once(f"shard {shard.name}: refused: {line}"):
                    self.refused.append(line)
            for run in new:
                self._looked_at.add(run.name)
                self._read(run.name)

    def conclude(self, shard: PlannedShard) -> None:
        """Once nothing more comes of a shard: jobs that began and have no result are lost.

        One whose result was refused is not: its host may still have it whole. Nor is one that its
        host says to have, unless the shard was done without it.

        Raises:
            BenchdlError: the shard's folder cannot be read, or the store cannot be written.
        """
        folder = self._fleet.shard_folder(shard)
        known = {run.name for run in (*self._store.folders(), *folder.store.folders())}
        ends = folder.ends().values()
        if not any(end.how == "done" for end in ends):
            known.update(run_id for end in ends for run_id in end.kept)
        name = f"{self._fleet.fleet_id}/{shard.name}"
        machines = [begin.machine for begin in folder.begins().values()]
        for result in host_lost.results(folder, known, (machines or [shard.label])[0], name):
            self._store.add(result)
            self._note(result)
            self._say(f"{result.run_id}: its host was lost; stored as interrupted")

    def _make_way(self, run: Path) -> None:
        """Take away what says that nothing came of this run: it did, from a host thought lost."""
        word = self._store.directory / run.name
        if not files.exists(word):
            return
        try:
            is_word = host_lost.is_lost(stores.read(word)[0])
            stores.read(run, whole=True)
        except BenchdlError:  # damage is told where it is taken
            return
        if is_word:
            try:
                aside = self._store.staging() / staging.partial(run.name)
                word.rename(aside)
            except OSError as error:
                problem = unwritable(self._store.directory, error)
                raise StoreError(problem.message, problem.advice) from None
            except BenchdlError as problem:
                raise StoreError(problem.message, problem.advice) from None
            trees.remove(aside)
            self._say(f"{run.name}: its host was not lost; what it measured is stored after all")

    def _read(self, run_id: str) -> None:
        if files.exists(self._store.directory / run_id):
            self._note(self._store.find(run_id)[0])

    def _note(self, result: Result) -> None:
        self.results[result.run_id] = result
        position = _position(result)
        if position and not any(finding.code == TWICE for finding in result.findings):
            self._counted.setdefault(position, result.run_id)

    def _once(self, line: str) -> bool:
        """Say a line, unless it was said before; returns whether it is new."""
        new = line not in self._told
        if new:
            self._told.add(line)
            self._say(line)
        return new


class _FromShard(FromFolder):
    """The results of one shard that were not looked at yet."""

    def __init__(
        self, folder: Path, place: str, looked_at: set[str], counted: dict[Position, str]
    ) -> None:
        super().__init__(folder, place)
        self._looked_at = looked_at
        self._counted = counted

    def runs(self) -> list[Path]:
        """Those that are new."""
        return [run for run in super().runs() if run.name not in self._looked_at]

    def put(self, run: Path, folder: Path) -> None:
        """Copy it; a second end of one job gets a finding, so that no median counts it."""
        super().put(run, folder)
        result, _ = stores.read(folder, whole=True)  # a damaged one is nobody's end
        position = _position(result)
        if position is None:
            return
        first = self._counted.setdefault(position, result.run_id)
        if first != result.run_id:
            _say_twice(result, first, folder)


def _position(result: Result) -> Position | None:
    """What it is the end of; one that was interrupted is no end."""
    place = result.job.campaign_position
    if result.status == "interrupted" or place is None:
        return None
    return result.job.campaign_id, place


def _say_twice(result: Result, first: str, folder: Path) -> None:
    """Add the finding to the copy in ``folder``, and mend its sums."""
    finding = Finding(
        code=TWICE,
        severity="invalid",
        evidence=f"{first} is the end of the same job: a host that counted as lost went on",
        advice="the first that was collected counts; this one is kept and not averaged",
    )
    text = result.model_copy(update={"findings": [*result.findings, finding]}).model_dump_json(
        indent=1
    )
    (folder / "result.json").write_text(text, encoding="utf-8")
    sums = checksums.read(folder)
    if sums is not None:
        sums["result.json"] = hashlib.sha256(text.encode()).hexdigest()
        (folder / checksums.NAME).write_text(checksums.text(sums), encoding="utf-8")
