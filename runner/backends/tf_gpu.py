"""TensorFlow's GPUs: memory limits, growth and TF32 as they are in force in the live process."""

from __future__ import annotations

import os
from typing import Any, Dict, Optional

_GROWTH_VARIABLE = "TF_FORCE_GPU_ALLOW_GROWTH"
_TF32_VARIABLE = "NVIDIA_TF32_OVERRIDE"


def facts(tensorflow: Any) -> Dict[str, Any]:
    """What TensorFlow says of its GPUs.

    Whether a convolution ran in cuDNN it does not tell; on NVIDIA GPUs it has no other one, and
    loads the library only for that.
    """
    config = tensorflow.config
    gpus = config.get_visible_devices("GPU")
    growth = {gpu.name: _growth(config, gpu) for gpu in gpus}
    limits = {gpu.name: _limit(config, gpu) for gpu in gpus}
    allowed = bool(config.experimental.tensor_float_32_execution_enabled())
    found: Dict[str, Any] = {
        "tf32": allowed and os.environ.get(_TF32_VARIABLE) != "0",
        "memory_growth": growth,
        "memory_limit_bytes": limits,
    }
    if gpus:
        # Neither is TensorFlow's own default: all memory, less a reserve, at the start.
        default = "growth" if all(growth.values()) else "all"
        found["pool_mode"] = "fraction" if all(limits.values()) else default
    return found


def _growth(config: Any, gpu: Any) -> Optional[bool]:
    """The variable wins over the call (GetAllowGrowthValue in TensorFlow's gpu_bfc_allocator)."""
    forced = os.environ.get(_GROWTH_VARIABLE, "").lower()
    if forced in ("true", "false"):
        return forced == "true"
    return bool(config.experimental.get_memory_growth(gpu))


def _limit(config: Any, gpu: Any) -> Optional[int]:
    """Bytes of the one logical device that a limit makes of a GPU; None where there is no limit."""
    logical = config.get_logical_device_configuration(gpu) or []
    limits = [device.memory_limit for device in logical if device.memory_limit]
    return int(sum(limits) * 2**20) if limits else None
