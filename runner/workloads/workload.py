"""A workload: data, a model, a budget, a metric, what proves it, and what counts as learned.

Each kind of model is a subclass (``runner/workloads/network_workload.py``: networks); each workload
is an object of one, in a module of its own. Nothing here knows what is counted or judged how.
"""

from __future__ import annotations

import abc
from dataclasses import dataclass
from typing import Any, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from runner.contract.job import Job
from runner.contract.precision import PRECISIONS, Precision
from runner.contract.work_and_score import Better, Budget, Proof, Score, WorkUnit, share_error
from runner.workloads.learned import Learned

TRAINING_PASSES = 3
"""Forward, and backward by inputs and by weights: the usual count (PaLM, appendix B)."""


@dataclass(frozen=True)
class Metric:
    """What a workload is judged by.

    ``unit`` is as in :class:`runner.contract.work_and_score.Score`; a ``share`` is one of
    independent samples, whose standard error follows from their number.
    """

    name: str
    unit: str
    better: Better

    def standard_error(self, value: float, samples: int) -> Optional[float]:
        """Of ``value`` on so many samples; None where it does not follow from these two."""
        return share_error(value, samples) if self.unit == "share" else None

    def worse(self, value: float, than: float) -> bool:
        """Whether ``value`` is a worse one than ``than``."""
        return value > than if self.better == "lower" else value < than

    def worsened(self, value: float, by: float) -> float:
        """A value worse by so much."""
        return value + by if self.better == "lower" else value - by

    def score(
        self,
        value: float,
        samples: int,
        claimed: Optional[float],
        sampling_error: Optional[float] = None,
    ) -> Score:
        """A score that the judge computed itself; a workload may know its sampling error."""
        if sampling_error is None:
            sampling_error = self.standard_error(value, samples)
        return Score(
            metric=self.name,
            value=value,
            unit=self.unit,
            better=self.better,
            samples=samples,
            sampling_error=sampling_error,
            claimed=claimed,
            verified=True,
        )


class Margin(NamedTuple):
    """How far two reckonings of one figure may be apart: ``plain + share * figure``."""

    plain: float
    share: float = 0.0


@dataclass(frozen=True)
class Start:
    """What the untrained model must give: the value of the proof ``proof``, within ``margin``."""

    proof: str
    value: float
    margin: float


class Opinion(NamedTuple):
    """What the judge found without the framework."""

    score: Score
    proofs: List[Proof]
    parameters: Optional[int] = None


@dataclass(frozen=True)
class Workload(abc.ABC):
    """What is done, and how it is judged.

    Attributes:
        name: as users write it.
        title: in a few words.
        datasets: the names of those that it may be trained on.
        unit: what its work is counted in.
        budget: how long it is trained unless a user says otherwise.
        lap: how much of the budget is a lap, at whose end the trainer tells time and loss; None: it
            tells none.
        metric: what it is judged by.
        told: the names of the figures that a trainer's ``evaluate`` returns, in its order: the
            metric's and of proofs.
        margins: by name, how far the judge's figure may be from the one that was told.
        start: what the untrained model gives.
        learned: by dataset, what counts as learned there.
    """

    name: str
    title: str
    datasets: Tuple[str, ...]
    unit: WorkUnit
    budget: Budget
    lap: Optional[int]
    metric: Metric
    told: Tuple[str, ...]
    margins: Mapping[str, Margin]
    start: Optional[Start]
    learned: Mapping[str, Learned]

    def laps(self, budget: Budget) -> int:
        """How many laps a trainer tells; the last may be smaller."""
        return 0 if self.lap is None else -(-budget.count // self.lap)

    @property
    def batch_size(self) -> Optional[int]:
        """Samples that go into one update; None where there are no batches."""
        return None

    @property
    def samples_word(self) -> str:
        """What its samples are called, in the plural."""
        return "samples"

    @property
    def precisions(self) -> Tuple[Precision, ...]:
        """Those in which backends know how to train it, where they know the precision at all."""
        return PRECISIONS

    def parameters(self) -> Optional[int]:
        """How many numbers are trained; None where nobody can say before."""
        return None

    @property
    def provable(self) -> bool:
        """Whether a few of its updates can be compared with NumPy's (:mod:`runner.proving`)."""
        return False

    @property
    def least_budget(self) -> int:
        """The smallest budget that teaches anything."""
        return 1

    def operations(self) -> Optional[int]:
        """Floating-point operations of one sample's way through the model; None: not known."""
        return None

    def training_operations(self, samples: int) -> Optional[int]:
        """Of training on so many samples, each as often as it is seen; None: not known."""
        forward = self.operations()
        return None if forward is None else TRAINING_PASSES * forward * samples

    def memory_bytes(self) -> Optional[int]:
        """What a job needs at least, if that is known before; None: what a tool takes decides."""
        return None

    def of(self, job: Job) -> Workload:
        """The workload that ``job`` asks for, with what it changes.

        Raises:
            ValueError: the job changes what this workload does not have.
        """
        if job.batch_size is not None:
            raise ValueError(f"{self.name} has no batches")
        return self

    def train_samples_of(self, count: int) -> int:
        """How many training samples it makes of so many that a dataset counts."""
        return count

    @abc.abstractmethod
    def count(self, train_samples: int, budget: Budget) -> int:
        """How much work, in ``unit``, so many training samples and this budget make."""

    @abc.abstractmethod
    def seen(self, train_samples: int, budget: Budget) -> Optional[int]:
        """How many samples are trained on then, each as often as it is seen; None: not known."""

    def test_samples_of(self, count: int) -> int:
        """On how many of so many test samples it is evaluated: the same ones by tool and judge."""
        return count

    @abc.abstractmethod
    def at_recipe(self, job: Job, count: int) -> int:
        """The work at the workload's own settings that teaches at most as much as ``job`` 's."""

    @abc.abstractmethod
    def most_numbers(self) -> int:
        """How many numbers (float32) a trainer hands over at most, before or after training."""

    @abc.abstractmethod
    def load(self, job: Job) -> Any:
        """The data that the trainer trains and evaluates with.

        Raises:
            DatasetError: it cannot be used.
        """

    @abc.abstractmethod
    def evidence(self, job: Job) -> Any:
        """The judge's own copy of what it proves with.

        Raises:
            DatasetError: it cannot be used.
        """

    def digest(self, trained: Sequence[Any]) -> Optional[str]:
        """One word for what was handed over after training, of a model that ranks may share."""
        del trained
        return None

    @abc.abstractmethod
    def opinion(
        self,
        untrained: Sequence[Any],
        trained: Sequence[Any],
        evidence: Any,
        claims: Mapping[str, float],
    ) -> Opinion:
        """What the judge finds without the framework.

        Args:
            untrained: what the trainer handed over before training: of a model with weights, these
                (:meth:`runner.backends.base.Trainer.handover`).
            trained: what it handed over after training.
            evidence: what :meth:`evidence` returned.
            claims: what the trainer says of itself, by the names of ``told``.

        Raises:
            ValueError: what was handed over does not fit the model.
        """
