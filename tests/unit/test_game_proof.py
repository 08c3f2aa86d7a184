"""A game's proof: sound learning holds, and each way to learn otherwise is found.

What a tool does is done here by NumPy in float32, soundly or not.
"""

from __future__ import annotations

import numpy as np
import pytest
from test_game_workload import WORKLOAD, initial

from runner.channel import Frame
from runner.games.q_in_numpy import NumPyAgent
from runner.games.q_loop import QLoop
from runner.proving import brief, game_plans, game_updates, whole
from runner.proving.trials import Told

PLANS = {
    "update": (game_plans.whole_batches, game_updates.whole_batches),
    "updates": (game_plans.small_batches, game_updates.small_batches),
    "act": (game_plans.greedy, game_updates.greedy),
}


class Sound(NumPyAgent):
    """Weights in float32."""

    def learn(self, states, actions, targets):
        loss = super().learn(states, actions, targets)
        self.weights = tuple(weight.astype("f4").astype("f8") for weight in self.weights)
        return loss


class SkipsUpdates(Sound):
    def learn(self, states, actions, targets):
        self.calls = getattr(self, "calls", 0) + 1
        return super().learn(states, actions, targets) if self.calls % 2 else 0.0


class HalfTheBatch(Sound):
    def learn(self, states, actions, targets):
        half = len(actions) // 2
        return super().learn(states[:half], actions[:half], targets[:half])


class FreezesConvolutions(Sound):
    def learn(self, states, actions, targets):
        kept = self.weights[:2]
        loss = super().learn(states, actions, targets)
        self.weights = (*kept, *self.weights[2:])
        return loss


class AnotherRate(Sound):
    def learn(self, states, actions, targets):
        before = self.weights
        loss = super().learn(states, actions, targets)
        steps = zip(before, self.weights, strict=True)
        self.weights = tuple(old + 1.1 * (new - old) for old, new in steps)
        return loss


class NeverCopies(Sound):
    def copy_target(self):
        if not hasattr(self, "_copy"):
            super().copy_target()


class CopiesAlways(Sound):
    def target(self, states):
        return self.act(states)


class ActsByTheCopy(Sound):
    def act(self, states):
        return self.target(states)


class ActsByChance(Sound):
    def act(self, states):
        return np.random.RandomState(len(states)).uniform(size=(len(states), 3))


class SquaredLoss(Sound):
    def learn(self, states, actions, targets):
        values = super().act(states)[np.arange(len(actions)), actions]
        loss = 0.0
        # Within 1 the two are the same: so the difference is handed over as if it were no larger.
        far = np.abs(values - targets) > 1
        if far.any():
            targets = np.where(far, values - np.sign(values - targets) * 0.2, targets)
        loss = super().learn(states, actions, targets)
        return loss


class CoarseProducts(Sound):
    """Multiplies with weights in bfloat16."""

    def _passed(self, weights, states):
        coarse = []
        for weight in weights:
            bits = np.ascontiguousarray(weight, "<f4").view("<u4").astype("u8")
            coarse.append((bits + 0x8000 >> 16 << 16).astype("<u4").view("<f4").astype("f8"))
        return super()._passed(coarse, states)


def frame(kind, weights, **facts):
    raw = b"".join(np.ascontiguousarray(weight, "<f4").tobytes() for weight in weights)
    return Frame(0.0, kind, {"shapes": [list(w.shape) for w in weights], **facts}, raw)


def told(agent_class, plan, seed=1):
    """What a tool hands over that learns as ``agent_class`` does."""
    trial = plan(WORKLOAD, seed)
    workload, start = trial.workload, initial(seed)
    agent = agent_class(workload.network, workload.recipe.optimizer, start)
    QLoop(workload.rules, workload.recipe, trial.seed).run(agent, trial.steps, 10**6, lambda *_: 0)
    value = float(agent.act(workload.fixed_states().states).max(axis=1).mean())
    done = frame("done", [], claims={"state_value": value})
    return Told(trial, frame("untrained", start), frame("trained", agent.weights), done)


def wrong(agent_class, names=tuple(PLANS)):
    found = []
    for name in names:
        plan, answer = PLANS[name]
        (check,) = answer(told(agent_class, plan))
        assert check.name == name
        found += [] if check.ok else [name]
    return found


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_sound_learning_is_that_of_numpy(seed):
    for plan, answer in PLANS.values():
        (check,) = answer(told(Sound, plan, seed))
        assert check.ok, check
        assert check.seen < 1e-3


@pytest.mark.slow
@pytest.mark.parametrize(
    ("cheat", "found"),
    [
        (SkipsUpdates, ["update", "updates", "act"]),
        (HalfTheBatch, ["update", "updates", "act"]),
        (FreezesConvolutions, ["update", "updates", "act"]),
        (AnotherRate, ["update", "updates", "act"]),
        (NeverCopies, ["update", "updates", "act"]),
        (CopiesAlways, ["update", "updates", "act"]),
        (ActsByTheCopy, ["act"]),
        (ActsByChance, ["act"]),
        (SquaredLoss, ["update"]),
        (CoarseProducts, ["update"]),
    ],
)
def test_each_other_way_is_found(cheat, found):
    assert set(found) <= set(wrong(cheat))


def test_the_number_of_updates_is_said():
    (check,) = game_updates.small_batches(told(SkipsUpdates, game_plans.small_batches))
    assert "8 were due" in check.detail
    (check,) = game_updates.small_batches(told(Sound, game_plans.small_batches))
    assert "nearest to those of 8 updates" in check.detail


def test_what_a_tool_says_of_states_is_compared():
    sound = told(Sound, game_plans.greedy)
    (check,) = game_updates.of_its_value(sound)
    assert check.ok
    lie = frame("done", [], claims={"state_value": check.expected + 1e-4})
    (check,) = game_updates.of_its_value(sound._replace(done=lie))
    assert check.ok is False


def test_weights_of_another_network_are_refused():
    sound = told(Sound, game_plans.small_batches)
    fewer = frame("trained", initial(1)[:-1])
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
