"""Workloads whose model is a policy: a network that learns a game by playing it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, Mapping, Sequence, Tuple

from runner.contract.job import Job
from runner.contract.precision import Precision
from runner.contract.work_and_score import Budget, Proof
from runner.games import played_steps
from runner.games.brick_game import Bricks
from runner.games.played import Played
from runner.games.q_recipe import QRecipe
from runner.networks import proof
from runner.networks.network import Network
from runner.workloads.learned import Learned
from runner.workloads.metrics import MEAN_RETURN
from runner.workloads.workload import TRAINING_PASSES, Margin, Opinion, Start, Workload

EPISODES = 200
_EXPLORED = 0.05
_EPISODES_SEED = 20_130_312
_STATES, _STATES_SEED = 1000, 7
_LAP = 10_000
_SPARE_BYTES = 2**29  # a tool, its network and one batch on its way: 0.3 to 0.5 GB were seen
# Half as much again as the largest distance from 0 of 300 seeds (0.34, in NumPy, 2026-11-26).
_UNTRAINED = Start("initial_q", 0.0, 0.5)
_MARGINS = {"state_value": Margin(0.001, 0.01)}  # TF32 on a GPU


@dataclass(frozen=True)
class GameWorkload(Workload):
    """A game, a network that gives Q of each action, and how it learns; all is counted in steps.

    There is no data: the judge's evidence are states and episodes that it plays itself, in NumPy,
    with the weights that were handed over.
    """

    network: Network
    rules: Bricks
    recipe: QRecipe

    @property
    def samples_word(self) -> str:
        """Steps of the game."""
        return "steps"

    @property
    def provable(self) -> bool:
        """NumPy plays and learns the same."""
        return True

    @property
    def batch_size(self) -> int:
        """Steps out of the replay that go into one update."""
        return self.recipe.batch_size

    @property
    def least_budget(self) -> int:
        """Steps until the first update: less teaches nothing."""
        return self.recipe.learning_from

    @property
    def precisions(self) -> Tuple[Precision, ...]:
        """No backend's agent has mixed precision."""
        return ("float32", "tf32")

    def parameters(self) -> int:
        """Weights and biases of all layers, of the network alone and not of its copy."""
        return self.network.parameters()

    def operations(self) -> int:
        """Of one state's way through the network."""
        return self.network.operations()

    def training_operations(self, samples: int) -> int:
        """Of acting in so many steps, and of their updates: training, and the copy's Q."""
        updates = self.recipe.updates(samples)
        learned_from = updates * self.recipe.batch_size * (TRAINING_PASSES + 1)
        return self.operations() * (samples + learned_from)

    def memory_bytes(self) -> int:
        """The replay, and what the tool needs besides."""
        return played_steps.size_bytes(self.recipe.replay, self.rules.shape) + _SPARE_BYTES

    def of(self, job: Job) -> GameWorkload:
        """With a batch size of the job's own where it asks for one.

        Raises:
            ValueError: it asks for a number of training samples.
        """
        if job.train_samples is not None:
            raise ValueError(f"{self.name} has no training samples")
        if job.batch_size is None:
            return self
        recipe = dataclasses.replace(self.recipe, batch_size=job.batch_size)
        return dataclasses.replace(self, recipe=recipe)

    def count(self, train_samples: int, budget: Budget) -> int:
        """Steps of all copies: they move together."""
        del train_samples
        return self.recipe.moves(budget.count) * self.recipe.copies

    def seen(self, train_samples: int, budget: Budget) -> int:
        """The same: each step is played once."""
        return self.count(train_samples, budget)

    def at_recipe(self, job: Job, count: int) -> int:
        """As many steps, of smaller batches fewer."""
        own = self.recipe.batch_size
        return min(count, count * (job.batch_size or own) // own)

    def most_numbers(self) -> int:
        """The weights; twice as many, so that another network is a finding and not an error."""
        return 2 * self.network.parameters()

    def load(self, job: Job) -> Played:
        """The states whose Q the trainer tells at the end."""
        del job
        return self.fixed_states()

    def evidence(self, job: Job) -> Played:
        """The same, played by the judge."""
        del job
        return self.fixed_states()

    def fixed_states(self) -> Played:
        """States of random play, the same for everybody."""
        from runner.games import episodes  # noqa: PLC0415 - imports NumPy when it plays

        return Played(episodes.states(self.rules, _STATES, _STATES_SEED))

    def opinion(
        self,
        untrained: Sequence[Any],
        trained: Sequence[Any],
        evidence: Any,
        claims: Mapping[str, float],
    ) -> Opinion:
        """The mean return of whole episodes, and Q of the states that the trainer told of."""
        from runner.games import episodes  # noqa: PLC0415 - imports NumPy
        from runner.networks import in_numpy  # noqa: PLC0415 - imports NumPy

        proof.finite(trained)

        def values(weights: Sequence[Any], states: Any) -> Any:
            return in_numpy.probabilities(self.network, weights, states.astype("float32"))

        returns = episodes.returns(
            self.rules,
            lambda states: values(trained, states),
            episodes=EPISODES,
            exploration=_EXPLORED,
            seed=_EPISODES_SEED,
        )
        error = float(returns.std(ddof=1)) / len(returns) ** 0.5
        best = values(trained, evidence.states).max(axis=1)
        proofs = [
            Proof(name="initial_q", value=float(values(untrained, evidence.states).mean())),
            Proof(
                name="state_value",
                value=float(best.mean()),
                claimed=claims["state_value"],
            ),
            proof.moved(untrained, trained),
            Proof(name="weight_bits", value=proof.mantissa_bits(trained), unit="bits"),
        ]
        parameters = sum(int(weight.size) for weight in trained)
        score = self.metric.score(float(returns.mean()), len(returns), None, error)
        return Opinion(score, proofs, parameters)


def q_learner(
    *,
    name: str,
    title: str,
    network: Network,
    rules: Bricks,
    recipe: QRecipe,
    steps: int,
    learned: Mapping[str, Learned],
) -> GameWorkload:
    """A game that is learned with Q-learning, and judged by the mean return of episodes.

    Args:
        name, title: of the workload.
        network: from a state of the game to Q of each action.
        rules: of the game.
        recipe: how it is learned.
        steps: the budget, all copies together.
        learned: by the name of the game, which stands in a dataset's place.

    Raises:
        ValueError: the network does not fit the game.
    """
    shapes = network.shapes()
    if shapes[0] != rules.shape or shapes[-1] != (rules.actions,):
        raise ValueError(f"a network from {shapes[0]} to {shapes[-1]}, the game has others")
    return GameWorkload(
        name=name,
        title=title,
        datasets=tuple(learned),
        unit="steps",
        budget=Budget(unit="steps", count=steps),
        lap=_LAP,
        metric=MEAN_RETURN,
        told=("state_value",),
        margins=_MARGINS,
        start=_UNTRAINED,
        learned=learned,
        network=network,
        rules=rules,
        recipe=recipe,
    )
