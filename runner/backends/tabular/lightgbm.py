"""Backend ``lightgbm``: LightGBM by its own Python interface, as its quick start has it."""

from __future__ import annotations

from typing import Dict, Optional, Tuple

from runner.backends.base import Facts
from runner.backends.tabular import openmp, table_models
from runner.backends.tabular.lightgbm_trainer import LightgbmTrainer
from runner.contract.job import Job
from runner.tabular.boosting import Boosting
from runner.workloads.workload import Workload


class Lightgbm:
    """LightGBM; tuned, the rows are cut into bins ahead of training."""

    def supports(self, workload: Workload) -> Optional[str]:
        """Boosting."""
        return table_models.unsupported("LightGBM", workload, (Boosting,))

    def configure(self, job: Job) -> None:
        """OpenMP's threads."""
        self._job = job
        openmp.configure(job)

    def start(self) -> None:
        """Import LightGBM."""
        import lightgbm

        self._lightgbm = lightgbm

    def trainer(self, workload: Workload, seed: int) -> LightgbmTrainer:
        """One booster."""
        return LightgbmTrainer(self._lightgbm, self._job, table_models.of_table(workload), seed)

    def attest(self) -> Tuple[Dict[str, str], Facts]:
        """Live versions, and OpenMP."""
        import numpy

        live = {"lightgbm": str(self._lightgbm.__version__), "numpy": numpy.__version__}
        return live, {"openmp": openmp.runtimes()}


def create() -> Lightgbm:
    """The backend that the trainer drives."""
    return Lightgbm()
