"""The judge's products take a few threads, however many cores there are."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

SCRIPT = """
import ctypes, json, sys
import numpy
from runner import blas_threads

def threads():
    counts = []
    for path in sorted(blas_threads.loaded()):
        library = ctypes.CDLL(path)
        for name in ("openblas_get_num_threads", "scipy_openblas_get_num_threads64_"):
            if hasattr(library, name):
                counts.append(getattr(library, name)())
    return counts

before = threads()
found = blas_threads.limit(int(sys.argv[1]))
product = numpy.ones((300, 300)) @ numpy.ones((300, 300))
print(json.dumps([before, threads(), len(found), float(product[0, 0])]))
"""


def counted(most):
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(most)],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    before, now, found, product = json.loads(done.stdout)
    assert len(before) == found == 1, "NumPy of this environment has another library of products"
    assert product == 300.0
    return before, now


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="a machine of one core has one thread")
def test_no_more_than_that():
    before, now = counted(1)
    assert before > [1]
    assert now == [1]


def test_before_numpy_is_imported_there_is_none_to_be_told_and_the_log_says_so():
    script = "from runner import blas_threads; print(len(blas_threads.limit()))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == "0\n"
    assert "may take a thread for each core" in done.stderr


def test_never_more_than_before():
    before, now = counted(100)
    assert now == before
