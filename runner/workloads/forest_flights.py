"""A random forest on the flights from New York."""

from __future__ import annotations

from runner.contract.work_and_score import Budget
from runner.data.flights_table import FLIGHTS
from runner.tabular.forest import Forest
from runner.workloads.learned import Learned
from runner.workloads.tabular_workload import of_table

WORKLOAD = of_table(
    name="forest-flights",
    title="a random forest on flights",
    model=Forest(),
    budget=Budget(unit="trees", count=100),
    table=FLIGHTS,
    rows=228_521,
    learned={
        "flights": Learned(best=0.80, worst=((100, 0.76),)),
        "flights-days": Learned(best=0.74, worst=((100, 0.68),)),
        "synthetic-flights": Learned(best=0.765, worst=((100, 0.70),)),
    },
)
