"""Workloads by name: one module each, found by its name, exporting ``WORKLOAD``."""

from __future__ import annotations

import importlib
import pkgutil
from typing import List

from runner.workloads.network import Workload

_PARTS = {"network"}


def names() -> List[str]:
    """All workloads, as users write them (``cnn-mnist``)."""
    modules = (module.name for module in pkgutil.iter_modules(__path__))
    return sorted(name.replace("_", "-") for name in modules if name not in _PARTS)


def load(name: str) -> Workload:
    """The workload of this name.

    Raises:
        KeyError: there is none; ``names()`` says which there are.
    """
    if name not in names():
        raise KeyError(name)
    module = importlib.import_module(f"runner.workloads.{name.replace('-', '_')}")
    workload: Workload = module.WORKLOAD
    return workload
