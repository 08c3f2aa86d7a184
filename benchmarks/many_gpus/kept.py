"""What is left of a call, few files: all results in one archive, tables, and what they show."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.many_gpus.steps import ALONE, BESIDE, LOADED
from benchmarks.many_gpus.timed import Ended
from harness.checks.verdict import verdict
from harness.store import Store
from runner.contract.result import Result

ARCHIVE = "results.tgz"
SIDES = ("gpus", "instance", "tool")


def pack(results: Path, out: Path) -> None:
    """All results so far, in place of those that were packed before."""
    half = out / f".{ARCHIVE}.part"
    with tarfile.open(half, "w:gz", compresslevel=4) as archive:
        archive.add(results, arcname="results")
    half.replace(out / ARCHIVE)


def text(results: Path, ended: Sequence[Ended]) -> str:
    """In Markdown: what each step came to, and what its results say of GPUs and of a stranger."""
    found = Store(results).load()[0] if results.exists() else []
    lines = ["# What was run", "", "| Step | | Seconds |", "|---|---|--:|"]
    lines += [f"| {end.step.name} | {end.state} | {end.seconds:.0f} |" for end in ended]
    lines += ["", "# What was seen", ""]
    for result in found:
        lines.append(f"- {_line(result)}")
        lines += [f"  - {finding}" for finding in _findings(result)]
    lines += ["", *_of_the_load([result for result in found if LOADED in result.job.tags])]
    return "\n".join(lines).rstrip() + "\n"


def _line(result: Result) -> str:
    """A job: how it was split, GPUs used of those visible, and its time."""
    job, measured = result.job, result.measurement
    words = [*job.tags[:1], job.backend, job.settings.mode, job.workload, job.settings.precision]
    if measured is None:
        return f"{' '.join(words)}: {result.failure.message if result.failure else result.status}"
    used = [device for device in measured.gpu.devices if device.used]
    seen = f"{len(used)}/{len(measured.gpu.devices)}"
    if set(job.tags) & {ALONE, BESIDE} and used:
        seen += f" (GPU {', '.join(str(device.index) for device in used)})"
    parts = [f"GPUs {seen}", f"{measured.phases.fit_s:.2f} s"]
    if measured.ranks:
        alike = len({rank.weights_sha256 for rank in measured.ranks}) == 1
        parts.append(f"{len(measured.ranks)} ranks, weights {'alike' if alike else 'NOT alike'}")
    return f"{' '.join(words)}: {', '.join(parts)}; {verdict(result.status, result.findings)}"


def _findings(result: Result) -> Iterator[str]:
    for finding in result.findings:
        if finding.severity != "info":
            yield f"{finding.severity}: {finding.code}: {finding.evidence}"


def _of_the_load(results: Sequence[Result]) -> Iterator[str]:
    """Whether a stranger's work on the last GPU was found, and by what name."""
    for result in results:
        named = [found for found in result.findings if found.code == "gpu-shared"]
        if named:
            yield f"The foreign load was found: {named[0].evidence}."
        else:
            yield f"The foreign load was NOT found in {result.run_id}."
