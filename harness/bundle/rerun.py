"""``benchdl bundle rerun``: the same jobs here, and the verdict.

A bundle is a stranger's: first comes what it would run, then every refusal, then the first job.
docs/bundles.md has the threat model.
"""

from __future__ import annotations

import tempfile
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path

from harness import engine, paths, scratch
from harness.bundle import carried, choosing, outline, plain
from harness.bundle.choosing import Chosen, LocalOfBundle, OfBundle, Sources, Where
from harness.bundle.manifest import SOURCES
from harness.bundle.plain import Limits
from harness.bundle.reading import Bundle
from harness.bundle.unpacking import FOLDERS, unpack
from harness.campaign import checked, conduct, records, resolved
from harness.campaign.records import Campaign
from harness.campaign.watcher import Watcher
from harness.compare import comparing
from harness.compare.comparing import Outcome
from harness.errors import UsageError
from harness.hosts import this_machine
from harness.launchers import recovery
from harness.launchers.docker import DockerLauncher
from harness.launchers.gpu_options import InjectionWord
from harness.launchers.launcher import Launcher
from harness.launchers.local import LocalLauncher
from harness.newest import newest
from harness.store import Store
from harness.tables import rows
from runner.contract.result import Result

__all__ = ["Here", "Limits", "Sources", "Where", "rerun", "verdict"]


@dataclass(frozen=True)
class Here:
    """What belongs to this machine and its user, and which sources to take.

    ``trusted``: programs of the bundle may run without a container's protection. ``resume``: go on
    with the newest repetition of the bundle instead of beginning one. ``only_show``: run nothing.
    """

    sources: Sources = "auto"
    launcher: Where = "docker"
    trusted: bool = False
    limits: Limits = field(default_factory=Limits)
    data_dir: Path | None = None
    gpus: list[str] | None = None
    injection: InjectionWord = "auto"
    engine_wait_s: float = recovery.DEFAULT_WAIT_S
    make_base: bool = False
    resume: bool = False
    only_show: bool = False


def rerun(bundle: Bundle, here: Here, store: Store, watcher: Watcher) -> list[Result]:
    """Tell what would run, then run the bundle's jobs as a campaign of this store.

    Returns:
        The results of the repetition; none if it was only shown.

    Raises:
        UsageError: something of the bundle is not plain, or is not allowed by ``here``; a
            configuration does not exist in the sources; or there is no repetition to resume.
        BenchdlError: an image is refused; the data, an image or an engine cannot be had; or a job
            cannot be stored.
        KeyboardInterrupt: Ctrl-C or SIGTERM, after the running job was stored as interrupted.
    """
    record = bundle.campaign()
    plain.check(record, here.limits)
    choosing.launcher(record, here.launcher, trusted=here.trusted)
    options = plain.options(record, here.limits).model_copy(
        update={"data_dir": here.data_dir, "gpus": here.gpus}
    )
    checkout = paths.root()
    with scratch.folder(Path(tempfile.gettempdir()), FOLDERS) as folder:
        root = unpack(bundle, SOURCES, folder)
        chosen = choosing.environments(bundle, record, here.sources, root, trusted=here.trusted)
        with paths.rooted(chosen.root) if chosen.root else nullcontext():
            question = checked.given((job.configuration for job in record.jobs), options)
            for line in outline.lines(bundle, record, question, chosen, here.limits):
                watcher.say(line)
            if chosen.root and record.launcher == "docker":
                choosing.harmless(outline.variables(question))
            images = carried.checked(bundle, chosen.images)
            if here.only_show:
                return []
            begun = _begun(store, bundle, here.limits) if here.resume else None
            launcher = _launcher(bundle, record, here, chosen, images, checkout)
            if begun:
                return conduct.resume(begun, launcher, store, watcher)
            plan = resolved.repeated(question, record, bundle.manifest_sha256, launcher)
            return conduct.run(plan, store, watcher)


def verdict(bundle: Bundle, done: list[Result]) -> Outcome:
    """The bundle's results against those of here: ratio and verdict of each configuration.

    The machine is the question. Versions and settings may differ as well, and are then told, where
    jobs ran without an image, or in one of another checkout.

    Raises:
        UsageError: one side has no usable run, or nothing can be compared.
    """
    then = bundle.results()
    sides = ([rows.row(result) for result in then], [rows.row(result) for result in done])
    images = [{result.job.provenance.image_id for result in side} for side in (then, done)]
    names = (
        f"the bundle, {bundle.campaign().machine}",
        f"here, {this_machine.here()}",
    )
    same = images[0] == images[1] and None not in images[0]
    return comparing.between(sides, ("machine",) if same else ("machine", "time"), names=names)


def _launcher(
    bundle: Bundle,
    record: Campaign,
    here: Here,
    chosen: Chosen,
    images: list[carried.Checked],
    checkout: Path,
) -> Launcher:
    if record.launcher == "local":
        return LocalOfBundle(bundle) if chosen.root else LocalLauncher()
    client = engine.connect()
    given = OfBundle(client, bundle, images, checkout, here.make_base)
    return DockerLauncher(
        client,
        make_base=here.make_base,
        injection=here.injection,
        engine_wait_s=here.engine_wait_s,
        given=given if images or chosen.root else None,
    )


def _begun(store: Store, bundle: Bundle, limits: Limits) -> Campaign:
    """The newest repetition of the bundle in the store; as plain as the bundle has to be."""
    known, _ = records.load(store)
    ours = [campaign for campaign in known if campaign.bundle_sha256 == bundle.manifest_sha256]
    if not ours:
        raise UsageError(
            f"no repetition of {bundle.file} in {store.directory}", "begin one without --resume"
        )
    (last,) = newest([campaign.campaign_id for campaign in ours])
    begun = next(campaign for campaign in ours if campaign.campaign_id == last)
    plain.check(begun, limits)
    return begun
