"""Did the model learn, and is that proven? Its start, what was proven of it, and its score."""

from __future__ import annotations

from collections.abc import Iterator

from harness import scores
from harness.checks.case import Case
from runner.contract.precision import MIXED, UNIT_ROUNDOFF
from runner.contract.result import Finding
from runner.workloads import lookup
from runner.workloads.workload import Margin

_EXACT = Margin(0.0)
_FLOAT32_BITS = 16  # weights kept in bfloat16 take 7, in float16 or TF32 10, in float32 17 or more
_SIGMAS = 3
"""Standard errors of a score: the test set itself is a sample."""


def start(case: Case) -> Iterator[Finding]:
    """The untrained model knows nothing: what it gives is chance."""
    wanted = case.workload.start
    proof = case.measured.proof(wanted.proof) if wanted else None
    if wanted is None or proof is None or proof.value is None:
        return
    if abs(proof.value - wanted.value) > wanted.margin:
        yield Finding(
            code="other-start",
            severity="invalid",
            evidence=f"the untrained model's {scores.title(wanted.proof)} is {proof.value:.3f}, "
            f"by chance it is {wanted.value:.3f}",
            advice="the backend uses another initialiser, or had already trained; do not compare",
        )


def second_opinion(case: Case) -> Iterator[Finding]:
    """What the judge computed is what the backend says of it."""
    score, roundoff = case.measured.score, _rounding(case)
    figures = [(score.metric, score.unit, score.value if score.verified else None, score.claimed)]
    figures += [
        (proof.name, proof.unit, proof.value, proof.claimed) for proof in case.measured.proofs
    ]
    apart = []
    for name, unit, value, claimed in figures:
        margin = case.workload.margins.get(name, _EXACT)
        if value is None or claimed is None:
            continue
        if abs(value - claimed) > margin.plain + roundoff + (margin.share + roundoff) * abs(value):
            found, said = scores.figure(value, unit), scores.figure(claimed, unit)
            apart.append(f"{scores.title(name)} {found} in NumPy, the backend says {said}")
    if apart:
        yield Finding(
            code="other-network",
            severity="invalid",
            evidence=f"of what was trained: {'; '.join(apart)}",
            advice="it evaluated something else than what it trained; do not compare this row",
        )


def _rounding(case: Case) -> float:
    """How much farther the backend's own figures may be, where it evaluates in mixed precision."""
    precision = case.job.settings.precision
    return UNIT_ROUNDOFF[precision] if precision in MIXED else 0.0


def proven(case: Case) -> Iterator[Finding]:
    """There is a second opinion at all, and it is of as many test samples as it should be."""
    samples, there = case.measured.score.samples, case.test_samples
    due = None if there is None else case.workload.test_samples_of(there)
    if samples is not None and due is not None and samples != due:
        yield Finding(
            code="unproven",
            severity="suspect",
            evidence=f"the score is of {samples} test samples of {case.job.dataset}, not of {due}",
            advice="an easier part of them has a better score: do not compare this row",
        )
    if case.measured.marks and not case.measured.score.verified:
        yield Finding(
            code="unproven",
            severity="suspect",
            evidence="what was trained was not evaluated without the framework",
            advice=f"the {scores.title(case.measured.score.metric)} is the backend's own word",
        )


def moved(case: Case) -> Iterator[Finding]:
    """Training changed every trained tensor."""
    proof = case.measured.proof("tensors_moved")
    if proof is None or proof.value is None or proof.expected is None:
        return
    unmoved = proof.expected - proof.value
    if unmoved > 0:
        yield Finding(
            code="frozen-weights",
            severity="invalid",
            evidence=f"{unmoved:.0f} of {proof.expected:.0f} trained tensors are what they were "
            f"before training ({proof.detail[:80]})",
            advice="the backend did not train the whole model; do not compare this row",
        )


def precision(case: Case) -> Iterator[Finding]:
    """The weights hold as many bits as a float32, which they are in every precision."""
    proof = case.measured.proof("weight_bits")
    if proof is None or proof.value is None:
        return
    if proof.value < _FLOAT32_BITS:
        yield Finding(
            code="other-precision",
            severity="invalid",
            evidence=f"the trained weights take {proof.value:.0f} of the 23 bits of a float32's "
            "mantissa",
            advice="the backend kept its weights in a lower precision; do not compare this row",
        )


def score(case: Case) -> Iterator[Finding]:
    """The score is one that sound runs reach with so much work, and no better."""
    learned = case.workload.learned.get(case.job.dataset)
    if learned is None:
        return
    found, work, metric = case.measured.score, case.measured.work, case.workload.metric
    worst = limit = learned.worst_score(_comparable_work(case))
    if worst is not None:
        deviation = metric.standard_error(worst, found.samples or 1) or found.sampling_error
        limit = metric.worsened(worst, _SIGMAS * (deviation or 0.0))
    too_bad = limit is not None and metric.worse(found.value, limit)
    if too_bad or metric.worse(learned.best, found.value):
        least = "anything" if limit is None else scores.figure(limit, metric.unit)
        losses = [lap.loss for lap in case.measured.laps if lap.loss is not None]
        last = f"; last loss {losses[-1]:.3f}" if losses else ""
        yield Finding(
            code="not-learned",
            severity="invalid",
            evidence=f"{scores.words(found)} after {work.count} {work.unit} on "
            f"{case.job.dataset}, expected {scores.figure(learned.best, metric.unit)} to "
            f"{least}{last}",
            advice="try another --seed; if it stays, the backend does not train this model",
        )


def proven_figures(case: Case) -> Iterator[Finding]:
    """What was proven of the model is as good as in sound runs with so much work."""
    learned = case.workload.learned.get(case.job.dataset)
    if learned is None:
        return
    work = case.measured.work
    for name in learned.highest:
        proof = case.measured.proof(name)
        highest = learned.highest_proof(name, _comparable_work(case))
        if proof is None or proof.value is None or proof.value <= highest:
            continue
        yield Finding(
            code="not-learned",
            severity="invalid",
            evidence=f"the trained model has a {scores.title(name)} of {proof.value:.4f} after "
            f"{work.count} {work.unit}, sound runs have at most {highest:.4f}",
            advice="less or other work was done than claimed; try another --seed, and if it "
            "stays, the backend does not follow the recipe",
        )


def _comparable_work(case: Case) -> int:
    """The work to look up in the workload's bands, which are of its own settings."""
    return lookup.load(case.job.workload).at_recipe(case.job, case.measured.work.count)
