"""What was allotted is a limit: recorded, a default, or a refusal with one line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from types import SimpleNamespace

import psutil
import pytest
from checking import case

from harness.allotment import batch, core_grant, grant, own_cgroup
from harness.campaign import allotted, checked
from harness.campaign.plan import Configuration, Options
from harness.checks import machine
from harness.errors import UsageError
from harness.hosts import idle
from harness.launchers import share
from harness.launchers.launcher import Order, Prepared
from runner.contract.job import Pins
from runner.contract.result import Allotment, Result

GIB = 2**30
STATED = (
    *batch.CORES,
    *("SLURM_MEM_PER_NODE", "SLURM_MEM_PER_CPU", "SLURM_STEP_GPUS", "SLURM_JOB_GPUS"),
    *("CUDA_VISIBLE_DEVICES", "NVIDIA_VISIBLE_DEVICES", "OMP_NUM_THREADS"),
)


@pytest.fixture(autouse=True)
def nothing_stated(monkeypatch):
    for name in STATED:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def eight_cores(monkeypatch):
    """A machine of eight cores, all ours and all idle, with no quota and no limit on memory."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(8)))
    monkeypatch.setattr(psutil, "cpu_count", lambda logical: 8)
    monkeypatch.setattr(psutil, "cpu_percent", lambda interval, percpu: [0.0] * 8)
    monkeypatch.setattr(own_cgroup, "quota_cores", lambda: None)
    monkeypatch.setattr(own_cgroup, "memory_bytes", lambda: None)


def read_by_another(code, **start):
    """What a process of its own prints as JSON."""
    env = {name: value for name, value in os.environ.items() if name not in STATED}
    env |= start.pop("env", {})
    command = [*start.pop("before", []), sys.executable, "-c", code]
    return json.loads(subprocess.check_output(command, text=True, env=env, **start))


READ = "from harness.allotment import grant; print(grant.read().model_dump_json())"


def test_affinity_for_real():
    core = max(os.sched_getaffinity(0))
    found = read_by_another(READ, before=["taskset", "-c", str(core)])
    if psutil.cpu_count() == 1:
        pytest.skip("this machine has one core: nothing can be kept from a process")
    assert found["cores"] == [core]
    assert found["sources"]["cores"] == "CPU affinity"


def test_ulimit_for_real():
    code = (
        f"import resource\nresource.setrlimit(resource.RLIMIT_AS, ({2 * GIB}, {2 * GIB}))\n" + READ
    )
    found = read_by_another(code)
    assert found["memory_bytes"] == 2 * GIB
    assert found["sources"]["memory_bytes"] == "ulimit -v"


@pytest.mark.parametrize("name", batch.CORES)
def test_a_batch_systems_number_for_real(name):
    found = read_by_another(READ, env={name: "1", "OPENBLAS_NUM_THREADS": "1"})
    if psutil.cpu_count() == 1:
        pytest.skip("this machine has one core: nothing can be kept from a process")
    assert len(found["cores"]) == 1
    assert found["sources"]["cores"] == name


@pytest.mark.parametrize(
    ("stated", "count"),
    [
        ({"SLURM_JOB_CPUS_PER_NODE": "4(x2)"}, 4),
        ({"SLURM_JOB_CPUS_PER_NODE": "6(x2),5"}, 5),
        ({"SLURM_JOB_CPUS_PER_NODE": "6", "SLURM_CPUS_PER_TASK": "2"}, 2),
        ({"NSLOTS": "64"}, 8),
        ({"NSLOTS": "0"}, 8),
        ({"NSLOTS": "many"}, 8),
        ({}, 8),
    ],
)
def test_numbers_of_batch_systems(eight_cores, stated, count):
    assert core_grant.count(stated) == count


def test_a_quota_gives_as_many_cores_as_it_fills(eight_cores, monkeypatch):
    monkeypatch.setattr(own_cgroup, "quota_cores", lambda: 2.5)
    found = grant.read()
    assert (found.cores, found.quota_cores) == ([0, 1, 2], 2.5)
    assert found.sources["cores"] == "CPU quota of the control group"
    monkeypatch.setattr(own_cgroup, "quota_cores", lambda: 8.0)
    assert grant.read().cores is None


def test_a_number_names_no_cores_the_idlest_are_taken(eight_cores, monkeypatch):
    monkeypatch.setenv("NSLOTS", "3")
    load = [90.0, 0.0, 95.0, 80.0, 3.0, 2.0, 0.0, 50.0]
    monkeypatch.setattr(psutil, "cpu_percent", lambda interval, percpu: load)
    assert grant.read().cores == [4, 5, 6]


@pytest.mark.parametrize(
    ("stated", "size"),
    [
        ({"SLURM_MEM_PER_NODE": "2048"}, 2 * GIB),
        ({"SLURM_MEM_PER_CPU": "512"}, 4 * GIB),
        ({"SLURM_MEM_PER_NODE": "0"}, None),  # Slurm's word for all there is
        ({"SLURM_MEM_PER_NODE": "4096", "SLURM_MEM_PER_CPU": "100"}, 800 * 2**20),
    ],
)
def test_memory_of_batch_systems(stated, size):
    found = batch.memory_bytes(stated, 8)
    assert (found and found[0]) == size


def test_the_lowest_limit_on_memory_counts(monkeypatch):
    monkeypatch.setattr(own_cgroup, "memory_bytes", lambda: 3 * GIB)
    monkeypatch.setenv("SLURM_MEM_PER_NODE", "1024")
    assert grant.memory_limit(1) == (GIB, "SLURM_MEM_PER_NODE")
    monkeypatch.setenv("SLURM_MEM_PER_NODE", str(2**40))
    assert grant.memory_limit(1) == (3 * GIB, "memory limit of the control group")


# A request


def test_more_threads_than_cores_are_refused_or_skipped(eight_cores, monkeypatch):
    options = Options(backends=["tf"], threads=[2, 64])
    # Nothing was allotted: a user may overload a machine of his own.
    assert len(checked.combined(options).configurations) == 2
    monkeypatch.setenv("SLURM_CPUS_PER_TASK", "2")
    line = r"--threads 64 is more than was allotted: 2 cores \(SLURM_CPUS_PER_TASK\)"
    with pytest.raises(UsageError, match=line):
        checked.combined(options)
    question = checked.combined(options.model_copy(update={"unsupported": "skip"}))
    assert [sound.threads for sound in question.configurations] == [2]
    assert "more than was allotted" in question.skipped[0].reason


def test_a_campaign_that_goes_on_within_less_is_refused(eight_cores, monkeypatch):
    monkeypatch.setenv("NSLOTS", "1")
    needed = [Configuration(backend="tf", device="cpu", threads=2)]
    with pytest.raises(UsageError, match=r"2 is more than was allotted: 1 core \(NSLOTS\)"):
        allotted.within(Options(backends=["tf"], threads=[2]), needed, lambda line: None)


def test_more_memory_is_refused(eight_cores, monkeypatch):
    monkeypatch.setattr(own_cgroup, "memory_bytes", lambda: GIB)
    asked = Options(backends=["tf"], memory_limit_bytes=2 * GIB)
    line = r"--memory 2 is more than was allotted: 1 GiB \(memory limit of the control group\)"
    with pytest.raises(UsageError, match=line):
        allotted.within(asked, [], lambda line: None)
    within = asked.model_copy(update={"memory_limit_bytes": GIB // 2})
    said: list[str] = []
    options, found = allotted.within(within, [], said.append)
    assert (options, found.memory_bytes) == (within, GIB)
    assert said == ["allotted: 1 GiB of memory (memory limit of the control group)"]


def test_a_number_of_threads_that_jobs_do_not_follow_is_told(eight_cores, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "4")
    said: list[str] = []
    allotted.within(Options(backends=["tf"]), [], said.append)
    assert len(said) == 1
    assert said[0].startswith("note: OMP_NUM_THREADS=4 is not given to jobs")
    said.clear()
    allotted.within(Options(backends=["tf"], threads=[4]), [], said.append)
    assert said == []


# A container


@pytest.fixture
def given(make_result, tmp_path):
    """What a container is started with, within such an allotment."""

    def of(allotment, info=None, memory=None):
        job = make_result().job
        prepared = Prepared(job.provenance, Pins(), python="python")
        order = Order(job, prepared, tmp_path, {}, tmp_path, timeout_s=1.0,
                      memory_limit_bytes=memory, allotment=allotment)  # fmt: skip
        return share.options(order, {"MemTotal": 10 * GIB, "NCPU": 8, **(info or {})})

    return of


def test_nothing_allotted_leaves_the_machine(given):
    assert set(given(Allotment())) == {"mem_limit", "memswap_limit"}
    assert given(Allotment())["mem_limit"] == pytest.approx(9 * GIB, abs=4096)


def test_each_limit_is_passed_on(given):
    allotment = Allotment(cores=[2, 3, 5], quota_cores=2.5, memory_bytes=GIB)
    options = given(allotment)
    assert options["cpuset_cpus"] == "2,3,5"
    assert options["nano_cpus"] == 2_500_000_000
    assert options["mem_limit"] == options["memswap_limit"]
    assert options["mem_limit"] == pytest.approx(0.9 * GIB, abs=4096)
    assert given(allotment, memory=GIB // 4)["mem_limit"] == GIB // 4


@pytest.mark.parametrize("info", [{"NCPU": 3}, {"CPUSet": False}, {"NCPU": None}])
def test_an_engine_that_cannot_choose_these_cores_gets_a_quota(given, info):
    assert given(Allotment(cores=[0]), {"NCPU": None})["nano_cpus"] == 1_000_000_000
    options = given(Allotment(cores=[2, 3]), info)
    assert "cpuset_cpus" not in options
    assert options["nano_cpus"] == 2_000_000_000


def test_a_limit_is_whole_pages_as_the_kernel_has_it(given):
    assert given(Allotment(), memory=GIB + 5)["mem_limit"] == GIB


def test_a_limit_never_rounds_to_none(given):
    assert given(Allotment(), memory=100)["mem_limit"] == 4096  # 0 would be no limit at all


def test_a_job_that_saw_more_cores_says_so(make_result):
    result = make_result(measurement={"cpu": {"visible_cores": 4}})

    def found(allotment):
        return list(machine.allotted_cores(case(result, allotment=allotment)))

    (finding,) = found(Allotment(cores=[0, 1], sources={"cores": "NSLOTS"}))
    assert (finding.code, finding.severity) == ("beyond-allotment", "suspect")
    assert "2 cores were allotted (NSLOTS), the job saw 4" in finding.evidence
    assert found(Allotment()) == []
    assert found(Allotment(cores=[0, 1, 2, 3])) == []
    assert found(None) == []


def test_results_hold_it_and_older_ones_do_not(make_result):
    allotment = {"cores": [0], "sources": {"cores": "CPU affinity"}}
    result = make_result(launch={"allotment": allotment})
    again = Result.model_validate_json(result.model_dump_json())
    assert again.launch.allotment.cores == [0]
    assert make_result().launch.allotment is None


# A local job, and the load that matters


def test_a_local_jobs_processes_run_on_these_cores_and_ours_go_back():
    before = os.sched_getaffinity(0)
    core = max(before)
    with core_grant.only([core]):
        code = "import os; print(sorted(os.sched_getaffinity(0)))"
        said = subprocess.check_output([sys.executable, "-c", code], text=True)
    assert said.strip() == f"[{core}]"
    assert os.sched_getaffinity(0) == before


def test_load_of_other_cores_is_not_waited_for(monkeypatch):
    load = iter([[0.0] * 4, [100.0, 100.0, 4.0, 2.0], [0.0] * 4, [100.0, 100.0, 4.0, 2.0]])
    fake = SimpleNamespace(cpu_percent=lambda percpu: next(load))
    monkeypatch.setattr(idle, "psutil", fake)
    monkeypatch.setattr(idle, "_LOOK_S", 0.0)
    asked = {"cool_down_s": 0.0, "wait_s": 0.0, "gpus": None, "use_gpu": False, "alone": True,
             "say": lambda line: None}  # fmt: skip
    assert idle.wait(**asked, cores=[2, 3]).cpu_percent == 3.0
    assert idle.wait(**asked).reached is False
