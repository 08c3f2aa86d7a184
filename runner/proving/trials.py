"""A trial: a job of seconds whose data the judge has made, trained by the usual way.

The trainer goes through all that it goes through in a measured job, in a process of its own, and
reads its data from files. What it gets that is unlike is those files, the seed, the batch size, and
where it says so another dropout rate and decay.

Nothing here imports NumPy: a trainer is a fork of the judge, and its number of threads would be
fixed before the backend can set it.
"""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path
from typing import Dict, NamedTuple, Sequence, Tuple

from runner.channel import Frame
from runner.contract.job import Job
from runner.contract.work_and_score import Budget
from runner.events import Progress
from runner.training import Training
from runner.workloads.network_workload import NetworkWorkload

_FILES = ("train", "t10k")


class Samples(NamedTuple):
    """``shape``: height and width; ``images``: bytes of each, row by row; ``labels``: its class."""

    shape: Tuple[int, int]
    images: Sequence[bytes]
    labels: Sequence[int]


class Trial(NamedTuple):
    """What is trained: ``workload`` on ``samples``, for ``epochs``, from ``seed``."""

    workload: NetworkWorkload
    samples: Samples
    epochs: int
    seed: int


class Told(NamedTuple):
    """What the trainer handed over; weights are read by :func:`runner.channel.tensors`."""

    trial: Trial
    untrained: Frame
    trained: Frame
    done: Frame


def run(job: Job, trial: Trial, folder: Path, progress: Progress) -> Told:
    """Train once; the data lies in ``folder`` meanwhile.

    Raises:
        TrainingError: the trainer came to no good end, or told what cannot be.
    """
    with tempfile.TemporaryDirectory(dir=str(folder), prefix="data-") as place:
        checksums = _write(Path(place), trial.samples)
        own = job.model_copy(
            update={
                "data_dir": place,
                "dataset_sha256": checksums,
                "train_samples": None,
                "budget": Budget(unit="epochs", count=trial.epochs),
                "seed": trial.seed,
                "batch_size": trial.workload.recipe.batch_size,
            }
        )
        with Training(own, trial.workload, progress) as training:
            training.go()
            untrained = training.until("untrained")
            training.go()
            trained = training.until("trained")
            return Told(trial, untrained, trained, training.until("done"))


def _write(folder: Path, samples: Samples) -> Dict[str, str]:
    """Both sets, of the same pictures, as IDX files; returns their checksums by name."""
    count = len(samples.labels)
    sizes = [number.to_bytes(4, "big") for number in (count, *samples.shape)]
    images = b"\0\0\x08\x03" + b"".join(sizes) + b"".join(samples.images)
    labels = b"\0\0\x08\x01" + sizes[0] + bytes(samples.labels)
    written = {}
    for split in _FILES:
        for name, content in (("images-idx3-ubyte", images), ("labels-idx1-ubyte", labels)):
            (folder / f"{split}-{name}").write_bytes(content)
            written[f"{split}-{name}"] = hashlib.sha256(content).hexdigest()
    return written
