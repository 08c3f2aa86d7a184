"""Workloads whose model is a network, stated as layers and trained in batches."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Any, List, Mapping, Optional, Sequence, Tuple

from runner.contract.job import Job
from runner.contract.work_and_score import Budget, Proof, Score
from runner.data.arrays import Arrays
from runner.data.format import Format
from runner.data.picture_format import Pictures
from runner.networks import proof, weights_digest
from runner.networks.network import Network
from runner.networks.recipe import Recipe
from runner.workloads.learned import Learned
from runner.workloads.metrics import AUC, ERROR_RATE
from runner.workloads.workload import Margin, Metric, Opinion, Start, Workload

_START_MARGIN = 0.15  # five times the largest distance from chance seen over 300 seeds
# 1.6 times the largest distance over 300 seeds of mlp-flights and 1,000 rows. Its loss would tell
# little: it is up to 0.14 from ln 2 then, and after training no more than 0.25.
_AUC_AT_CHANCE = Start("initial_auc", 0.5, 0.14)
_MARGINS = {
    "error_rate": Margin(0.002),  # pictures on the border between two classes, and TF32
    "test_loss": Margin(0.005, 0.05),  # frameworks clip the logarithm differently
}


@dataclass(frozen=True)
class NetworkWorkload(Workload):
    """A network and a recipe; the budget is in epochs, the work in updates of the weights.

    Its softmax tells apart the classes of ``format``, in which the samples lie. The judge's second
    opinion is that of NumPy on the weights. ``small`` has the same kinds of layers, fewer and
    smaller: what takes NumPy many updates is proven of it, where the network itself is too large.
    ``judged`` is on how much of the data the judge has its opinion.
    """

    network: Network
    recipe: Recipe
    format: Format
    small: Optional[NetworkWorkload] = None
    judged: proof.Few = proof.USUAL

    @property
    def classes(self) -> int:
        """How many its softmax tells apart."""
        return self.format.classes

    @property
    def samples_word(self) -> str:
        """As the format of its samples calls them."""
        return self.format.noun

    @property
    def provable(self) -> bool:
        """Of every network."""
        return True

    @property
    def batch_size(self) -> int:
        """Samples of one update."""
        return self.recipe.batch_size

    def parameters(self) -> int:
        """Weights and biases of all layers; statistics are none."""
        return self.network.parameters()

    def operations(self) -> int:
        """Of the forward pass."""
        return self.network.operations()

    def of(self, job: Job) -> NetworkWorkload:
        """With a batch size of the job's own where it asks for one."""
        if job.batch_size is None:
            return self
        recipe = dataclasses.replace(self.recipe, batch_size=job.batch_size)
        return dataclasses.replace(self, recipe=recipe)

    def count(self, train_samples: int, budget: Budget) -> int:
        """Updates."""
        return self.recipe.updates(train_samples, budget.count)

    def seen(self, train_samples: int, budget: Budget) -> int:
        """Every sample once an epoch."""
        return train_samples * budget.count

    def at_recipe(self, job: Job, count: int) -> int:
        """A smaller batch needs as many samples, a larger one as many updates."""
        own = self.recipe.batch_size
        return min(count, count * (job.batch_size or own) // own)

    def most_numbers(self) -> int:
        """All values; twice as many, so that another network is a finding and not an error."""
        return 2 * self.network.numbers()

    def test_samples_of(self, count: int) -> int:
        """As many as are judged."""
        return count if self.judged.test is None else min(count, self.judged.test)

    def load(self, job: Job) -> Arrays:
        """All training samples, and all test samples that are judged."""
        return self._with_tests(
            self.format.load(job.data_dir, job.dataset_sha256, job.train_samples)
        )

    def evidence(self, job: Job) -> Arrays:
        """All test samples that are judged, and some of the training samples."""
        return self._with_tests(
            self.format.load(
                job.data_dir, job.dataset_sha256, job.train_samples, most_train=self.judged.train
            )
        )

    def _with_tests(self, found: Arrays) -> Arrays:
        if self.judged.test is None:
            return found
        from runner.data import labelled  # noqa: PLC0415 - NumPy

        return found.with_tests(labelled.spread(len(found.test_labels), self.judged.test))

    def digest(self, trained: Sequence[Any]) -> str:
        """SHA-256 of the trained weights."""
        return weights_digest.digest(self.network, trained)

    def opinion(
        self,
        untrained: Sequence[Any],
        trained: Sequence[Any],
        evidence: Any,
        claims: Mapping[str, float],
    ) -> Opinion:
        """Losses and the score of the weights, by the NumPy reference."""
        judged = proof.of_classifier(
            self.network, untrained, trained, evidence, claims, self.judged.untrained
        )
        score, proofs = self.score_of(judged, evidence.test_labels, claims)
        parameters = sum(int(weight.size) for weight in self.network.trained(trained))
        return Opinion(score, [*judged.proofs, *proofs], parameters)

    def score_of(
        self, judged: proof.Judged, labels: Any, claims: Mapping[str, float]
    ) -> Tuple[Score, List[Proof]]:
        """The score by the workload's metric, and proofs beside it."""
        samples, claimed = len(labels), claims["error_rate"]
        if self.metric == ERROR_RATE:
            return self.metric.score(judged.error_rate, samples, claimed), []
        from runner.scoring import auc  # noqa: PLC0415 - imports NumPy

        value, error = auc.of_scores(judged.likely[:, 1], labels)
        chance = auc.of_scores(judged.untrained[:, 1], labels[: len(judged.untrained)])
        return self.metric.score(value, samples, None, error), [
            Proof(name="initial_auc", value=chance.value),
            Proof(name="error_rate", value=judged.error_rate, unit="share", claimed=claimed),
        ]


def classifier(
    *,
    name: str,
    title: str,
    network: Network,
    recipe: Recipe,
    samples: Format,
    learned: Mapping[str, Learned],
    metric: Metric = ERROR_RATE,
    start_margin: float = _START_MARGIN,
    judged: proof.Few = proof.USUAL,
    small: Optional[NetworkWorkload] = None,
) -> NetworkWorkload:
    """A network that tells classes apart; ``learned`` names its datasets.

    ``metric`` is the error rate, or of two classes the AUC. Untrained, it must be at chance: a loss
    of ln(classes), within ``start_margin``, or an AUC of 0.5.
    """
    loss_at_chance = Start("initial_loss", math.log(samples.classes), start_margin)
    return NetworkWorkload(
        name=name,
        title=title,
        datasets=tuple(learned),
        unit="updates",
        budget=Budget(unit="epochs", count=recipe.epochs),
        lap=1,
        metric=metric,
        told=("test_loss", "error_rate"),
        margins=_MARGINS,
        start=_AUC_AT_CHANCE if metric == AUC else loss_at_chance,
        learned=learned,
        network=network,
        recipe=recipe,
        format=samples,
        small=small,
        judged=judged,
    )


def picture_classifier(
    *,
    name: str,
    title: str,
    classes: int,
    network: Network,
    recipe: Recipe,
    learned: Mapping[str, Learned],
    start_margin: float = _START_MARGIN,
    judged: proof.Few = proof.USUAL,
    small: Optional[NetworkWorkload] = None,
) -> NetworkWorkload:
    """A network that tells classes of pictures apart, by its error rate on the test pictures.

    Arguments are as of :func:`classifier`.

    Raises:
        ValueError: its input is no picture.
    """
    height, width, channels = network.input_shape
    pictures = Pictures((height, width, channels), classes)
    return classifier(
        name=name,
        title=title,
        network=network,
        recipe=recipe,
        samples=pictures,
        learned=learned,
        start_margin=start_margin,
        judged=judged,
        small=small,
    )
