"""Which variables of this process a job on the host gets, in whatever Python it runs."""

from __future__ import annotations

import os
from collections.abc import Iterable

_KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "CUDA_HOME", "CUDA_ROOT")


def kept(further: Iterable[str] = ()) -> dict[str, str]:
    """Those that are set: where programs and libraries are, and ``further`` ones.

    What makes a framework faster or slower (``OMP_NUM_THREADS``, ``XLA_FLAGS``) is none of them: it
    is asked for with ``--set``, and recorded.
    """
    return {name: os.environ[name] for name in (*_KEPT, *further) if name in os.environ}
