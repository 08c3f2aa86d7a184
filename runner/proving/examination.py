"""The order of an examination: train a few times, then compare with NumPy what came of it."""

from __future__ import annotations

import time
import traceback
from datetime import datetime, timezone
from pathlib import Path
from typing import Callable, Dict, List, Tuple, Union

from runner.contract.conformance import Check, Conformance
from runner.contract.job import Job
from runner.events import Progress
from runner.proving import plans, trials
from runner.proving.trials import Told
from runner.workloads import lookup

_PLANS = (plans.alike, plans.one_batch, plans.in_turn, plans.one_picture)
Work = Callable[[], List[Check]]


def examine(job: Job, job_dir: Path, progress: Progress) -> Conformance:
    """Train the trials of ``job``'s workload as it would be trained, and check each.

    What cannot be tried is a check that saw nothing; log.txt has the reason.
    """
    begin, at = time.monotonic(), datetime.now(timezone.utc).isoformat(timespec="seconds")
    workload = lookup.of(job)

    def train(plan: Callable[..., trials.Trial], seed: int) -> Union[Told, Exception]:
        try:
            return trials.run(job, plan(workload, seed), job_dir, progress)
        except Exception as error:
            traceback.print_exc()
            return error

    # Two from one seed, the third from another. All before NumPy is imported.
    seeds = (job.seed, job.seed, job.seed + 1, job.seed)
    told = [train(plan, seed) for plan, seed in zip(_PLANS, seeds)]
    checks = _checks(told, lambda seed: train(plans.in_turn, job.seed + 1 + seed))
    ended = [one for one in told if isinstance(one, Told)]
    versions: Dict[str, str] = ended[0].done.facts["attestation"]["packages"] if ended else {}
    return Conformance(
        image_id=job.provenance.image_id,
        locks_sha256=job.provenance.locks_sha256,
        backend=job.backend,
        mode=job.settings.mode,
        device=job.device,
        at=at,
        took_s=time.monotonic() - begin,
        versions={str(name): str(version) for name, version in versions.items()},
        checks=checks,
    )


def _checks(
    told: List[Union[Told, Exception]], once_more: Callable[[int], Union[Told, Exception]]
) -> List[Check]:
    from runner.proving import beginnings, dropout, order, updates  # noqa: PLC0415 - NumPy

    alike, one_batch, in_turn, one_picture = told

    def in_order() -> List[Check]:
        fits = [order.fit(_there(in_turn))]
        while order.by_chance(fits) and len(fits) < order.TRIES:
            fits.append(order.fit(_there(once_more(len(fits)))))
        return order.checks(fits)

    def of_seeds() -> List[Check]:
        return beginnings.of_seeds(*map(_there, (alike, one_batch, in_turn)))

    ended = [one for one in told if isinstance(one, Told)]
    questions: Tuple[Tuple[Tuple[str, ...], Work], ...] = (
        (("updates",), lambda: [updates.of_alike(_there(alike))]),
        (("update",), lambda: [updates.of_one_batch(_there(one_batch))]),
        (("every-picture-once", "shuffle", "reshuffle"), in_order),
        (("dropout", "dropout-rate", "dropout-scale"), lambda: dropout.checks(_there(one_picture))),
        (("same-seed", "other-seed"), of_seeds),
        (("float32",), lambda: [beginnings.float32(ended)]),
    )
    return [check for names, work in questions for check in _answered(names, work)]


def _there(told: Union[Told, Exception]) -> Told:
    if isinstance(told, Exception):
        raise told
    return told


def _answered(names: Tuple[str, ...], work: Work) -> List[Check]:
    """What ``work`` finds, or these checks without an answer."""
    try:
        return work()
    except Exception as error:
        traceback.print_exc()
        line = " ".join(f"{type(error).__name__}: {error}".split())[:300]
        line = line.encode("utf-8", "backslashreplace").decode("utf-8")  # JSON holds no halves
        return [Check(name=name, expected=0.0, detail=line) for name in names]
