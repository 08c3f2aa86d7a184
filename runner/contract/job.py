"""What a job asks for: job.json, the harness's only word to the runner.

Python 3.9 runs this module inside images, hence ``Optional`` and ``List`` in annotations.
"""

from __future__ import annotations

import json
import re
from typing import Any, Dict, List, Optional, Union

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, model_validator
from typing_extensions import Annotated, Literal

from runner.contract import upgrade
from runner.contract.precision import Precision
from runner.contract.rank import RankCount
from runner.contract.schema import (
    ContractError,
    Model,
    Ordinal,
    SettingValue,
    first_error,
    versioned,
)
from runner.contract.work_and_score import Budget

RUN_ID_PATTERN = r"^[a-z0-9][a-z0-9._-]{7,119}$"

MOST_BRIEFLY = 40
"""Workloads that are proven in one start."""

Mode = Literal["as-written", "tuned"]
Strategy = Annotated[Literal["default", "data-parallel"], BeforeValidator(upgrade.strategy)]


def _tag(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._:/+-]{0,63}", text):
        raise ValueError("expected a word of at most 64 letters, digits and any of ._:/+-")
    return text


Tag = Annotated[str, AfterValidator(_tag)]
"""A word that a user gives to runs, to find them again."""

Note = Annotated[str, Field(min_length=1, max_length=2000)]
"""What a user wants to remember of runs."""


LauncherName = Literal["docker", "local", "python"]
"""How a job is started: in a container, in an environment that benchdl made, in any Python."""


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
    network, recipe, batch and number of updates. ``precision`` is that of products
    (:mod:`runner.contract.precision`). ``strategy`` is for several GPUs: ``default`` is
    what the framework does by itself, ``data-parallel`` is a copy of the model on each, which takes
    its share of every batch, in the way that the tool's own documentation has it.
    """

    mode: Mode = "as-written"
    memory_pool: MemoryPool = MemoryPool()
    cudnn_enabled: bool = True
    precision: Precision = "float32"
    strategy: Strategy = "default"
    environment: Dict[str, str] = {}

    @model_validator(mode="before")
    @classmethod
    def _of_today(cls, data: Any) -> Any:
        return upgrade.settings(data)


class Pins(Model):
    """What the environment promises; the runner attests it from the live process."""

    python: Optional[str] = None
    packages: Dict[str, str] = {}
    cuda: Optional[str] = None
    cudnn: Optional[str] = None


class Provenance(Model):
    """Where the software of a job comes from: a built image, an environment, somebody's Python.

    ``locks_sha256`` of an ``interpreter`` is, under ``installed``, of all that it says it holds.
    """

    kind: Literal["image", "environment", "interpreter"]
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

    ``batch_size`` replaces that of the workload's recipe; ``None`` is the recipe's own. ``ranks``:
    how many share each batch where the strategy is ``data-parallel``: the GPUs that the job is
    given, or so many parts of a CPU; ``None`` is all GPUs that it sees. ``batch_per_gpu``: what the
    user asked for, of which ``batch_size`` is the multiple; no runner is told.
    ``campaign_position`` is the job's number (from 1) in the plan of its campaign, and ``attempt``
    its start there: the second follows one that was cut off. Without a ``sample_interval_s`` there
    is no sampler beside the training: ``benchdl selftest`` measures so what the sampler costs.
    ``tags`` and ``note`` are the user's own words on it, which no runner is told.
    ``purpose``: to measure one training, or to prove of the image what :mod:`runner.proving` can:
    all of ``workload``, or no more than one batch's updates of the workloads in ``briefly``.
    """

    schema_version: Literal[2] = 2
    run_id: str = Field(pattern=RUN_ID_PATTERN)
    purpose: Literal["measure", "prove"] = "measure"
    briefly: List[str] = Field(default=[], max_length=MOST_BRIEFLY)
    campaign_id: str
    campaign_position: Optional[Ordinal] = None
    attempt: Ordinal = 1
    backend: str
    title: str
    variant: str = "default"
    workload: str
    dataset: str
    launcher: LauncherName
    device: Literal["cpu", "gpu"]
    gpus: Optional[List[str]] = None
    budget: Budget
    train_samples: Optional[Ordinal] = None
    threads: Optional[Ordinal] = None
    batch_size: Optional[Ordinal] = None
    ranks: Optional[RankCount] = None
    batch_per_gpu: Optional[Ordinal] = None
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
    tags: List[Tag] = []
    note: Optional[Note] = None


def job_text(job: Job) -> str:
    """job.json as a runner gets it: what has its default is left out, in the oldest form it has.

    The user's own words stay here: a runner has no use for them.
    The runner of an older image does not know later fields and would refuse them; it takes a job
    that does not use them.
    """
    data = job.model_dump(
        mode="json", exclude_defaults=True, exclude={"tags", "note", "batch_per_gpu"}
    )
    data = {"schema_version": job.schema_version, **data}
    return json.dumps(upgrade.oldest_job(data), indent=1)


def load_job(text: Union[bytes, str]) -> Job:
    """Parse job.json.

    Raises:
        ContractError: not JSON, a newer schema, or a field that does not fit.
    """
    try:
        return Job.model_validate(upgrade.job(versioned(text, "job")))
    except ValidationError as error:
        raise ContractError(f"job does not fit the schema: {first_error(error)}") from None
