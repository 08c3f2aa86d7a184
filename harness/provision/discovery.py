"""The datasets by name: every module of harness/datasets. To add one, add its module."""

from __future__ import annotations

import importlib
import pkgutil

import harness.datasets
from harness.dataset_spec import DatasetSpec
from harness.errors import UsageError

AUTO = "auto"
"""What ``--dataset`` says unless a user says more: the workload's own dataset, or its stand-in."""


def names() -> list[str]:
    """All datasets, as users write them (``synthetic-mnist``), sorted."""
    modules = pkgutil.iter_modules(harness.datasets.__path__)
    return sorted(module.name.replace("_", "-") for module in modules)


def load(name: str) -> DatasetSpec:
    """The dataset of this name.

    Raises:
        UsageError: there is none.
    """
    if name not in names():
        raise UsageError(f"unknown dataset {name!r}", f"choose from {', '.join(names())}")
    module = importlib.import_module(f"harness.datasets.{name.replace('-', '_')}")
    spec: DatasetSpec = module.DATASET
    return spec
