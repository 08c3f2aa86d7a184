"""The network of ``mlp-flights`` on the airline data of benchm-ml."""

from __future__ import annotations

from runner.data.airline_table import AIRLINE
from runner.networks.layers import Dense
from runner.networks.network import Network
from runner.networks.optimizers import SGD
from runner.networks.recipe import Recipe
from runner.workloads.learned import Learned
from runner.workloads.metrics import AUC
from runner.workloads.network_workload import classifier

# The files could not be had: this is a guess. benchm-ml has AUC 0.731 to 0.735 of networks that
# had ten million rows.
WORKLOAD = classifier(
    name="mlp-airline",
    title="two hidden layers on benchm-ml's airline data",
    network=Network(
        input_shape=(AIRLINE.width,),
        layers=(Dense(200, "relu"), Dense(200, "relu"), Dense(2, "softmax")),
    ),
    recipe=Recipe(batch_size=128, epochs=5, optimizer=SGD(0.05, momentum=0.9)),
    samples=AIRLINE,
    metric=AUC,
    learned={"airline": Learned(0.85, ((782, 0.58),))},
)
