"""``benchdl run --dry-run``: what a plan would do, found without doing any of it."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from harness.campaign import estimate
from harness.campaign.outlook import duration
from harness.campaign.plan import PlannedJob, Skipped
from harness.campaign.resolved import Plan
from harness.hosts import this_machine
from harness.provision import prospect
from harness.provision.prospect import Prospect
from harness.readiness import Readiness
from harness.store import Store
from runner.contract.schema import Model, Seconds, Whole
from runner.contract.work_and_score import Budget


class Build(Model):
    """An image or an environment that jobs run in; ``lacks``: why it would be made, if it would."""

    name: str
    lacks: str
    downloads: list[str] = []


class Preview(Model):
    """What would happen.

    Attributes:
        workload, dataset, budget, launcher, machine: what is shared by all jobs.
        data: what becomes of the dataset: it lies there, or would be downloaded or generated.
        order_seed: repeats this order, which is drawn anew else.
        order_drawn: whether it was drawn now.
        jobs: in their order.
        gpus: those that jobs run on side by side.
        builds: what jobs run in, each once.
        downloads: all that would come from elsewhere.
        skipped: combinations left out, and why.
        notes: what ``run`` tells before its first job.
        known_s: seconds that the ``known_jobs`` take, without builds and downloads.
        unknown: configurations of which no earlier result here tells how long they take.
    """

    workload: str
    dataset: str
    budget: Budget
    launcher: str
    machine: str
    data: str
    order_seed: Whole
    order_drawn: bool
    jobs: list[PlannedJob]
    gpus: list[str] = []
    builds: list[Build]
    downloads: list[str]
    skipped: list[Skipped]
    notes: list[str]
    known_s: Seconds
    known_jobs: int = Field(ge=0)
    unknown: list[str]

    def lines(self) -> Iterator[str]:
        """For a reader; notes and skipped combinations, which ``run`` tells as well, left out."""
        yield (
            f"{self.workload} on {self.dataset}, {self.budget} a job, launcher {self.launcher}, "
            f"on {self.machine}"
        )
        yield from self._order()
        yield "environments"
        for build in self.builds:
            yield f"  {build.name}: {f'to be made: {build.lacks}' if build.lacks else 'ready'}"
        yield "data"
        yield f"  {self.data}"
        yield "downloads"
        yield from (f"  {what}" for what in self.downloads or ["none"])
        yield "left out"
        left_out = [f"{skipped.configuration}: {skipped.reason}" for skipped in self.skipped]
        yield from (f"  {what}" for what in left_out or ["nothing"])
        yield "time, without what is built, downloaded, proven or waited for"
        yield from self._time()

    def _order(self) -> Iterator[str]:
        blocks = len({job.repeat for job in self.jobs})
        beside = f", side by side on GPU {', '.join(self.gpus)}" if self.gpus else ""
        yield f"jobs: {len(self.jobs)} in {blocks} block{'s' if blocks > 1 else ''}{beside}"
        block = 0
        for job in self.jobs:
            if job.repeat != block:
                block = job.repeat
                yield f"  block {block}, seed {job.seed}"
            yield f"    {job.position}. {job.configuration}"
        if self.order_drawn and len(self.jobs) > 1:
            yield f"  drawn now; run draws anew, --order-seed {self.order_seed} keeps this order"

    def _time(self) -> Iterator[str]:
        if self.known_jobs:
            of = "" if self.known_jobs == len(self.jobs) else f" of {len(self.jobs)}"
            jobs = f"{self.known_jobs}{of} job{'s' if len(self.jobs) > 1 else ''}"
            yield f"  about {duration(self.known_s)} for {jobs}, by earlier results here"
            yield from (f"  {name}: not known yet" for name in self.unknown)
        else:
            yield "  not known yet: no earlier result of this machine tells"


def of(plan: Plan, store: Store) -> Preview:
    """What ``run`` would do with a plan and a store.

    Raises:
        BenchdlError: something cannot be had here, as far as that can be told without trying.
    """
    question = plan.question
    options = question.options
    of_now = [wanted for wanted in plan.configurations if wanted.image is None]
    places = dict.fromkeys((wanted.backend, wanted.device) for wanted in of_now)
    found = [plan.launcher.readiness(plan.backends[name], device) for name, device in places]
    found += [
        Readiness(f"{then.provenance.reference}, image {str(then.provenance.image_id)[7:19]}")
        for then in plan.then
    ]
    data = prospect.of(options.dataset, options.workload, options.data_dir)
    if data.given:
        plan.launcher.check_data(list(data.given.served().values()), None)
    downloads = [what for ready in found for what in ready.downloads]
    if data.action == "download":
        unpacked = "" if data.spec.made_from else " when unpacked"
        downloads.append(f"{data.spec.title}: {data.download_bytes / 1e6:,.0f} MB{unpacked}")
    machine = this_machine.here(options.machine)
    results, _ = store.load()
    time = estimate.of(plan, data.spec.name, machine, results)
    return Preview(
        workload=options.workload,
        dataset=data.spec.name,
        budget=question.budget,
        launcher=plan.launcher.name,
        machine=machine,
        data=_becomes(data),
        order_seed=plan.order_seed,
        order_drawn=options.order_seed is None,
        jobs=list(plan.jobs),
        gpus=list(plan.gpus or []),
        builds=[
            Build(name=ready.name, lacks=ready.lacks, downloads=list(ready.downloads))
            for ready in found
        ],
        downloads=list(dict.fromkeys(downloads)),
        skipped=list(question.skipped),
        notes=list(plan.notes),
        known_s=time.known_s,
        known_jobs=time.known,
        unknown=[str(configuration) for configuration in time.unknown],
    )


def _becomes(data: Prospect) -> str:
    """What happens to the dataset, in words."""
    where = f"{data.spec.name} in {data.where}"
    if data.spec.played:
        return f"{data.spec.name}: played, nothing is read"
    if data.action == "use":
        return f"{where}: there, verified"
    if data.action == "generate":
        return f"{where}: to be generated"
    if data.action == "prepare":
        return f"{where}: to be prepared from its source, which is here"
    instead = f"; where it cannot be had, {data.spec.stand_in}" if data.stand_in else ""
    return f"{where}: to be downloaded{instead}"
