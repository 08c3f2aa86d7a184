"""Workloads of two classes whose model is no network: trees, forests, regressions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Mapping, Optional, Sequence, Union

from runner.contract.job import Job
from runner.contract.work_and_score import Budget, Proof
from runner.data.arrays import Arrays
from runner.data.contents import DatasetError
from runner.data.labelled_format import LabelledFormat
from runner.tabular.boosting import Boosting
from runner.tabular.forest import Forest
from runner.tabular.logistic import LogisticRegression
from runner.tabular.tfidf import TfidfRegression
from runner.workloads.learned import Learned
from runner.workloads.metrics import AUC, ERROR_RATE
from runner.workloads.workload import Margin, Metric, Opinion, Workload

Model = Union[Boosting, Forest, LogisticRegression, TfidfRegression]

_REGRESSIONS = (LogisticRegression, TfidfRegression)

_MOST_TEST_ROWS = 1_000_000
_FEW_TRAIN_ROWS = 1
_MARGINS = {
    # What is handed over is float32: rows whose probabilities differ by less become ties.
    "auc": Margin(0.0001),
    "error_rate": Margin(0.001),  # or change sides
    "test_loss": Margin(0.0005, 0.001),
}


@dataclass(frozen=True)
class TabularWorkload(Workload):
    """A table and a model; the judge's second opinion is of the test rows' probabilities.

    ``rows`` is how many training rows the bands of ``learned`` are of; None: all of each dataset.
    """

    model: Model
    format: LabelledFormat
    rows: Optional[int]

    @property
    def samples_word(self) -> str:
        """As the format of its samples calls them."""
        return self.format.noun

    def count(self, train_samples: int, budget: Budget) -> int:  # noqa: ARG002 - not of a table
        """The budget: no row is left out and none comes twice."""
        return budget.count

    def seen(self, train_samples: int, budget: Budget) -> Optional[int]:
        """Each row once a round or tree; how often a regression's solver looks is its own."""
        if isinstance(self.model, _REGRESSIONS):
            return None
        return train_samples * budget.count

    def at_recipe(self, job: Job, count: int) -> int:
        """None with fewer rows, or beyond the budget: the bands are of neither."""
        asked = job.train_samples
        whole = asked is None or (self.rows is not None and asked >= self.rows)
        return count if whole and count <= self.budget.count else 0

    def most_numbers(self) -> int:
        """A probability for each test row."""
        return _MOST_TEST_ROWS

    def load(self, job: Job) -> Arrays:
        """All rows: codes and numbers, int16; for a regression what networks get, float32."""
        one_hot = isinstance(self.model, LogisticRegression)
        read = self.format.load if one_hot else self.format.load_stored
        found = read(job.data_dir, job.dataset_sha256, job.train_samples)
        if (found.train_labels == found.train_labels[0]).all():
            raise DatasetError(
                f"all {len(found):,} {self.samples_word} to train with are of class "
                f"{found.train_labels[0]}: a model of two classes needs both; take more of them"
            )
        return found

    def evidence(self, job: Job) -> Arrays:
        """The test rows."""
        return self.format.load_stored(
            job.data_dir, job.dataset_sha256, job.train_samples, most_train=_FEW_TRAIN_ROWS
        )

    def opinion(
        self,
        untrained: Sequence[Any],
        trained: Sequence[Any],
        evidence: Any,
        claims: Mapping[str, float],
    ) -> Opinion:
        """AUC and log-loss of the probabilities that were handed over."""
        from runner.scoring import auc, log_loss  # noqa: PLC0415 - imports NumPy

        if untrained or len(trained) != 1:
            raise ValueError(
                f"{len(untrained)} arrays before training and {len(trained)} after it, not none "
                "and the probabilities of the test rows"
            )
        (likely,), labels = trained, evidence.test_labels
        loss = log_loss.of_two_classes(likely, labels)
        claimed = claims[self.metric.name]
        if self.metric == ERROR_RATE:
            wrong = float(((likely >= 0.5) != labels).mean())
            score = self.metric.score(wrong, len(labels), claimed)
        else:
            value, error = auc.of_scores(likely, labels)
            score = self.metric.score(value, len(labels), claimed, error)
        return Opinion(
            score,
            [Proof(name="test_loss", value=loss, unit="nats", claimed=claims["test_loss"])],
        )


def of_table(
    *,
    name: str,
    title: str,
    model: Model,
    budget: Budget,
    table: LabelledFormat,
    rows: Optional[int],
    learned: Mapping[str, Learned],
    metric: Metric = AUC,
) -> TabularWorkload:
    """A workload that is judged by its AUC or its error rate; ``learned`` names its datasets.

    The work is counted in what the budget is in.

    Raises:
        ValueError: the table has other than two classes, or the budget is in epochs.
    """
    if table.classes != 2:
        raise ValueError(f"{table.classes} classes, a probability is of two")
    if budget.unit == "epochs":
        raise ValueError("a model that is no network has no epochs")
    return TabularWorkload(
        name=name,
        title=title,
        datasets=tuple(learned),
        unit=budget.unit,
        budget=budget,
        lap=None,
        metric=metric,
        told=("test_loss", metric.name),
        margins=_MARGINS,
        start=None,
        learned=learned,
        model=model,
        format=table,
        rows=rows,
    )
