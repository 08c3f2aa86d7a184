"""Variables that benchdl sets itself, for which ``--set environment.NAME`` would only pretend.

The result would show a value that was not in force. What this list does not know the runner
notices: a job whose variables are not what its settings say fails (runner/trainer.py).
"""

from __future__ import annotations

from harness.errors import UsageError
from runner.contract.job import Mode
from runner.contract.schema import SettingValue

_DEVICE = "choose with --device and --gpus"
_POOL = "set memory_pool.mode or memory_pool.fraction"
_OURS = "it is benchdl's own"

_ALWAYS: dict[str, str] = {
    **dict.fromkeys(("HOME", "TMPDIR", "PYTHONPATH", "KERAS_HOME"), _OURS),
    **dict.fromkeys(("PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE"), _OURS),
    **dict.fromkeys(("BENCHDL_CACHE_DIR", "BENCHDL_CAMPAIGN", "BENCHDL_HARNESS"), _OURS),
    **dict.fromkeys(("CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER", "JAX_PLATFORMS"), _DEVICE),
    **dict.fromkeys(("NVIDIA_VISIBLE_DEVICES", "NVIDIA_DRIVER_CAPABILITIES"), _DEVICE),
    **dict.fromkeys(("XLA_PYTHON_CLIENT_PREALLOCATE", "XLA_PYTHON_CLIENT_MEM_FRACTION"), _POOL),
    **dict.fromkeys(("XLA_PYTHON_CLIENT_ALLOCATOR", "PYTORCH_NO_CUDA_MEMORY_CACHING"), _POOL),
    **dict.fromkeys(("MXNET_GPU_MEM_POOL_TYPE", "TF_FORCE_GPU_ALLOW_GROWTH"), _POOL),
    "NVIDIA_TF32_OVERRIDE": "choose with --precision",
    "KERAS_BACKEND": "choose another backend",
}

_OF_THREADS = {
    "NPROC", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
}  # fmt: skip
"""Set by one backend or another where a number of threads was asked for."""

_OF_TUNED = {"mxnet": {"OMP_NUM_THREADS", "MXNET_ENGINE_TYPE"}}
"""Set by mode ``tuned`` of a backend."""

_THEANO_FLAGS: dict[str, str] = {
    "device": _DEVICE,
    "floatX": "choose with --precision",
    "base_compiledir": _OURS,
    "gpuarray.preallocate": _POOL,
    "lib.cnmem": _POOL,
    "dnn.enabled": "set cudnn.enabled",
}
"""Flags within THEANO_FLAGS that runner/backends/keras/theano.py writes after the user's."""


def refuse(
    backend: str, mode: Mode, threads: int | None, overrides: dict[str, SettingValue]
) -> None:
    """Refuse what would not be in force.

    Raises:
        UsageError: a variable of ``overrides`` is set by benchdl for such a job.
    """
    for key, value in overrides.items():
        section, _, name = key.partition(".")
        if section != "environment":
            continue
        advice = _ALWAYS.get(name)
        if advice is None and threads and name in _OF_THREADS:
            advice = "leave out one of the two: --threads sets it"
        if advice is None and mode == "tuned" and name in _OF_TUNED.get(backend, ()):
            advice = f"mode tuned of {backend} sets it"
        if advice is not None:
            raise UsageError(f"--set {key}: benchdl sets {name} itself", advice)
        if name == "THEANO_FLAGS":
            _refuse_flags(str(value))


def _refuse_flags(flags: str) -> None:
    for flag in flags.split(","):
        name = flag.partition("=")[0].strip()
        if name in _THEANO_FLAGS:
            raise UsageError(
                f"--set environment.THEANO_FLAGS: benchdl sets {name} itself", _THEANO_FLAGS[name]
            )
