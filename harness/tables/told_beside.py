"""What rows have that no result tells: where a run is from, what its machine costs, which loss its
reader wants to see reached.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from harness.errors import UsageError
from harness.prices import NONE, Prices
from harness.tables import costs
from harness.tables.rows import Row, row
from runner.contract.result import Result


@dataclass(frozen=True)
class Beside:
    """``origins``: by run id, where a run was brought from. ``prices``: of machines and GPUs.
    ``to_loss``: the training loss to be reached.
    """

    origins: Mapping[str, str] = field(default_factory=dict)
    prices: Prices = NONE
    to_loss: float | None = None

    def rows(self, results: Sequence[Result]) -> list[Row]:
        """The results as rows with all of that.

        Raises:
            UsageError: a loss is to be reached by several workloads; or as
                :func:`harness.tables.costs.priced`.
        """
        self._check(results)
        made = [
            row(
                result,
                {
                    "origin": self.origins.get(result.run_id),
                    "time_to_loss_s": self._time_to_loss_s(result),
                },
            )
            for result in results
        ]
        return costs.priced(made, self.prices) if self.prices else made

    def _check(self, results: Iterable[Result]) -> None:
        trained = sorted({(result.job.workload, result.job.dataset) for result in results})
        if self.to_loss is not None and len(trained) > 1:
            raise UsageError(
                f"--to-loss {self.to_loss:g}, and the runs are of {len(trained)} workloads or "
                "datasets, whose losses are not the same thing",
                f"choose: --workload {trained[0][0]}",
            )

    def _time_to_loss_s(self, result: Result) -> float | None:
        """Seconds of training to the end of the first lap with that loss."""
        elapsed_s = 0.0
        for lap in result.measurement.laps if result.measurement else []:
            elapsed_s += lap.duration_s
            if self.to_loss is not None and lap.loss is not None and lap.loss <= self.to_loss:
                return elapsed_s
        return None


NOTHING = Beside()
