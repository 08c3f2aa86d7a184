"""GPU figures of a window: pure functions of made samples."""

from __future__ import annotations

import pytest

from runner.contract.measurement import GpuDevice
from runner.contract.samples import Samples
from runner.meters.gpu_figures import gpu_use
from runner.meters.nvml import IDLE, UNKNOWN_REASON, throttle_shares

GIB = 2**30


def samples(state: str = "ok", **columns: list[float | None]) -> Samples:
    """One second apart from t=0; columns as ``gpu0_util_percent=[...]``."""
    length = max(map(len, columns.values()))
    gpus = sorted({name.split("_")[0] for name in columns})
    devices = [
        {"index": number, "uuid": f"GPU-{number}", "name": "K80", "memory_total_bytes": 12 * GIB}
        for number in range(len(gpus))
    ]
    return Samples(
        columns=dict(columns),
        times=[float(number) for number in range(length)],
        interval_target_s=1.0,
        gpu={"state": state, "detail": "d", "driver": "535", "devices": devices},
    )


def test_zeros_count_missing_does_not_and_the_window_cuts() -> None:
    made = samples(
        gpu0_util_percent=[90, 0, 100, None, 50, 0, 99],
        gpu0_power_w=[1, 50, 60, None, 70, 80, 1],
        gpu0_memory_bytes=[GIB, GIB, 2 * GIB, 3 * GIB, 2 * GIB, GIB, 9 * GIB],
    )
    (device,) = gpu_use(made, 0.5, 5.5).devices
    assert device.utilisation_percent == pytest.approx(150 / 4)
    assert device.power_mean_w == pytest.approx(65)
    assert device.memory_peak_bytes == 3 * GIB
    assert device.memory_total_bytes == 12 * GIB
    assert device.used


def test_not_available_is_none_and_never_zero() -> None:
    none: list[float | None] = [None] * 5
    made = samples(gpu0_util_percent=none, gpu0_power_w=none, gpu0_memory_bytes=none)
    (device,) = gpu_use(made, 0, 4).devices
    assert device.utilisation_percent is None
    assert device.power_mean_w is None
    assert device.memory_peak_bytes is None
    assert not device.used


def test_used_is_evidence_of_work_and_of_memory() -> None:
    """TensorFlow takes memory on all GPUs and works on one; a neighbour works, not with us."""
    grown: list[float | None] = [0.1 * GIB, 5 * GIB, 5 * GIB, 5 * GIB]
    flat: list[float | None] = [7 * GIB] * 4
    made = samples(
        gpu0_util_percent=[0, 60, 70, 0],
        gpu0_memory_bytes=grown,
        gpu1_util_percent=[0, 0, 0, 0],
        gpu1_memory_bytes=grown,
        gpu2_util_percent=[99, 99, 99, 99],
        gpu2_memory_bytes=flat,
        gpu3_util_percent=[None] * 4,
        gpu3_memory_bytes=grown,
    )
    used = [device.used for device in gpu_use(made, 0.5, 3.5).devices]
    assert used == [True, False, False, True]


def only(made: Samples, start: float, end: float) -> GpuDevice:
    (device,) = gpu_use(made, start, end).devices
    return device


def test_energy_is_the_counters_growth_and_else_integrated_power() -> None:
    power: list[float | None] = [0, 100, 100, 300, 300]
    counter: list[float | None] = [5000, 5050, 5150, 5400, 5700]
    made = samples(gpu0_power_w=power, gpu0_energy_j=counter)
    device = only(made, 1, 4)
    assert (device.energy_j, device.energy_source) == (pytest.approx(650), "counter")
    device = only(samples(gpu0_power_w=power), 0.5, 3.5)
    assert (device.energy_j, device.energy_source) == (
        pytest.approx(37.5 + 100 + 200 + 150),
        "power",
    )
    still: list[float | None] = [7] * 5
    assert only(samples(gpu0_power_w=power, gpu0_energy_j=still), 0, 1).energy_source == "power"
    device = only(samples(gpu0_util_percent=power), 1, 4)
    assert (device.energy_j, device.energy_source) == (None, None)
    # A window that was not sampled to its end has no energy, rather than a part of it.
    assert only(made, 1, 9).energy_j is None


def test_clocks_temperature_and_throttle_reasons() -> None:
    made = samples(
        gpu0_util_percent=[0, 0, 80, 90, 0, None],
        gpu0_sm_clock_mhz=[300, 300, 1900, 1700, 500, 9],
        gpu0_temperature_c=[30, 31, 60, 71, 65, 99],
        gpu0_throttle_mask=[1, 1, 0x4, 0x4 | 0x20, 1, UNKNOWN_REASON],
    )
    device = only(made, 1, 4)
    assert device.sm_clock_mean_mhz == 1100
    assert device.sm_clock_busy_mhz == 1800
    assert (device.temperature_mean_c, device.temperature_max_c) == (56.75, 71)
    assert device.throttle == {IDLE: 0.5, "SW power cap": 0.5, "SW thermal slowdown": 0.25}
    assert throttle_shares([0, UNKNOWN_REASON]) == {"unknown": 0.5}
    assert throttle_shares([0, 0]) == {}
    assert only(samples(gpu0_util_percent=[1, 1]), 0, 1).throttle is None


def test_busy_before_ends_with_the_jobs_first_memory() -> None:
    """In the first second NVML looks back; at 4 s the job holds memory, and may have worked."""
    none: list[float | None] = [None] * 6
    made = samples(
        gpu0_util_percent=[99, 40, 50, 99, 100, 100, 100, 100],
        gpu0_memory_bytes=[GIB, GIB, GIB, GIB, 2 * GIB, 2 * GIB, 2 * GIB, 2 * GIB],
    )
    device = only(made, 6, 7)
    assert device.utilisation_before_percent == 45
    assert device.memory_before_bytes == GIB
    idle = samples(gpu0_util_percent=[9, 0, 0, 0, 90, 90], gpu0_memory_bytes=none)
    assert only(idle, 4, 5).utilisation_before_percent == 0
    at_once = samples(gpu0_util_percent=[90] * 6, gpu0_memory_bytes=none)
    assert only(at_once, 1, 5).utilisation_before_percent is None


def test_foreign_processes_of_the_window_and_of_the_start() -> None:
    made = samples(gpu0_foreign_processes=[3, None, 1, None, None, 0, None, 5])
    made.gpu["foreign_at_start"] = [{"processes": 3, "memory_bytes": 7}]
    device = only(made, 2.5, 6)
    assert (device.foreign_processes, device.foreign_processes_before) == (1, 3)
    assert device.foreign_memory_bytes == 7
    assert only(samples(gpu0_util_percent=[1, 1]), 0, 1).foreign_processes is None


def test_lost_stays_lost_with_what_was_read_before() -> None:
    made = samples("lost", gpu0_util_percent=[50, 50, 50, None])
    use = gpu_use(made, 0, 2)
    assert (use.state, use.detail, use.driver) == ("lost", "d", "535")
    assert use.devices[0].utilisation_percent == 50


def test_too_short_a_window_has_no_utilisation() -> None:
    made = samples(gpu0_util_percent=[50, 50, 50], gpu0_power_w=[9, 9, 9])
    (device,) = gpu_use(made, 0.5, 1.2).devices
    assert device.utilisation_percent is None
    assert device.power_mean_w == 9
