"""Boosting, a forest and a regression as scikit-learn does them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, List, Optional, Tuple

from runner.backends.base import Facts, LapSeen
from runner.backends.tabular import openmp
from runner.backends.tabular.probabilities import HandsOverProbabilities
from runner.contract.job import Job
from runner.tabular.boosting import Boosting
from runner.tabular.forest import Forest
from runner.tabular.logistic import LogisticRegression

if TYPE_CHECKING:  # NumPy must not be imported before configure()
    from runner.data.arrays import Arrays


class SklearnTrainer(HandsOverProbabilities):
    """An estimator, its ``fit`` and its ``predict_proba``."""

    def __init__(self, sklearn: Any, job: Job) -> None:
        super().__init__()
        self._sklearn, self._job = sklearn, job
        self._tuned = job.settings.mode == "tuned"

    def prepare(self, data: Arrays) -> None:
        """Rows as they are."""
        self._rows, self._labels = data.train_inputs, data.train_labels
        self._test_rows, self._test_labels = data.test_inputs, data.test_labels

    def compile(self) -> bool:
        """scikit-learn does nothing ahead."""
        return False

    def evaluate(self) -> Tuple[float, float]:
        """Log-loss and AUC by scikit-learn's own metrics."""
        metrics = self._sklearn.metrics
        self.likely = self._estimator.predict_proba(self._test_rows)[:, 1]
        return (
            float(metrics.log_loss(self._test_labels, self.likely.astype("float32"))),
            float(metrics.roc_auc_score(self._test_labels, self.likely)),
        )

    _estimator: Any


class BoostingTrainer(SklearnTrainer):
    """``HistGradientBoostingClassifier``, whose threads are OpenMP's: the same in both modes."""

    def __init__(self, sklearn: Any, job: Job, model: Boosting, seed: int) -> None:
        super().__init__(sklearn, job)
        self._model, self._seed = model, seed

    def fit(self, epochs: int, lap_seen: LapSeen) -> int:  # noqa: ARG002 - it tells no laps
        """So many rounds."""
        model = self._model
        self._estimator = self._sklearn.ensemble.HistGradientBoostingClassifier(
            learning_rate=model.learning_rate,
            max_iter=epochs,
            max_leaf_nodes=model.leaves,
            min_samples_leaf=model.least_in_leaf,
            l2_regularization=model.l2,
            max_bins=model.bins,
            early_stopping=False,
            random_state=self._seed,
        )
        self._estimator.fit(self._rows, self._labels)
        return int(self._estimator.n_iter_)

    def attest(self) -> Tuple[str, Facts]:
        """Its trees, and the threads of OpenMP."""
        # No public name has the trees themselves.
        leaves = [tree.get_n_leaf_nodes() for (tree,) in self._estimator._predictors]
        return "cpu", {**_trees(leaves), "intra_op_threads": openmp.team(self.threads_before)}


class ForestTrainer(SklearnTrainer):
    """``RandomForestClassifier``, on one core unless it is told otherwise; tuned, on all."""

    def __init__(self, sklearn: Any, job: Job, model: Forest, seed: int) -> None:
        super().__init__(sklearn, job)
        self._model, self._seed = model, seed
        self._jobs: Optional[int] = job.threads or (-1 if self._tuned else None)

    def prepare(self, data: Arrays) -> None:
        """As its users have them, or in the type that its trees compute in."""
        super().prepare(data)
        if self._tuned:
            self._rows = self._rows.astype("float32")

    def fit(self, epochs: int, lap_seen: LapSeen) -> int:  # noqa: ARG002 - it tells no laps
        """So many trees."""
        self._estimator = self._sklearn.ensemble.RandomForestClassifier(
            n_estimators=epochs,
            criterion="gini",
            min_samples_leaf=self._model.least_in_leaf,
            max_features=self._model.columns_of(self._rows.shape[1]),
            bootstrap=True,
            n_jobs=self._jobs,
            random_state=self._seed,
        )
        self._estimator.fit(self._rows, self._labels)
        return len(self._estimator.estimators_)

    def attest(self) -> Tuple[str, Facts]:
        """Its trees, and the workers that joblib gives it."""
        import joblib

        leaves = [int(tree.get_n_leaves()) for tree in self._estimator.estimators_]
        threads = joblib.effective_n_jobs(self._estimator.n_jobs)
        return "cpu", {**_trees(leaves), "intra_op_threads": int(threads)}


class SolverTrainer(SklearnTrainer):
    """``LogisticRegression`` and its solver, which mode ``tuned`` may change."""

    tuned_solver = "lbfgs"

    def __init__(self, sklearn: Any, job: Job, model: LogisticRegression, seed: int) -> None:
        super().__init__(sklearn, job)
        self._model = model
        self._estimator = sklearn.linear_model.LogisticRegression(
            C=1 / model.l2,
            tol=model.tolerance,
            max_iter=model.most_steps,
            solver=self.tuned_solver if self._tuned else "lbfgs",
            random_state=seed,
        )

    def fit(self, epochs: int, lap_seen: LapSeen) -> int:  # noqa: ARG002 - there is one fit
        """One fit; none if it has not converged."""
        self._estimator.fit(self._rows, self._labels)
        return int(int(self._estimator.n_iter_.max()) < self._model.most_steps)

    def attest(self) -> Tuple[str, Facts]:
        """Its steps, and the threads of the BLAS that it computes with."""
        import threadpoolctl

        blas = [pool for pool in threadpoolctl.threadpool_info() if pool["user_api"] == "blas"]
        facts: Facts = {"steps": int(self._estimator.n_iter_.max())}
        if blas:
            facts["intra_op_threads"] = max(int(pool["num_threads"]) for pool in blas)
        return "cpu", facts


class RegressionTrainer(SolverTrainer):
    """Of a table; tuned, sparse rows, and Newton's steps by Cholesky's decomposition.

    scikit-learn's guide has that solver for many more rows than columns, one-hot ones above all.
    """

    tuned_solver = "newton-cholesky"

    def prepare(self, data: Arrays) -> None:
        """As networks get them, or without the zeros of one-hot levels."""
        super().prepare(data)
        if self._tuned:
            import scipy.sparse

            self._rows = scipy.sparse.csr_matrix(self._rows)


def _trees(leaves: List[int]) -> Facts:
    return {"trees": len(leaves), "leaves": sum(leaves), "most_leaves": max(leaves, default=0)}
