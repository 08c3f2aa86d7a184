"""Workloads whose model is a network, stated as layers and trained in batches."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Mapping, Sequence, Tuple

from runner.contract.job import Job
from runner.contract.work_and_score import Budget
from runner.networks import proof
from runner.networks.network import Network
from runner.networks.recipe import Recipe
from runner.workloads.learned import Learned
from runner.workloads.workload import Margin, Metric, Opinion, Start, Workload

ERROR_RATE = Metric("error_rate", "share", "lower")

_START_MARGIN = 0.15  # five times the largest distance from chance seen over 300 seeds
_MARGINS = {
    "error_rate": Margin(0.002),  # pictures on the border between two classes, and TF32
    "test_loss": Margin(0.005, 0.05),  # frameworks clip the logarithm differently
}


@dataclass(frozen=True)
class NetworkWorkload(Workload):
    """A network and a recipe; the budget is in epochs, the work in updates of the weights.

    ``classes`` is how many its softmax tells apart.
    """

    network: Network
    recipe: Recipe
    classes: int

    @property
    def batch_size(self) -> int:
        """Samples of one update."""
        return self.recipe.batch_size

    def parameters(self) -> int:
        """Weights and biases of all layers."""
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
        """The weights; twice as many, so that another network is a finding and not an error."""
        return 2 * self.network.parameters()


@dataclass(frozen=True)
class PictureClassifier(NetworkWorkload):
    """A network that tells classes of pictures apart, by its error rate on the test pictures."""

    def load(self, job: Job) -> Any:
        """All training and test pictures."""
        from runner.data import labelled  # noqa: PLC0415 - imports NumPy

        return labelled.load(
            Path(job.data_dir),
            job.dataset_sha256,
            job.train_samples,
            labelled.Pictures(self._side(), self.classes),
        )

    def evidence(self, job: Job) -> Any:
        """All test pictures, and a sample of the training pictures."""
        from runner.data import labelled  # noqa: PLC0415 - imports NumPy

        return labelled.load(
            Path(job.data_dir),
            job.dataset_sha256,
            job.train_samples,
            labelled.Pictures(self._side(), self.classes),
            most_train=proof.TRAIN_SAMPLES,
        )

    def opinion(
        self,
        untrained: Sequence[Any],
        trained: Sequence[Any],
        evidence: Any,
        claims: Mapping[str, float],
    ) -> Opinion:
        """Loss and error rate of the weights, by the NumPy reference."""
        rate, proofs = proof.of_classifier(self.network, untrained, trained, evidence, claims)
        samples = len(evidence.test_labels)
        return Opinion(
            self.metric.score(rate, samples, claims["error_rate"]),
            proofs,
            sum(int(weight.size) for weight in trained),
        )

    def _side(self) -> Tuple[int, ...]:
        return self.network.input_shape[:2]


def picture_classifier(
    *,
    name: str,
    title: str,
    classes: int,
    network: Network,
    recipe: Recipe,
    learned: Mapping[str, Learned],
) -> PictureClassifier:
    """A workload of pictures and classes; ``learned`` names its datasets.

    Untrained, it must be at chance: a loss of ln(classes).
    """
    return PictureClassifier(
        name=name,
        title=title,
        datasets=tuple(learned),
        unit="updates",
        budget=Budget(unit="epochs", count=recipe.epochs),
        lap=1,
        metric=ERROR_RATE,
        told=("test_loss", "error_rate"),
        margins=_MARGINS,
        start=Start("initial_loss", math.log(classes), _START_MARGIN),
        learned=learned,
        network=network,
        recipe=recipe,
        classes=classes,
    )
