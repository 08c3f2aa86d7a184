"""What of a stranger's campaign may run here: plain settings, within the user's limits.

A bundle says which jobs there are. It does not say what programs see beside them (variables of the
environment reach every one, as PYTHONWARNINGS with BROWSER does), nor how long, how often or how
much. Whatever is not known to be plain is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from harness import catalog, settings
from harness.bundle import image_policy
from harness.bundle.manifest import BACKEND, ID
from harness.campaign.plan import Options, PlannedJob
from harness.campaign.question import DEFAULT_IDLE_WAIT_S, DEFAULT_TIMEOUT_S
from harness.campaign.records import Campaign, Environment
from harness.catalog import Backend
from harness.errors import UsageError
from runner.contract.schema import SettingValue

Load = Callable[[str], Backend]

DEFAULT_JOBS = 500
DEFAULT_EPOCHS = 100
LONGEST_COOL_DOWN_S = 600.0

_MOST_THREADS = 4096
_MOST_SAMPLES = 100_000_000
_LONGEST_BACKEND = 60
_SEEDS = 2**31
_FILE = re.compile(r"(?!\.)[A-Za-z0-9._-]{1,100}")

_COUNT, _SWITCH = r"[0-9]{1,6}", r"[01]|true|false|TRUE|FALSE"
_PLAIN_VARIABLES = {
    **dict.fromkeys(
        ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS",
         "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "MXNET_CPU_WORKER_NTHREADS",
         "KMP_BLOCKTIME", "GOMP_SPINCOUNT", "MALLOC_ARENA_MAX"),
        _COUNT,
    ),
    **dict.fromkeys(
        ("OMP_DYNAMIC", "TF_ENABLE_ONEDNN_OPTS", "TF_CUDNN_DETERMINISTIC", "TF_USE_LEGACY_KERAS",
         "TF_FORCE_GPU_ALLOW_GROWTH", "MXNET_CUDNN_AUTOTUNE_DEFAULT", "NVIDIA_TF32_OVERRIDE",
         "XLA_PYTHON_CLIENT_PREALLOCATE"),
        _SWITCH,
    ),
    "OMP_PROC_BIND": r"true|false|close|spread|primary|master",
    "OMP_PLACES": r"threads|cores|sockets",
    "OMP_WAIT_POLICY": r"active|passive|ACTIVE|PASSIVE",
    "XLA_PYTHON_CLIENT_MEM_FRACTION": r"0?\.[0-9]{1,6}",
}  # fmt: skip
"""Variables that say how many or whether, and what they may say."""


@dataclass(frozen=True)
class Limits:
    """What the user of this machine allows; nothing of a bundle changes it.

    ``timeout_s`` and ``memory_limit_bytes`` are of one job, as in :class:`Options`.
    """

    timeout_s: float = DEFAULT_TIMEOUT_S
    memory_limit_bytes: int | None = None
    jobs: int = DEFAULT_JOBS
    epochs: int = DEFAULT_EPOCHS
    allow_unpinned: bool = False


def check(record: Campaign, limits: Limits) -> None:
    """Make sure that a stranger's campaign is plain.

    Raises:
        UsageError: it is not; the message says what of it, in one line.
    """
    for objection, advice in _objections(record, limits):
        raise UsageError(f"refused: the bundle's campaign {objection}", advice)


def options(record: Campaign, limits: Limits) -> Options:
    """The options of a repetition: the campaign's question, the user's limits, no paths.

    The axes are those of its jobs alone.
    """
    wanted = list(dict.fromkeys(job.configuration for job in record.jobs))
    theirs = record.options
    return Options(
        backends=sorted({configuration.backend for configuration in wanted}),
        modes=list(dict.fromkeys(configuration.mode for configuration in wanted)),
        precisions=list(dict.fromkeys(configuration.precision for configuration in wanted)),
        variants=list(dict.fromkeys(configuration.variant for configuration in wanted)),
        devices=list(dict.fromkeys(configuration.device for configuration in wanted)),
        threads=list(dict.fromkeys(configuration.threads for configuration in wanted)),
        batch_sizes=list(dict.fromkeys(configuration.batch_size for configuration in wanted)),
        ranks=list(dict.fromkeys(configuration.ranks for configuration in wanted)),
        batch_per_gpu=theirs.batch_per_gpu,
        workload=theirs.workload,
        overrides=theirs.overrides,
        parallel_gpus=theirs.parallel_gpus,
        epochs=theirs.epochs,
        budget=theirs.budget,
        train_samples=theirs.train_samples,
        repeat=max(job.repeat for job in record.jobs),
        seed=theirs.seed,
        order_seed=theirs.order_seed,
        dataset=record.dataset,
        cool_down_s=theirs.cool_down_s,
        idle_wait_s=DEFAULT_IDLE_WAIT_S,
        timeout_s=limits.timeout_s,
        memory_limit_bytes=limits.memory_limit_bytes,
        allow_unpinned=limits.allow_unpinned,
    )


def _objections(record: Campaign, limits: Limits) -> Iterator[tuple[str, str]]:
    """Everything that is not plain, and what the user can do about it."""
    theirs, jobs = record.options, record.jobs
    if [job.position for job in jobs] != list(range(1, len(jobs) + 1)) or not jobs:
        yield "has jobs that are not numbered from 1 to their count", ""
    if len(jobs) > limits.jobs:
        yield f"has {len(jobs):,} jobs, more than {limits.jobs:,}", "allow it with --max-jobs"
    asked = max(theirs.epochs or 1, theirs.budget or 1)
    if asked > limits.epochs:
        yield f"has {asked:,} epochs, more than {limits.epochs}", "allow it: --max-epochs"
    if len(record.skipped) > limits.jobs:
        yield "is larger than any of this benchdl", ""
    if (theirs.cool_down_s or 0) > LONGEST_COOL_DOWN_S:
        yield f"waits {theirs.cool_down_s:,.0f} s between jobs, more than 600 s", ""
    if not 0 <= record.order_seed < _SEEDS:
        yield "has an order seed that is none", ""
    for job in jobs:
        yield from _job(job, len(jobs))
    for environment in record.environments:
        yield from _environment(environment)
    yield from _settings(theirs.overrides, record)


def _job(job: PlannedJob, count: int) -> Iterator[tuple[str, str]]:
    configuration = job.configuration
    if job.settings is not None or configuration.image is not None:
        yield (
            f"runs an earlier build in job {job.position}, with settings of its own",
            "a bundle holds no earlier builds: replay shows its results without running anything",
        )
    if not _is_backend(configuration.backend):
        yield f"names a backend {configuration.backend[:80]!a}, which is no name of one", ""
    if job.repeat > count:
        yield f"has a repeat in job {job.position} that is none", ""
    threads, samples = configuration.threads or 1, configuration.batch_size or 1
    if threads > _MOST_THREADS or samples > _MOST_SAMPLES:
        yield f"has more threads or a larger batch in job {job.position} than there can be", ""


def _environment(environment: Environment) -> Iterator[tuple[str, str]]:
    if not _is_backend(environment.backend):
        yield f"names a backend {environment.backend[:80]!a}, which is no name of one", ""
    origin = environment.provenance
    for id_ in (origin.image_id, origin.base_id):
        if id_ and not re.fullmatch(ID, id_):
            yield f"names an image {id_[:80]!a} where an id is expected", ""
    for file in origin.locks_sha256:
        if not _FILE.fullmatch(file):
            yield f"names a lock file {file[:80]!a}, which is no file's name", ""


def doubtful(record: Campaign, load: Load = catalog.load) -> list[str]:
    """The variables of a record that are not known to be plain, nor this checkout's own.

    ``load`` gives this checkout's backends by name.
    """
    ours: set[tuple[str, str]] | None = None
    found = []
    for key, value in _variables(record):
        name = key.partition(".")[2]
        pattern = _PLAIN_VARIABLES.get(name)
        if pattern and isinstance(value, str) and re.fullmatch(pattern, value):
            continue
        ours = _our_variables(record, load) if ours is None else ours
        if (name, value) not in ours:
            found.append(key)
    return found


def doubtful_on_host(record: Campaign, load: Load = catalog.load) -> list[str]:
    """Those of them that would act on programs of this host, with the record's own launcher."""
    if record.launcher != "docker":
        return doubtful(record, load)
    reaching = {
        key
        for key, value in _variables(record)
        if image_policy.reaches_outside(key.partition(".")[2], str(value))
    }
    return [key for key in doubtful(record, load) if key in reaching]


def _variables(record: Campaign) -> dict[tuple[str, SettingValue], None]:
    """What a record sets in the environment, for all its jobs or for one, once each."""
    pairs = list(record.options.overrides.items())
    for job in record.jobs:
        given = job.settings.environment if job.settings else {}
        pairs += [(f"environment.{name}", value) for name, value in given.items()]
    return dict.fromkeys(pair for pair in pairs if pair[0].startswith("environment."))


def _settings(overrides: dict[str, SettingValue], record: Campaign) -> Iterator[tuple[str, str]]:
    for key in doubtful(record):
        yield (
            f"sets {key[:80]!a} to {str(overrides[key])[:80]!a}, which is no plain setting",
            "benchdl bundle replay shows its results without running anything",
        )
    try:
        settings.check(overrides)
    except UsageError as error:
        yield f"has settings that are none: {error.message}", ""


def _our_variables(record: Campaign, load: Load) -> set[tuple[str, str]]:
    """What this checkout's own image.toml gives to every backend of the campaign."""
    common: set[tuple[str, str]] | None = None
    for name in {job.configuration.backend for job in record.jobs}:
        if name not in catalog.names():
            return set()
        spec = load(name).spec
        given = [spec.environment, *(variant.environment for variant in spec.variants.values())]
        given += [spec.tuned.environment] if spec.tuned else []
        pairs = {pair for environment in given for pair in environment.items()}
        common = pairs if common is None else common & pairs
    return common or set()


def _is_backend(name: str) -> bool:
    return len(name) <= _LONGEST_BACKEND and re.fullmatch(BACKEND, name) is not None
