"""Backend ``theano``: Keras 2.3.1, the last with a Theano backend, on Theano 1.0.5."""

from __future__ import annotations

import collections
import collections.abc
import os
import tempfile
from typing import Any, Dict, List, Tuple

from runner.backends.base import Facts, Trainer
from runner.backends.common import compile_cache, lstm_code, malloc
from runner.backends.common.game_trainer import GameTrainer
from runner.backends.common.translation import network_of
from runner.backends.keras.keras_backend import KerasBackend
from runner.backends.keras.keras_trainer import KerasTrainer
from runner.backends.keras.theano_agent import TheanoAgent
from runner.backends.keras.theano_kernels import correlating
from runner.backends.theano import theano_gpu
from runner.contract.job import Job, MemoryPool
from runner.networks.layers import Attention, Gelu, LayerNorm
from runner.workloads.game_workload import GameWorkload
from runner.workloads.network_workload import NetworkWorkload
from runner.workloads.workload import Workload


def preallocate(pool: MemoryPool) -> float:
    """The value of ``gpuarray.preallocate`` (formerly ``lib.cnmem``) for a pool.

    Source: Theano 1.0 documentation, library/config, ``config.gpuarray.preallocate``: -1 disables
    the allocation cache, 0 keeps the cache without taking memory ahead, 0 to 1 is a share.
    """
    if pool.mode == "fraction" and pool.fraction is not None:
        return pool.fraction
    return -1.0 if pool.mode == "off" else 0.0


class Theano(KerasBackend):
    """Keras 2 on Theano, channels first: the layout of Theano's own operations.

    Keras 2.3.1 is older than the layers of transformers.
    """

    lacks = (Attention, Gelu, LayerNorm)

    def configure(self, job: Job) -> None:
        """Write THEANO_FLAGS, keeping what image.toml's environment put there."""
        self._job = job
        cache = compile_cache.folder("theano-")
        self._compiled_before = any(cache.glob("theano/compiledir_*/*/key.pkl"))
        flags = [
            os.environ.get("THEANO_FLAGS", ""),
            f"device={'cuda' if job.device == 'gpu' else 'cpu'}",
            "floatX=float32",
            f"base_compiledir={cache / 'theano'}",
            f"gpuarray.preallocate={preallocate(job.settings.memory_pool)}",
            f"dnn.enabled={'auto' if job.settings.cudnn_enabled else 'False'}",
        ]
        self._keeps_memory = False
        if job.settings.mode == "tuned":
            # Keeps the memory of intermediate results from one call to the next (Theano's page
            # "allow_gc").
            flags.append("allow_gc=False")
            self._keeps_memory = job.device == "cpu" and malloc.keep_freed()
        if job.device == "gpu":
            flags += theano_gpu.flags(job)
        os.environ["THEANO_FLAGS"] = ",".join(flag for flag in flags if flag)
        os.environ["KERAS_BACKEND"] = "theano"
        # Keras writes a configuration file at import; the user's own must stay untouched.
        os.environ["KERAS_HOME"] = tempfile.mkdtemp(prefix="keras-")
        if job.threads:
            for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
                os.environ[name] = str(job.threads)

    def start(self) -> None:
        """Import Keras on Theano, with the names put back that newer Pythons took away."""
        _restore_removed_names()
        import keras
        import theano

        keras.backend.set_image_data_format("channels_first")
        self.keras = keras
        self._theano = theano
        if self._job.device == "gpu":
            import theano.gpuarray

            # Theano goes on silently on the CPU when it cannot initialise the GPU.
            if not theano.gpuarray.pygpu_activated:
                raise RuntimeError("Theano could not initialise the GPU; log.txt has its reason")

    def trainer(self, workload: Workload, seed: int) -> Trainer:
        """Keras 2 draws from NumPy's generator, Theano's too."""
        self.seed(seed)
        if isinstance(workload, GameWorkload):
            return GameTrainer(workload, TheanoAgent(self._theano, self.keras, workload), seed)
        return TheanoTrainer(self._theano, self.keras, network_of(workload))

    def attest(self) -> Tuple[Dict[str, str], Facts]:
        """Live versions, and Theano's configuration."""
        import numpy

        config = self._theano.config
        facts = {
            "compile_cache": "warm" if self._compiled_before else "cold",
            "config_device": str(config.device),
            "cxx": str(config.cxx),
            "blas_ldflags": str(config.blas.ldflags),
            "openmp": bool(config.openmp),
            "allow_gc": bool(config.allow_gc),
            "freed_memory_kept": self._keeps_memory,
            "blas_threads": os.environ.get("OPENBLAS_NUM_THREADS"),
            "preallocate": float(config.gpuarray.preallocate),
        }
        versions = {
            "theano": self._theano.__version__,
            "keras": self.keras.__version__,
            "numpy": numpy.__version__,
        }
        return versions, facts


class TheanoTrainer(KerasTrainer):
    """Keras 2, whose functions Theano compiles ahead of training."""

    def __init__(self, theano: Any, keras: Any, workload: NetworkWorkload) -> None:
        self._theano = theano
        super().__init__(keras, workload, channels_first=True)

    def handover(self) -> List[Any]:
        """As Keras has them, but for what Theano turns."""
        layers = self._workload.network.by_leaf(super().handover())
        return [array for layer, arrays in layers for array in correlating(layer, arrays)]

    def compile(self) -> bool:
        """Generate and compile the C++ of the train and test functions, as fit would do lazily."""
        self._model._make_train_function()
        self._model._make_test_function()
        return True

    def attest(self) -> Tuple[str, Facts]:
        """Where the compiled train function runs, and with which operations."""
        names = theano_gpu.operations(self._model.train_function.function)
        device, facts = theano_gpu.attested(self._theano, names)
        own = lstm_code.facts(self._workload.network, lambda: lstm_code.of_names(names))
        return device, {**facts, **own}


def _restore_removed_names() -> None:
    """Theano 1.0.5 and Keras 2.3.1 use names that Python 3.10 and NumPy 1.24 removed."""
    for name in ("Callable", "Iterable", "Mapping", "MutableMapping", "Sequence"):
        if not hasattr(collections, name):
            setattr(collections, name, getattr(collections.abc, name))
    import numpy

    for name, kind in (("bool", bool), ("int", int), ("float", float), ("complex", complex)):
        if name not in vars(numpy):
            setattr(numpy, name, kind)


def create() -> Theano:
    """The backend that the trainer drives."""
    return Theano()
