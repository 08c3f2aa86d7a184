"""Was the work done that was asked for: this model, so long, on so many samples?"""

from __future__ import annotations

from collections.abc import Iterator

from harness.checks.case import Case
from runner.contract.result import Finding


def model(case: Case) -> Iterator[Finding]:
    """The backend trained so many parameters as the workload states."""
    expected = case.workload.parameters()
    trained = case.measured.work.parameters
    if expected is not None and trained != expected:
        yield Finding(
            code="other-network",
            severity="invalid",
            evidence=f"the workload has {expected} parameters, the backend trained {trained}",
            advice="the backend's translation of the model is wrong; do not compare this row",
        )


def amount(case: Case) -> Iterator[Finding]:
    """It did the work, batches, samples and laps of the job, and was judged by the metric."""
    job, workload, work = case.job, case.workload, case.measured.work
    metric, laps = case.measured.score.metric, workload.laps(job.budget)
    count = workload.count(work.train_samples or 0, job.budget)
    wrong = []
    if work.unit != workload.unit:
        wrong.append(f"{work.unit} instead of {workload.unit}")
    if work.count != count:
        wrong.append(f"{work.count} {work.unit} instead of {count}")
    if work.batch_size != workload.batch_size:
        wrong.append(f"batches of {work.batch_size} instead of {workload.batch_size}")
    if job.train_samples is not None and work.train_samples != job.train_samples:
        wrong.append(f"{work.train_samples} samples instead of {job.train_samples}")
    if [lap.number for lap in case.measured.laps] != list(range(1, laps + 1)):
        word = "epochs" if job.budget.unit == "epochs" else "laps"
        wrong.append(f"{len(case.measured.laps)} {word} reported instead of {laps}")
    if metric != workload.metric.name:
        wrong.append(f"judged by {metric} instead of {workload.metric.name}")
    if wrong:
        yield Finding(
            code="other-work",
            severity="invalid",
            evidence=", ".join(wrong),
            advice="the backend did not do the work that was asked for; do not compare this row",
        )
