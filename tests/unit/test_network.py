"""The network and its recipe, computed without any framework."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from runner.networks.layers import Conv, Dense, Flatten, MaxPool
from runner.networks.network import Network
from runner.networks.optimizers import SGD
from runner.workloads import lookup
from runner.workloads.learned import Learned

WORKLOAD = lookup.load("cnn-mnist")


def test_the_seeds_network_has_its_parameters():
    assert WORKLOAD.network.parameters() == 65_402


def test_parameters_by_hand():
    layers = (Conv(2, (3, 3), "relu"), MaxPool((2, 2)), Flatten(), Dense(5, "softmax"))
    # 3*3*1*2 + 2 = 20; 8x8 -> 6x6 -> 3x3 of 2 channels = 18; 18*5 + 5 = 95
    assert Network((8, 8, 1), layers).parameters() == 115


@pytest.mark.parametrize(
    ("name", "convolves"),
    [
        ("cnn-mnist", True),
        ("conv1d-imdb", True),
        ("dscnn-speech", True),
        ("resnet20-cifar10", True),  # within its residual blocks too
        ("dqn-bricks", True),
        ("lstm-imdb", False),
        ("mlp-flights", False),
        ("gpt-shakespeare-small", False),
    ],
)
def test_only_some_networks_convolve(name, convolves):
    assert lookup.load(name).network.convolves is convolves


def test_another_network_has_other_parameters():
    layers = WORKLOAD.network.layers
    changed = replace(WORKLOAD.network, layers=(Conv(32, (3, 3), "relu"), *layers[1:]))
    assert changed.parameters() != WORKLOAD.network.parameters()


@pytest.mark.parametrize(
    ("layers", "words"),
    [
        ((Dense(10, "relu"),), "put Flatten before it"),
        ((Conv(1, (9, 9), "relu"),), "leaves nothing of the picture"),
        ((MaxPool((16, 16)),), "leaves nothing of the picture"),
    ],
)
def test_networks_that_cannot_be(layers, words):
    with pytest.raises(ValueError, match=words):
        Network((8, 8, 1), layers).parameters()


@pytest.mark.parametrize(
    ("samples", "epochs", "updates"),
    [(60_000, 10, 4690), (60_000, 1, 469), (128, 1, 1), (129, 1, 2), (1, 3, 3), (1000, 2, 16)],
)
def test_the_last_smaller_batch_counts_as_an_update(samples, epochs, updates):
    assert WORKLOAD.recipe.updates(samples, epochs) == updates


def test_the_recipe_is_the_seeds():
    recipe = WORKLOAD.recipe
    assert (recipe.batch_size, recipe.epochs) == (128, 10)
    assert recipe.optimizer == SGD(0.05, momentum=0.9, decay=1e-5)


@pytest.mark.parametrize("name", lookup.names())
def test_more_work_never_allows_a_worse_score(name):
    workload = lookup.load(name)
    for learned in workload.learned.values():
        amounts = [amount for amount, _ in learned.worst]
        assert amounts == sorted(set(amounts))
        limits = [limit for _, limit in learned.worst]
        for earlier, later in itertools.pairwise(limits):
            assert workload.metric.worse(earlier, later)
        for limit in limits:
            assert workload.metric.worse(limit, learned.best)
        for steps in learned.highest.values():
            assert [amount for amount, _ in steps] == sorted({amount for amount, _ in steps})


@pytest.mark.parametrize("dataset", ["mnist", "synthetic-mnist"])
def test_the_seeds_network_has_learned_after_100_updates(dataset):
    learned = WORKLOAD.learned[dataset]
    assert learned.worst_score(10) is None
    assert learned.worst_score(100) < 0.3


def test_a_ceiling_holds_from_its_number_of_updates_on():
    learned = Learned(best=0.0, worst=((100, 0.5), (200, 0.1)))
    assert [learned.worst_score(n) for n in (99, 100, 199, 200)] == [None, 0.5, 0.5, 0.1]


def test_a_full_run_of_the_seed_is_believed():
    """Its logs: error rates of 0.80 to 1.08 % after ten epochs."""
    learned = WORKLOAD.learned["mnist"]
    assert learned.best < 0.0080
    assert 0.0108 < learned.worst_score(4690) <= 0.015


def test_workloads_are_found_by_name():
    assert "cnn-mnist" in lookup.names()
    assert "network" not in lookup.names()
    with pytest.raises(KeyError):
        lookup.load("cnn-minst")


def test_a_job_with_a_batch_size_trains_the_same_network_with_it(make_result):
    own = lookup.of(make_result().job)
    assert own == lookup.load("cnn-mnist")
    small = lookup.of(make_result(job={"batch_size": 64}).job)
    assert small.recipe.batch_size == 64
    assert small.recipe.updates(1000, 2) == 32
    assert small.network == own.network
    assert small.recipe.optimizer == own.recipe.optimizer
