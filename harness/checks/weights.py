"""What the trained weights prove: that all moved, in which precision, and how well they fit."""

from __future__ import annotations

from collections.abc import Iterator

from runner.contract.job import Job
from runner.contract.measurement import Measurement
from runner.contract.result import Finding
from runner.workloads import lookup

_FLOAT32_BITS = 16  # weights kept in bfloat16 take 7, in float16 or TF32 10, in float32 17 or more


def findings(job: Job, measured: Measurement) -> Iterator[Finding]:
    """Weights that stayed, that hold fewer bits, or that fit the training data too badly."""
    yield from _unproven(measured)
    yield from _frozen(measured)
    yield from _precision(job, measured)
    yield from _fit(job, measured)


def _unproven(measured: Measurement) -> Iterator[Finding]:
    if measured.marks and measured.learning.reference_error_rate is None:
        yield Finding(
            code="unproven",
            severity="suspect",
            evidence="the trained weights were not evaluated without the framework",
            advice="the error rate is the backend's own word",
        )


def _frozen(measured: Measurement) -> Iterator[Finding]:
    learning = measured.learning
    if learning.tensors_unmoved:
        which = ", ".join(str(number + 1) for number in learning.tensors_unmoved[:8])
        yield Finding(
            code="frozen-weights",
            severity="invalid",
            evidence=f"{len(learning.tensors_unmoved)} of {learning.tensors} trained tensors are "
            f"what they were before training (number {which})",
            advice="the backend did not train the whole network; do not compare this row",
        )


def _precision(job: Job, measured: Measurement) -> Iterator[Finding]:
    bits = measured.learning.weight_bits
    if bits is not None and bits < _FLOAT32_BITS and job.settings.precision == "float32":
        yield Finding(
            code="other-precision",
            severity="invalid",
            evidence=f"the trained weights take {bits} of the 23 bits of a float32's mantissa",
            advice="the backend trained in a lower precision than float32; do not compare this row",
        )


def _fit(job: Job, measured: Measurement) -> Iterator[Finding]:
    workload, learning = lookup.of(job), measured.learning
    learned, loss = workload.learned.get(job.dataset), learning.train_loss
    if learned is None or loss is None:
        return
    # The bands are of the recipe's batch: a smaller one needs as many images, a larger as many
    # updates.
    own = lookup.load(job.workload).recipe.batch_size
    seen = learning.updates * (job.batch_size or own) // own
    highest = learned.highest_loss(min(learning.updates, seen))
    if loss > highest:
        yield Finding(
            code="not-learned",
            severity="invalid",
            evidence=f"the trained weights have a loss of {loss:.4f} on the training images after "
            f"{learning.updates} updates, sound runs have at most {highest:.4f}",
            advice="fewer or other updates were done than claimed; try another --seed, and if it "
            "stays, the backend does not follow the recipe",
        )
