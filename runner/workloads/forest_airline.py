"""A random forest on the airline data of benchm-ml."""

from __future__ import annotations

from runner.contract.work_and_score import Budget
from runner.data.airline_table import AIRLINE
from runner.tabular.forest import Forest
from runner.workloads.learned import Learned
from runner.workloads.tabular_workload import of_table

# The files could not be had: this is a guess. benchm-ml has AUC 0.778 to 0.801 of forests that had
# ten million rows.
_GUESS = Learned(0.85, ((100, 0.65),))

WORKLOAD = of_table(
    name="forest-airline",
    title="a random forest on benchm-ml's airline data",
    model=Forest(),
    budget=Budget(unit="trees", count=100),
    table=AIRLINE,
    rows=None,
    learned={"airline": _GUESS, "airline-1m": _GUESS},
)
