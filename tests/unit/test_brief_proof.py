"""The brief proof: one trial of each workload in one process, of networks that NumPy does soon."""

from __future__ import annotations

import dataclasses

import pytest

from runner.events import Progress
from runner.networks.layers import Dense, Layer
from runner.networks.network import Network
from runner.proving import brief, plans, trials
from runner.workloads import lookup
from runner.workloads.network_workload import NetworkWorkload

NETWORKS = [
    workload
    for workload in map(lookup.load, lookup.names())
    if isinstance(workload, NetworkWorkload)
]
AFFORDABLE = 7e8
"""Operations of a small batch on its way forward: NumPy makes three updates of it in two seconds,
which is for every backend and mode."""


def kinds(layers):
    """Of the layers, and of those that they hold."""
    for layer in layers:
        yield type(layer)
        for held in vars(layer).values():
            if isinstance(held, tuple):
                yield from kinds(part for part in held if isinstance(part, Layer))


@pytest.mark.parametrize("workload", NETWORKS, ids=lambda workload: workload.name)
def test_every_workload_has_a_size_that_ci_can_afford(workload):
    trial = plans.small_batch(workload, 1)
    assert trial.workload.operations() * len(trial.samples.labels) <= AFFORDABLE
    small = workload.small or workload
    assert set(kinds(small.network.layers)) == set(kinds(workload.network.layers))


def test_a_small_batch_is_of_the_smaller_network():
    flights = lookup.load("mlp-flights")
    network = Network(flights.network.input_shape, (Dense(3, "relu"), Dense(2, "softmax")))
    small = dataclasses.replace(flights, network=network)
    trial = plans.small_batch(dataclasses.replace(flights, small=small), 1)
    assert trial.workload.network == network
    assert len(set(trial.samples.contents)) == plans.FEW == trial.workload.recipe.batch_size
    assert trial.epochs == plans.UPDATES
    few = dataclasses.replace(flights.recipe, batch_size=2)
    trial = plans.small_batch(dataclasses.replace(flights, recipe=few), 1)
    assert len(trial.samples.labels) == 2


@pytest.mark.parametrize("broken", [{0}, {1}, {2}, {0, 1}, {0, 1, 2}])
def test_what_fails_costs_the_others_another_start(make_result, tmp_path, monkeypatch, broken):
    workloads = [dataclasses.replace(NETWORKS[0], name=str(number)) for number in range(3)]
    starts = []

    def run_in_turn(job, planned, folder, progress):
        starts.append(len(planned))
        for trial in planned:
            if int(trial.workload.name) in broken:
                raise RuntimeError(trial.workload.name)
            yield trial

    monkeypatch.setattr(trials, "run_in_turn", run_in_turn)
    job = make_result(job={"purpose": "prove"}).job
    found = brief.trained(job, workloads, tmp_path, Progress(tmp_path / "log.txt"))
    assert {number for number, what in enumerate(found) if isinstance(what, Exception)} == broken
    names = [str(what) if isinstance(what, Exception) else what.workload.name for what in found]
    assert names == ["0", "1", "2"]
    assert starts == [3, *(2 - number for number in sorted(broken) if number < 2)]
