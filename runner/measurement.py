"""What one job measured: the parts of a result that a runner that reached its end fills in.

Units are in the names. What was not measured is ``None``, never 0. docs/definitions.md defines
every figure that reaches a table.
"""

from __future__ import annotations

from typing import Any, Dict, List, Optional

from pydantic import Field
from typing_extensions import Literal

from runner.schema import Model


class Phases(Model):
    """Wall-clock seconds of the job's phases, in their order.

    ``compile_s`` is what a tool compiles before the first step when it can be told apart from
    training (Theano); elsewhere it is ``None`` and part of the first epoch. ``proof_s`` follows
    ``total_s``, which leaves it out: the second opinion of runner/reference.py.
    """

    import_s: float = Field(ge=0)
    load_s: float = Field(ge=0)
    build_s: float = Field(ge=0)
    compile_s: Optional[float] = Field(default=None, ge=0)
    fit_s: float = Field(gt=0)
    evaluate_s: float = Field(ge=0)
    total_s: float = Field(gt=0)
    proof_s: Optional[float] = Field(default=None, ge=0)


class Epoch(Model):
    """One epoch as the training loop saw it; the loss was read on the host at its end."""

    number: int = Field(ge=1)
    duration_s: float = Field(ge=0)
    loss: float


class Learning(Model):
    """What was trained, and how well: the proof that the work was done.

    ``initial_loss`` is that of the untrained weights; it and the ``reference_...`` figures of the
    trained ones are computed from the backend's weights by runner/reference.py, on the test images
    and without the framework.
    """

    parameters: int = Field(ge=1)
    train_samples: int = Field(ge=1)
    test_samples: int = Field(ge=1)
    batch_size: int = Field(ge=1)
    updates: int = Field(ge=1)
    test_loss: float
    error_rate: float = Field(ge=0, le=1)
    initial_loss: Optional[float] = None
    reference_loss: Optional[float] = None
    reference_error_rate: Optional[float] = Field(default=None, ge=0, le=1)


class CpuUse(Model):
    """Cores over the fit window: see docs/definitions.md for CPUs and CPU1."""

    visible_cores: int = Field(ge=1)
    busy_cores: Optional[float] = Field(default=None, ge=0)
    busiest_core_percent: Optional[float] = Field(default=None, ge=0, le=100)
    job_cpu_s: Optional[float] = Field(default=None, ge=0)
    host_cpu_s: Optional[float] = Field(default=None, ge=0)
    steal_s: Optional[float] = Field(default=None, ge=0)
    interval_s: Optional[float] = Field(default=None, gt=0)


class GpuDevice(Model):
    """One visible GPU over the fit window; what NVML could not tell is ``None``, never 0.

    ``..._before`` is before the job first used it. ``throttle`` gives for each reason that was
    seen the share of the samples in which it was active; ``{}`` is "never any".
    """

    index: int
    uuid: str
    name: str
    compute_capability: Optional[str] = None
    utilisation_percent: Optional[float] = None
    utilisation_before_percent: Optional[float] = None
    memory_before_bytes: Optional[int] = None
    memory_peak_bytes: Optional[int] = None
    memory_total_bytes: Optional[int] = None
    power_mean_w: Optional[float] = None
    energy_j: Optional[float] = None
    energy_source: Optional[Literal["counter", "power"]] = None
    temperature_mean_c: Optional[float] = None
    temperature_max_c: Optional[float] = None
    sm_clock_mean_mhz: Optional[float] = None
    sm_clock_busy_mhz: Optional[float] = None
    sm_clock_max_mhz: Optional[float] = None
    throttle: Optional[Dict[str, float]] = None
    foreign_processes: Optional[int] = None
    foreign_processes_before: Optional[int] = None
    foreign_memory_bytes: Optional[int] = None
    used: bool = False


class GpuUse(Model):
    """All visible GPUs. ``state`` says why there are none: a normal, recorded state."""

    state: Literal["no-driver", "no-devices", "hidden", "ok", "lost"]
    detail: str = ""
    driver: Optional[str] = None
    devices: List[GpuDevice] = []


class MemoryUse(Model):
    """Peak resident memory of the job's processes, the sampler left out."""

    rss_peak_bytes: Optional[int] = Field(default=None, ge=0)


class SamplerFacts(Model):
    """How well the sampler kept its rate over the fit window."""

    interval_target_s: float = Field(gt=0)
    interval_median_s: Optional[float] = None
    samples: int = Field(ge=0)
    problem: Optional[str] = None


class Attestation(Model):
    """What the live process really was: versions, libraries mapped, device, framework facts.

    ``libraries`` are file names to paths, ``library_versions`` file names to what those that can
    tell report of themselves. ``framework`` is each tool's own, but for the names that the harness
    compares with pins and settings: docs/backends.md lists them.
    """

    python: str
    packages: Dict[str, str] = {}
    libraries: Dict[str, str] = {}
    library_versions: Dict[str, str] = {}
    device: str = ""
    framework: Dict[str, Any] = {}


class Isolation(Model):
    """What the job could see and do, read from inside (Linux /proc).

    ``nvml_gpus``: UUIDs of the GPUs that NVML shows; ``None`` where no NVML answers.
    """

    uid: int
    gid: int
    capabilities_effective: Optional[str] = Field(default=None, pattern=r"^[0-9a-fA-F]{1,32}$")
    no_new_privileges: Optional[bool] = None
    seccomp: Optional[bool] = None
    root_read_only: Optional[bool] = None
    network_interfaces: List[str] = []
    memory_limit_bytes: Optional[int] = None
    pids_limit: Optional[int] = None
    nvidia_device_files: List[str] = []
    nvml_gpus: Optional[List[str]] = None


class Host(Model):
    """The machine, as seen from the job."""

    machine: str
    kernel: str
    cpu_model: str
    logical_cores: int
    memory_bytes: int


class Measurement(Model):
    """Everything a runner that reached its end has to say."""

    phases: Phases
    epochs: List[Epoch]
    learning: Learning
    cpu: CpuUse
    gpu: GpuUse
    memory: MemoryUse
    sampler: SamplerFacts
    attestation: Attestation
    isolation: Isolation
    host: Host
