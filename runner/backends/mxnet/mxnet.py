"""Backend ``mxnet``: Gluon on MXNet 1.9.1, the last release, with the loop that its users write."""

from __future__ import annotations

import os
from typing import Any, Dict, List, Optional, Tuple

from runner.backends.base import Facts, Trainer
from runner.backends.common import translation
from runner.backends.common.game_trainer import GameTrainer
from runner.backends.common.translation import network_of
from runner.backends.mxnet import gluon_layers, gluon_optimizers, gluon_precision, mxnet_gpu
from runner.backends.mxnet.gluon_agent import GluonAgent
from runner.backends.mxnet.gluon_ranks import ContextsTrainer
from runner.backends.mxnet.gluon_trainer import GluonTrainer
from runner.contract.job import Job
from runner.workloads.game_workload import GameWorkload
from runner.workloads.workload import Workload


class MXNet:
    """MXNet through Gluon; tuned on a CPU it has the naive engine and a thread for each core."""

    def supports(self, workload: Workload) -> Optional[str]:
        """All networks whose layers are translated."""
        return translation.missing(
            "Gluon", workload, gluon_layers.block, gluon_optimizers.translated
        )

    def configure(self, job: Job) -> None:
        """Device visibility, engine, memory pool, TF32 and threads are environment variables."""
        self._job = job
        self._tuned = job.settings.mode == "tuned"
        threads = job.threads
        if job.device == "cpu":
            os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
            if self._tuned:
                # Without a device to keep busy, MXNet's scheduling of operators ahead only costs.
                os.environ["MXNET_ENGINE_TYPE"] = "NaiveEngine"
                threads = threads or _cores()
        else:
            mxnet_gpu.configure(job)
        if threads:  # MXNet's own default is half of the cores
            os.environ["OMP_NUM_THREADS"] = str(threads)

    def start(self) -> None:
        """Import MXNet and find the device."""
        import mxnet

        self._mx = mxnet
        gluon_precision.choose(self._job.settings.precision)
        on_gpu = self._job.device == "gpu"
        self._context = mxnet_gpu.first(mxnet) if on_gpu else mxnet.cpu()

    def trainer(self, workload: Workload, seed: int) -> Trainer:
        """Gluon shuffles with NumPy's generator, and draws with MXNet's."""
        import numpy

        self._mx.random.seed(seed)
        numpy.random.seed(seed)
        if isinstance(workload, GameWorkload):
            agent = GluonAgent(self._mx, self._context, workload, self._tuned)
            return GameTrainer(workload, agent, seed)
        if self._job.settings.strategy == "default":
            return GluonTrainer(self._mx, self._context, network_of(workload), self._tuned)
        contexts = self._contexts()
        return ContextsTrainer(self._mx, contexts, network_of(workload), self._tuned)

    def _contexts(self) -> List[Any]:
        """Those that share the job: GPUs, or parts of the CPU."""
        kind = self._mx.gpu if self._job.device == "gpu" else self._mx.cpu
        on_gpu = self._job.device == "gpu"
        count = self._job.ranks or (self._mx.context.num_gpus() if on_gpu else 1)
        return [kind(number) for number in range(int(count))]

    def attest(self) -> Tuple[Dict[str, str], Facts]:
        """Live versions, and what MXNet says of itself."""
        import numpy

        features = self._mx.runtime.Features()
        facts: Facts = {
            "engine": os.environ.get("MXNET_ENGINE_TYPE", "ThreadedEnginePerDevice"),
            "omp_threads": os.environ.get("OMP_NUM_THREADS"),
            "features": sorted(feature.name for feature in features.values() if feature.enabled),
        }
        if self._job.device == "gpu":
            facts.update(mxnet_gpu.facts(self._mx))
        wheel = "mxnet-cu112" if features.is_enabled("CUDA") else "mxnet"
        return {wheel: self._mx.__version__, "numpy": numpy.__version__}, facts


def _cores() -> int:
    """Cores that this process may use, without the second thread of each."""
    import psutil

    allowed = len(os.sched_getaffinity(0))
    return min(allowed, psutil.cpu_count(logical=False) or allowed)


def create() -> MXNet:
    """The backend that the trainer drives."""
    return MXNet()
