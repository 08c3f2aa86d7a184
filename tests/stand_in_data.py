"""MNIST's stand-in in caches of tests: the user's own, copied. Making it takes ten seconds."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
from pathlib import Path

BENCHDL = Path(sys.executable).parent / "benchdl"


@functools.cache
def made() -> Path:
    """Its folder in the user's cache: generated if it is not there, and verified."""
    surroundings = {key: value for key, value in os.environ.items() if key != "BENCHDL_CACHE"}
    done = subprocess.run(
        [BENCHDL, "data", "fetch", "synthetic-mnist"],
        env=surroundings, capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.removeprefix("synthetic-mnist is in ").removesuffix(", verified\n"))


def given(cache: Path) -> Path:
    """Lay it into ``cache``, a BENCHDL_CACHE, which is returned."""
    source = made()
    shutil.copytree(source, cache / "datasets" / source.name)
    return cache
