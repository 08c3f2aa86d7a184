"""A game's proof: sound learning holds, and each way to learn otherwise is found.

What a tool does is done here by NumPy in float32, soundly or not.
"""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest
from conftest import REPO
from test_game_workload import WORKLOAD

from runner.channel import Frame
from runner.games.q_loop import QLoop
from runner.proving import brief, game_plans, game_updates, whole
from runner.proving.trials import Told

PLANS = {
    "update": (game_plans.whole_batches, game_updates.whole_batches),
    "updates": (game_plans.small_batches, game_updates.small_batches),
    "act": (game_plans.greedy, game_updates.greedy),
}


AGENTS_FILE = REPO / "tests" / "dummy" / "runner" / "backends" / "numpy_game.py"
_SPEC = importlib.util.spec_from_file_location("numpy_game", AGENTS_FILE)
numpy_game = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(numpy_game)


def frame(kind, weights, **facts):
    raw = b"".join(np.ascontiguousarray(weight, "<f4").tobytes() for weight in weights)
    return Frame(0.0, kind, {"shapes": [list(w.shape) for w in weights], **facts}, raw)


def told(cheat, plan, seed=1):
    """What a tool hands over that learns otherwise, or soundly."""
    trial = plan(WORKLOAD, seed)
    workload, agent = trial.workload, numpy_game.agent(trial.workload, seed, cheat)
    start = agent.weights()
    QLoop(workload.rules, workload.recipe, trial.seed).run(agent, trial.steps, 10**6, lambda *_: 0)
    value = float(agent.act(workload.fixed_states().states).max(axis=1).mean())
    done = frame("done", [], claims={"state_value": value})
    return Told(trial, frame("untrained", start), frame("trained", agent.weights()), done)


def wrong(cheat, names=tuple(PLANS)):
    found = []
    for name in names:
        plan, answer = PLANS[name]
        (check,) = answer(told(cheat, plan))
        assert check.name == name
        found += [] if check.ok else [name]
    return found


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_sound_learning_is_that_of_numpy(seed):
    for plan, answer in PLANS.values():
        (check,) = answer(told(None, plan, seed))
        assert check.ok, check
        assert check.seen < 1e-3


@pytest.mark.slow
@pytest.mark.parametrize(
    ("cheat", "found"),
    [
        ("skips-updates", ["update", "updates", "act"]),
        ("half-the-batch", ["update", "updates", "act"]),
        ("freezes-convolutions", ["update", "updates", "act"]),
        ("another-rate", ["update", "updates", "act"]),
        ("never-copies", ["update", "updates", "act"]),
        ("copies-always", ["update", "updates", "act"]),
        ("acts-by-the-copy", ["act"]),
        ("acts-by-chance", ["act"]),
        ("squared-loss", ["update"]),
        ("coarse-products", ["update"]),
    ],
)
def test_each_other_way_is_found(cheat, found):
    assert set(found) <= set(wrong(cheat))


def test_the_number_of_updates_is_said():
    (check,) = game_updates.small_batches(told("skips-updates", game_plans.small_batches))
    assert "8 were due" in check.detail
    (check,) = game_updates.small_batches(told(None, game_plans.small_batches))
    assert "nearest to those of 8 updates" in check.detail


def test_what_a_tool_says_of_states_is_compared():
    sound = told(None, game_plans.greedy)
    (check,) = game_updates.of_its_value(sound)
    assert check.ok
    lie = frame("done", [], claims={"state_value": check.expected + 1e-4})
    (check,) = game_updates.of_its_value(sound._replace(done=lie))
    assert check.ok is False


def test_weights_of_another_network_are_refused():
    sound = told(None, game_plans.small_batches)
    fewer = frame("trained", numpy_game.agent(WORKLOAD, 1).weights()[:-1])
    with pytest.raises(ValueError, match="shapes"):
        game_updates.small_batches(sound._replace(trained=fewer))


def test_each_plan_has_its_question():
    plans, questions = whole.plans_of(WORKLOAD), whole.questions_of(WORKLOAD)
    assert [question.plan for question in questions] == list(plans)
    assert [question.names for question in questions] == [("update",), ("updates",), ("act",)]
    assert brief.names_of(WORKLOAD) == ("act", "value")


def test_trials_read_nothing_and_say_how_long(make_result, tmp_path):
    job = make_result(job={"workload": "dqn-bricks", "purpose": "prove"}).job
    trial = game_plans.greedy(WORKLOAD, 5)
    own = trial.of(job, tmp_path / "none")
    assert (own.dataset_sha256, own.seed, own.budget.unit) == ({}, 5, "steps")
    assert trial.workload.recipe.updates(own.budget.count) == 12
    assert trial.workload.recipe.exploration(0) == 0.0
    assert not (tmp_path / "none").exists()
