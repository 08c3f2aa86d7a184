"""A trial: a job of seconds whose data the judge has made, trained by the usual way.

The trainer goes through all that it goes through in a measured job, in a process of its own, and
reads its data from files. What it gets that is unlike is those files, the seed, the batch size, and
where it says so another dropout rate and a steeper
learning rate.

Nothing here imports NumPy: a trainer is a fork of the judge, and its number of threads would be
fixed before the backend can set it.
"""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path
from typing import Any, Dict, Iterator, NamedTuple, Sequence

from typing_extensions import Protocol

from runner.channel import Frame
from runner.contract.job import Job
from runner.contract.work_and_score import Budget
from runner.events import Progress
from runner.trainer import Task
from runner.training import Training
from runner.workloads.network_workload import NetworkWorkload
from runner.workloads.workload import Workload


class Samples(NamedTuple):
    """``contents``: the bytes of each sample in its file; ``labels``: its class."""

    contents: Sequence[bytes]
    labels: Sequence[int]


class Trial(NamedTuple):
    """What is trained: ``workload`` on ``samples``, for ``epochs``, from ``seed``."""

    workload: NetworkWorkload
    samples: Samples
    epochs: int
    seed: int

    def of(self, job: Job, folder: Path) -> Job:
        """``job`` for this trial, with its data in ``folder``."""
        return job.model_copy(
            update={
                "data_dir": str(folder),
                "dataset_sha256": write(folder, self),
                "train_samples": None,
                "budget": Budget(unit="epochs", count=self.epochs),
                "seed": self.seed,
                "batch_size": self.workload.recipe.batch_size,
            }
        )


class AnyTrial(Protocol):
    """A trial of any kind of workload."""

    @property
    def workload(self) -> Workload:
        """What is trained."""

    def of(self, job: Job, folder: Path) -> Job:
        """``job`` for this trial; what it reads is in ``folder``, which is not there yet."""


class Told(NamedTuple):
    """What the trainer handed over; weights are read by :func:`runner.channel.tensors`.

    ``trial`` is of the kind that was run.
    """

    trial: Any
    untrained: Frame
    trained: Frame
    done: Frame


def run(job: Job, trial: AnyTrial, folder: Path, progress: Progress) -> Told:
    """Train once; the data lies in ``folder`` meanwhile.

    Raises:
        TrainingError: the trainer came to no good end, or told what cannot be.
    """
    (told,) = run_in_turn(job, [trial], folder, progress)
    return told


def run_in_turn(
    job: Job, planned: Sequence[AnyTrial], folder: Path, progress: Progress
) -> Iterator[Told]:
    """Train one trial after the other, all in one process: the framework is started once.

    Raises:
        TrainingError: as :func:`run`; what was planned after it was not tried.
    """
    with tempfile.TemporaryDirectory(dir=str(folder), prefix="data-") as place:
        first, *further = [
            Task(trial.of(job, Path(place) / str(number)), trial.workload)
            for number, trial in enumerate(planned)
        ]
        with Training(first.job, first.workload, progress, further) as training:
            for trial in planned:
                training.go()
                untrained = training.until("untrained")
                training.go()
                trained = training.until("trained")
                yield Told(trial, untrained, trained, training.until("done"))


def write(folder: Path, trial: Trial) -> Dict[str, str]:
    """Both sets, of the same samples, in the workload's format; returns their checksums by name."""
    folder.mkdir()
    written = {}
    contents = trial.workload.format.files(trial.samples.contents, trial.samples.labels)
    for name, content in contents.items():
        (folder / name).write_bytes(content)
        written[name] = hashlib.sha256(content).hexdigest()
    return written
