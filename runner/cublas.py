"""A product of matrices on a GPU through cuBLAS and the CUDA driver alone: no framework.

Functions and constants are those of cuda.h, library_types.h and cublas_v2.h (CUDA 11 and later).
"""

from __future__ import annotations

import ctypes
import random
import re
import struct
import sys
from array import array
from pathlib import Path
from typing import Any, Iterator, Sequence

from runner.contract.precision import Precision

_SIZES = (8192, 4096, 2048)
"""Of the matrices, the largest first whose three fit into half of the free memory."""
_TYPES = {"float32": 0, "tf32": 0, "bfloat16": 14, "float16": 2}
"""``cudaDataType_t`` of the matrices, the product's too: CUDA_R_32F, CUDA_R_16BF, CUDA_R_16F."""
_BYTES = {"float32": 4, "tf32": 4, "bfloat16": 2, "float16": 2}
_COMPUTE_32F, _COMPUTE_32F_FAST_TF32 = 68, 77
"""``cublasComputeType_t``: sums in float32, as the tools have them in every precision."""
_DEFAULT_ALGORITHM = -1
_NOT_TRANSPOSED = 0
_FILLED_AT_ONCE = 2**20
"""Values that are drawn; the matrices repeat them. Zeros would take less power and be faster."""


class CublasError(RuntimeError):
    """CUDA or cuBLAS cannot be used here; the message says what failed, in one line."""


class Product:
    """``C = A B`` on the GPU ``uuid`` in a precision; all sums are in float32.

    Raises:
        CublasError: no such GPU, no cuBLAS, or no room.
    """

    def __init__(self, uuid: str, precision: Precision) -> None:
        self._precision = precision
        self._cuda = _load("libcuda.so.1")
        library = _cublas()
        self.library, self._cublas = Path(library._name).name, library
        self._call("cuInit", 0)
        device = self._device(uuid)
        context = ctypes.c_void_p()
        self._call("cuDevicePrimaryCtxRetain", ctypes.byref(context), device)
        self._call("cuCtxSetCurrent", context)
        self.size = self._fitting()
        self._matrices = [self._matrix() for _ in range(3)]
        self._handle = ctypes.c_void_p()
        self._blas("cublasCreate_v2", ctypes.byref(self._handle))

    def multiply(self) -> None:
        """Start one product; it may return before the GPU has done it."""
        size, alpha, beta = self.size, ctypes.c_float(1.0), ctypes.c_float(0.0)
        a, b, c = self._matrices
        kind = _TYPES[self._precision]
        self._blas(
            "cublasGemmEx",
            self._handle,
            _NOT_TRANSPOSED,
            _NOT_TRANSPOSED,
            size,
            size,
            size,
            ctypes.byref(alpha),
            a,
            kind,
            size,
            b,
            kind,
            size,
            ctypes.byref(beta),
            c,
            kind,
            size,
            _COMPUTE_32F_FAST_TF32 if self._precision == "tf32" else _COMPUTE_32F,
            _DEFAULT_ALGORITHM,
        )

    def wait(self) -> None:
        """Until the GPU has done all that was started."""
        self._call("cuCtxSynchronize")

    def _device(self, wanted: str) -> ctypes.c_int:
        count, device, raw = ctypes.c_int(), ctypes.c_int(), (ctypes.c_ubyte * 16)()
        self._call("cuDeviceGetCount", ctypes.byref(count))
        for number in range(count.value):
            self._call("cuDeviceGet", ctypes.byref(device), number)
            self._call("cuDeviceGetUuid", raw, device)
            if _uuid(bytes(raw)) == wanted:
                return device
        raise CublasError(f"CUDA shows no GPU {wanted}")

    def _fitting(self) -> int:
        free, total = ctypes.c_size_t(), ctypes.c_size_t()
        self._call("cuMemGetInfo_v2", ctypes.byref(free), ctypes.byref(total))
        for size in _SIZES:
            if 3 * _BYTES[self._precision] * size * size <= free.value / 2:
                return size
        raise CublasError(f"only {free.value / 2**20:.0f} MiB of the GPU's memory are free")

    def _matrix(self) -> ctypes.c_void_p:
        """Values between -1 and 1, the same in each matrix."""
        draw = random.Random(0)  # noqa: S311 - numbers to multiply, not a secret
        values = [draw.uniform(-1, 1) for _ in range(_FILLED_AT_ONCE)]
        block = _packed(values, self._precision)
        pointer = ctypes.c_void_p()
        whole = _BYTES[self._precision] * self.size * self.size
        self._call("cuMemAlloc_v2", ctypes.byref(pointer), ctypes.c_size_t(whole))
        for first in range(0, whole, len(block)):
            at = ctypes.c_void_p((pointer.value or 0) + first)
            self._call("cuMemcpyHtoD_v2", at, block, ctypes.c_size_t(len(block)))
        return pointer

    def _call(self, name: str, *arguments: Any) -> None:
        _checked(self._cuda, name, arguments)

    def _blas(self, name: str, *arguments: Any) -> None:
        _checked(self._cublas, name, arguments)


def _packed(values: Sequence[float], precision: Precision) -> bytes:
    """Little-endian; bfloat16 is the upper half of a float32."""
    if precision == "float16":
        return struct.pack(f"<{len(values)}e", *values)
    block = struct.pack(f"<{len(values)}f", *values)
    if precision == "bfloat16":
        halves = array("H", block)
        return halves[1::2].tobytes()
    return block


def _checked(library: ctypes.CDLL, name: str, arguments: Any) -> None:
    try:
        status = getattr(library, name)(*arguments)
    except AttributeError:
        raise CublasError(f"{library._name} has no {name}") from None
    if status != 0:
        raise CublasError(f"{name} failed with status {status}")


def _load(name: str) -> ctypes.CDLL:
    try:
        return ctypes.CDLL(name)
    except OSError as error:
        raise CublasError(" ".join(str(error).split())) from None


def _cublas() -> ctypes.CDLL:
    """The one that the frameworks of this environment have: in wheels, else where the loader looks.

    Not the one that the trainer says it has: what it names would run with the judge's rights.
    """
    reason = CublasError("no libcublas.so")
    for name in _candidates():
        try:
            return _load(name)
        except CublasError as error:
            reason = error
    raise reason


def _candidates() -> Iterator[str]:
    for folder in sys.path:
        for file in sorted(Path(folder).glob("nvidia/*/lib/libcublas.so.*"), reverse=True):
            # cuBLAS is in two libraries, of which the loader may not find the other by itself.
            light = file.with_name(file.name.replace("libcublas", "libcublasLt"))
            if light.exists():
                ctypes.CDLL(str(light), mode=ctypes.RTLD_GLOBAL)
            yield str(file)
    for major in (13, 12, 11):
        yield f"libcublas.so.{major}"


def _uuid(raw: bytes) -> str:
    """As NVML writes it: ``GPU-`` and 32 hexadecimal digits in groups of 8, 4, 4, 4 and 12."""
    groups = re.fullmatch(r"(.{8})(.{4})(.{4})(.{4})(.{12})", raw.hex())
    return "GPU-" + "-".join(groups.groups() if groups else ())
