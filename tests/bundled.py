"""A small campaign with results, and a small checkout that it ran with, for tests of bundles."""

from __future__ import annotations

import io
import json
import os
import tarfile
from pathlib import Path

from harness.bundle import manifest
from harness.bundle.archive import Writer
from harness.campaign import changes, records
from harness.campaign.plan import Configuration, Options, PlannedJob
from harness.campaign.records import Campaign, Environment
from harness.catalog import Backend, load
from harness.images import context
from harness.store import Store
from runner.contract.job import Pins, Provenance

CAMPAIGN_ID = "20261124t050000z-campaign-cpu-00c0ffee"
IMAGE_TOML = """
title = "Small"
description = "for tests"
[base]
image = "debian:bullseye-slim"
python = "3.9"
[framework.wheels]
numpy = "2.0.2"
"""


def checkout(folder: Path) -> Path:
    """A BENCHDL_ROOT with one backend, ``small``."""
    files = {
        "docker/small/image.toml": IMAGE_TOML,
        "docker/small/Dockerfile": "FROM scratch\n",
        "docker/small/requirements.lock": "numpy==2.0.2\n",
        "docker/base/apt-install.sh": "true\n",
        "docker/base/install-cuda.sh": "true\n",
        "runner/__init__.py": '"""The runner."""\n',
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def campaign(repeats: int = 2) -> Campaign:
    """Its record, with the present $BENCHDL_ROOT's sources."""
    small: Backend = load("small")
    jobs = [
        PlannedJob(
            position=number,
            repeat=number,
            seed=122 + number,
            configuration=Configuration(backend="small", device="cpu"),
        )
        for number in range(1, repeats + 1)
    ]
    environment = Environment(
        backend="small",
        device="cpu",
        image_toml_sha256=changes.file_sha256(small.folder / "image.toml"),
        provenance=Provenance(
            kind="image",
            reference="benchdl/small:cpu",
            flavour="cpu",
            image_id="sha256:" + 64 * "a",
            locks_sha256=context.lock_hashes(small, "cpu"),
        ),
        pins=Pins(python="3.9", packages={"numpy": "2.0.2"}),
    )
    return Campaign(
        campaign_id=CAMPAIGN_ID,
        created_at="2026-11-24T05:00:00+00:00",
        launcher="docker",
        harness_version="0.1.0",
        harness_sha256=64 * "e",
        runner_sha256=changes.runner_sha256(),
        machine="AMD EPYC, 2 cores",
        options=Options(backends=["small"], repeat=repeats, dataset="mnist"),
        order_seed=4711,
        dataset="mnist",
        dataset_sha256={"train-images-idx3-ubyte": "0" * 64},
        environments=[environment],
        jobs=jobs,
    )


def put(store: Store, record: Campaign, make_result, positions=None) -> list:  # type: ignore[no-untyped-def]
    """Save the record and one result for each position (default: all), with samples and log."""
    if not (store.directory / "campaigns" / f"{record.campaign_id}.json").exists():
        records.save(store, record)
    results = []
    for position in positions or [job.position for job in record.jobs]:
        result = make_result(
            run_id=f"20261124t05000{position}z-small-cpu-{position:08x}",
            job={
                "backend": "small",
                "title": "Small",
                "campaign_id": record.campaign_id,
                "campaign_position": position,
                "repeat": position,
                "seed": 122 + position,
            },
            measurement={"phases": {"fit_s": 100.0 + position}},
        )
        folder = store.add(result)
        (folder / "samples.csv").write_text("time_s,cpu\n0.0,1\n")
        (folder / "log.txt").write_text(f"line of run {position}\n")
        results.append(result)
    return results


def as_root(checkout: Path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    """Make it the checkout of this test."""
    monkeypatch.setenv("BENCHDL_ROOT", os.fspath(checkout))


def contents(file: Path) -> dict[str, bytes]:
    """Every member, as Python's own tarfile sees it."""
    with tarfile.open(file) as tar:
        return {member.name: tar.extractfile(member).read() for member in tar.getmembers()}


def rewritten(file, members, *, honest_sums=True, told=None):  # type: ignore[no-untyped-def]
    """A bundle of ``members`` with a manifest and sums that fit them: by one who knows the format.

    ``told`` changes the manifest as data before it is written.
    """
    before = json.loads(members[manifest.MANIFEST])
    stream = io.BytesIO()
    writer = Writer(stream)
    for path, content in members.items():
        if path not in (manifest.MANIFEST, manifest.SUMS):
            writer.add(path, [content])
    data = {**before, "members": [member.model_dump() for member in writer.members]}
    if told:
        told(data)
    raw = json.dumps(data).encode()
    writer.add(manifest.MANIFEST, [raw])
    sums = manifest.sums(writer.members[:-1], raw)
    writer.add(manifest.SUMS, [sums if honest_sums else members[manifest.SUMS]])
    writer.finish()
    file.write_bytes(stream.getvalue())
