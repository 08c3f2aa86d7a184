"""``benchdl shard``: what a host does with its shard, from its first look to its end file.

lock ──► begin, signs of life ──► images and data ──► checks of the host ──► its campaign ──► end
"""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from pathlib import Path

from harness import catalog, engine
from harness.campaign import checked, conduct, one_job, prepared_builds, records, resolved
from harness.catalog import Flavour
from harness.fleet import (
    allocation,
    host_checks,
    host_lost,
    local_disk,
    shard_process,
    shipped_data,
    shipped_proofs,
    shipping,
    type_facts,
)
from harness.fleet.allocation import Allocation
from harness.fleet.heartbeat import Heartbeat
from harness.fleet.mirrored_store import MirroredStore
from harness.fleet.shard_files import Begin, Shard, ShardFolder
from harness.fleet.shard_process import RefusedError
from harness.hosts import this_machine
from harness.launchers import choice
from harness.launchers.docker import DockerLauncher
from harness.launchers.launcher import Launcher
from harness.notices import Say
from harness.provision import obtain
from harness.store import Store
from runner.contract.result import Finding


@dataclass(frozen=True)
class _Here:
    """One start of one shard on this host."""

    shard: Shard
    folder: ShardFolder
    job_id: str
    allotted: Allocation | None
    store: MirroredStore
    heartbeat: Heartbeat
    say: Say

    @property
    def fleet_folder(self) -> Path:
        """Where images and data are, of this fleet and others."""
        return self.folder.path.parent.parent


def run(path: Path, say: Say, *, accept_changes: bool = False) -> None:
    """Run what is left of a shard, and write how that ended.

    Args:
        path: the shard's folder.
        say: takes one line for the log.
        accept_changes: run although the host differs; its results are then suspect.

    Raises:
        RefusedError: the host is not what the fleet asks for.
        BenchdlError: the folder is not the fleet's, another process runs this shard, or as with
            :func:`harness.campaign.conduct.run`.
        KeyboardInterrupt: SIGTERM: cancelled, or the time limit is near.
    """
    folder = ShardFolder(path)
    shard = folder.shard()
    host_checks.same_folder(folder, shard)
    allotted = allocation.here()
    job_id = allotted.job_id if allotted else f"by-hand-{socket.gethostname()}-{os.getpid()}"
    disk = local_disk.place(Path(shard.scratch))
    local_disk.use_cache(disk)
    local = disk / shard.fleet_id / shard.name
    store = MirroredStore(local, folder.store, shard.patience_s, say)
    with shard_process.only_one(folder), shard_process.ended(folder, job_id, allotted, store.kept):
        heartbeat = Heartbeat(folder, job_id, shard.heartbeat_s, store, say)
        machine = this_machine.here(shard.label)
        folder.begin(
            Begin(job_id=job_id, host=socket.gethostname(), at=one_job.now(), machine=machine)
        )
        here = _Here(shard, folder, job_id, allotted, store, heartbeat, say)
        with heartbeat.beating():
            _campaign(here, machine, accept_changes=accept_changes)


def _campaign(here: _Here, machine: str, *, accept_changes: bool) -> None:
    shard, store = here.shard, here.store
    launcher = _launcher(here)
    store.take_back()
    shipped_data.take_data(shard.dataset, shard.dataset_sha256, here.fleet_folder, here.say)
    findings = _checked(here, launcher, machine, accept_changes=accept_changes)
    begun = records.names(store)
    if not begun:
        plan = resolved.asked(checked.combined(shard.options), launcher, store)
        conduct.run(
            plan,
            store,
            here.heartbeat,
            shard=f"{shard.fleet_id}/{shard.name}",
            findings=findings,
        )
    else:
        record, _ = records.read(records.folder(store) / f"{begun[0]}.json")
        _note_lost(here, machine)
        conduct.resume(
            record,
            launcher,
            store,
            here.heartbeat,
            accept_changes=accept_changes,
            load=catalog.load,
            findings=findings,
        )
    store.deliver()


def _launcher(here: _Here) -> Launcher:
    shard = here.shard
    if shard.launcher != "docker":
        python = shard.options.python
        named = choice.python(shard.launcher, None if python is None else str(python))
        return choice.launcher(shard.launcher, python=named, say=here.say)
    client = engine.connect()
    images: dict[tuple[str, Flavour], str] = {
        (environment.backend, environment.device): str(environment.provenance.image_id)
        for environment in shard.environments
    }
    shipped_proofs.take_proofs(images.values(), here.fleet_folder)
    return DockerLauncher(client, given=shipping.given(client, here.fleet_folder, images))


def _checked(
    here: _Here, launcher: Launcher, machine: str, *, accept_changes: bool
) -> list[Finding]:
    """What is found of the host, as findings of all of its results.

    Raises:
        RefusedError: something, and it was not accepted.
    """
    shard, folder = here.shard, here.folder
    options = shard.options
    plan = resolved.asked(checked.combined(options), launcher, Store(here.store.directory))
    prepared_builds.check(plan, here.heartbeat)
    data = obtain.resolve(
        options.dataset, options.workload, options.data_dir, here.say, here.heartbeat.download
    )
    prepared = prepared_builds.prepare(plan, data, here.heartbeat)
    facts = type_facts.of_this_host(machine, prepared_builds.environments(plan, prepared))
    planned = facts.model_copy(update={"environments": shard.environments})
    wrong = [
        *host_checks.clock(folder, shard),
        *host_checks.code(shard),
        *host_checks.ours_alone(shard, here.allotted),
        *host_checks.built_alike(shard, list(facts.unlike(planned))),
    ]
    if not wrong:  # a host that is none of the type must not be the first of it
        wrong += type_facts.differences(folder.path.parent, shard.label, facts)
    if data.sha256 != shard.dataset_sha256:
        raise RefusedError(f"{data.name} is other data here than the fleet began with")
    if not wrong:
        return []
    told = "; ".join(wrong)
    if not accept_changes:
        raise RefusedError(
            f"this host is not what the fleet asks for: {told}",
            "mend that, or take it with --accept-changes: its results are then suspect",
        )
    here.say(f"accepted: {told}")
    advice = "compare with results of other hosts only in full knowledge of that"
    return [Finding(code=host_checks.CODE, severity="suspect", evidence=told[:2000], advice=advice)]


def _note_lost(here: _Here, machine: str) -> None:
    """Count jobs that another host began and never ended as attempts; here alone.

    What that host still delivers must find its place in the shared folder: there, nothing is said
    of its jobs. Those that this very host left are in its own staging, where the campaign finds
    them.
    """
    store, shard = here.store, here.shard
    ours = {folder.name for folder in store.staging().iterdir()}
    known = ours | {folder.name for folder in store.folders()}
    lost = host_lost.results(here.folder, known, machine, f"{shard.fleet_id}/{shard.name}")
    for result in lost:
        Store(store.directory).add(result)
        here.say(f"{result.run_id} was begun by another host and never ended: a further attempt")
