"""Boosted trees on the flights from New York: what networks on tables of data are held against."""

from __future__ import annotations

from runner.contract.work_and_score import Budget
from runner.data.flights_table import FLIGHTS
from runner.tabular.boosting import Boosting
from runner.workloads.learned import Learned
from runner.workloads.tabular_workload import of_table

WORKLOAD = of_table(
    name="boosting-flights",
    title="boosted trees on flights",
    model=Boosting(),
    budget=Budget(unit="rounds", count=100),
    table=FLIGHTS,
    rows=228_521,
    learned={
        "flights": Learned(best=0.81, worst=((100, 0.77),)),
        "flights-days": Learned(best=0.74, worst=((100, 0.67),)),
        "synthetic-flights": Learned(best=0.765, worst=((100, 0.71),)),
    },
)
