"""A fleet before its first submission: images, data, shards, record, all in the shared folder."""

from __future__ import annotations

import secrets
from importlib import metadata
from pathlib import Path

from harness import engine
from harness.campaign import changes, checked, one_job, plan
from harness.campaign.checked import Checked
from harness.campaign.plan import Options
from harness.campaign.records import Environment
from harness.campaign.watcher import Watcher
from harness.errors import UsageError
from harness.fleet import fleet_record, sharding, shipped_data, shipped_proofs, shipping
from harness.fleet.fleet_file import FleetFile
from harness.fleet.fleet_record import Fleet, PlannedShard
from harness.fleet.shard_files import Shard
from harness.launchers.docker import DockerLauncher
from harness.launchers.exchange import unwritable
from harness.notices import Say
from harness.provision import obtain
from harness.provision.verified import Dataset
from harness.store import Store, new_run_id
from runner.contract.job import LauncherName


def make(
    options: Options,
    file: FleetFile,
    builder: DockerLauncher | None,
    store: Store,
    watcher: Watcher,
) -> Fleet:
    """Plan a fleet and write all that its hosts need; nothing is submitted.

    Args:
        options: of the whole campaign.
        file: the fleet file.
        builder: builds the images here; None where the hosts make what their jobs run in.
        store: where the record is kept, and results will be collected.
        watcher: is told of builds and downloads.

    Raises:
        UsageError: the campaign cannot run on any host, or asks for what only one host has.
        BenchdlError: an image or the dataset cannot be had, or the folder cannot be written.
    """
    _for_many_hosts(options)
    question = checked.combined(options)
    _make_folder(file.folder)
    data = obtain.resolve(
        options.dataset, options.workload, options.data_dir, watcher.say, watcher.download
    )
    shipped_data.save_data(data, file.folder, watcher.say)
    launcher: LauncherName = "docker" if builder else _without_images(options)
    environments = _images(question, builder, file.folder, watcher.say)
    options, order_seed = _settled(options)
    parts = sharding.parts(options, file.hosts, order_seed)
    fleet = Fleet(
        fleet_id=new_run_id("fleet", "-".join(dict.fromkeys(options.devices))),
        created_at=one_job.now(),
        file=file,
        options=options,
        shards=[PlannedShard(name=part.name, label=part.label) for part in parts],
        nonce=secrets.token_hex(16),
    )
    try:
        fleet.folder.mkdir(parents=True)
        (fleet.folder / "nonce").write_text(fleet.nonce + "\n", encoding="ascii")
    except OSError as error:
        raise unwritable(file.folder, error) from None
    for part, planned in zip(parts, fleet.shards, strict=True):
        fleet.shard_folder(planned).make(_shard(fleet, part, launcher, data, environments))
    fleet_record.save(store, fleet)
    return fleet


def _for_many_hosts(options: Options) -> None:
    """Refuse what belongs to one machine.

    Raises:
        UsageError: something does.
    """
    if options.against is not None:
        raise UsageError("--against with a fleet", "earlier builds are on one host: benchdl run")
    if options.gpus is not None:
        raise UsageError("--gpus with a fleet", "hosts are taken whole: use gpus_axis in the file")


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(folder, error) from None


def _images(
    question: Checked, builder: DockerLauncher | None, folder: Path, say: Say
) -> list[Environment]:
    """Build the images of the campaign and put them into the folder; none without Docker."""
    if builder is None:
        return []
    wanted = {(each.backend, each.device) for each in question.configurations}
    environments = []
    for name, device in sorted(wanted):
        backend = question.backends[name]
        ready = builder.for_others(backend, device, say)
        environments.append(
            Environment(
                backend=name,
                device=device,
                image_toml_sha256=backend.sha256,
                provenance=ready.provenance,
                pins=ready.pins,
            )
        )
    shipping.save_images(engine.connect(), environments, folder, say)
    images = [str(environment.provenance.image_id) for environment in environments]
    shipped_proofs.save_proofs(images, folder)
    return environments


def _without_images(options: Options) -> LauncherName:
    return "python" if options.launcher == "python" or options.python else "local"


def _settled(options: Options) -> tuple[Options, int]:
    """The options with their order seed, drawn if there is none, and that."""
    order_seed = plan.new_seed() if options.order_seed is None else options.order_seed
    return options.model_copy(update={"order_seed": order_seed}), order_seed


def _shard(
    fleet: Fleet,
    part: sharding.Part,
    launcher: LauncherName,
    data: Dataset,
    environments: list[Environment],
) -> Shard:
    own = {"dataset": data.name, "data_dir": None, "launcher": launcher}
    return Shard(
        fleet_id=fleet.fleet_id,
        name=part.name,
        label=part.label,
        options=part.options.model_copy(update=own),
        launcher=launcher,
        dataset=data.name,
        dataset_sha256=data.sha256,
        environments=environments,
        harness_version=metadata.version("benchdl"),
        harness_sha256=changes.harness_sha256(),
        runner_sha256=changes.runner_sha256(),
        created_at=fleet.created_at,
        nonce=fleet.nonce,
        scratch=str(fleet.file.scratch),
        heartbeat_s=fleet.file.heartbeat_s,
        patience_s=fleet.file.patience_s,
    )
