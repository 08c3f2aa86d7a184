"""Boosting as LightGBM does it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Dict, Tuple

from runner.backends.base import Facts, LapSeen
from runner.backends.tabular import openmp
from runner.backends.tabular.probabilities import HandsOverProbabilities
from runner.contract.job import Job
from runner.tabular.boosting import Boosting
from runner.workloads.tabular_workload import TabularWorkload

if TYPE_CHECKING:  # NumPy must not be imported before configure()
    from runner.data.arrays import Arrays

_LEAVES = re.compile(r"^num_leaves=(\d+)$", re.MULTILINE)  # a line of each tree of a model's text


class LightgbmTrainer(HandsOverProbabilities):
    """``lgb.train`` on a Dataset, which LightGBM cuts into bins when training begins.

    Tuned: the Dataset is cut in ``compile``, so that the sum of both times stays comparable;
    histograms are built column by column without a trial of which way is faster; the booster is
    returned as it is instead of by way of its text.
    """

    def __init__(self, lightgbm: Any, job: Job, workload: TabularWorkload, seed: int) -> None:
        super().__init__()
        self._lightgbm, self._job = lightgbm, job
        model = workload.model
        if not isinstance(model, Boosting):
            raise TypeError(f"LightGBM has no translation of {model}")
        self._tuned = job.settings.mode == "tuned"
        self._parameters: Dict[str, Any] = {
            "objective": "binary",
            "learning_rate": model.learning_rate,
            "num_leaves": model.leaves,
            "max_depth": -1,
            "min_data_in_leaf": model.least_in_leaf,
            "lambda_l2": model.l2,
            "max_bin": model.bins,
            "seed": seed,
            "verbosity": -1,
        }
        if job.threads:
            self._parameters["num_threads"] = job.threads
        if self._tuned:
            self._parameters["force_col_wise"] = True

    def prepare(self, data: Arrays) -> None:
        """float32, which LightGBM takes as it is, and a Dataset that is not cut yet."""
        self._train = self._lightgbm.Dataset(
            data.train_inputs.astype("float32"), data.train_labels, params=self._parameters
        )
        self._test_rows = data.test_inputs.astype("float32")
        self._test_labels = data.test_labels

    def compile(self) -> bool:
        """Cut the training rows into bins, if that is done ahead."""
        if self._tuned:
            self._train.construct()
        return self._tuned

    def fit(self, epochs: int, lap_seen: LapSeen) -> int:  # noqa: ARG002 - it tells no laps
        """So many rounds."""
        self._booster = self._lightgbm.train(
            self._parameters, self._train, epochs, keep_training_booster=self._tuned
        )
        return int(self._booster.num_trees())

    def evaluate(self) -> Tuple[float, float]:
        """Log-loss and AUC by LightGBM's own metrics.

        They are asked of a booster without a round, whose first guesses are the predictions: one
        that came by way of its text knows no metrics.
        """
        lightgbm = self._lightgbm
        self.likely = self._booster.predict(self._test_rows)
        guesses = self._booster.predict(self._test_rows, raw_score=True)
        words = {name: self._parameters[name] for name in ("objective", "verbosity")}
        test = lightgbm.Dataset(self._test_rows, self._test_labels, init_score=guesses)
        judge = lightgbm.Booster({**words, "metric": ["binary_logloss", "auc"]}, test)
        said = {name: value for _, name, value, _ in judge.eval_train()}
        return float(said["binary_logloss"]), float(said["auc"])

    def attest(self) -> Tuple[str, Facts]:
        """LightGBM's wheel computes on the CPU; its trees, and the threads that it had."""
        leaves = [int(count) for count in _LEAVES.findall(self._booster.model_to_string())]
        return "cpu", {
            "trees": len(leaves),
            "leaves": sum(leaves),
            "most_leaves": max(leaves, default=0),
            "intra_op_threads": openmp.team(self.threads_before),
        }
