"""A game learned in plain NumPy, soundly or not; weights are in float32."""

from __future__ import annotations

import numpy as np

from runner.games.q_in_numpy import NumPyAgent


class Sound(NumPyAgent):
    """Weights in float32."""

    def learn(self, states, actions, targets):
        loss = super().learn(states, actions, targets)
        self.now = tuple(weight.astype("f4").astype("f8") for weight in self.now)
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
        kept = self.now[:2]
        loss = super().learn(states, actions, targets)
        self.now = (*kept, *self.now[2:])
        return loss


class AnotherRate(Sound):
    def learn(self, states, actions, targets):
        before = self.now
        loss = super().learn(states, actions, targets)
        steps = zip(before, self.now, strict=True)
        self.now = tuple(old + 1.1 * (new - old) for old, new in steps)
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
        # Within 1 the two are the same: so the difference is handed over as if it were no larger.
        far = np.abs(values - targets) > 1
        if far.any():
            targets = np.where(far, values - np.sign(values - targets) * 0.2, targets)
        return super().learn(states, actions, targets)


class CoarseProducts(Sound):
    """Multiplies with weights in bfloat16."""

    def _passed(self, weights, states):
        coarse = []
        for weight in weights:
            bits = np.ascontiguousarray(weight, "<f4").view("<u4").astype("u8")
            coarse.append((bits + 0x8000 >> 16 << 16).astype("<u4").view("<f4").astype("f8"))
        return super()._passed(coarse, states)


AGENTS = {
    "skips-updates": SkipsUpdates, "half-the-batch": HalfTheBatch,
    "freezes-convolutions": FreezesConvolutions, "another-rate": AnotherRate,
    "never-copies": NeverCopies, "copies-always": CopiesAlways, "acts-by-the-copy": ActsByTheCopy,
    "acts-by-chance": ActsByChance, "squared-loss": SquaredLoss,
    "coarse-products": CoarseProducts,
}  # fmt: skip
"""Ways to learn otherwise, by the names that DUMMY_CHEAT takes."""


def agent(workload, seed, cheat=None):
    """An agent whose weights are drawn from ``seed``, as a trainer of a game takes one."""

    class Told(AGENTS[cheat] if cheat else Sound):
        def compile(self):
            return False

        def weights(self):
            return [np.asarray(weight, "f4") for weight in self.now]

        def attest(self):
            return "cpu", {"layout": "channels_last"}

    random, weights = np.random.RandomState(seed), []
    for weight in workload.network.weights():
        limit = 0.0
        if weight.initialiser == "glorot_uniform":
            *before, inputs, outputs = weight.shape
            limit = (6 / (int(np.prod(before)) * (inputs + outputs))) ** 0.5
        weights.append(random.uniform(-limit, limit, weight.shape).astype("f4"))
    return Told(workload.network, workload.recipe.optimizer, weights)
