"""A trainer of several processes: what rank 0 is told, the others do as well."""

from __future__ import annotations

from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any, Callable, Iterator, List, Tuple

from runner.backends.base import Facts, LapSeen, Trainer
from runner.backends.common import rank_facts, rank_processes
from runner.backends.common.rank_processes import RankProcesses
from runner.networks.network import Network
from runner.networks.weights_digest import digest
from runner.workloads.network_workload import NetworkWorkload

Build = Callable[[NetworkWorkload, int], Trainer]
"""The trainer of the rank whose process this is, of a workload and a seed."""

Place = Callable[[], Facts]
"""Of the rank whose process this is: ``device``, ``name``, ``uuid`` and ``versions``."""


class OwnRank:
    """The trainer of one rank, and what it attests once it has trained."""

    def __init__(self, number: int, build: Build, place: Place) -> None:
        self._number, self._build, self._place = number, build, place

    def build(self, workload: NetworkWorkload, seed: int) -> None:
        """Make the trainer: all ranks at once, since tools hand weights round then."""
        self._network: Network = workload.network
        self.trainer = self._build(workload, seed)

    def fit(self, epochs: int, lap_seen: LapSeen) -> int:
        """As the trainer does."""
        self._updates = self.trainer.fit(epochs, lap_seen)
        return self._updates

    def told(self) -> Facts:
        """What the rank attests."""
        _, facts = self.trainer.attest()
        return rank_facts.told(
            self._number,
            updates=self._updates,
            weights_sha256=digest(self._network, self.trainer.handover()),
            products_in=facts.get("products_in"),
            **self._place(),
        )

    def serve(self, orders: Connection) -> None:
        """Do what rank 0 does."""

        def does(name: str, *arguments: Any) -> Any:
            if name == "build":
                return self.build(*arguments)
            if name == "told":
                return self.told()
            if name == "fit":
                return self.fit(arguments[0], _unheard)
            return getattr(self.trainer, name)(*arguments)

        rank_processes.serve(orders, does)


def _unheard(number: int, loss: float) -> None:
    """Laps are told by rank 0."""


class RankedTrainer:
    """Rank 0 of a job, with the others beside it.

    Every rank has all of the data, and takes its share of each batch of one shuffled order. The
    test data is evaluated by rank 0 alone.
    """

    def __init__(
        self, processes: RankProcesses, own: OwnRank, workload: NetworkWorkload, seed: int
    ) -> None:
        self._processes, self._own = processes, own
        with self._together("build", workload, seed):
            own.build(workload, seed)

    def prepare(self, data: Any) -> None:
        """The others get the very data that rank 0 has loaded."""
        with self._together("prepare", data):
            self._own.trainer.prepare(data)

    def compile(self) -> bool:
        """Each for itself."""
        with self._together("compile"):
            return self._own.trainer.compile()

    def handover(self) -> List[Any]:
        """Those of rank 0: that all have the same is attested."""
        return self._own.trainer.handover()

    def fit(self, epochs: int, lap_seen: LapSeen) -> int:
        """Until the last rank is through."""
        with self._together("fit", epochs):
            return self._own.fit(epochs, lap_seen)

    def evaluate(self) -> Tuple[float, ...]:
        """Rank 0 alone."""
        return self._own.trainer.evaluate()

    def attest(self) -> Tuple[str, Facts]:
        """Of rank 0."""
        return self._own.trainer.attest()

    def ranks(self) -> List[Facts]:
        """What each rank says of itself, in their order."""
        self._processes.tell("told")
        return [self._own.told(), *self._processes.answers()]

    @contextmanager
    def _together(self, name: str, *arguments: Any) -> Iterator[None]:
        """All ranks at once; what fails for want of one is told by that one's last words."""
        self._processes.tell(name, *arguments)
        try:
            yield
        except (ArithmeticError, MemoryError):
            raise
        except Exception as error:
            raise self._processes.explained() or error from error
        self._processes.answers()
