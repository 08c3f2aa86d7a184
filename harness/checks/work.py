"""Was the work done that was asked for: this network, so many epochs, images and updates?"""

from __future__ import annotations

from collections.abc import Iterator

from harness.checks.case import Case
from runner.contract.result import Finding


def network(case: Case) -> Iterator[Finding]:
    """The backend trained so many parameters as the workload states."""
    expected = case.workload.network.parameters()
    trained = case.measured.learning.parameters
    if trained != expected:
        yield Finding(
            code="other-network",
            severity="invalid",
            evidence=f"the workload has {expected} parameters, the backend trained {trained}",
            advice="the backend's translation of the layers is wrong; do not compare this row",
        )


def amount(case: Case) -> Iterator[Finding]:
    """It did the epochs, updates, batches and images of the job."""
    job, recipe = case.job, case.workload.recipe
    learning = case.measured.learning
    updates = recipe.updates(learning.train_samples, job.epochs)
    epochs = [epoch.number for epoch in case.measured.epochs]
    wrong = []
    if learning.updates != updates:
        wrong.append(f"{learning.updates} updates instead of {updates}")
    if learning.batch_size != recipe.batch_size:
        wrong.append(f"batches of {learning.batch_size} instead of {recipe.batch_size}")
    if job.train_samples is not None and learning.train_samples != job.train_samples:
        wrong.append(f"{learning.train_samples} images instead of {job.train_samples}")
    if epochs != list(range(1, job.epochs + 1)):
        wrong.append(f"{len(epochs)} epochs reported instead of {job.epochs}")
    if wrong:
        yield Finding(
            code="other-work",
            severity="invalid",
            evidence=", ".join(wrong),
            advice="the backend did not do the work that was asked for; do not compare this row",
        )
