"""Bundles of several machines, for tests of the gallery: made results, of no machine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import bundled
from conftest import merged, tf_on_cpu

from harness import paths
from harness.bundle.create import Wanted, create
from harness.campaign import records
from harness.store import Store
from runner.contract.result import Result

CPU = "AMD EPYC 7R13, 8 cores"
MACHINES: tuple[dict[str, Any], ...] = (
    {"machine": CPU, "instance": "Amazon EC2 c6a.2xlarge", "gpu": None, "time_s": 100.0},
    {"machine": CPU, "instance": "Amazon EC2 c6a.4xlarge", "gpu": None, "time_s": 60.0},
    {"machine": "lab", "instance": "lab", "gpu": "NVIDIA H100 80GB HBM3", "time_s": 12.5},
)
"""Two types of one processor, and a machine with a GPU that its user named."""


def checkout(folder: Path) -> Path:
    """A BENCHDL_ROOT to make bundles with."""
    return bundled.checkout(folder)


def result(number: int, machine: dict[str, Any], changes: dict[str, Any], repeat: int) -> Result:
    """A result of campaign ``number`` on a machine."""
    name, campaign = f"{number:04x}{repeat:04x}", campaign_id(number)
    run_id = f"20261124t050000z-small-{name}"
    data = merged(
        tf_on_cpu(),
        {
            "run_id": run_id,
            "job": {
                "run_id": run_id,
                "campaign_id": campaign,
                "campaign_position": repeat,
                "repeat": repeat,
                "seed": 122 + repeat,
                "backend": "small",
                "title": "Small",
            },
            "launch": {
                "machine": machine["machine"],
                "host_type": {
                    "name": machine["instance"],
                    "named": "firmware",
                    "cpu_model": tf_on_cpu()["measurement"]["host"]["cpu_model"],
                    "cores": 2,
                    "memory_gib": 8,
                    "kernel": "6.1.0",
                },
            },
            "measurement": {"phases": {"fit_s": machine["time_s"] + repeat}},
        },
    )
    if machine["gpu"]:
        device = {"index": 0, "uuid": "GPU-0", "name": machine["gpu"], "used": True,
                  "utilisation_percent": 66.0, "memory_peak_bytes": 2**31, "power_mean_w": 110.0,
                  "energy_j": 1234.0, "energy_source": "counter"}  # fmt: skip
        told = {"state": "ok", "driver": "525.60.13", "devices": [device]}
        data = merged(data, {"job": {"device": "gpu"}, "measurement": {"gpu": told}})
    return Result.model_validate(merged(data, changes))


def campaign_id(number: int) -> str:
    """Of the campaign with this number."""
    return f"20261124t050000z-campaign-cpu-{number:08x}"


def bundle(
    folder: Path,
    root: Path,
    number: int,
    machine: dict[str, Any] = MACHINES[0],
    repeats: int = 2,
    name: str = "",
    changed: Callable[[Path], object] = lambda store: None,
    **changes: Any,
) -> Path:
    """A bundle of its own store, in ``folder`` as ``name``; ``changes`` go into its results."""
    store = Store(folder / f".store-{name or number}")
    with paths.rooted(root):
        record = bundled.campaign(repeats).model_copy(
            update={
                "campaign_id": campaign_id(number),
                "machine": machine["machine"],
                "created_at": f"2026-11-{1 + number % 28:02}T05:00:00+00:00",
            }
        )
        records.save(store, record)
        for repeat in range(1, repeats + 1):
            store.add(result(number, machine, changes, repeat))
        changed(store.directory)
        file = folder / (name or f"{number}.tar")
        create(record, store, file, Wanted(), None, force=False, say=lambda _: None)
    return file


def several(folder: Path, root: Path, machines: Sequence[dict[str, Any]] = MACHINES) -> list[Path]:
    """A bundle of each machine."""
    folder.mkdir(exist_ok=True)
    return [bundle(folder, root, number, machine) for number, machine in enumerate(machines, 1)]
