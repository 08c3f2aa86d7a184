"""The contract between harness and runner: what a job asks for and what came of it.

Both sides import this module and nothing else of each other. Every model is frozen and forbids
unknown keys; units are in the names. Read stored text with :func:`load_job` and
:func:`load_result`, which look at ``schema_version`` first.

Python 3.9 runs this module inside images, hence ``Optional`` and ``List`` in annotations.
"""

from __future__ import annotations

import json
from typing import Dict, List, Optional, Union

from pydantic import Field, ValidationError
from typing_extensions import Literal

from runner.host_type import HostType
from runner.measurement import Measurement
from runner.schema import (
    SCHEMA_VERSION,
    ContractError,
    Model,
    Moment,
    Number,
    Ordinal,
    Plain,
    Seconds,
    SettingValue,
    Whole,
    first_error,
    versioned,
)

__all__ = [
    "SCHEMA_VERSION",
    "ContractError",
    "Job",
    "Result",
    "SettingValue",
    "job_text",
    "load_job",
    "load_result",
]

RUN_ID_PATTERN = r"^[a-z0-9][a-z0-9._-]{7,119}$"

Severity = Literal["info", "suspect", "invalid"]
Status = Literal["ok", "failed", "interrupted"]
Mode = Literal["as-written", "tuned"]


class MemoryPool(Model):
    """How the framework takes GPU memory.

    ``growth`` takes memory as needed and keeps it; ``fraction`` takes ``fraction`` of the GPU's
    memory at the start (Theano's CNMeM and its successor ``gpuarray.preallocate``); ``off`` keeps
    no pool at all.
    """

    mode: Literal["growth", "fraction", "off"] = "growth"
    fraction: Optional[float] = Field(default=None, gt=0, le=1)


class Settings(Model):
    """The configuration of one job after variant and command line were applied to image.toml.

    ``mode`` ``as-written`` is what a user gets who follows the tool's own introduction with its
    defaults; ``tuned`` is the best that the same tool does with documented settings: the same
    network, recipe, batch and number of updates. ``strategy`` is for several GPUs: ``default`` is
    what the framework does by itself, ``mirrored`` is a copy of the model on each with gradients
    summed (TensorFlow's MirroredStrategy).
    """

    mode: Mode = "as-written"
    memory_pool: MemoryPool = MemoryPool()
    cudnn_enabled: bool = True
    precision: Literal["float32"] = "float32"
    tf32: bool = False
    strategy: Literal["default", "mirrored"] = "default"
    environment: Dict[str, str] = {}


class Pins(Model):
    """What the environment promises; the runner attests it from the live process."""

    python: Optional[str] = None
    packages: Dict[str, str] = {}
    cuda: Optional[str] = None
    cudnn: Optional[str] = None


class Provenance(Model):
    """Where the software of a job comes from: a built image or a local environment."""

    kind: Literal["image", "environment"]
    reference: str
    flavour: Literal["cpu", "gpu"]
    image_id: Optional[str] = None
    base: Optional[str] = None
    base_id: Optional[str] = None
    locks_sha256: Dict[str, str] = {}
    debian_packages: Dict[str, str] = {}
    note: Optional[str] = None


class Job(Model):
    """One start of one container or local process: everything the runner needs to know.

    ``batch_size`` replaces that of the workload's recipe; ``None`` is the recipe's own.
    ``campaign_position`` is the job's number (from 1) in the plan of its campaign, and ``attempt``
    its start there: the second follows one that was cut off. Without a ``sample_interval_s`` there
    is no sampler beside the training: ``benchdl selftest`` measures so what the sampler costs.
    """

    schema_version: Literal[1] = 1
    run_id: str = Field(pattern=RUN_ID_PATTERN)
    campaign_id: str
    campaign_position: Optional[Ordinal] = None
    attempt: Ordinal = 1
    backend: str
    title: str
    variant: str = "default"
    workload: str
    dataset: str
    launcher: Literal["docker", "local"]
    device: Literal["cpu", "gpu"]
    gpus: Optional[List[str]] = None
    epochs: int = Field(ge=1, le=10_000)
    train_samples: Optional[Ordinal] = None
    threads: Optional[Ordinal] = None
    batch_size: Optional[Ordinal] = None
    seed: int = Field(default=123, ge=0, lt=2**31)
    repeat: Ordinal = 1
    data_dir: str
    dataset_sha256: Dict[str, str]
    sample_interval_s: Optional[float] = Field(default=0.1, gt=0, le=10)
    settings: Settings = Settings()
    overrides: Dict[str, SettingValue] = {}
    pins: Pins = Pins()
    allow_unpinned: bool = False
    provenance: Provenance


class Finding(Model):
    """A warning as data. ``invalid`` keeps a result out of every average, never out of sight."""

    code: str
    severity: Severity
    evidence: str
    advice: str


class Failure(Model):
    """Why there is no measurement."""

    reason: str
    message: str
    advice: str = ""
    exit_code: Optional[Whole] = None


class Idle(Model):
    """How quiet the machine was just before the start, and what was waited for that.

    ``reached`` says whether it became quiet in time. ``cpu_percent`` is of the cores that jobs may
    use, ``gpu_percent`` of the busiest GPU that the job may use; ``None`` is not known, or not
    looked at because jobs of the same campaign ran beside it.
    """

    reached: bool
    cool_down_s: Seconds = 0
    waited_s: Seconds
    cpu_percent: Optional[Number] = None
    gpu_percent: Optional[Number] = None


class Allotment(Model):
    """What the surroundings of the harness let it use, and so its jobs; ``None`` is no limit.

    ``cores`` are the numbers of the cores that a job runs on, ``quota_cores`` the seconds of CPU
    time a second that it may use, ``gpus`` as jobs are told them. ``sources`` says by field what
    allotted it: the affinity, a control group, a variable of a batch system.
    """

    cores: Optional[List[Whole]] = None
    quota_cores: Optional[Number] = None
    memory_bytes: Optional[Whole] = None
    gpus: Optional[List[str]] = None
    sources: Dict[str, str] = {}


class Launch(Model):
    """What the harness saw from outside; for containers, ``docker inspect`` facts.

    ``gpu_neighbours``: by GPU, how many processes of others the host's NVML listed on it while a
    container trained; ``None`` is not known. ``harness_sha256`` is of the harness's code, and
    ``runner_sha256`` of the runner's where that is not part of an image.
    ``machine`` is ``host_type`` in words, of older results processor and cores.
    ``allotment``: what the job was kept within; ``None`` is not known.
    """

    launcher: Literal["docker", "local"]
    harness_version: str
    harness_sha256: Optional[str] = None
    runner_sha256: Optional[str] = None
    machine: str
    host_type: Optional[HostType] = None
    wall_s: Seconds
    exit_code: Optional[Whole] = None
    oom_killed: bool = False
    engine: Optional[str] = None
    injection: Optional[Literal["cdi", "request", "runtime"]] = None
    idle: Optional[Idle] = None
    hardening: Dict[str, Plain] = {}
    gpu_neighbours: Optional[Dict[str, Whole]] = None
    allotment: Optional[Allotment] = None


class Result(Model):
    """The record of one job. The runner writes it; the harness checks and completes it."""

    schema_version: Literal[1] = 1
    run_id: str = Field(pattern=RUN_ID_PATTERN)
    status: Status
    started_at: Moment
    finished_at: Moment
    job: Job
    measurement: Optional[Measurement] = None
    failure: Optional[Failure] = None
    findings: List[Finding] = []
    launch: Optional[Launch] = None


def job_text(job: Job) -> str:
    """job.json as a runner gets it: what has its default is left out.

    The runner of an older image does not know later fields and would refuse them; it takes a job
    that does not use them.
    """
    data = job.model_dump(mode="json", exclude_defaults=True)
    return json.dumps({"schema_version": job.schema_version, **data}, indent=1)


def load_job(text: Union[bytes, str]) -> Job:
    """Parse job.json.

    Raises:
        ContractError: not JSON, a newer schema, or a field that does not fit.
    """
    try:
        return Job.model_validate(versioned(text, "job"))
    except ValidationError as error:
        raise ContractError(f"job does not fit the schema: {first_error(error)}") from None


def load_result(text: Union[bytes, str]) -> Result:
    """Parse result.json.

    Raises:
        ContractError: not JSON, a newer schema, or a field that does not fit.
    """
    try:
        return Result.model_validate(versioned(text, "result"))
    except ValidationError as error:
        raise ContractError(f"result does not fit the schema: {first_error(error)}") from None
