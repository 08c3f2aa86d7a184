"""Columns of which run it is, what it was made of, and what came of it."""

from __future__ import annotations

import hashlib

from harness.checks.verdict import verdict
from harness.tables import job_machine
from harness.tables.column import Column, beside
from runner.contract.job import Job
from runner.contract.result import Result


def _settings(job: Job) -> str:
    settings = job.settings
    pool = settings.memory_pool
    words = [f"memory pool {pool.mode}" + (f" {pool.fraction:g}" if pool.fraction else "")]
    words.append(f"cuDNN {'on' if settings.cudnn_enabled else 'off'}")
    if settings.strategy != "default":
        among = f" over {job.ranks}" if job.ranks else ""
        words.append(f"strategy {settings.strategy}{among}")
    words += [f"{name}={value}" for name, value in sorted(settings.environment.items())]
    return ", ".join(words)


def _locks(files: dict[str, str]) -> str | None:
    """One digest of all lock files, or the digest of the only one."""
    if len(files) < 2:
        return next(iter(files.values()), None)
    text = "\n".join(f"{name} {digest}" for name, digest in sorted(files.items()))
    return hashlib.sha256(text.encode()).hexdigest()


def _harness(result: Result) -> str | None:
    """Which benchdl measured: its version, and the digest of its code where that is known."""
    launch = result.launch
    if launch is None:
        return None
    code = f" of code {launch.harness_sha256[:12]}" if launch.harness_sha256 else ""
    return f"benchdl {launch.harness_version}{code}"


def _kernel(result: Result) -> str | None:
    """The kernel that the job ran on: as the harness saw it, else as the job did."""
    if result.launch and result.launch.host_type:
        return result.launch.host_type.kernel
    return result.measurement.host.kernel if result.measurement else None


def _gpu_driver(result: Result) -> str | None:
    """Of a job that had a GPU: a driver beside a job on the CPU changes nothing of it."""
    if result.measurement is None or result.job.device != "gpu":
        return None
    return result.measurement.gpu.driver


def _failure(result: Result) -> str | None:
    failure = result.failure
    return f"{failure.reason}: {failure.message}" if failure else None


IDENTITY = (
    Column(
        "run_id",
        "Run",
        "name of the run: time, backend, device, chance.",
        read=lambda result: result.run_id,
    ),
    Column(
        "campaign_id",
        "Campaign",
        "name of the command that started it.",
        read=lambda result: result.job.campaign_id,
        shown={"about": 2},
    ),
    Column(
        "backend",
        "Backend",
        "one tool as its users meet it.",
        read=lambda result: result.job.backend,
    ),
    Column(
        "tool",
        "Tool",
        "the backend as its users call it.",
        read=lambda result: result.job.title,
        shown={"runs": 2},
    ),
    Column(
        "mode",
        "Mode",
        "as-written, with the tool's defaults; tuned, the best of its documented settings; "
        "rewritten, with convolutions besides that are not the tool's own.",
        read=lambda result: result.job.settings.mode,
    ),
    Column(
        "variant",
        "Variant",
        "the image's configuration; `default` is the one without a name.",
        read=lambda result: result.job.variant,
    ),
    Column(
        "workload",
        "Workload",
        "what was trained.",
        read=lambda result: result.job.workload,
    ),
    Column(
        "dataset",
        "Dataset",
        "what it was trained on.",
        read=lambda result: result.job.dataset,
    ),
    Column(
        "launcher",
        "Launcher",
        "`docker`: in the backend's image; `local`: in a virtual environment on the host; "
        "`python`: in a Python that was there.",
        read=lambda result: result.job.launcher,
    ),
    Column(
        "device",
        "Device",
        "`cpu` or `gpu`.",
        read=lambda result: result.job.device,
        shown={"runs": 3},
    ),
    Column(
        "status",
        "Status",
        "`ok`, `suspect`, `invalid`, `failed` or `interrupted`.",
        read=lambda result: verdict(result.status, result.findings),
        shown={"runs": 9},
    ),
)

SOFTWARE = (
    Column(
        "software",
        "Software",
        "versions that are pinned.",
        read=lambda result: " ".join(f"{n} {v}" for n, v in result.job.pins.packages.items()),
    ),
    Column(
        "settings",
        "Settings",
        "memory pool, cuDNN, strategy and environment.",
        read=lambda result: _settings(result.job),
    ),
    Column(
        "image_id",
        "Image",
        "id of the image; `null` without one.",
        read=lambda result: result.job.provenance.image_id,
    ),
    Column(
        "locks_sha256",
        "Lock files",
        "SHA-256 of the lock file; of several, of all their names and digests.",
        read=lambda result: _locks(result.job.provenance.locks_sha256),
    ),
    Column(
        "runner_sha256",
        "Runner",
        "SHA-256 of the code of benchdl that ran in the job.",
        read=lambda result: result.launch.runner_sha256 if result.launch else None,
    ),
    Column(
        "harness",
        "Harness",
        "version of benchdl that measured, and the digest of its code.",
        read=_harness,
    ),
    Column(
        "note",
        "Note",
        "how a local stack differs from the image.",
        read=lambda result: result.job.provenance.note,
    ),
    Column(
        "machine",
        "Machine",
        "its name, processor, cores and memory that jobs may use, as below.",
        read=job_machine.words,
        shown={"runs": 11},
    ),
    Column(
        "origin",
        "From",
        "where `benchdl import` took it from, or the folder of results; `null`: made here.",
        "Named as whoever imported it named it. The folder is told only of several (`--results`).",
        read=beside,
        shown={"about": 2},
    ),
    Column(
        "kernel",
        "Kernel",
        "release of the kernel: two in one median are noted, and share it.",
        read=_kernel,
    ),
    Column(
        "gpu_driver",
        "GPU driver",
        "release of NVIDIA's driver, of a job on a GPU.",
        read=_gpu_driver,
        only={"device": "gpu"},
    ),
)

OUTCOME = (
    Column(
        "findings",
        "Findings",
        "severity and code of each finding.",
        read=lambda result: [f"{finding.severity}: {finding.code}" for finding in result.findings],
        shown={"runs": 10},
    ),
    Column(
        "failure",
        "Failure",
        "why there is no measurement.",
        read=_failure,
    ),
    Column(
        "started_at",
        "Started (UTC)",
        "when the job was started, in UTC.",
        read=lambda result: result.started_at,
        shown={"runs": 1, "about": 2},
    ),
    Column(
        "tags",
        "Tags",
        "words that `run --tag` gave to it.",
        read=lambda result: result.job.tags,
        shown={"about": 2},
    ),
    Column(
        "remark",
        "Remark",
        "what `run --note` said of it.",
        read=lambda result: result.job.note,
        shown={"about": 2},
    ),
)
