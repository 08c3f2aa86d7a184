"""What is proven of ranks: each ends with the weights that one rank alone makes of the batches."""

from __future__ import annotations

from typing import Any, List, Tuple

from runner.channel import tensors
from runner.contract.conformance import Check
from runner.contract.job import Job
from runner.contract.precision import MIXED, Precision
from runner.proving import in_format
from runner.proving.trials import Told


def names(precision: Precision) -> Tuple[str, ...]:
    """What is checked of a trial in ``precision``, by its ranks and by one."""
    mixed = f"-in-{precision}" if precision in MIXED else ""
    return f"ranks-alike{mixed}", f"one-rank{mixed}"


def job_of_one(job: Job) -> Job:
    """The same job, not shared."""
    settings = job.settings.model_copy(update={"strategy": "default"})
    return job.model_copy(update={"settings": settings, "ranks": None})


def checks(precision: Precision, shared: Told, single: Told) -> List[Check]:
    """Of two trials from one seed on the same batches, one by ranks.

    Raises:
        ValueError: they do not begin with the same weights, or no rank says what it has.
    """
    alike, one_rank = names(precision)
    return [_alike(alike, shared), _as_one(one_rank, precision, shared, single)]


def _alike(name: str, shared: Told) -> Check:
    """The weights of each rank are those that the judge was given, bit by bit."""
    said: List[Any] = shared.done.facts.get("ranks") or []
    if not said:
        raise ValueError("no rank says what it has")
    due = shared.trial.workload.digest(tensors(shared.trained))
    others = [rank["number"] for rank in said if rank["weights_sha256"] != due]
    detail = f"ranks of {len(said)} whose weights are not those that were handed over"
    return Check(name=name, expected=0.0, seen=float(len(others)), detail=detail)


def _as_one(name: str, precision: Precision, shared: Told, single: Told) -> Check:
    from runner.proving import weights_apart  # noqa: PLC0415 - NumPy

    network = shared.trial.workload.network
    start, first = tensors(shared.untrained), tensors(single.untrained)
    if any((left != right).any() for left, right in zip(start, first)):
        raise ValueError("one rank alone begins with other weights from the same seed")
    found, wanted = tensors(shared.trained), tensors(single.trained)
    mixed = precision in MIXED
    return Check(
        name=name,
        expected=0.0,
        seen=weights_apart.apart(network, found, wanted, start),
        tolerance=in_format.tolerance(precision) if mixed else weights_apart.A_BATCH,
        detail="the weights of the ranks beside those of one alone, after the same updates",
    )
