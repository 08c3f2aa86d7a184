"""What the weights of a trial prove: each check holds for sound training, and fails for a fault."""

from __future__ import annotations

import dataclasses
import math
import time

import numpy as np
import pytest

from runner.channel import Frame
from runner.contract import samples
from runner.events import Progress
from runner.networks import sgd_in_numpy
from runner.networks.layers import BatchNorm, Dense, Dropout, Residual
from runner.networks.network import Network
from runner.proving import beginnings, dropout, dropout_plans, order, plans, prove, trials, updates
from runner.proving.trials import Told
from runner.proving.weights_apart import apart, arrays, statistics_apart
from runner.workloads import lookup

WORKLOAD = lookup.load("cnn-mnist")
RATE = next(layer.rate for layer in WORKLOAD.network.layers if isinstance(layer, Dropout))


def initial(seed, network=WORKLOAD.network):
    """Weights as a backend draws them."""
    rng, found = np.random.RandomState(seed), []
    for weight in network.weights():
        if weight.initialiser in ("ones", "zeros"):
            found.append(np.full(weight.shape, weight.initialiser == "ones", "<f4"))
            continue
        fans = math.prod(weight.shape[:-2]) * sum(weight.shape[-2:])
        limit = math.sqrt(6 / fans)
        found.append(rng.uniform(-limit, limit, weight.shape).astype("<f4"))
    return found


def frame(kind, weights, types="float32"):
    raw = b"".join(np.ascontiguousarray(weight, "<f4").tobytes() for weight in weights)
    shapes = [list(weight.shape) for weight in weights]
    return Frame(0.0, kind, {"shapes": shapes, "types": [types] * len(weights)}, raw)


def trained(trial, batches, *, recipe=None, kept=None, seed=None):
    """What a backend tells that trains on these batches (lists of numbers of pictures)."""
    start = initial(trial.seed if seed is None else seed, trial.workload.network)
    inputs, labels = arrays(trial)
    state = sgd_in_numpy.begin(recipe or trial.workload.recipe, start)
    for batch in batches:
        chosen = list(batch)
        state = sgd_in_numpy.updated(
            trial.workload.network, recipe or trial.workload.recipe, state,
            inputs[chosen], labels[chosen], kept,
        )  # fmt: skip
    return Told(
        trial, frame("untrained", start), frame("trained", state.weights), frame("done", [])
    )


def verdicts(checks):
    return {check.name: check.ok for check in checks}


ALIKE = plans.alike(WORKLOAD, 1)
THREE = [range(128), range(128, 256), range(256, 298)]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("batches", "changes", "ok"),
    [
        (THREE, {}, True),
        (list(reversed(THREE)), {}, True),  # of one picture: the order is nothing
        (THREE[:2], {}, False),
        ([range(256), range(256, 298)], {}, False),
        ([*THREE, [0]], {}, False),
        (THREE, {"learning_rate": 0.052}, False),
        (THREE, {"momentum": 0.88}, False),
        (THREE, {"decay": 0.45}, False),
    ],
)
def test_updates_are_counted(batches, changes, ok):
    own = ALIKE.workload.recipe
    other = dataclasses.replace(own, optimizer=dataclasses.replace(own.optimizer, **changes))
    (check,) = updates.of_alike(trained(ALIKE, batches, recipe=other))
    assert check.ok is ok
    if not changes:
        assert f"nearest to those of {len(batches)} updates" in check.detail


def test_the_pictures_are_as_many_as_three_batches():
    assert len(ALIKE.samples.labels) == 298
    assert len(set(ALIKE.samples.contents)) == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("batch", "ok"), [(range(128), True), (list(range(32)) * 4, False), (range(64), False)]
)
def test_the_whole_batch_is_in_the_gradient(batch, ok):
    trial = plans.one_batch(WORKLOAD, 2)
    assert len(set(trial.samples.contents)) == 128
    (check,) = updates.of_one_batch(trained(trial, [batch] * 3))
    assert check.ok is ok


@pytest.mark.slow
@pytest.mark.parametrize(
    ("orders", "once", "shuffled", "anew"),
    [
        ([(1, 0, 2), (2, 1, 0), (0, 1, 2)], True, True, True),
        ([(0, 1, 2)] * 3, True, False, False),
        ([(1, 2, 0)] * 3, True, True, False),
        ([(0, 0, 1), (1, 2, 0), (2, 1, 0)], False, None, None),
    ],
)
def test_the_order_is_found(orders, once, shuffled, anew):
    told = trained(plans.in_turn(WORKLOAD, 3), [[picture] for epoch in orders for picture in epoch])
    found = order.checks(told)
    assert verdicts(found) == {
        "every-picture-once": once,
        "shuffle": shuffled,
        "reshuffle": anew,
    }
    words = ", then ".join(" ".join(str(picture + 1) for picture in epoch) for epoch in orders)
    assert (words in found[0].detail) is once


@pytest.mark.parametrize(
    ("rate", "scale", "wrong"),
    [
        (RATE, 1 / (1 - RATE), set()),
        (0.0, 1.0, {"dropout", "dropout-rate", "dropout-scale"}),
        (0.5, 2.0, {"dropout", "dropout-rate", "dropout-scale"}),
        (0.5, 1 / (1 - RATE), {"dropout-rate"}),
        (0.15, 1 / (1 - RATE), {"dropout-rate"}),
        (0.25, 1 / (1 - RATE), {"dropout-rate"}),
        (0.15, 1 / 0.85, {"dropout", "dropout-rate", "dropout-scale"}),
        (RATE, 1.0, {"dropout", "dropout-scale"}),
    ],
)
def test_dropout_is_read_off_the_weights(rate, scale, wrong):
    trial = dropout_plans.one_sample(WORKLOAD, 4)
    network = trial.workload.network
    shape = sgd_in_numpy.into_dropout(network, initial(4, network), arrays(trial)[0]).shape
    assert math.prod(shape) >= dropout_plans.DRAWS
    kept = scale * (np.random.RandomState(5).uniform(size=shape) >= rate)
    checks = dropout.checks(trained(trial, [[0]], kept=kept.astype("f4")))
    assert {name for name, ok in verdicts(checks).items() if not ok} == wrong


@pytest.mark.parametrize("draws", [1, 400, 401, 12_800])
def test_only_the_layer_before_the_dropout_is_widened(draws, monkeypatch):
    monkeypatch.setattr(dropout_plans, "DRAWS", draws)
    made = dropout_plans.one_sample(WORKLOAD, 1).workload.network
    filters = {1: 16, 400: 16, 401: 32, 12_800: 512}[draws]
    for number, (own, other) in enumerate(zip(WORKLOAD.network.layers, made.layers, strict=True)):
        wanted = dataclasses.replace(own, filters=filters) if number == 2 else own
        assert other == wanted
    dense = Network((9,), (Dense(4, "relu"), Dropout(0.5), Dense(2, "softmax")))
    assert dropout_plans._widened(dense, 1).layers[0].units == 4 * math.ceil(draws / 4)
    first = Network((9,), (Dropout(0.5), Dense(2, "softmax")))
    assert dropout_plans._widened(first, 0) == first


def test_a_share_holds_within_four_deviations_of_what_was_bright():
    checks = dropout.checks(trained(dropout_plans.one_sample(WORKLOAD, 4), [[0]]))
    (rate,) = [check for check in checks if check.name == "dropout-rate"]
    bright = int(rate.detail.split()[1])
    assert bright > 6300
    assert rate.tolerance == pytest.approx(4 * math.sqrt(0.2 * 0.8 / bright))
    assert rate.tolerance < 0.0203


SPOTTER = lookup.load("dscnn-speech")


@pytest.mark.parametrize("due", [0.2, 0.4])
@pytest.mark.parametrize(("rate", "scale"), [(0.0, 1.0), (0.2, 1.25), (0.4, 1 / 0.6)])
def test_each_rate_of_a_network_is_told_by_itself(due, rate, scale):
    """Behind normalisation, convolutions of channels, and another dropout."""
    trial = dropout_plans.one_sample(SPOTTER, 4, due)
    network = trial.workload.network
    assert [rate for rate in dropout_plans.rates(network) if rate] == [due]
    shape = sgd_in_numpy.into_dropout(network, initial(4, network), arrays(trial)[0]).shape
    assert math.prod(shape) >= dropout_plans.DRAWS
    kept = scale * (np.random.RandomState(5).uniform(size=shape) >= rate)
    told = trained(trial, [[0]], kept=kept.astype("f4"))
    assert all(check.ok for check in dropout.checks(told)) is (rate == due)


def test_the_checks_of_each_rate_have_their_names():
    names = list(dropout_plans.by_names(SPOTTER.network))
    assert names == [
        ("dropout", "dropout-rate", "dropout-scale"),
        ("dropout of 0.4", "dropout-rate of 0.4", "dropout-scale of 0.4"),
    ]
    told = trained(dropout_plans.one_sample(SPOTTER, 4, 0.4), [[0]])
    assert tuple(check.name for check in dropout.named(told, names[1])) == names[1]
    assert dropout_plans.by_names(Network((9,), (Dense(2, "softmax"),))) == {}


def test_a_dropout_inside_of_another_layer_cannot_be_told():
    inside = Network((9,), (Residual((Dropout(0.5), Dense(9, "relu"))), Dense(2, "softmax")))
    with pytest.raises(ValueError, match=r"a dropout of 0\.5 is inside of another layer"):
        dropout_plans.one_sample(dataclasses.replace(SPOTTER, network=inside), 1)


@pytest.mark.parametrize(
    ("seeds", "wrong"),
    [
        ((1, 1, 1, 2), set()),
        ((1, 2, 2, 3), {"same-seed"}),
        ((1, 1, 1, 1), {"other-seed"}),
    ],
)
def test_training_begins_by_the_seed(seeds, wrong):
    told = [trained(ALIKE, [], seed=seed) for seed in seeds]
    assert {name for name, ok in verdicts(beginnings.of_seeds(*told)).items() if not ok} == wrong


def test_two_networks_do_not_tell_that_the_seed_matters():
    own = trained(ALIKE, [], seed=1)
    other = own._replace(untrained=frame("untrained", [weight[:1] for weight in initial(1)]))
    with pytest.raises(ValueError, match="two networks"):
        beginnings.of_seeds(own, own, own, other)


def test_weights_of_another_type_are_found():
    told = trained(ALIKE, [])
    assert beginnings.float32([told]).ok
    coarse = told._replace(trained=frame("trained", initial(1), "bfloat16"))
    check = beginnings.float32([told, coarse])
    assert check.ok is False
    assert "bfloat16" in check.detail


def test_weights_of_another_network_are_no_weights_of_this():
    told = trained(ALIKE, [])
    with pytest.raises(ValueError, match="weights, the network has 65402"):
        updates.of_alike(told._replace(trained=frame("trained", initial(1)[:-1])))


def test_what_was_not_to_move_and_did_is_far_away():
    network = Network((2,), (Dense(1, "softmax"),))
    still, moved = [np.zeros(2)], [np.array([0.0, 1e-9])]
    assert apart(network, still, still, still) == 0.0
    assert apart(network, moved, still, still) == 1e6
    found, wanted = [np.array([1.0, 2.0])], [np.array([1.0, 1.0])]
    assert apart(network, found, wanted, still) == pytest.approx(1 / math.sqrt(2))


def test_what_a_normalisation_takes_out_is_not_compared_and_statistics_by_themselves():
    layers = (Dense(1, "linear"), BatchNorm(), Dense(1, "relu"), BatchNorm())
    network = Network((1,), layers)
    told = [True, False, True, True, False, False, True, True, True, True, False, False]
    assert network.told_by_gradients() == told
    start, wanted = ([np.full(1, value)] * len(told) for value in (0.0, 1.0))
    for number, counted in enumerate(told):
        found = [own + 0.5 * (number == place) for place, own in enumerate(wanted)]
        statistic = not network.weights()[number].trained
        assert apart(network, found, wanted, start) == 0.5 * counted
        assert statistics_apart(network, found, wanted, start) == 0.5 * statistic


@pytest.mark.parametrize(("momentum", "right"), [(0.9, True), (0.99, False), (0.8, False)])
def test_the_statistics_of_batches_are_proven(momentum, right):
    trial = plans.small_batch(SPOTTER, 3)
    told = trained(trial, [range(8)] * 3)
    other = trial.workload.network.changed(
        lambda layer: BatchNorm(momentum) if isinstance(layer, BatchNorm) else layer
    )
    workload = dataclasses.replace(trial.workload, network=other)
    found = updates.of_one_batch(told._replace(trial=trial._replace(workload=workload)))
    assert verdicts(found) == {"update": True, "statistics": right}
    assert [check.name for check in updates.of_one_batch(trained(ALIKE, []))] == ["update"]


def spin(*asked):
    """A trial that works for a while and comes to nothing."""
    begin = time.process_time()
    while time.process_time() - begin < 0.2:
        pass
    raise RuntimeError("no framework here")


@pytest.mark.slow
@pytest.mark.parametrize("interval_s", [0.1, None])
def test_what_a_proof_uses_is_sampled(make_result, tmp_path, monkeypatch, interval_s):
    monkeypatch.setattr(trials, "run", spin)
    job = make_result(job={"purpose": "prove", "sample_interval_s": interval_s}).job
    found = prove.conformance(job, tmp_path, Progress(tmp_path / "log.txt"))
    assert found.wrong() == []
    assert {check.detail for check in found.unsettled()} >= {"RuntimeError: no framework here"}
    if interval_s is None:
        assert not (tmp_path / "samples.csv").exists()
        return
    made = samples.read_samples(tmp_path / "samples.csv")
    used_s = made.growth(samples.JOB_CPU_COLUMN, made.times[0], made.times[-1])
    assert used_s >= 0.2 * 4 - 0.1


@pytest.mark.slow
@pytest.mark.parametrize("failures", [1, 2])
def test_beginnings_are_known_of_a_trial_that_ends_the_second_time(
    make_result, tmp_path, monkeypatch, failures
):
    left = [failures]

    def once_in_a_while(job, trial, folder, progress):
        if left[0]:
            left[0] -= 1
            raise RuntimeError("killed")
        done = Frame(0.0, "done", {"attestation": {"packages": {}}}, b"")
        return trained(trial, [])._replace(done=done)

    monkeypatch.setattr(trials, "run", once_in_a_while)
    job = make_result(job={"purpose": "prove", "sample_interval_s": None}).job
    found = prove.conformance(job, tmp_path, Progress(tmp_path / "log.txt"))
    of_seeds = [check for check in found.checks if check.name in ("same-seed", "other-seed")]
    unanswered = [check.name for check in of_seeds if check.seen is None]
    assert unanswered == ([] if failures == 1 else ["same-seed", "other-seed"])
