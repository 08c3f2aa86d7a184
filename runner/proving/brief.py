"""The brief proof: of each workload a few small updates, and the loss that they lead to.

All trials are made in one process, in which the framework is started once: seconds a workload. How
samples are taken, what is dropped and where training begins is for the whole proof to show
(:mod:`runner.proving.prove`).
"""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import Iterator, List, Sequence, Tuple

from runner.contract.conformance import Check
from runner.contract.job import Job
from runner.events import Progress
from runner.proving import game_plans, plans, questions, trials
from runner.proving.questions import Attempt, Plan, Question
from runner.proving.trials import AnyTrial, Told
from runner.workloads.game_workload import GameWorkload
from runner.workloads.network_workload import NetworkWorkload
from runner.workloads.workload import Workload

_TRIES = 2
"""As of the whole proof's batch: of sound runs one in many is beyond the tolerance by chance."""


def trained(
    job: Job, workloads: Sequence[Workload], folder: Path, progress: Progress
) -> List[Attempt]:
    """One trial of each; what fails costs the others nothing but another start."""
    planned = [_plan(workload)(workload, job.seed) for workload in workloads]
    return list(_attempts(job, planned, folder, progress))


def names_of(workload: Workload) -> Tuple[str, ...]:
    """What is checked of ``workload``."""
    if isinstance(workload, GameWorkload):
        return "act", "value"
    keeps = isinstance(workload, NetworkWorkload) and workload.network.keeps_statistics()
    return ("update", "statistics", "loss") if keeps else ("update", "loss")


def _plan(workload: Workload) -> Plan:
    return game_plans.greedy if isinstance(workload, GameWorkload) else plans.small_batch


def checks(
    job: Job, workload: Workload, first: Attempt, folder: Path, progress: Progress
) -> List[Check]:
    """What the first trial of ``workload`` shows, or a second one."""
    from runner.proving import game_updates, updates  # noqa: PLC0415 - NumPy

    def answer(told: Told) -> List[Check]:
        if isinstance(workload, GameWorkload):
            found = game_updates.greedy(told) + game_updates.of_its_value(told)
        else:
            found = updates.of_one_batch(told) + updates.of_its_loss(told)
        names = (f"{check.name} of {workload.name}" for check in found)
        return [check.model_copy(update={"name": name}) for check, name in zip(found, names)]

    def again(plan: Plan, number: int) -> Attempt:
        (attempt,) = _attempts(job, [plan(workload, job.seed + number)], folder, progress)
        return attempt

    names = tuple(f"{name} of {workload.name}" for name in names_of(workload))
    question = Question(names, _plan(workload), answer, _TRIES)
    return questions.settled(question, first, again)


def _attempts(
    job: Job, planned: Sequence[AnyTrial], folder: Path, progress: Progress
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
