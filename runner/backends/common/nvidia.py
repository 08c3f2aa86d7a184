"""NVIDIA's libraries, whatever framework calls them: TF32 in place of float32."""

from __future__ import annotations

import os

from runner.libraries import TF32_VARIABLE


def allow_tf32(allowed: bool) -> None:
    """Forbid TF32, or leave it to the program.

    cuDNN 8 multiplies float32 in TF32 by default on GPUs that can (CUDNN_DEFAULT_MATH in its API
    guide); frameworks older than those GPUs have no word for that.
    """
    if allowed:
        os.environ.pop(TF32_VARIABLE, None)
    else:
        os.environ[TF32_VARIABLE] = "0"


def tf32_allowed() -> bool:
    """Whether a program may have TF32."""
    return os.environ.get(TF32_VARIABLE) != "0"
