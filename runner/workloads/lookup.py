"""Workloads by name: one module each, found by its name, exporting ``WORKLOAD``."""

from __future__ import annotations

import importlib
import pkgutil
from typing import List

import runner.workloads
from runner.contract.job import Job
from runner.workloads.workload import Workload

_PARTS = {
    "game_workload",
    "language_workload",
    "learned",
    "lookup",
    "metrics",
    "network_workload",
    "tabular_workload",
    "workload",
}


def names() -> List[str]:
    """All workloads, as users write them (``cnn-mnist``)."""
    modules = (module.name for module in pkgutil.iter_modules(runner.workloads.__path__))
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


def of(job: Job) -> Workload:
    """The workload that ``job`` trains, with what it changes of it.

    Raises:
        KeyError: there is no such workload.
    """
    return load(job.workload).of(job)
