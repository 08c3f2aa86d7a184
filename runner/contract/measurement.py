"""What one job measured: the parts of a result that a runner that reached its end fills in.

Units are in the names. What was not measured is ``None``, never 0. docs/definitions.md defines
every figure that reaches a table.
"""

from __future__ import annotations

from typing import Dict, List, Optional

from pydantic import Field
from typing_extensions import Literal

from runner.contract.device_peak import Peak
from runner.contract.rank import MOST_RANKS, Rank, Sha256
from runner.contract.schema import (
    Count,
    Duration,
    Model,
    Number,
    Ordinal,
    Plain,
    Seconds,
    Whole,
)
from runner.contract.work_and_score import Lap, Proof, Score, Work


class Phases(Model):
    """Wall-clock seconds of the job's phases, in their order.

    ``compile_s`` is what a tool compiles before the first step when it can be told apart from
    training (Theano); elsewhere it is ``None`` and part of the first epoch. ``proof_s`` follows
    ``total_s``, which leaves it out: the judge's second opinion on what was trained, and the peaks
    of the devices. Of a game ``fit_s`` has parts: ``env_s`` is the game and the memory of it,
    ``act_s`` Q of the states that are played in, ``learn_s`` the updates with what they aim at.
    """

    import_s: Seconds
    load_s: Seconds
    build_s: Seconds
    compile_s: Optional[Seconds] = None
    fit_s: Duration
    evaluate_s: Seconds
    total_s: Duration
    proof_s: Optional[Seconds] = None
    env_s: Optional[Seconds] = None
    act_s: Optional[Seconds] = None
    learn_s: Optional[Seconds] = None


class CpuUse(Model):
    """Cores over the fit window: see docs/definitions.md for CPUs and CPU1.

    ``quota_cores``: seconds of CPU time a second that a control group of the job allows, ``None``
    is no limit. Its kernel counted ``quota_periods`` (of 0.1 s by default) in which the job ran,
    stopped it in ``throttled_periods`` of them, for ``throttled_s`` seconds summed over cores.
    """

    visible_cores: Ordinal
    busy_cores: Optional[float] = Field(default=None, ge=0, le=1e9)
    busiest_core_percent: Optional[float] = Field(default=None, ge=0, le=100)
    job_cpu_s: Optional[Seconds] = None
    host_cpu_s: Optional[Seconds] = None
    steal_s: Optional[Seconds] = None
    interval_s: Optional[Duration] = None
    quota_cores: Optional[Duration] = None
    quota_periods: Optional[Count] = None
    throttled_periods: Optional[Count] = None
    throttled_s: Optional[Seconds] = None


class GpuDevice(Model):
    """One visible GPU over the fit window; what NVML could not tell is ``None``, never 0.

    ``utilisation_source``: of NVML's own periods, or of readings, which look back up to a second.
    ``..._before`` is before the job first used it. ``throttle`` gives for each reason that was
    seen the share of the samples in which it was active; ``{}`` is "never any".
    """

    index: Whole
    uuid: str
    name: str
    compute_capability: Optional[str] = None
    utilisation_percent: Optional[Number] = None
    utilisation_source: Optional[Literal["periods", "readings"]] = None
    utilisation_before_percent: Optional[Number] = None
    memory_before_bytes: Optional[Whole] = None
    memory_peak_bytes: Optional[Whole] = None
    memory_total_bytes: Optional[Whole] = None
    power_mean_w: Optional[Number] = None
    energy_j: Optional[Number] = None
    energy_source: Optional[Literal["counter", "power"]] = None
    temperature_mean_c: Optional[Number] = None
    temperature_max_c: Optional[Number] = None
    sm_clock_mean_mhz: Optional[Number] = None
    sm_clock_busy_mhz: Optional[Number] = None
    sm_clock_max_mhz: Optional[Number] = None
    throttle: Optional[Dict[str, Number]] = None
    foreign_processes: Optional[Whole] = None
    foreign_processes_before: Optional[Whole] = None
    foreign_memory_bytes: Optional[Whole] = None
    used: bool = False


class GpuUse(Model):
    """All visible GPUs. ``state`` says why there are none: a normal, recorded state."""

    state: Literal["no-driver", "no-devices", "hidden", "ok", "lost"]
    detail: str = ""
    driver: Optional[str] = None
    devices: List[GpuDevice] = []


class MemoryUse(Model):
    """Peak resident memory of the job's processes, the sampler left out."""

    rss_peak_bytes: Optional[Count] = None


class SamplerFacts(Model):
    """How well the sampler kept its rate over the fit window."""

    interval_target_s: Duration
    interval_median_s: Optional[Number] = None
    samples: Count
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
    framework: Dict[str, Plain] = {}


class Isolation(Model):
    """What the job could see and do, read from inside (Linux /proc).

    ``nvml_gpus``: UUIDs of the GPUs that NVML shows; ``None`` where no NVML answers.
    """

    uid: Whole
    gid: Whole
    capabilities_effective: Optional[str] = Field(default=None, pattern=r"^[0-9a-fA-F]{1,32}$")
    no_new_privileges: Optional[bool] = None
    seccomp: Optional[bool] = None
    root_read_only: Optional[bool] = None
    network_interfaces: List[str] = []
    memory_limit_bytes: Optional[Whole] = None
    pids_limit: Optional[Whole] = None
    nvidia_device_files: List[str] = []
    nvml_gpus: Optional[List[str]] = None


class Host(Model):
    """The machine, as seen from the job."""

    machine: str
    kernel: str
    cpu_model: str
    logical_cores: Whole
    memory_bytes: Whole


class Measurement(Model):
    """Everything a runner that reached its end has to say.

    ``marks``: when the judge heard that each phase began, and ``begin``, ``fit_end`` and ``end``,
    in seconds of CLOCK_MONOTONIC, which samples.csv and the harness share. ``peaks``: of the
    devices that were used, as far as they could be measured. ``ranks``: of a job whose strategy is
    ``data-parallel``, what each of them says of itself; else empty. ``weights_sha256``: of the
    trained weights that the judge was given and has its score from, where there are ranks.
    """

    phases: Phases
    marks: Dict[str, Number] = {}
    laps: List[Lap] = []
    work: Work
    score: Score
    proofs: List[Proof] = []
    cpu: CpuUse
    gpu: GpuUse
    memory: MemoryUse
    sampler: SamplerFacts
    attestation: Attestation
    isolation: Isolation
    host: Host
    peaks: List[Peak] = []
    ranks: List[Rank] = Field(default=[], max_length=MOST_RANKS)
    weights_sha256: Optional[Sha256] = None

    def proof(self, name: str) -> Optional[Proof]:
        """The proof of this name, if there is one."""
        return next((proof for proof in self.proofs if proof.name == name), None)
