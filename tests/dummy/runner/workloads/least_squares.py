"""A workload for tests that shares little with a network's: rounds instead of epochs, and R².

A straight line through the pixels tells which digit a picture is, as a number: least squares by
gradient steps over all pictures. Nothing is shuffled and nothing drawn.
"""

from __future__ import annotations

from dataclasses import dataclass

from runner.contract.work_and_score import Budget, Proof
from runner.data.picture_format import Pictures
from runner.workloads.learned import Learned
from runner.workloads.workload import Margin, Metric, Opinion, Workload

SHAPE = (28, 28)
FEATURES = SHAPE[0] * SHAPE[1] + 1  # and the constant


@dataclass(frozen=True)
class LeastSquares(Workload):
    rate: float

    def parameters(self):
        return FEATURES

    def operations(self):
        return 2 * FEATURES

    def count(self, train_samples, budget):
        return budget.count

    def seen(self, train_samples, budget):
        return train_samples * budget.count

    def at_recipe(self, job, count):
        return count

    def most_numbers(self):
        return 2 * FEATURES

    def load(self, job):
        return self._pictures(job)

    def evidence(self, job):
        return self._pictures(job, most_train=1000)

    def opinion(self, untrained, trained, evidence, claims):
        from runner.networks.proof import moved

        (weights,) = trained
        loss, r2 = loss_and_r2(weights, features(evidence.test_inputs), evidence.test_labels)
        train_loss, _ = loss_and_r2(weights, features(evidence.train_inputs), evidence.train_labels)
        count = len(evidence.test_labels)
        # For many samples: A. Olkin and J. D. Finn, Psychological Bulletin 118, 1995.
        error = 2 * abs(r2) ** 0.5 * (1 - r2) / count**0.5
        return Opinion(
            self.metric.score(r2, count, claims["r2"], sampling_error=error),
            [
                Proof(name="test_loss", value=loss, claimed=claims["test_loss"]),
                Proof(name="train_loss", value=train_loss),
                moved(untrained, trained),
            ],
            int(weights.size),
        )

    def _pictures(self, job, most_train=None):
        return Pictures((*SHAPE, 1), 10).load(
            job.data_dir, job.dataset_sha256, job.train_samples, most_train
        )


def features(images):
    """One row a picture: its pixels, and 1."""
    import numpy as np

    flat = images.reshape(len(images), -1)
    return np.concatenate([flat, np.ones((len(flat), 1), flat.dtype)], axis=1)


def loss_and_r2(weights, rows, labels):
    """Mean squared error, and the share of the labels' variance that is explained."""
    loss = float(((rows @ weights - labels) ** 2).mean())
    return loss, 1 - loss / float(labels.var())


WORKLOAD = LeastSquares(
    name="least-squares",
    title="least squares on digits (test workload)",
    datasets=("synthetic-mnist", "mnist"),
    unit="rounds",
    budget=Budget(unit="rounds", count=60),
    lap=20,
    metric=Metric("r2", "", "higher"),
    told=("test_loss", "r2"),
    margins={"test_loss": Margin(0.0, 0.001), "r2": Margin(0.001)},
    start=None,
    learned={"synthetic-mnist": Learned(best=0.9, worst=((40, 0.2),))},
    rate=0.01,
)
