"""The C library's malloc, told to keep what is freed instead of giving it back to the kernel."""

from __future__ import annotations

import ctypes

# malloc.h of glibc
_M_TRIM_THRESHOLD = -1
_M_MMAP_MAX = -4
_MOST = 2**31 - 1


def keep_freed() -> bool:
    """Take blocks of any size from a heap that does not shrink.

    By itself glibc maps every block above a threshold apart and unmaps it when it is freed: the
    outputs of the larger layers are faulted in, page by page, at each step. The threshold moves
    with the sizes that were freed before: what a program once held decides how fast it trains.
    Source: mallopt(3); PyTorch's Performance Tuning Guide advises other allocators for it.

    Returns:
        Whether the C library has taken the setting; musl, for one, has none.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    return bool(mallopt(_M_MMAP_MAX, 0)) and bool(mallopt(_M_TRIM_THRESHOLD, _MOST))
