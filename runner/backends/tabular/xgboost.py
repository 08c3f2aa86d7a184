"""Backend ``xgboost``: XGBoost by its own Python interface, as its introduction has it."""

from __future__ import annotations

from typing import Dict, Optional, Tuple

from runner.backends.base import Facts
from runner.backends.tabular import openmp, table_models
from runner.backends.tabular.xgboost_trainer import XgboostTrainer
from runner.contract.job import Job
from runner.tabular.boosting import Boosting
from runner.workloads.workload import Workload


class Xgboost:
    """XGBoost; tuned, the rows are cut into bins ahead of training."""

    def supports(self, workload: Workload) -> Optional[str]:
        """Boosting."""
        return table_models.unsupported("XGBoost", workload, (Boosting,))

    def configure(self, job: Job) -> None:
        """OpenMP's threads."""
        self._job = job
        openmp.configure(job)

    def start(self) -> None:
        """Import XGBoost.

        Raises:
            RuntimeError: a GPU job with a build that has no CUDA: it would train on the CPU.
        """
        import xgboost

        self._xgboost = xgboost
        if self._job.device == "gpu" and not xgboost.build_info().get("USE_CUDA"):
            raise RuntimeError("XGBoost has no GPU here: this build is without CUDA")

    def trainer(self, workload: Workload, seed: int) -> XgboostTrainer:
        """One booster."""
        return XgboostTrainer(self._xgboost, self._job, table_models.of_table(workload), seed)

    def attest(self) -> Tuple[Dict[str, str], Facts]:
        """Live versions, and the build."""
        import numpy

        version = str(self._xgboost.__version__)
        built = self._xgboost.build_info()
        facts = {"build_cuda": bool(built.get("USE_CUDA")), "openmp": openmp.runtimes()}
        # The same release under two names: xgboost-cpu is built without CUDA.
        live = {"xgboost": version, "xgboost-cpu": version, "numpy": numpy.__version__}
        return live, facts


def create() -> Xgboost:
    """The backend that the trainer drives."""
    return Xgboost()
