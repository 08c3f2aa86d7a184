"""Which dataset a workload is trained on, by what the user asks for."""

from __future__ import annotations

from harness.dataset_spec import DatasetSpec
from harness.errors import UsageError
from harness.provision import discovery
from runner.workloads import lookup


def choices(workload: str) -> list[str]:
    """What ``--dataset`` takes with a workload, ``auto`` first."""
    return [discovery.AUTO, *lookup.load(workload).datasets]


def chosen(name: str, workload: str) -> DatasetSpec:
    """The dataset that ``name`` means: of ``auto`` the first that the workload names.

    Raises:
        UsageError: there is no such dataset, or the workload is not trained on it.
    """
    known = choices(workload)
    if name not in known:
        raise UsageError(
            f"unknown dataset {name!r}"
            if name not in discovery.names()
            else f"workload {workload} is not trained on dataset {name}",
            f"choose from {', '.join(known)}",
        )
    return discovery.load(known[1] if name == discovery.AUTO else name)
