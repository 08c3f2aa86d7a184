"""A launcher without frameworks: each of its jobs leaves a plausible result at once."""

from __future__ import annotations

from collections.abc import Callable

from harness.campaign import checked, conduct, resolved
from harness.campaign.plan import Options
from harness.errors import BenchdlError
from harness.launchers.launcher import Exit, Prepared
from harness.readiness import Readiness
from harness.store import Store
from runner.contract.job import Pins, Provenance, load_job
from runner.contract.result import Result


def campaign(options: Options, launcher, store: Store, watcher) -> list[Result]:
    """Check, resolve and run what ``options`` ask for."""
    plan = resolved.asked(checked.combined(options), launcher, store)
    return conduct.run(plan, store, watcher)


class Launcher:
    """Results are of the tool and device that were asked for; ``order`` gets a word for each."""

    name = "local"

    def __init__(self, make_result: Callable[..., Result], order: list[str]) -> None:
        self.make_result, self.order = make_result, order

    def refuse(self, backend): ...

    def prepare(self, backend, flavour, say):
        self.order.append("prepare")
        provenance = Provenance(kind="environment", reference=backend.name, flavour=flavour)
        return Prepared(provenance, Pins(python="3.11"), "python")

    def readiness(self, backend, flavour):
        return Readiness(f"environment of {backend.name}", "not made", (f"wheels of {flavour}",))

    def check_gpu(self, backend, say):
        self.order.append("gpu")
        raise BenchdlError("no GPU here", "use --device cpu")

    def inside(self, host_dir, role):
        return str(host_dir)

    def check_data(self, files, prepared): ...

    def settle(self, say, stop): ...

    def clear(self, campaign_id, say): ...

    def start(self, order, on_event):
        job = load_job((order.job_dir / "job.json").read_text())
        result = self.make_result(run_id=job.run_id, job=job.model_dump())
        (order.job_dir / "result.json").write_text(result.model_dump_json())
        return Exit("exited", 0)
