"""What came of a job: result.json. The runner writes it, the harness checks and completes it.

Read stored text with :func:`load_result`, which looks at ``schema_version`` first.

Python 3.9 runs this module inside images, hence ``Optional`` and ``List`` in annotations.
"""

from __future__ import annotations

from typing import Dict, List, Optional, Union

from pydantic import Field, ValidationError
from typing_extensions import Literal

from runner.contract import upgrade
from runner.contract.conformance import Conformance
from runner.contract.host_type import HostType
from runner.contract.job import RUN_ID_PATTERN, Job, LauncherName
from runner.contract.measurement import Measurement
from runner.contract.schema import (
    ContractError,
    Model,
    Moment,
    Number,
    Plain,
    Seconds,
    Whole,
    first_error,
    versioned,
)

Severity = Literal["info", "suspect", "invalid"]
Status = Literal["ok", "failed", "interrupted"]


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
    allotted it: the affinity, a control group, a variable of a batch system. ``cores_per_gpu``: of
    a job beside others, how many of its ``cores`` came with each of its GPUs.
    """

    cores: Optional[List[Whole]] = None
    quota_cores: Optional[Number] = None
    memory_bytes: Optional[Whole] = None
    gpus: Optional[List[str]] = None
    sources: Dict[str, str] = {}
    cores_per_gpu: Optional[Whole] = None


class Launch(Model):
    """What the harness saw from outside; for containers, ``docker inspect`` facts.

    ``gpu_neighbours``: by GPU, how many processes of others the host's NVML listed on it while a
    container trained; ``None`` is not known. ``harness_sha256`` is of the harness's code, and
    ``runner_sha256`` of the runner's where that is not part of an image.
    ``machine`` is ``host_type`` in words, of older results processor and cores.
    ``allotment``: what the job was kept within; ``None`` is not known.
    ``shard``: the blocks of a fleet's campaign that one host ran, as ``FLEET/SHARD``.
    """

    launcher: LauncherName
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
    shard: Optional[str] = None


class Result(Model):
    """The record of one job. The runner writes it; the harness checks and completes it.

    ``conformance`` is what was proven of the job's image, by this job or by an earlier one.
    """

    schema_version: Literal[2] = 2
    run_id: str = Field(pattern=RUN_ID_PATTERN)
    status: Status
    started_at: Moment
    finished_at: Moment
    job: Job
    measurement: Optional[Measurement] = None
    conformance: Optional[Conformance] = None
    failure: Optional[Failure] = None
    findings: List[Finding] = []
    launch: Optional[Launch] = None


def load_result(text: Union[bytes, str]) -> Result:
    """Parse result.json.

    Raises:
        ContractError: not JSON, a newer schema, or a field that does not fit.
    """
    try:
        return Result.model_validate(upgrade.result(versioned(text, "result")))
    except ValidationError as error:
        raise ContractError(f"result does not fit the schema: {first_error(error)}") from None
