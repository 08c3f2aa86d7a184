"""``benchdl bundle rerun``: the same jobs here, in the same environments, and the verdict.

The sources decide the environments. If this checkout's are those of the bundle, or the bundle holds
the images, nothing has to be chosen; else the user says which are to be taken.
"""

from __future__ import annotations

import tempfile
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from docker.models.images import Image

from harness import campaign as campaigns
from harness import compare, engine, paths
from harness.bundle import carried, sources
from harness.bundle.manifest import SOURCES
from harness.bundle.reading import Bundle
from harness.bundle.unpacking import unpack
from harness.campaign import one_job, plan, records
from harness.campaign.plan import Options
from harness.campaign.records import Campaign
from harness.campaign.watcher import Watcher
from harness.catalog import Backend, Flavour
from harness.compare import Outcome
from harness.errors import BenchdlError, UsageError
from harness.launchers.base import Launcher, Say
from harness.launchers.docker import DockerLauncher
from harness.launchers.gpu import InjectionWord
from harness.launchers.local import LocalLauncher
from harness.store import Store
from harness.tables import rows
from runner.contract import Result

Sources = Literal["auto", "bundle", "here"]

_NAMED = 3


@dataclass(frozen=True)
class Here:
    """What belongs to this machine, and which sources to take.

    ``resume``: go on with the newest repetition of the bundle instead of beginning one.
    """

    sources: Sources = "auto"
    data_dir: Path | None = None
    gpus: list[str] | None = None
    injection: InjectionWord = "auto"
    make_base: bool = False
    resume: bool = False


def rerun(bundle: Bundle, here: Here, store: Store, watcher: Watcher) -> list[Result]:
    """Run the bundle's jobs and store their results as a campaign of this store.

    Returns:
        The results of the repetition.

    Raises:
        UsageError: the sources differ and nobody said which to take; a configuration does not exist
            in them; or there is no repetition to resume.
        BenchdlError: the data, an image or an engine cannot be had; or a job cannot be stored.
        KeyboardInterrupt: Ctrl-C or SIGTERM, after the running job was stored as interrupted.
    """
    record = bundle.campaign()
    for words in bundle.manifest.sources_changed:
        watcher.say(f"the bundle's sources are not as the campaign ran: {words} changed before")
    with tempfile.TemporaryDirectory(prefix="benchdl-bundle-") as folder:
        root = unpack(bundle, SOURCES, Path(folder))
        of_bundle = _take_the_bundles(bundle, record, here, root, watcher.say)
        with paths.rooted(root) if of_bundle else nullcontext():
            _check(record)
            launcher = _launcher(bundle, record, here, of_bundle=of_bundle)
            if here.resume:
                begun = _begun(store, bundle)
                return campaigns.resume(begun, launcher, store, watcher)
            options = _options(record, here)
            return campaigns.again(
                record, options, bundle.manifest_sha256, launcher, store, watcher
            )


def verdict(bundle: Bundle, done: list[Result]) -> Outcome:
    """The bundle's results against those of here: ratio and verdict of each configuration.

    The machine is the question. Versions and settings may differ as well, and are then told, where
    jobs ran without an image, or in one of another checkout.

    Raises:
        UsageError: one side has no usable run, or nothing can be compared.
    """
    then = bundle.results()
    sides = ([rows.row(one) for one in then], [rows.row(one) for one in done])
    images = [{one.job.provenance.image_id for one in side} for side in (then, done)]
    names = (
        f"the bundle, {bundle.campaign().machine}",
        f"here, {one_job.machine()}",
    )
    same = images[0] == images[1] and None not in images[0]
    return compare.between(sides, ("machine",) if same else ("machine", "time"), names=names)


def _take_the_bundles(bundle: Bundle, record: Campaign, here: Here, root: Path, say: Say) -> bool:
    """Whether the bundle's sources are used, and not this checkout's."""
    differing = sources.differing(record, root)
    if here.sources == "bundle" or (here.sources == "auto" and bundle.manifest.images):
        say("environments: the bundle's" + (" images" if bundle.manifest.images else " sources"))
        return True
    if not differing:
        say("environments: this checkout's sources, which are those of the bundle")
        return False
    few = ", ".join(differing[:_NAMED]) + (", ..." if len(differing) > _NAMED else "")
    if here.sources == "here":
        say(f"environments: this checkout's, which differ from the bundle's in {few}")
        return False
    raise UsageError(
        f"this checkout's sources differ from the bundle's in {len(differing)} files: {few}",
        "--sources bundle takes the bundle's, and runs its Dockerfiles and code (only if you trust "
        "its maker); --sources here takes this checkout's, and compares other environments",
    )


def _check(record: Campaign) -> None:
    """Every configuration exists in the sources that were chosen.

    Raises:
        UsageError: one does not.
    """
    wanted = {job.configuration for job in record.jobs}
    named = sorted({one.backend for one in wanted})
    sound, _ = plan.check(record.options.model_copy(update={"backends": named}))
    missing = [str(one) for one in wanted if one not in sound]
    if missing:
        raise UsageError(f"{missing[0]} does not exist in these sources", "try --sources bundle")


def _launcher(bundle: Bundle, record: Campaign, here: Here, *, of_bundle: bool) -> Launcher:
    if record.launcher == "local":
        return LocalLauncher()
    client = engine.connect()
    chosen = bundle.manifest.images if of_bundle else []
    images = {(one.wanted.backend, one.wanted.device): one
              for one in carried.checked(bundle, chosen)}  # fmt: skip

    def given(backend: Backend, flavour: Flavour, say: Say) -> Image:
        image = images.get((backend.name, flavour))
        if image is None:
            raise BenchdlError(f"the bundle has no {flavour} image of {backend.name}")
        return carried.loaded(client, bundle, image, say)

    return DockerLauncher(
        client,
        make_base=here.make_base,
        injection=here.injection,
        given=given if images else None,
    )


def _options(record: Campaign, here: Here) -> Options:
    changed = {
        "backends": sorted({job.configuration.backend for job in record.jobs}),
        "dataset": record.dataset,
        "data_dir": here.data_dir,
        "gpus": here.gpus,
    }
    return record.options.model_copy(update=changed)


def _begun(store: Store, bundle: Bundle) -> Campaign:
    """The newest repetition of the bundle in the store."""
    known, _ = records.load(store)
    ours = [one for one in known if one.bundle_sha256 == bundle.manifest_sha256]
    if not ours:
        raise UsageError(
            f"no repetition of {bundle.file} in {store.directory}", "begin one without --resume"
        )
    return ours[-1]
