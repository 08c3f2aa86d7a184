"""What the jobs of a campaign run in: what is built now, and images of earlier builds."""

from __future__ import annotations

from harness import catalog
from harness.campaign import changes
from harness.campaign.one_job import Key
from harness.campaign.plan import Configuration
from harness.campaign.records import Environment
from harness.campaign.watcher import Watcher
from harness.launchers.launcher import Launcher, Prepared
from harness.provision.verified import Dataset


def check_devices(
    configurations: list[Configuration],
    backends: dict[str, catalog.Backend],
    launcher: Launcher,
    watcher: Watcher,
) -> None:
    """See that jobs on a GPU can have one, before data is downloaded or anything is built.

    Raises:
        BenchdlError: they cannot; with the fix.
    """
    on_gpu = dict.fromkeys(one.backend for one in configurations if one.device == "gpu")
    for name in on_gpu:
        launcher.check_gpu(backends[name], watcher.say)


def prepare(
    configurations: list[Configuration],
    backends: dict[str, catalog.Backend],
    then: list[Environment],
    data: Dataset,
    launcher: Launcher,
    watcher: Watcher,
) -> dict[Key, Prepared]:
    """Build what is built now; ``then`` are the environments of earlier builds.

    Raises:
        BenchdlError: something cannot be had, or its containers cannot read the data.
    """
    files = list(data.served().values())
    launcher.check_data(files, None)
    wanted = dict.fromkeys((x.backend, x.device) for x in configurations if x.image is None)
    prepared: dict[Key, Prepared] = {
        (name, device, None): launcher.prepare(backends[name], device, watcher.say)
        for name, device in wanted
    }
    prepared |= {one.key: Prepared(one.provenance, one.pins, python="python") for one in then}
    launcher.check_data(files, next(iter(prepared.values()), None))
    return prepared


def environments(
    prepared: dict[Key, Prepared], backends: dict[str, catalog.Backend], then: list[Environment]
) -> list[Environment]:
    """As the campaign's record has them."""
    now = [
        Environment(
            backend=name,
            device="gpu" if device == "gpu" else "cpu",
            image_toml_sha256=changes.file_sha256(backends[name].folder / "image.toml"),
            provenance=ready.provenance,
            pins=ready.pins,
        )
        for (name, device, image), ready in prepared.items()
        if image is None
    ]
    return now + then
