"""Logistic regression on the flights from New York: the floor that a model has to be above."""

from __future__ import annotations

from runner.contract.work_and_score import Budget
from runner.data.flights_table import FLIGHTS
from runner.tabular.logistic import LogisticRegression
from runner.workloads.learned import Learned
from runner.workloads.tabular_workload import of_table

WORKLOAD = of_table(
    name="logistic-flights",
    title="logistic regression on flights",
    model=LogisticRegression(),
    budget=Budget(unit="fits", count=1),
    table=FLIGHTS,
    rows=228_521,
    learned={
        "flights": Learned(best=0.74, worst=((1, 0.71),)),
        "flights-days": Learned(best=0.72, worst=((1, 0.66),)),
        "synthetic-flights": Learned(best=0.72, worst=((1, 0.68),)),
    },
)
