"""Did the network learn, and is that proven? Its start, its weights, its errors and its loss."""

from __future__ import annotations

import math
from collections.abc import Iterator

from harness.checks.case import Case
from runner.contract.result import Finding
from runner.workloads import lookup

_START_MARGIN = 0.15  # five times the largest distance from chance seen over 300 seeds
_RATE_MARGIN = 0.002  # pictures on the border between two digits, and TF32
_LOSS_MARGIN = 0.005
_LOSS_MARGIN_SHARE = 0.05  # frameworks clip the logarithm differently
_FLOAT32_BITS = 16  # weights kept in bfloat16 take 7, in float16 or TF32 10, in float32 17 or more
_SIGMAS = 3
"""Standard deviations of a binomial share: the test set itself is a sample."""


def start(case: Case) -> Iterator[Finding]:
    """The untrained network knows nothing: its loss is that of guessing."""
    loss = case.measured.learning.initial_loss
    chance = math.log(case.workload.classes)
    if loss is not None and abs(loss - chance) > _START_MARGIN:
        yield Finding(
            code="other-start",
            severity="invalid",
            evidence=f"the untrained network has a loss of {loss:.3f}, chance is {chance:.3f}",
            advice="the backend initialises otherwise, or had trained before; do not compare",
        )


def second_opinion(case: Case) -> Iterator[Finding]:
    """The trained weights give in NumPy what the backend says of them."""
    said = case.measured.learning
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


def proven(case: Case) -> Iterator[Finding]:
    """There is a second opinion at all."""
    if case.measured.marks and case.measured.learning.reference_error_rate is None:
        yield Finding(
            code="unproven",
            severity="suspect",
            evidence="the trained weights were not evaluated without the framework",
            advice="the error rate is the backend's own word",
        )


def moved(case: Case) -> Iterator[Finding]:
    """Training changed every trained tensor."""
    learning = case.measured.learning
    if learning.tensors_unmoved:
        which = ", ".join(str(number + 1) for number in learning.tensors_unmoved[:8])
        yield Finding(
            code="frozen-weights",
            severity="invalid",
            evidence=f"{len(learning.tensors_unmoved)} of {learning.tensors} trained tensors are "
            f"what they were before training (number {which})",
            advice="the backend did not train the whole network; do not compare this row",
        )


def precision(case: Case) -> Iterator[Finding]:
    """The weights hold as many bits as the precision that was asked for."""
    bits = case.measured.learning.weight_bits
    if bits is not None and bits < _FLOAT32_BITS and case.job.settings.precision == "float32":
        yield Finding(
            code="other-precision",
            severity="invalid",
            evidence=f"the trained weights take {bits} of the 23 bits of a float32's mantissa",
            advice="the backend trained in a lower precision than float32; do not compare this row",
        )


def error_rate(case: Case) -> Iterator[Finding]:
    """The error rate is one that sound runs reach with so many updates, and no better."""
    learned = case.workload.learned.get(case.job.dataset)
    if learned is None:
        return
    learning = case.measured.learning
    rate, ceiling = learning.error_rate, learned.ceiling(_comparable_updates(case))
    highest = ceiling + _SIGMAS * math.sqrt(ceiling * (1 - ceiling) / learning.test_samples)
    if not learned.floor <= rate <= highest:
        epochs = case.measured.epochs
        last = f"; last loss {epochs[-1].loss:.3f}" if epochs else ""
        yield Finding(
            code="not-learned",
            severity="invalid",
            evidence=f"error rate {rate:.2%} after {learning.updates} updates on "
            f"{case.job.dataset}, expected {learned.floor:.1%} to {highest:.1%}{last}",
            advice="try another --seed; if it stays, the backend does not train this network",
        )


def training_loss(case: Case) -> Iterator[Finding]:
    """The weights fit the training images as well as sound runs do with so many updates."""
    learning = case.measured.learning
    learned, loss = case.workload.learned.get(case.job.dataset), learning.train_loss
    if learned is None or loss is None:
        return
    highest = learned.highest_loss(_comparable_updates(case))
    if loss > highest:
        yield Finding(
            code="not-learned",
            severity="invalid",
            evidence=f"the trained weights have a loss of {loss:.4f} on the training images after "
            f"{learning.updates} updates, sound runs have at most {highest:.4f}",
            advice="fewer or other updates were done than claimed; try another --seed, and if it "
            "stays, the backend does not follow the recipe",
        )


def _comparable_updates(case: Case) -> int:
    """The number of updates to look up in the workload's bands, which are of the recipe's batch.

    A smaller batch needs as many images, a larger one as many updates.
    """
    own = lookup.load(case.job.workload).recipe.batch_size
    updates = case.measured.learning.updates
    return min(updates, updates * case.workload.recipe.batch_size // own)
