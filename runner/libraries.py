"""CUDA's libraries in this process: which files are mapped, and the versions that they report.

The version functions are called on what is mapped already. Nothing is loaded for the asking: a
library that the framework did not take would prove nothing. None of the calls needs a GPU;
libcudart answers only where there is a driver.
"""

from __future__ import annotations

import ctypes
import os
import re
from pathlib import Path
from typing import Callable, Dict, Optional

TF32_VARIABLE = "NVIDIA_TF32_OVERRIDE"
"""At 0, no NVIDIA library uses TF32 in place of float32, whatever a program asks for (cuBLAS and
cuDNN read it when they are loaded)."""

_MAPS = Path("/proc/self/maps")
_NUMERIC = re.compile(
    r"/(lib(?:cuda|cudart|cublas|cublasLt|cudnn|nvrtc|openblas|blas|gomp|omp|iomp5|gpuarray)[\w.\-]*\.so[\w.]*)$"
)
# Also as wheels rename them: libcudart-d0da41ae.so.11.0. Not libcublasLt, libcudnn_ops_infer, ...
_REPORTING = re.compile(r"^lib(cudart|cublas|cudnn|nvrtc)(?:-[0-9a-f]+)?\.so[.\d]*$")


def mapped() -> Dict[str, str]:
    """Numeric libraries mapped into this process: file name to path."""
    try:
        lines = _MAPS.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return {}
    found: Dict[str, str] = {}
    for line in lines:
        match = _NUMERIC.search(line)
        if match:
            found[match.group(1)] = line[line.index("/") :]
    return found


def versions(files: Dict[str, str]) -> Dict[str, str]:
    """What the mapped ``files`` (name to path) say of themselves: file name to version."""
    found: Dict[str, str] = {}
    for name, path in sorted(files.items()):
        match = _REPORTING.match(name)
        if match is None:
            continue
        try:
            library = ctypes.CDLL(path, mode=os.RTLD_NOLOAD | os.RTLD_LAZY)
            version = _ASK[match.group(1)](library)
        except (OSError, AttributeError):  # unmapped since, or a library without that function
            continue
        if version:
            found[name] = version
    return found


def cudnn_version(number: int) -> str:
    """``8600`` is 8.6.0 and ``90100`` is 9.1.0 (CUDNN_VERSION in cudnn_version.h)."""
    major = 10_000 if number >= 90_000 else 1000
    return f"{number // major}.{number % major // 100}.{number % 100}"


def _cudnn(library: ctypes.CDLL) -> Optional[str]:
    library.cudnnGetVersion.restype = ctypes.c_size_t
    return cudnn_version(int(library.cudnnGetVersion()))


def _cudart(library: ctypes.CDLL) -> Optional[str]:
    version = ctypes.c_int()
    if library.cudaRuntimeGetVersion(ctypes.byref(version)) != 0:
        return None
    return f"{version.value // 1000}.{version.value % 1000 // 10}"


def _nvrtc(library: ctypes.CDLL) -> Optional[str]:
    major, minor = ctypes.c_int(), ctypes.c_int()
    if library.nvrtcVersion(ctypes.byref(major), ctypes.byref(minor)) != 0:
        return None
    return f"{major.value}.{minor.value}"


def _cublas(library: ctypes.CDLL) -> Optional[str]:
    parts = []
    for which in range(3):  # libraryPropertyType of library_types.h: major, minor, patch level
        value = ctypes.c_int()
        if library.cublasGetProperty(which, ctypes.byref(value)) != 0:
            return None
        parts.append(str(value.value))
    return ".".join(parts)


_ASK: Dict[str, Callable[[ctypes.CDLL], Optional[str]]] = {
    "cudnn": _cudnn,
    "cudart": _cudart,
    "nvrtc": _nvrtc,
    "cublas": _cublas,
}
