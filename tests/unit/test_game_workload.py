"""A workload without data: what it counts, what it refuses, and how it is judged."""

from __future__ import annotations

import math
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from harness.campaign import allotted, limits, plan
from harness.campaign.plan import Options
from harness.errors import UsageError
from harness.provision import discovery, obtain, prospect
from harness.tables import throughput
from runner.contract.work_and_score import Budget
from runner.games.brick_game import Bricks
from runner.networks.layers import Dense, Flatten
from runner.networks.network import Network
from runner.workloads import lookup
from runner.workloads.game_workload import q_learner

WORKLOAD = lookup.load("dqn-bricks")
STEPS = WORKLOAD.budget


def options(**changes):
    return Options(**{"backends": ["torch"], "workload": "dqn-bricks", **changes})


def initial(seed):
    rng, found = np.random.RandomState(seed), []
    for weight in WORKLOAD.network.weights():
        fans = math.prod(weight.shape[:-2]) * sum(weight.shape[-2:])
        limit = math.sqrt(6 / fans) if weight.initialiser != "zeros" else 0.0
        found.append(rng.uniform(-limit, limit, weight.shape).astype("<f4"))
    return found


def test_its_size_and_its_work_are_as_stated():
    assert WORKLOAD.parameters() == 132_179
    assert WORKLOAD.unit == STEPS.unit == "steps"
    assert WORKLOAD.count(0, STEPS) == WORKLOAD.seen(0, STEPS) == 200_000
    assert WORKLOAD.recipe.updates(STEPS.count) == 3_047
    assert WORKLOAD.laps(STEPS) == 20
    assert WORKLOAD.count(0, Budget(unit="steps", count=20_000)) == 20_032  # 313 moves of 64


def test_operations_are_of_acting_and_of_learning():
    forward = WORKLOAD.operations()
    assert WORKLOAD.training_operations(4_992) == 4_992 * forward  # before the first update
    first = WORKLOAD.training_operations(5_056) - 5_056 * forward
    assert first == 512 * 4 * forward
    mlp = lookup.load("mlp-flights")
    assert mlp.training_operations(10) == 10 * 3 * mlp.operations()


def test_arithmetic_in_tables_is_the_workloads_own(make_result):
    made = make_result(job={"workload": "dqn-bricks"})
    work = made.measurement.work.model_copy(update={"samples": 200_000})
    measured = made.measurement.model_copy(update={"work": work})
    rate = throughput.tflop_per_s(made.model_copy(update={"measurement": measured}))
    wanted = WORKLOAD.training_operations(200_000) / measured.phases.fit_s / 1e12
    assert rate == pytest.approx(wanted)


def test_a_job_changes_the_batch_and_nothing_else(make_result):
    asked = {"workload": "dqn-bricks", "batch_size": 64, "train_samples": None}
    job = make_result(job=asked).job
    changed = lookup.of(job)
    assert changed.batch_size == 64
    assert replace(changed, recipe=WORKLOAD.recipe) == WORKLOAD
    assert WORKLOAD.at_recipe(job, 80_000) == 10_000
    with pytest.raises(ValueError, match="no training samples"):
        lookup.of(job.model_copy(update={"train_samples": 10}))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"budget": 4_999}, "a budget of 4,999 steps with workload dqn-bricks: it learns from st"),
        ({"epochs": 3}, "has no epochs: it is trained for 200,000 steps: --budget N is in its st"),
    ],
)
def test_a_budget_that_teaches_nothing_is_refused(changes, words):
    with pytest.raises(UsageError, match=words):
        plan.budget(options(**changes))
    assert plan.budget(options(budget=5_000)).count == 5_000


def test_training_samples_are_refused_and_any_batch_is_taken():
    game = discovery.load("bricks")
    with pytest.raises(UsageError, match="the game of bricks has none: it is played"):
        limits.check_train_samples(10, game, WORKLOAD)
    limits.check_batch_sizes([None, 4096], None, game, WORKLOAD)


@pytest.mark.parametrize(
    ("bound", "asked", "words"),
    [
        (2**40, 2**28, r"needs 0\.576 GiB of memory at least, there are 0\.25 \(--memory\)"),
        (2**27, None, r"there are 0\.125 \(all that this machine has\)"),
    ],
)
def test_a_replay_that_would_not_fit_is_refused_before_anything_starts(
    monkeypatch, bound, asked, words
):
    memory = SimpleNamespace(total=bound)
    monkeypatch.setattr(allotted.psutil, "virtual_memory", lambda: memory)
    monkeypatch.setattr(allotted.grant, "memory_limit", lambda cores: None)
    with pytest.raises(UsageError, match=words) as refused:
        allotted.within(options(memory_limit_bytes=asked), [], lambda line: None)
    assert "\n" not in str(refused.value)


def test_a_replay_that_fits_is_taken_and_networks_are_not_asked(monkeypatch):
    lines = []
    allotted.within(options(memory_limit_bytes=2**30), [], lines.append)
    allotted.within(options(workload="cnn-mnist", memory_limit_bytes=2**23), [], lines.append)


@pytest.mark.slow
@pytest.mark.usefixtures("engine")  # --memory is of containers
def test_the_command_refuses_in_one_line(benchdl):
    words = ["run", "torch", "--workload", "dqn-bricks", "--launcher", "docker", "--dry-run"]
    for more, said in (
        (["--train-samples", "10"], "has none: it is played"),
        (["--memory", "0.25"], "needs 0.576 GiB of memory at least, there are 0.25 (--memory)"),
        (["--budget", "100"], "it learns from step 5,000 on"),
    ):
        done = benchdl(*words, *more)
        assert done.returncode == 2
        (line,) = [text for text in done.stderr.splitlines() if text.startswith("benchdl: ")]
        assert said in line


def test_nothing_is_fetched_listed_or_read(tmp_path, monkeypatch):
    monkeypatch.setenv("BENCHDL_CACHE", str(tmp_path / "cache"))
    data = obtain.resolve("auto", "dqn-bricks", tmp_path, lambda line: None)
    assert (data.name, data.sha256, data.served()) == ("bricks", {}, {})
    data.check_unchanged()
    assert prospect.of("bricks", "dqn-bricks", None).action == "use"
    assert "bricks" not in [state.spec.name for state in obtain.listing(None)]
    assert not (tmp_path / "cache").exists()
    with pytest.raises(UsageError, match="bricks is a game, played while it is learned"):
        obtain.fetch("bricks", lambda line: None)


def test_the_judge_plays_itself():
    untrained, trained = initial(1), [weight * 1.5 for weight in initial(1)]
    evidence = WORKLOAD.evidence(None)
    found = WORKLOAD.opinion(untrained, trained, evidence, {"state_value": 0.25})
    score, proofs = found.score, {proof.name: proof for proof in found.proofs}
    assert (score.metric, score.better, score.samples, score.verified) == (
        "mean_return", "higher", 200, True,
    )  # fmt: skip
    assert score.value >= 0
    assert 0 <= score.sampling_error < 1
    again = WORKLOAD.opinion(untrained, trained, evidence, {"state_value": 0.25})
    assert again == found
    assert proofs["state_value"].claimed == 0.25
    assert proofs["tensors_moved"].value == 3  # biases that are 0 stay what they are
    assert found.parameters == WORKLOAD.parameters()


def test_weights_that_are_no_numbers_are_refused():
    broken = [*initial(1)[:-1], np.full(3, np.nan, "f4")]
    with pytest.raises(ValueError, match="3 of the trained weights are no numbers"):
        WORKLOAD.opinion(initial(1), broken, WORKLOAD.evidence(None), {"state_value": 0.0})


def test_untrained_networks_are_within_the_margin_of_their_start():
    evidence, start = WORKLOAD.evidence(None), WORKLOAD.start
    few = replace(WORKLOAD, rules=Bricks(longest=1))
    for seed in range(5):
        found = few.opinion(initial(seed), initial(seed), evidence, {"state_value": 0.0})
        (value,) = [proof.value for proof in found.proofs if proof.name == start.proof]
        assert abs(value - start.value) <= start.margin


def test_a_network_of_another_game_is_refused():
    wrong = Network((9, 9, 4), (Flatten(), Dense(3, "linear")))
    with pytest.raises(ValueError, match="the game has others"):
        q_learner(
            name="x", title="", network=wrong, rules=WORKLOAD.rules, recipe=WORKLOAD.recipe,
            steps=10_000, learned={},
        )  # fmt: skip
