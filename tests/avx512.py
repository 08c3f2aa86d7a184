"""Whether this CPU has the kernels of bfloat16 that MXNet brings: for AVX-512 alone."""

from __future__ import annotations

from pathlib import Path

LACKING = "MXNet has no kernels of bfloat16 for this CPU, which lacks AVX-512"


def lacks_kernels(backend: str) -> bool:
    """Whether ``backend`` cannot train in bfloat16 here."""
    return backend == "mxnet" and "avx512bw" not in Path("/proc/cpuinfo").read_text()
