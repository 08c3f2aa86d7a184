"""What a backend is: one tool. What a trainer is: what the tool makes of one workload."""

from __future__ import annotations

from typing import (
    Any,
    Callable,
    Dict,
    List,
    Optional,
    Protocol,
    Tuple,
    runtime_checkable,
)

from runner.contract.job import Job
from runner.workloads.workload import Workload

LapSeen = Callable[[int, float], None]
"""Called at the end of each lap, which of a network is an epoch, with its number (from 1) and its
loss, read on the host."""

Facts = Dict[str, Any]
"""What a tool says of itself, by names that docs/backends.md lists or by its own."""


class Trainer(Protocol):
    """One workload as one tool trains it: the calls come in this order, ``handover`` twice.

    It exists once the model is built and its weights have their first values.
    """

    def prepare(self, data: Any) -> None:
        """Bring what the workload loaded into the form that fit takes, in memory."""

    def compile(self) -> bool:
        """Compile ahead of training, where the tool tells it apart; False if it does not."""

    def handover(self) -> List[Any]:
        """Host copies of what the judge proves with, as the workload's ``opinion`` takes them.

        Of a network its weights, one for each of ``network.weights()``, in their order; axes are as
        the layers of :mod:`runner.networks.layers` state them. Of a model of a table nothing before
        training; after it the probabilities of class 1 of the test rows, (m,).
        """

    def fit(self, epochs: int, lap_seen: LapSeen) -> int:
        """Train for the budget; returns the work done, after a device synchronisation."""

    def evaluate(self) -> Tuple[float, ...]:
        """On the test data what the workload's ``told`` names, in its order."""

    def attest(self) -> Tuple[str, Facts]:
        """The device ("cpu" or "gpu") on which it really trained, and how it did."""


@runtime_checkable
class TimedInParts(Protocol):
    """What a trainer has besides whose fit is known in parts, as of a game."""

    def parts(self) -> Dict[str, float]:
        """Seconds of the fit by the names of :data:`runner.training.PARTS`."""


class LostRankError(RuntimeError):
    """A rank ended before its job did; the text has its last words."""


@runtime_checkable
class TrainedInRanks(Protocol):
    """What a trainer has besides whose work several GPUs share, or parts of a CPU."""

    def ranks(self) -> List[Facts]:
        """What each rank says of itself after training, as :class:`runner.contract.rank.Rank`."""


@runtime_checkable
class OfProcesses(Protocol):
    """What a backend has besides whose ranks may be processes of their own."""

    def if_lost(self, end: Callable[[Exception], None]) -> None:
        """``end`` ends the job: it is called where one is gone and the tool waits for it."""


class Backend(Protocol):
    """One tool with a high-level API.

    A module in ``runner/backends/`` exports ``create()`` that returns one of these. Nothing of the
    framework, nor NumPy, may be imported before :meth:`start`: their thread counts and devices
    are fixed by environment variables at import.
    """

    def supports(self, workload: Workload) -> Optional[str]:
        """``None``, or in one line what of ``workload`` the tool has no words for.

        Asked before anything else: the harness's tests ask it without the framework.
        """

    def configure(self, job: Job) -> None:
        """Keep the job, and set environment variables from its settings. Imports nothing heavy."""

    def start(self) -> None:
        """Import the framework and apply settings that have no environment variable."""

    def trainer(self, workload: Workload, seed: int) -> Trainer:
        """Translate the workload; every random number of it follows from ``seed``."""

    def attest(self) -> Tuple[Dict[str, str], Facts]:
        """Versions of live modules, and what the framework says of itself and its devices."""
