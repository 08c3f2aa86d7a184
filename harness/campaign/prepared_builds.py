"""What the jobs of a campaign run in: what is built now, and images of earlier builds."""

from __future__ import annotations

from harness.campaign.one_job import Key
from harness.campaign.records import Environment
from harness.campaign.resolved import Plan
from harness.campaign.watcher import Watcher
from harness.launchers.launcher import Prepared
from harness.provision.verified import Dataset


def check(plan: Plan, watcher: Watcher) -> None:
    """See that jobs can have a GPU and earlier builds, before data is downloaded or any is built.

    Raises:
        BenchdlError: they cannot; with the fix.
    """
    for then in plan.then:
        whose = f"{then.backend} of an earlier build"
        plan.launcher.earlier(str(then.provenance.image_id), whose, watcher.say)
    on_gpu = [wanted.backend for wanted in plan.configurations if wanted.device == "gpu"]
    for name in dict.fromkeys(on_gpu):
        plan.launcher.check_gpu(plan.backends[name], watcher.say)


def prepare(plan: Plan, data: Dataset, watcher: Watcher) -> dict[Key, Prepared]:
    """Build what is built now; earlier builds are as they were.

    Raises:
        BenchdlError: something cannot be had, or its containers cannot read the data.
    """
    launcher, files = plan.launcher, list(data.served().values())
    launcher.check_data(files, None)
    of_now = [wanted for wanted in plan.configurations if wanted.image is None]
    prepared: dict[Key, Prepared] = {
        (name, device, None): launcher.prepare(plan.backends[name], device, watcher.say)
        for name, device in dict.fromkeys((wanted.backend, wanted.device) for wanted in of_now)
    }
    for then in plan.then:
        prepared[then.key] = Prepared(then.provenance, then.pins, python="python")
    launcher.check_data(files, next(iter(prepared.values()), None))
    return prepared


def environments(plan: Plan, prepared: dict[Key, Prepared]) -> list[Environment]:
    """As the campaign's record has them."""
    now = [
        Environment(
            backend=name,
            device="gpu" if device == "gpu" else "cpu",
            image_toml_sha256=plan.backends[name].sha256,
            provenance=ready.provenance,
            pins=ready.pins,
        )
        for (name, device, image), ready in prepared.items()
        if image is None
    ]
    return now + list(plan.then)
