"""What the harness concludes about a result: findings, computed from the job and not from inside.

Each check is a function from a job and its measurement to findings; :func:`findings` runs them all.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

from harness.checks import agreement, contention, effort, gpu_checks, isolation, pins, weights
from harness.checks.gpu_guards import GUARDS
from harness.checks.seen import Seen
from runner.contract.job import Job
from runner.contract.measurement import Measurement
from runner.contract.result import Finding
from runner.workloads import lookup

SAMPLER_OFF = "sampler-off"

_LATE_FACTOR = 2.0
_RETURN_SHARE = 0.1
_RETURN_MIN_S = 0.5
_START_MARGIN = 0.15  # five times the largest distance from chance seen over 300 seeds
_RATE_MARGIN = 0.002  # pictures on the border between two digits, and TF32
_LOSS_MARGIN = 0.005
_LOSS_MARGIN_SHARE = 0.05  # frameworks clip the logarithm differently


def findings(job: Job, measurement: Measurement, seen: Seen) -> list[Finding]:
    """All findings on one measurement; ``seen`` is what the harness knows besides."""
    found: list[Finding] = []
    for check in _CHECKS:
        found.extend(check(job, measurement))
    found.extend(effort.findings(job, measurement, seen))
    found.extend(agreement.findings(measurement, seen))
    found.extend(contention.findings(measurement, seen))
    return found


def verdict(status: str, found: list[Finding]) -> str:
    """``ok``, ``suspect``, ``invalid``, ``failed`` or ``interrupted``: the status of a row."""
    if status != "ok":
        return status
    severities = {finding.severity for finding in found}
    for worst in ("invalid", "suspect"):
        if worst in severities:
            return worst
    return "ok"


def _network(job: Job, measured: Measurement) -> Iterator[Finding]:
    expected = lookup.of(job).network.parameters()
    if measured.learning.parameters != expected:
        yield Finding(
            code="other-network",
            severity="invalid",
            evidence=f"the workload has {expected} parameters, the backend trained "
            f"{measured.learning.parameters}",
            advice="the backend's translation of the layers is wrong; do not compare this row",
        )


def _start(job: Job, measured: Measurement) -> Iterator[Finding]:
    loss = measured.learning.initial_loss
    chance = math.log(lookup.load(job.workload).classes)
    if loss is not None and abs(loss - chance) > _START_MARGIN:
        yield Finding(
            code="other-start",
            severity="invalid",
            evidence=f"the untrained network has a loss of {loss:.3f}, chance is {chance:.3f}",
            advice="the backend initialises otherwise, or had trained before; do not compare",
        )


def _second_opinion(job: Job, measured: Measurement) -> Iterator[Finding]:  # noqa: ARG001
    said = measured.learning
    loss, rate = said.reference_loss, said.reference_error_rate
    if loss is None or rate is None:
        return
    margin = _LOSS_MARGIN + _LOSS_MARGIN_SHARE * loss
    claimed_loss = said.test_loss if said.claimed_loss is None else said.claimed_loss
    claimed = said.error_rate if said.claimed_error_rate is None else said.claimed_error_rate
    if abs(rate - claimed) > _RATE_MARGIN or abs(loss - claimed_loss) > margin:
        yield Finding(
            code="other-network",
            severity="invalid",
            evidence=f"the trained weights give an error rate of {rate:.2%} and a loss of "
            f"{loss:.4f} in NumPy, the backend says {claimed:.2%} and {claimed_loss:.4f}",
            advice="it evaluated something else than what it trained; do not compare this row",
        )


def _work(job: Job, measured: Measurement) -> Iterator[Finding]:
    recipe = lookup.of(job).recipe
    learning = measured.learning
    updates = recipe.updates(learning.train_samples, job.epochs)
    wrong = []
    if learning.updates != updates:
        wrong.append(f"{learning.updates} updates instead of {updates}")
    if learning.batch_size != recipe.batch_size:
        wrong.append(f"batches of {learning.batch_size} instead of {recipe.batch_size}")
    if job.train_samples is not None and learning.train_samples != job.train_samples:
        wrong.append(f"{learning.train_samples} images instead of {job.train_samples}")
    if [epoch.number for epoch in measured.epochs] != list(range(1, job.epochs + 1)):
        wrong.append(f"{len(measured.epochs)} epochs reported instead of {job.epochs}")
    if wrong:
        yield Finding(
            code="other-work",
            severity="invalid",
            evidence=", ".join(wrong),
            advice="the backend did not do the work that was asked for; do not compare this row",
        )


def _learning(job: Job, measured: Measurement) -> Iterator[Finding]:
    workload = lookup.of(job)
    learned = workload.learned.get(job.dataset)
    if learned is None:
        return
    learning = measured.learning
    rate, count = learning.error_rate, learning.test_samples
    # The ceilings are of the recipe's batch: a smaller one needs as many images, a larger as many
    # updates.
    own = lookup.load(job.workload).recipe.batch_size
    seen = learning.updates * (job.batch_size or own) // own
    ceiling = learned.ceiling(min(learning.updates, seen))
    # Three standard deviations of a binomial share: the test set itself is a sample.
    margin = 3 * math.sqrt(ceiling * (1 - ceiling) / count)
    if rate > ceiling + margin or rate < learned.floor:
        expected = f"{learned.floor:.1%} to {ceiling + margin:.1%}"
        last = f"; last loss {measured.epochs[-1].loss:.3f}" if measured.epochs else ""
        yield Finding(
            code="not-learned",
            severity="invalid",
            evidence=f"error rate {rate:.2%} after {learning.updates} updates on {job.dataset}, "
            f"expected {expected}{last}",
            advice="try another --seed; if it stays, the backend does not train this network",
        )


def _device(job: Job, measured: Measurement) -> Iterator[Finding]:
    if measured.attestation.device != job.device:
        yield Finding(
            code="other-device",
            severity="invalid",
            evidence=f"asked for {job.device}, the training ran on {measured.attestation.device}",
            advice="benchdl doctor tells what this machine offers",
        )


def _sampler(job: Job, measured: Measurement) -> Iterator[Finding]:
    facts = measured.sampler
    if job.sample_interval_s is None:
        yield Finding(
            code=SAMPLER_OFF,
            severity="invalid",
            evidence="the job ran without a sampler, to measure what the sampler costs",
            advice="a run of benchdl selftest: it belongs in no table",
        )
        return
    late = facts.interval_median_s is not None and (
        facts.interval_median_s > _LATE_FACTOR * job.sample_interval_s
    )
    if facts.problem:
        yield Finding(
            code="sampler-broke",
            severity="suspect",
            evidence=facts.problem,
            advice="the time is right, CPU and GPU figures are missing or partial: run again",
        )
    elif late or facts.samples == 0:
        yield Finding(
            code="sampler-late",
            severity="info" if facts.samples else "suspect",
            evidence=f"{facts.samples} samples, median interval {facts.interval_median_s} s "
            f"instead of {facts.interval_target_s} s",
            advice="CPU and GPU figures of this run are coarse; the time is not affected",
        )


def _return(job: Job, measured: Measurement) -> Iterator[Finding]:  # noqa: ARG001
    fit_s = measured.phases.fit_s
    after_s = fit_s - sum(epoch.duration_s for epoch in measured.epochs)
    if measured.epochs and after_s > max(_RETURN_MIN_S, _RETURN_SHARE * fit_s):
        yield Finding(
            code="late-return",
            severity="info",
            evidence=f"the training call returned {after_s:.1f} s after its last epoch, "
            f"{after_s / fit_s:.0%} of Time (s)",
            advice="the tool takes down what it built, as Keras on TensorFlow its pipeline of the "
            "data, now and then for seconds; compare steady epochs as well (--figure)",
        )


def exit_status(code: int | None) -> list[Finding]:
    """A runner that says all is well and then ends badly; ``code`` is its exit status."""
    if not code:
        return []
    return [
        Finding(
            code="bad-exit",
            severity="invalid",
            evidence=f"the runner wrote a good result and then ended with status {code}",
            advice="the runner's last step is to end well: something ended it, and may have "
            "written in its place; look for what kills processes here and run again",
        )
    ]


_CHECKS: tuple[Callable[[Job, Measurement], Iterator[Finding]], ...] = (
    _network,
    _start,
    _second_opinion,
    _work,
    _learning,
    weights.findings,
    pins.findings,
    _device,
    gpu_checks.findings,
    isolation.inside,
    _sampler,
    _return,
    *GUARDS,
)
