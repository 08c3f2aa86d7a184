"""Backend ``sklearn``: scikit-learn's histogram boosting, random forest and logistic regression."""

from __future__ import annotations

from typing import Any, Dict, Optional, Tuple

from runner.backends.base import Facts
from runner.backends.tabular import openmp, table_models
from runner.backends.tabular.sklearn_texts import TextTrainer
from runner.backends.tabular.sklearn_trainers import (
    BoostingTrainer,
    ForestTrainer,
    RegressionTrainer,
)
from runner.contract.job import Job
from runner.tabular.boosting import Boosting
from runner.tabular.forest import Forest
from runner.tabular.logistic import LogisticRegression
from runner.tabular.tfidf import TfidfRegression
from runner.workloads.tabular_workload import Model
from runner.workloads.workload import Workload


class Sklearn:
    """scikit-learn; tuned, a forest takes all cores and a regression Newton's steps."""

    def supports(self, workload: Workload) -> Optional[str]:
        """All models of tables, and the one of texts."""
        kinds = (Boosting, Forest, LogisticRegression, TfidfRegression)
        return table_models.unsupported("scikit-learn", workload, kinds)

    def configure(self, job: Job) -> None:
        """OpenMP's threads, which OpenBLAS takes as well."""
        self._job = job
        openmp.configure(job)

    def start(self) -> None:
        """Import scikit-learn, with what its estimators need."""
        import sklearn
        import sklearn.ensemble
        import sklearn.feature_extraction.text
        import sklearn.linear_model
        import sklearn.metrics

        self._sklearn = sklearn

    def trainer(self, workload: Workload, seed: int) -> Any:
        """One estimator."""
        tabular = table_models.of_table(workload)
        return _trainer(self._sklearn, self._job, tabular.model, seed)

    def attest(self) -> Tuple[Dict[str, str], Facts]:
        """Live versions, and OpenMP."""
        import numpy

        live = {"scikit-learn": str(self._sklearn.__version__), "numpy": numpy.__version__}
        return live, {"openmp": openmp.runtimes()}


def _trainer(sklearn: Any, job: Job, model: Model, seed: int) -> Any:
    if isinstance(model, Boosting):
        return BoostingTrainer(sklearn, job, model, seed)
    if isinstance(model, Forest):
        return ForestTrainer(sklearn, job, model, seed)
    if isinstance(model, TfidfRegression):
        return TextTrainer(sklearn, job, model, seed)
    return RegressionTrainer(sklearn, job, model, seed)


def create() -> Sklearn:
    """The backend that the trainer drives."""
    return Sklearn()
