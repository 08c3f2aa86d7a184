"""Boosting as XGBoost does it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Dict, Tuple

from runner.backends.base import Facts, LapSeen
from runner.backends.tabular import openmp
from runner.backends.tabular.probabilities import HandsOverProbabilities
from runner.contract.job import Job
from runner.tabular.boosting import Boosting
from runner.workloads.tabular_workload import TabularWorkload

if TYPE_CHECKING:  # NumPy must not be imported before configure()
    from runner.data.arrays import Arrays


class XgboostTrainer(HandsOverProbabilities):
    """``xgb.train`` on a DMatrix, which XGBoost cuts into bins when training begins.

    Tuned: a QuantileDMatrix, which is cut when it is made. It is made in ``compile``, so that the
    sum of both times stays comparable.
    """

    def __init__(self, xgboost: Any, job: Job, workload: TabularWorkload, seed: int) -> None:
        super().__init__()
        self._xgboost, self._job, self._seed = xgboost, job, seed
        if not isinstance(workload.model, Boosting):
            raise TypeError(f"XGBoost has no translation of {workload.model}")
        self._model = workload.model
        self._tuned = job.settings.mode == "tuned"

    def prepare(self, data: Arrays) -> None:
        """float32 as XGBoost keeps its rows; as written the DMatrix of the training rows."""
        self._rows = data.train_inputs.astype("float32")
        self._labels, self._test_labels = data.train_labels, data.test_labels
        self._test_rows = data.test_inputs.astype("float32")
        self._parameters = self._stated(float(self._labels.mean()))
        if not self._tuned:
            self._train = self._xgboost.DMatrix(
                self._rows, label=self._labels, nthread=self._job.threads
            )

    def _stated(self, share: float) -> Dict[str, Any]:
        """XGBoost's words for the model; ``share`` is that of class 1 in the training rows."""
        model = self._model
        words: Dict[str, Any] = {
            "objective": "binary:logistic",
            "tree_method": "hist",
            "device": "cuda" if self._job.device == "gpu" else "cpu",
            "eta": model.learning_rate,
            "grow_policy": "lossguide",
            "max_leaves": model.leaves,
            "max_depth": 0,
            # It counts second derivatives, not rows: those that so many rows have at first.
            "min_child_weight": model.least_in_leaf * share * (1 - share),
            "lambda": model.l2,
            "max_bin": model.bins,
            "seed": self._seed,
        }
        if self._job.threads:
            words["nthread"] = self._job.threads
        return words

    def compile(self) -> bool:
        """Cut the training rows into bins, if that is done ahead."""
        if not self._tuned:
            return False
        self._train = self._xgboost.QuantileDMatrix(
            self._rows,
            label=self._labels,
            max_bin=self._model.bins,
            nthread=self._job.threads,
        )
        return True

    def fit(self, epochs: int, lap_seen: LapSeen) -> int:  # noqa: ARG002 - it tells no laps
        """So many rounds."""
        self._booster = self._xgboost.train(self._parameters, self._train, epochs)
        return int(self._booster.num_boosted_rounds())

    def evaluate(self) -> Tuple[float, float]:
        """Log-loss and AUC by XGBoost's own metrics."""
        test = self._xgboost.DMatrix(
            self._test_rows, label=self._test_labels, nthread=self._job.threads
        )
        self.likely = self._booster.predict(test)
        self._booster.set_param([("eval_metric", name) for name in ("logloss", "auc")])
        said = dict(word.rsplit(":", 1) for word in self._booster.eval(test, "test").split()[1:])
        return float(said["test-logloss"]), float(said["test-auc"])

    def attest(self) -> Tuple[str, Facts]:
        """The device of the live booster, its trees, and the threads that it had."""
        learner = json.loads(self._booster.save_config())["learner"]
        device = str(learner["generic_param"]["device"])
        leaves = [tree.count("leaf=") for tree in self._booster.get_dump()]
        facts: Facts = {
            "trained_on": device,
            "trees": len(leaves),
            "leaves": sum(leaves),
            "most_leaves": max(leaves, default=0),
        }
        if device.startswith("cpu"):
            facts["intra_op_threads"] = openmp.team(self.threads_before)
        return ("gpu" if device.startswith("cuda") else "cpu"), facts
