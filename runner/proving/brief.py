"""The brief proof: of each workload the updates on one small batch, and the loss that they lead to.

All trials are made in one process, in which the framework is started once: seconds a workload. How
samples are taken, what is dropped and where training begins is for the whole proof to show
(:mod:`runner.proving.prove`).
"""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import Iterator, List, Sequence

from runner.contract.conformance import Check
from runner.contract.job import Job
from runner.events import Progress
from runner.proving import plans, questions, trials
from runner.proving.questions import Attempt, Plan, Question
from runner.proving.trials import Told, Trial
from runner.workloads.network_workload import NetworkWorkload

_TRIES = 2
"""As of the whole proof's batch: of sound runs one in many is beyond the tolerance by chance."""


def trained(
    job: Job, workloads: Sequence[NetworkWorkload], folder: Path, progress: Progress
) -> List[Attempt]:
    """One trial of each; what fails costs the others nothing but another start."""
    planned = [plans.small_batch(workload, job.seed) for workload in workloads]
    return list(_attempts(job, planned, folder, progress))


def checks(
    job: Job, workload: NetworkWorkload, first: Attempt, folder: Path, progress: Progress
) -> List[Check]:
    """What the first trial of ``workload`` shows, or a second one."""
    from runner.proving import updates  # noqa: PLC0415 - NumPy

    def answer(told: Told) -> List[Check]:
        found = updates.of_one_batch(told) + updates.of_its_loss(told)
        names = (f"{check.name} of {workload.name}" for check in found)
        return [check.model_copy(update={"name": name}) for check, name in zip(found, names)]

    def again(plan: Plan, number: int) -> Attempt:
        (attempt,) = _attempts(job, [plan(workload, job.seed + number)], folder, progress)
        return attempt

    names = (f"update of {workload.name}", f"loss of {workload.name}")
    question = Question(names, plans.small_batch, answer, _TRIES)
    return questions.settled(question, first, again)


def _attempts(
    job: Job, planned: Sequence[Trial], folder: Path, progress: Progress
) -> Iterator[Attempt]:
    """What came of each trial; after one that failed the rest begin anew, in another process."""
    done = 0
    while done < len(planned):
        try:
            for told in trials.run_in_turn(job, planned[done:], folder, progress):
                done += 1
                yield told
        except Exception as error:
            traceback.print_exc()
            done += 1
            yield error
