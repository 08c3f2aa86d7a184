"""A few flights as a job gets them: drawn rows whose lateness depends on the hour."""

from __future__ import annotations

import hashlib
import random
import struct

from runner.contract.job import Job, Provenance, Settings
from runner.data.flights_table import FLIGHTS
from runner.workloads import lookup


def table_job(folder, workload, rows, budget=None, **words):
    """A job of these rows, whose files are written into ``folder``; test rows are others."""
    contents = {}
    for seed, names in enumerate(FLIGHTS.stored.sets):
        draw = random.Random(seed)
        samples = FLIGHTS.drawn(rows, draw)
        labels = [int(_late(sample, draw)) for sample in samples]
        made = FLIGHTS.files(samples, labels)
        contents |= {name: made[name] for name in names}
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    known = lookup.load(workload)
    count = {"count": budget} if budget else {}
    return Job(
        run_id="20261126t000000z-tables-00000000", campaign_id="tables", backend="sklearn",
        title="sklearn", workload=workload, dataset="synthetic-flights", launcher="local",
        budget=known.budget.model_copy(update=count), data_dir=str(folder),
        dataset_sha256={name: hashlib.sha256(made).hexdigest() for name, made in contents.items()},
        provenance=Provenance(kind="environment", reference="here", flavour="cpu"),
        **{"settings": Settings(), "device": "cpu", **words},
    )  # fmt: skip


def _late(sample, draw):
    """The later, the likelier: from 10 to 90 %."""
    minutes = struct.unpack(f">{len(FLIGHTS.columns)}h", sample)[3]
    return draw.random() < 0.1 + 0.8 * minutes / 1439
