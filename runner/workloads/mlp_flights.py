"""Two hidden layers on a table of business data: will a flight leave late?

"Ceci n'est pas un benchmark" (2016) held that networks are less accurate than forests and gradient
boosting on such data; ``boosting-flights`` and ``forest-flights`` are these.
"""

from __future__ import annotations

from runner.data.flights_table import FLIGHTS
from runner.networks.layers import Dense
from runner.networks.network import Network
from runner.networks.recipe import Recipe
from runner.workloads.learned import Learned
from runner.workloads.metrics import AUC
from runner.workloads.network_workload import classifier

WORKLOAD = classifier(
    name="mlp-flights",
    title="two hidden layers on a table of flights",
    network=Network(
        input_shape=(FLIGHTS.width,),
        layers=(Dense(200, "relu"), Dense(200, "relu"), Dense(2, "softmax")),
    ),
    recipe=Recipe(batch_size=128, epochs=5, learning_rate=0.05, momentum=0.9, decay=0.0),
    samples=FLIGHTS,
    metric=AUC,
    learned={
        "flights": Learned(0.80, ()),
        "flights-days": Learned(0.78, ()),
        "synthetic-flights": Learned(0.78, ()),
    },
)
