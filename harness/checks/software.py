"""Pins and settings against the attestation: is what was promised what really trained?

An image that promises cuDNN and a memory pool and silently runs without them gives a number that
looks like any other. Versions are compared as far as both sides state them; a GPU's are compared
only for jobs that ran on one (that a job did not is a finding of its own).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar

from harness.checks.case import Case
from runner.contract.job import Job
from runner.contract.measurement import Attestation, Measurement
from runner.contract.result import Finding

_CUDA = ("libcudart", "libnvrtc.", "libnvrtc-")
_CUDNN = ("libcudnn",)
_POOL_CAP = 0.95  # Theano takes no more, whatever it is asked for
_POOL_SLACK = 0.97  # rounding, and a GPU's own reserve
_ANOTHER = (
    "something brings its own: look at that path, at LD_LIBRARY_PATH and at the base image, then "
)
_NOT_TAKEN = "log.txt of this run says why cuDNN was not taken"
_TAKES_IT_ANYWAY = "this tool uses cuDNN regardless of this setting: leave cudnn.enabled on"

T = TypeVar("T")


def pinned(case: Case) -> Iterator[Finding]:
    """The live process was what the job promised: versions, cuDNN, memory pool, TF32."""
    for finding in _mismatches(case.job, case.measured):
        yield _allowed(finding) if case.job.allow_unpinned else finding


def agree(pinned: str, found: str) -> bool:
    """Whether two versions are the same in the parts that both state: 8.6.0.163 and 8.6.0 are."""
    parts = zip(pinned.split("."), found.split("."), strict=False)
    return all(promised == loaded for promised, loaded in parts)


def _allowed(finding: Finding) -> Finding:
    evidence = f"{finding.evidence} (allowed by --allow-unpinned)"
    return finding.model_copy(update={"severity": "suspect", "evidence": evidence})


def _mismatches(job: Job, measured: Measurement) -> Iterator[Finding]:
    live = measured.attestation
    yield from _software(job, live)
    if job.device == live.device == "gpu":
        yield from _cuda(job, live)
        yield from _cudnn(job, live)
        yield from _pool(job, measured)
        yield from _precision(job, live)


def _rebuild(job: Job) -> str:
    """What to do, for the one image of the job: all of them are tens of gigabytes."""
    if job.provenance.kind == "interpreter":
        return "that Python says it holds one release and loads another: look at its path"
    build = f"benchdl images build {job.backend} --flavour {job.device}"
    return f"rebuild it: {build}, or benchdl images verify for more"


def _invalid(code: str, evidence: str, advice: str) -> Finding:
    return Finding(code=code, severity="invalid", evidence=evidence, advice=advice)


def _software(job: Job, live: Attestation) -> Iterator[Finding]:
    wrong = []
    if job.pins.python and not f"{live.python}.".startswith(f"{job.pins.python}."):
        wrong.append(f"Python {job.pins.python} is pinned, {live.python} ran")
    for package, pinned in sorted(job.pins.packages.items()):
        found = live.packages.get(package)
        if found is None:
            wrong.append(f"{package} {pinned} is pinned, none was loaded")
        elif found.partition("+")[0] != pinned:
            wrong.append(f"{package} {pinned} is pinned, {found} was loaded")
    if wrong:
        yield _invalid("pin-mismatch", "; ".join(wrong), _rebuild(job))


def _cuda(job: Job, live: Attestation) -> Iterator[Finding]:
    pinned = job.pins.cuda
    if pinned and _other(pinned, live, _CUDA):
        yield _invalid(
            "cuda-mismatch",
            f"the image pins CUDA {pinned}, loaded: {_loaded(live, _CUDA)}",
            (_ANOTHER if _files(live, _CUDA) else "") + _rebuild(job),
        )


def _cudnn(job: Job, live: Attestation) -> Iterator[Finding]:
    pinned = job.pins.cudnn
    in_graph = _fact(live, "cudnn_convolutions", bool)
    said = _fact(live, "cudnn_version", str)
    seen = f"loaded: {_loaded(live, _CUDNN)}"
    if said and said not in _versions(live, _CUDNN):
        seen += f", the framework says {said}"
    seen += _how(live)
    if not job.settings.cudnn_enabled:
        # A tool that does not tell has loaded it to use it.
        untold = in_graph is None and bool(_files(live, _CUDNN))
        if in_graph or untold or _fact(live, "cudnn_operations", dict):
            yield _invalid("cudnn-mismatch", f"cuDNN is switched off, {seen}", _TAKES_IT_ANYWAY)
        return
    unlike = pinned and (_other(pinned, live, _CUDNN) or (said and not agree(pinned, said)))
    if unlike or in_graph is False:
        advice = _NOT_TAKEN
        if unlike:
            lacks = f"{_NOT_TAKEN}; if the image lacks it, {_rebuild(job)}"
            another = said or _files(live, _CUDNN)
            advice = _ANOTHER + _rebuild(job) if another else lacks
        reason = " ".join((_fact(live, "dnn_message", str) or "").split())[:200]
        yield _invalid(
            "cudnn-mismatch",
            (f"the image pins cuDNN {pinned}, " if pinned else "cuDNN is switched on, ")
            + seen
            + (f" ({reason})" if reason else ""),
            advice,
        )


def _pool(job: Job, measured: Measurement) -> Iterator[Finding]:
    pool = job.settings.memory_pool
    live = measured.attestation
    mode = _fact(live, "pool_mode", str)
    promise = f"memory pool '{pool.mode}'" + (f" of {pool.fraction:g}" if pool.fraction else "")
    advice = "log.txt says what the tool did; is another process holding the GPU's memory?"
    if mode is not None and mode != pool.mode:
        yield _invalid("pool-mismatch", f"{promise} was set, the process has '{mode}'", advice)
    elif pool.mode == "fraction" and pool.fraction is not None:
        least = min(pool.fraction, _POOL_CAP) * _POOL_SLACK
        shares = _shares_taken(measured)
        low = {source: share for source, share in shares.items() if share < least}
        if low:
            seen = ", ".join(f"{share:.1%} by {source}" for source, share in sorted(low.items()))
            yield _invalid(
                "pool-mismatch", f"{promise} was set, of the GPU's memory was taken: {seen}", advice
            )


def _shares_taken(measured: Measurement) -> dict[str, float]:
    """Shares (0 to 1) of a GPU's memory that were in use, by who says so."""
    shares = {}
    total = _fact(measured.attestation, "gpu_memory_bytes", int)
    taken = _fact(measured.attestation, "gpu_memory_taken_bytes", int)
    if total and taken is not None:
        shares["the framework's count"] = taken / total
    # Less what others held before; the framework's count cannot tell.
    peaks = [
        (device.memory_peak_bytes - (device.memory_before_bytes or 0)) / device.memory_total_bytes
        for device in measured.gpu.devices
        if device.memory_peak_bytes is not None and device.memory_total_bytes
    ]
    if peaks:
        shares["NVML's"] = max(peaks)
    return shares


def _precision(job: Job, live: Attestation) -> Iterator[Finding]:
    asked = job.settings.precision
    allowed, wanted = _fact(live, "tf32", bool), asked == "tf32"
    if allowed is not None and allowed != wanted:
        words = {True: "on", False: "off"}
        yield _invalid(
            "tf32-mismatch",
            f"TF32 was to be {words[wanted]} ({asked}), in the process it is {words[allowed]}",
            "an environment variable may overrule it: NVIDIA_TF32_OVERRIDE",
        )


def _files(live: Attestation, prefixes: tuple[str, ...]) -> list[str]:
    return sorted(name for name in live.libraries if name.startswith(prefixes))


def _other(pinned: str, live: Attestation, prefixes: tuple[str, ...]) -> bool:
    """Whether none of these libraries is loaded, or one that reports another version."""
    versions = _versions(live, prefixes)
    return not _files(live, prefixes) or not all(agree(pinned, found) for found in versions)


def _versions(live: Attestation, prefixes: tuple[str, ...]) -> list[str]:
    """What those of these libraries that can report a version say."""
    files = _files(live, prefixes)
    return [live.library_versions[name] for name in files if name in live.library_versions]


def _loaded(live: Attestation, prefixes: tuple[str, ...]) -> str:
    """The libraries by path, which tells who brought them, with their versions, or ``none``."""
    files = _files(live, prefixes)
    telling = [f"{live.libraries[name]} {live.library_versions[name]}" for name in files
               if name in live.library_versions]  # fmt: skip
    return ", ".join(telling or [live.libraries[name] for name in files]) or "none"


def _how(live: Attestation) -> str:
    names = [str(name) for name in _fact(live, "convolutions", dict) or {}]
    return f"; the convolutions run as {', '.join(sorted(names))}" if names else ""


def _fact(live: Attestation, key: str, kind: type[T]) -> T | None:
    """What the framework says under ``key``; None where it says nothing, or nonsense."""
    value: Any = live.framework.get(key)
    return value if type(value) is kind else None
