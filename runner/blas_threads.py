"""How many threads NumPy's products take in this process.

The judge multiplies small matrices, and other jobs may train beside it: a thread for each of 64
cores made three proofs at a time last over six minutes that take 14 s each alone (four H100s of one
host, 2026-11-27), since OpenBLAS' threads spin while they wait for each other.
"""

from __future__ import annotations

import ctypes
import os
import re
import sys
from pathlib import Path
from typing import Set

from runner.contract.judging import THREADS

_MAPS = Path("/proc/self/maps")
_LIBRARY = re.compile(r"(/\S*lib(?:scipy_)?(?:openblas|mkl_rt)[\w.\-]*\.so[\w.]*)$", re.MULTILINE)
# By the names of OpenBLAS, of the one in the wheels of NumPy, and of MKL.
_CALLS = (
    ("openblas_get_num_threads", "openblas_set_num_threads"),
    ("openblas_get_num_threads64_", "openblas_set_num_threads64_"),
    ("scipy_openblas_get_num_threads", "scipy_openblas_set_num_threads"),
    ("scipy_openblas_get_num_threads64_", "scipy_openblas_set_num_threads64_"),
    ("MKL_Get_Max_Threads", "MKL_Set_Num_Threads"),
)


def limit(most: int = THREADS) -> Set[str]:
    """Let no library of products that is loaded here take more than ``most`` threads.

    It is called once NumPy is imported: before that there is none to be told. Where there is none
    then, the log says so.

    Returns:
        The files of those that were found; of another kind none is known, and it stays as it is.
    """
    found = set()
    for path in loaded():
        try:
            library = ctypes.CDLL(path, mode=os.RTLD_NOLOAD | os.RTLD_LAZY)
        except OSError:  # unmapped since
            continue
        for ask, tell in _CALLS:
            if hasattr(library, ask) and hasattr(library, tell):
                found.add(path)
                if getattr(library, ask)() > most:
                    getattr(library, tell)(most)
    if not found:
        sys.stderr.write("runner: the judge's products may take a thread for each core\n")
    return found


def loaded() -> Set[str]:
    """The files of such libraries that are mapped into this process."""
    try:
        return set(_LIBRARY.findall(_MAPS.read_text(encoding="utf-8", errors="replace")))
    except OSError:
        return set()
