"""Where a job may keep compiled code: a folder that the launcher names, and that outlives the job.

In a container code can be loaded from there and not from ``/tmp``, which is mounted ``noexec``.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

VARIABLE = "BENCHDL_CACHE_DIR"


def folder(prefix: str) -> Path:
    """The folder; a temporary one, whose name begins with ``prefix``, where none is named."""
    return Path(os.environ.get(VARIABLE) or tempfile.mkdtemp(prefix=prefix))


def of_this_job(prefix: str) -> Path:
    """A new folder within, which ends with the process: nothing in it was compiled before."""
    made = tempfile.mkdtemp(prefix=prefix, dir=os.environ.get(VARIABLE) or None)
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return Path(made)
