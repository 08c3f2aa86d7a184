"""Guards: none on a clean GPU result, and each on exactly the figure that it is about."""

from __future__ import annotations

import pytest
from checking import case

from harness.checks import gpu_conditions, registry
from harness.nvidia import cuda_drivers
from harness.tables import rows
from harness.tables.sections import grouped

GIB = 2**30
CLEAN = {
    "index": 0,
    "uuid": "GPU-0",
    "name": "NVIDIA H100",
    "compute_capability": "9.0",
    "utilisation_percent": 66.0,
    "utilisation_before_percent": 2.0,
    "memory_before_bytes": GIB // 2,
    "memory_peak_bytes": 9 * GIB,
    "memory_total_bytes": 80 * GIB,
    "power_mean_w": 300.0,
    "energy_j": 52_920.0,
    "energy_source": "counter",
    "temperature_max_c": 61.0,
    "sm_clock_busy_mhz": 1900.0,
    "sm_clock_max_mhz": 1980.0,
    "throttle": {"idle": 0.2, "SW power cap": 0.04, "applications clocks setting": 1.0},
    "foreign_processes": 0,
    "foreign_processes_before": 1,
    "used": True,
}
LIVE = {"device": "gpu", "libraries": {"libcudart.so.11.0": "/usr/local/cuda/lib64"}}
IDLE = {"used": False, "utilisation_percent": 0.2}
NEIGHBOUR = {
    **IDLE,
    "utilisation_percent": 99.0,
    "utilisation_before_percent": 99.0,
    "foreign_processes": 3,
    "memory_before_bytes": 40 * GIB,
    "throttle": {"HW slowdown": 1.0},
    "sm_clock_busy_mhz": 200.0,
}


@pytest.fixture
def on_gpu(make_result):
    """A result of a GPU job; keywords change its one GPU, ``others`` adds GPUs."""

    def make(others=(), state="ok", detail="", driver="580.159.04", measurement=None, **changes):
        devices = [{**CLEAN, **changes}, *({**CLEAN, "index": 1, **changed} for changed in others)]
        gpu = {"state": state, "detail": detail, "driver": driver, "devices": devices}
        return make_result(
            job={"device": "gpu", "pins": {"cuda": "11.8"}},
            measurement={"gpu": gpu, "attestation": LIVE, **(measurement or {})},
        )

    return make


def found(result):
    return registry.findings(case(result))


def shared(result, neighbours):
    return list(gpu_conditions.shared_by_the_host(case(result, gpu_neighbours=neighbours)))


def timed(first, steady):
    epochs = [
        {"number": n, "duration_s": first if n == 1 else steady, "loss": 0.1} for n in range(1, 11)
    ]
    return {"laps": epochs, "phases": {"fit_s": first + 9 * steady}}


def test_a_clean_gpu_result_has_no_findings(on_gpu):
    assert found(on_gpu()) == []


def test_what_nvml_did_not_tell_is_no_finding(on_gpu):
    assert found(on_gpu(**dict.fromkeys(set(CLEAN) - {"index", "uuid", "name", "used"}))) == []


def test_a_neighbour_on_a_gpu_that_the_job_does_not_use_is_no_matter(on_gpu):
    assert found(on_gpu(others=[NEIGHBOUR])) == []


@pytest.mark.parametrize(
    ("code", "severity", "changes", "evidence"),
    [
        ("nvml-lost", "invalid", {"state": "lost", "detail": "GPU 0: GPU is lost"}, "is lost"),
        ("gpu-unmeasured", "suspect", {"state": "no-driver", "detail": "x"}, "no-driver: x"),
        ("gpu-idle", "invalid", IDLE, "GPU 0 0.2 %"),
        ("gpu-idle", "invalid", {**IDLE, "others": [NEIGHBOUR]}, "GPU 1 99.0 % by others"),
        ("gpu-throttled", "suspect", {"throttle": {"SW power cap": 0.05}}, "SW power cap in 5%"),
        ("gpu-throttled", "invalid", {"throttle": {"HW slowdown": 0.5}}, "up to 61 °C"),
        ("gpu-throttled", "suspect", {"throttle": {"unknown": 1}}, "unknown in 100%"),
        ("gpu-clocks-low", "suspect", {"sm_clock_busy_mhz": 1180.0}, "1180 MHz while busy, 60%"),
        ("gpu-shared", "invalid", {"foreign_processes": 1}, "1 process of others"),
        ("gpu-shared", "suspect", {"memory_before_bytes": 3 * GIB}, "3.0 GiB were taken before"),
        ("gpu-busy-before", "suspect", {"utilisation_before_percent": 10.0}, "10 % busy before"),
        ("driver-too-old", "suspect", {"driver": "450.51.06"}, "needs 450.80.02 or newer"),
        (
            "first-epoch-jit",
            "suspect",
            {"measurement": timed(30.0, 5.0)},
            "30.0 s, the others 5.0 s; compute capability 9.0",
        ),
        (
            "cpu-steal",
            "suspect",
            {"measurement": {"cpu": {"steal_s": 20.0}}},
            "20.0 s of this machine's CPU time to others in the fit window, 6%",
        ),
    ],
)
def test_each_guard_fires_on_its_own_figure(on_gpu, code, severity, changes, evidence):
    findings = found(on_gpu(**changes))
    assert [finding.code for finding in findings] == [code]
    assert findings[0].severity == severity
    assert evidence in findings[0].evidence
    assert findings[0].advice


@pytest.mark.parametrize(
    ("built", "severity", "words"),
    [
        ([], "suspect", "may lack code"),
        (["7.5", "8.0"], "suspect", "framework lacks code"),
        (["8.0", "9.0"], "info", "has code for this GPU: what it compiled or searched for was its"),
    ],
)
def test_a_slow_first_epoch_is_explained_by_what_the_framework_was_built_for(
    on_gpu, built, severity, words
):
    live = {**LIVE, "framework": {"native_capabilities": built}}
    slow = {**timed(30.0, 5.0), "attestation": live}
    (finding,) = found(on_gpu(measurement=slow))
    assert finding.severity == severity
    assert finding.evidence.endswith(f"has machine code for {', '.join(built)}") == bool(built)
    assert words in finding.advice


def test_what_compiles_all_of_its_code_itself_has_a_slow_first_epoch_of_its_own(on_gpu):
    """JAX as written, on eight cores beside three more, took 45 s for the first, 1.5 s after it."""
    live = {**LIVE, "framework": {"compiler": "XLA"}}
    assert found(on_gpu(measurement={**timed(45.0, 1.5), "attestation": live})) == []


def test_what_the_host_saw_on_a_gpu_counts_where_the_job_used_it(on_gpu):
    """As on an H100 with driver 580: inside the container NVML listed nobody else."""
    result = on_gpu(others=[{**IDLE, "uuid": "GPU-1"}])
    (finding,) = shared(result, {"GPU-0": 2, "GPU-1": 1})
    assert (finding.code, finding.severity) == ("gpu-shared", "invalid")
    assert "2 processes of others while it trained, seen from the host" in finding.evidence
    assert shared(result, {"GPU-0": 0, "GPU-1": 1}) == []
    assert shared(result, None) == []
    told = on_gpu(foreign_processes=1)  # by the sampler: once is enough
    assert shared(told, {"GPU-0": 1}) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"sm_clock_busy_mhz": 1189.0},
        {"memory_before_bytes": 2 * GIB},  # 2.5 % of an 80 GiB GPU may be the driver's own
        {"utilisation_before_percent": 9.9},
        {"driver": "450.80.02"},
        {"driver": "unknown"},
        {"measurement": timed(24.9, 5.0)},
        {"measurement": timed(60.0, 12.5)},
        {"measurement": {"cpu": {"steal_s": 17.0}}},
        {"utilisation_percent": None, "used": False},  # MIG, or too short a window
    ],
    ids=str,
)
def test_just_not(on_gpu, changes):
    assert found(on_gpu(**changes)) == []


def test_a_cpu_job_has_no_gpu_findings(make_result):
    gpu = {"state": "lost", "detail": "x", "devices": [{**CLEAN, **IDLE}]}
    slow_start = {**timed(60.0, 5.0), "gpu": gpu}
    assert found(make_result(measurement=slow_start)) == []


def test_a_sampler_that_broke_is_one_finding_not_two(make_result):
    measurement = {
        "gpu": {"state": "lost", "detail": "the sampler left no record of the GPUs"},
        "sampler": {"problem": "it ended with exit code 1"},
        "attestation": {"device": "gpu"},
    }
    result = make_result(job={"device": "gpu"}, measurement=measurement)
    assert [finding.code for finding in found(result)] == ["sampler-broke"]


@pytest.mark.parametrize(
    "changes", [{"state": "lost", "detail": "GPU is lost"}, IDLE], ids=["lost", "idle"]
)
def test_an_invalid_gpu_row_is_listed_and_never_averaged(on_gpu, changes):
    good, bad = on_gpu(), on_gpu(**changes, measurement={"phases": {"fit_s": 1.0}, "laps": []})
    table = []
    for result in (good, bad):
        findings = [f.model_dump() for f in found(result)]
        table.append(rows.row(result.model_validate({**result.model_dump(), "findings": findings})))
    assert [row.status for row in table] == ["ok", "invalid"]
    (section,) = grouped(table)
    assert [line.values["time_s"] for line in section.lines] == [pytest.approx(176.4, abs=0.05)]
    assert any(bad.run_id in note and "not in the table" in note for note in section.notes)


def test_rows_sum_the_gpus_used(on_gpu):
    second = {"energy_j": 80.0, "power_mean_w": 1.0, "memory_peak_bytes": 10 * GIB}
    row = rows.row(on_gpu(others=[second]))
    assert (row.energy_j, row.power_mean_w, row.energy_source) == (53_000.0, 301.0, "counter")
    assert row.gpu_memory_peak_bytes == 10 * GIB
    assert rows.row(on_gpu(others=[IDLE])).energy_j == 52_920.0
    assert rows.row(on_gpu(others=[{"energy_source": "power"}])).energy_source == (
        "counter and power"
    )


@pytest.mark.parametrize(
    "changes", [{"others": [{"energy_j": None}]}, {"used": False}, {"state": "lost"}], ids=str
)
def test_a_part_of_the_energy_is_no_energy(on_gpu, changes):
    assert rows.row(on_gpu(**changes)).energy_j is None


@pytest.mark.parametrize(
    ("cuda", "driver"),
    [
        ("11.8", "450.80.02"),
        ("11.8.89", "450.80.02"),
        ("12.4", "525"),
        ("13.0", "580"),
        ("10.2", "440.33"),
        ("9.0.176", "384.81"),
        ("99.1", None),
        ("", None),
    ],
)
def test_minimum_drivers(cuda, driver):
    assert cuda_drivers.minimum_driver(cuda) == driver


def test_driver_versions_compare_as_numbers():
    assert cuda_drivers.is_older("99.9", "450.80.02")
    assert cuda_drivers.is_older("450.80.01", "450.80.02")
    assert not cuda_drivers.is_older("525.60.13", "525")
    assert not cuda_drivers.is_older("1000.1", "580")
