"""Backends and the workloads that each can train, read from image.toml before there is a reader.

The standard library of Python 3.10 has no TOML: only the one line is looked for.
"""

from __future__ import annotations

import difflib
import re
from pathlib import Path

from harness.errors import UsageError

_ROOT = Path(__file__).resolve().parents[2]
_STATED = re.compile(r"^workloads = \[([^\]]*)\]", re.MULTILINE)
_USUAL = "torch"


def backends() -> list[str]:
    """Every backend."""
    return sorted(file.parent.name for file in (_ROOT / "docker").glob("*/image.toml"))


def workloads() -> list[str]:
    """Every workload that a backend can train."""
    return sorted({name for backend in backends() for name in _workloads_of(backend)})


def can_train(backend: str, workload: str) -> bool:
    """As image.toml states."""
    return backend == "all" or workload in _workloads_of(backend)


def check(named: list[str]) -> None:
    """Whether each is a backend, or ``all``.

    Raises:
        UsageError: one is not.
    """
    known = [*backends(), "all"]
    for name in named:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            advice = f"did you mean {near[0]}?" if near else f"backends: {', '.join(known)}"
            raise UsageError(f"BACKENDS names '{name}', which is no backend", advice)


def usual(workload: str) -> list[str]:
    """Who trains a workload where nobody is named: PyTorch, or whoever can."""
    having = [backend for backend in backends() if can_train(backend, workload)]
    return [_USUAL] if _USUAL in having else having


def _workloads_of(backend: str) -> list[str]:
    stated = _STATED.search((_ROOT / "docker" / backend / "image.toml").read_text("utf-8"))
    return re.findall(r'"([^"]+)"', stated[1]) if stated else []
