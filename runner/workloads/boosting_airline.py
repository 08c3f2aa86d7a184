"""Boosted trees on the airline data of benchm-ml, the benchmark of the thesis of 2016."""

from __future__ import annotations

from runner.contract.work_and_score import Budget
from runner.data.airline_table import AIRLINE
from runner.tabular.boosting import Boosting
from runner.workloads.learned import Learned
from runner.workloads.tabular_workload import of_table

# The files could not be had: this is a guess. GBM-perf (S. Pafka) has AUC 0.749 (XGBoost) and 0.765
# (LightGBM) of a million rows, with levels as categories.
_GUESS = Learned(0.85, ((100, 0.65),))

WORKLOAD = of_table(
    name="boosting-airline",
    title="boosted trees on benchm-ml's airline data",
    model=Boosting(),
    budget=Budget(unit="rounds", count=100),
    table=AIRLINE,
    rows=None,
    learned={"airline": _GUESS, "airline-1m": _GUESS},
)
