"""What a repetition of a bundle would do, in lines for its user to read before it begins."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from harness.bundle.choosing import Chosen
from harness.bundle.plain import Limits
from harness.bundle.reading import Bundle
from harness.campaign.checked import Checked
from harness.campaign.records import Campaign
from harness.printable import bounded

_SHOWN = 12
_LONGEST = 300


def lines(
    bundle: Bundle, record: Campaign, question: Checked, chosen: Chosen, limits: Limits
) -> Iterator[str]:
    """What comes from the bundle, what runs, where, and what is the user's own."""
    yield (
        f"bundle {bundle.file}: campaign {record.campaign_id} of {record.created_at[:40]}, on "
        f"{record.machine[:80]}, as it says; SHA-256 of its manifest {bundle.manifest_sha256}"
    )
    for words in bundle.manifest.sources_changed[:_SHOWN]:
        yield f"the bundle's sources are not as the campaign ran: {words[:80]} changed before"
    counts = Counter(str(job.configuration) for job in record.jobs)
    named = [f"{name} x{count}" for name, count in list(counts.items())[:_SHOWN]]
    named += ["..."] if len(counts) > _SHOWN else []
    yield f"jobs, from the bundle: {len(record.jobs)}: {', '.join(named)}"
    yield f"settings, from the bundle: {bounded('; '.join(_settings(question)), _LONGEST)}"
    yield f"environments: {chosen.words}"
    for image in chosen.images:
        yield (
            f"image of {image.backend}, {image.device}, from the bundle: {image.image_id}, "
            f"{_bytes(bundle, image.path)} bytes"
        )
    if chosen.root:
        for name, value in sorted(variables(question).items()):
            yield f"variable, from the bundle's image.toml: {bounded(f'{name}={value}', _LONGEST)}"
    if record.launcher == "docker":
        yield (
            "launcher: docker, each job in a container of its own: no network, an ordinary user, "
            "compiled code thrown away"
        )
    else:
        yield "launcher: local, each job AS YOU ON THIS MACHINE, WITHOUT PROTECTION"
    memory = (
        f"{limits.memory_limit_bytes / 2**30:g} GiB" if limits.memory_limit_bytes else "as for run"
    )
    hours = limits.timeout_s * len(record.jobs) / 3600
    yield (
        f"limits, yours: {limits.timeout_s:g} s a job, in all {hours:.3g} h at most; memory "
        f"{memory}; data {question.options.dataset}, yours, compared by SHA-256"
    )


def variables(question: Checked) -> dict[str, str]:
    """The environment variables that the chosen sources give to the jobs."""
    found: dict[str, str] = {}
    for configuration in question.configurations:
        found.update(question.settings(configuration).environment)
    return found


def _settings(question: Checked) -> Iterator[str]:
    options = question.options
    yield f"workload {options.workload}"
    yield str(question.budget)
    if options.train_samples:
        yield f"{options.train_samples:,} training samples"
    if options.parallel_gpus:
        yield "jobs side by side, each on GPUs of its own"
    if options.cool_down_s:
        yield f"{options.cool_down_s:g} s between jobs"
    for key, value in options.overrides.items():
        yield f"{key}={value}"


def _bytes(bundle: Bundle, path: str) -> str:
    sizes = {member.path: member.size_bytes for member in bundle.manifest.members}
    return f"{sizes[path]:,}"
