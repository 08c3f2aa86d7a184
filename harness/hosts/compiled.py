"""Folders for the code that a job's framework compiles: kept from job to job of one image.

What a job leaves there, the next one loads and runs. So a folder belongs to one image (or to the
locked versions of one local environment), one launcher and one user. The jobs of a bundle, which a
stranger made, have a folder of their own that is thrown away after them.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from harness import cache, scratch, trees
from harness.errors import BenchdlError
from runner.contract.job import Job

_UNUSED_S = 30 * 86_400.0
"""After so long without a job of its image a folder is removed: a new build has a new one."""

_STRANGERS = "bundle-"
_UNKEPT = "benchdl-compiled-"


def folder(job: Job, apart: Path | None = None) -> Path:
    """The folder of ``job``, open to whatever user it runs as.

    Args:
        job: who asks for it.
        apart: the folder for jobs that share nothing with others; :func:`thrown_away` makes it.

    Raises:
        BenchdlError: it cannot be made.
    """
    outer = apart or _outer()
    kind = f"{job.launcher}-{job.backend}-{job.provenance.flavour}-{os.getuid()}"
    chosen = outer / f"{kind}-{_environment(job)}"
    with cache.storing(outer):
        chosen.mkdir(exist_ok=True)
        chosen.chmod(0o777)
        os.utime(chosen)
    if apart is None:
        _clear(outer, kind, chosen)
    return chosen


@contextlib.contextmanager
def thrown_away() -> Iterator[Path]:
    """A folder for jobs of a stranger, or without a cache, removed with all that they compiled.

    Raises:
        BenchdlError: it cannot be made.
    """
    within, prefix = (_outer(), _STRANGERS) if kept() else (_elsewhere(), _UNKEPT)
    with scratch.folder(within, prefix) as apart:
        yield apart


def kept() -> bool:
    """Whether compiled code can be kept at all: a cache that is read-only is no end of a job."""
    try:
        return os.access(_outer(), os.W_OK | os.X_OK)
    except BenchdlError:
        return False


def _elsewhere() -> Path:
    return Path(tempfile.gettempdir())


def _outer() -> Path:
    outer = cache.cache_dir() / "compiled"
    with cache.storing(outer):
        outer.mkdir(parents=True, exist_ok=True, mode=0o700)
    return outer


def _environment(job: Job) -> str:
    """What tells one environment from another, in 16 digits."""
    origin = job.provenance
    facts = [origin.image_id, origin.locks_sha256, job.pins.python]
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]


def _clear(outer: Path, kind: str, kept: Path) -> None:
    """Remove the folders of this kind that nobody has used for long."""
    with contextlib.suppress(OSError):
        for cached in outer.glob(f"{kind}*"):
            old = time.time() - cached.lstat().st_mtime > _UNUSED_S
            if old and cached != kept and not cached.is_symlink():
                trees.remove(cached)
