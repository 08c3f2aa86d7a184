"""The CPU and memory meters: exact on made counters, and against real loads on the real kernel."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from runner.calibrate import DUTY_20, SPIN, Calibration, calibrate
from runner.contract.measurement import CpuUse
from runner.contract.samples import Samples, core_column, read_samples
from runner.meters.cpu import CpuReader, visible_cores
from runner.meters.cpu_figures import cpu_use, memory_use, sampler_facts
from runner.meters.memory import ProcessTree


def made(
    loads: list[Callable[[float], float]], end_s: float, interval_s: float = 0.1, tick_s: float = 0
) -> Samples:
    """Samples from t=0 to end of cores whose cumulative busy seconds are functions of time."""
    times = [number * interval_s for number in range(round(end_s / interval_s) + 1)]
    columns: dict[str, list] = {"t_s": list(times)}
    for core, load in enumerate(loads):
        values = [load(moment) for moment in times]
        if tick_s:
            values = [int(value / tick_s + 1e-9) * tick_s for value in values]
        columns[core_column(core)] = list(values)
    columns["steal_s"] = [moment / 4 for moment in times]
    columns["job_cpu_s"] = [2 * moment for moment in times]
    columns["rss_bytes"] = [1000 * number for number in range(len(times))]
    return Samples(columns, times, interval_s, list(range(len(loads))))


def duty(share: float, period_s: float = 0.1, phase_s: float = 0.0) -> Callable[[float], float]:
    """Cumulative busy seconds of a core that works for the first ``share`` of every period."""

    def busy(moment_s: float) -> float:
        periods, rest = divmod(moment_s + phase_s, period_s)
        return periods * share * period_s + min(rest, share * period_s)

    return busy


# --- exactness, on made counters -------------------------------------------------------------


def test_one_full_core_is_one_cpu_at_100_percent() -> None:
    use = cpu_use(made([duty(1), duty(0), duty(0), duty(0)], 12), 1, 11)
    assert use.busy_cores == 1
    assert use.busiest_core_percent == pytest.approx(100)
    assert use.visible_cores == 4
    assert use.job_cpu_s == pytest.approx(20)
    assert use.host_cpu_s == pytest.approx(10)
    assert use.steal_s == pytest.approx(2.5)
    assert use.interval_s == pytest.approx(1)


@pytest.mark.parametrize("cores", [1, 2, 8, 64])
@pytest.mark.parametrize("period_s", [0.013, 0.05, 0.1, 0.25])
def test_duty_cycle_of_20_percent_is_not_read_as_more(cores: int, period_s: float) -> None:
    """The mean of the busiest core must not drift upward with the number of cores."""
    loads = [duty(0.2, period_s, phase_s=period_s * core / cores) for core in range(cores)]
    use = cpu_use(made(loads, 12, tick_s=0.01), 1, 11)
    assert use.busy_cores == cores
    assert use.busiest_core_percent is not None
    assert 18 <= use.busiest_core_percent <= 24


@pytest.mark.parametrize(("share", "expected"), [(0.09, 0), (0.11, 2)])
def test_a_core_counts_from_10_percent_on(share: float, expected: int) -> None:
    assert cpu_use(made([duty(share), duty(share)], 12), 1, 11).busy_cores == expected


def test_busy_cores_is_a_median_and_busiest_a_mean_over_intervals() -> None:
    # Core 0 works for all 10 s, core 1 for the first 3 s only, then core 0 halves its load.
    loads = [lambda t: min(t, 6) + 0.5 * max(0, t - 6), lambda t: min(t, 3)]
    use = cpu_use(made(loads, 10), 0, 10)
    assert use.busy_cores == 1
    assert use.busiest_core_percent == pytest.approx(80)


def test_window_edges_are_cut_between_samples() -> None:
    """Load before and after the window must not leak into it."""
    load = lambda t: min(t, 2.03) + max(0.0, t - 7.07)  # noqa: E731
    use = cpu_use(made([load], 10, interval_s=0.01), 2.03, 7.07)
    assert use.busy_cores == 0
    assert use.host_cpu_s == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(
    ("length_s", "interval_s"), [(0.5, None), (1.0, 0.5), (2.0, 0.5), (3.0, 1.0), (9.6, 0.96)]
)
def test_interval_follows_the_window_and_too_short_says_nothing(length_s, interval_s) -> None:
    use = cpu_use(made([duty(1)], 20), 2, 2 + length_s)
    assert use.interval_s == (pytest.approx(interval_s) if interval_s else None)
    assert (use.busy_cores is None) == (interval_s is None)
    assert use.job_cpu_s == pytest.approx(2 * length_s)  # seconds are exact at any length


def test_window_that_was_not_sampled_to_its_end_says_nothing() -> None:
    samples = made([duty(1)], 5)
    assert cpu_use(samples, 1, 5.05).busy_cores == 1
    assert cpu_use(samples, 1, 8) == CpuUse(visible_cores=1)
    assert cpu_use(samples, -1, 4) == CpuUse(visible_cores=1)


def test_gaps_lengthen_the_interval_and_a_gap_over_all_says_nothing() -> None:
    slow = made([duty(1)], 100, interval_s=2)
    assert cpu_use(slow, 10, 30).interval_s == 2
    assert cpu_use(slow, 10.5, 11.9).busy_cores is None


def test_missing_column_is_not_a_zero() -> None:
    samples = made([duty(1)], 5)
    samples = replace(samples, columns={**samples.columns, "job_cpu_s": [None] * 51})
    use = cpu_use(samples, 1, 4)
    assert use.job_cpu_s is None
    assert use.busy_cores == 1


def test_no_samples_at_all() -> None:
    nothing = read_samples(Path("/nowhere/samples.csv"))
    assert cpu_use(nothing, 0, 10).busy_cores is None
    assert memory_use(nothing, 0, 10).rss_peak_bytes is None
    assert sampler_facts(nothing, 0, 10).samples == 0
    assert sampler_facts(nothing, 0, 10).interval_median_s is None


def test_memory_peak_and_sampler_facts_are_of_the_window() -> None:
    samples = made([duty(1)], 10)
    assert memory_use(samples, 2, 4).rss_peak_bytes == 40_000
    facts = sampler_facts(samples, 2, 4)
    assert facts.samples == 21
    assert facts.interval_median_s == pytest.approx(0.1)


def test_proc_stat_fields(tmp_path: Path) -> None:
    """Busy leaves out idle, iowait, steal; guest is part of user; numbers are not positions."""
    stat = tmp_path / "stat"
    stat.write_text(
        "cpu  9 9 9 9 9 9 9 9 9 9\n"
        "cpu0 100 10 50 7777 333 5 6 40 20 2\n"
        "cpu2 1 0 0 0 0 0 0 2 0 0\n"
        "intr 1 2 3\n"
    )
    tick = os.sysconf("SC_CLK_TCK")
    times = CpuReader([0, 1, 2], stat).read()
    assert times.busy_s == [pytest.approx(171 / tick), None, pytest.approx(1 / tick)]
    assert times.steal_s == pytest.approx(42 / tick)
    assert CpuReader([0], tmp_path / "absent").read().busy_s == [None]


def test_a_core_without_a_count_of_stolen_time_is_not_known(tmp_path: Path) -> None:
    """As kernels before 2.6.11 wrote it; and what is no text does not stop the reading."""
    stat = tmp_path / "stat"
    stat.write_bytes(b"cpu\xff 1\ncpu0 1 2 3 4 5 6 7\ncpu1 1 0 0 0 0 0 0 0\n")
    times = CpuReader([0, 1], stat).read()
    assert times.busy_s == [None, pytest.approx(1 / os.sysconf("SC_CLK_TCK"))]
    assert times.steal_s == 0


@pytest.mark.skipif(not Path("/proc/stat").exists(), reason="no /proc/stat here")
def test_the_kernels_own_counters_are_read() -> None:
    (busy_s,) = CpuReader(visible_cores(0)[:1]).read().busy_s
    assert busy_s is not None
    assert 0 < busy_s < time.clock_gettime(time.CLOCK_BOOTTIME) + 1


def test_cores_of_a_process_that_is_gone_or_of_another_system(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert visible_cores(os.getpid()) == sorted(os.sched_getaffinity(0))
    assert visible_cores(2**22 + 1) == []  # above the kernel's highest number of a process
    monkeypatch.delattr(os, "sched_getaffinity")
    assert visible_cores(0) == []


def test_damaged_samples_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "samples.csv"
    path.write_text("t_s,cpu0_busy_s\n1.0,0.5\n2.0,\nx,y\n3.0\n4.0,1.0,\n5.0,1.5\n6.0,1.")
    samples = read_samples(path)
    assert samples.times == [1.0, 2.0, 5.0]
    assert samples.columns["cpu0_busy_s"] == [0.5, None, 1.5]
    path.write_bytes(b"\x00\xff nonsense\n1,2\n")
    assert read_samples(path).times == []


# --- the process tree, on real processes -----------------------------------------------------


@pytest.mark.alone
def test_job_cpu_counts_living_and_ended_children_but_not_the_sampler() -> None:
    """Truth: the CPU seconds that each process says that it burned."""
    parent = """
import subprocess, sys, time
burn = "import time\\nwhile time.process_time() < %s: pass"
subprocess.run([sys.executable, "-c", burn % 0.6])
living = subprocess.Popen([sys.executable, "-c", burn % 0.5 + "\\ntime.sleep(60)"])
other = subprocess.Popen([sys.executable, "-c", burn % 3 + "\\ntime.sleep(60)"])
print(other.pid, flush=True)
sys.stdin.read()
living.kill(), other.kill()
"""
    process = subprocess.Popen(
        [sys.executable, "-c", parent], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        excluded = int(process.stdout.readline())
        tree = ProcessTree(process.pid, exclude=excluded)
        deadline = time.monotonic() + 120
        while (tree.read().cpu_s or 0) < 1.05 and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(0.5)
        use = tree.read()
        assert use.cpu_s is not None
        assert 1.05 <= use.cpu_s < 1.5  # 0.6 + 0.5, to a tick each, and the start-up
        assert use.rss_bytes is not None
        assert use.rss_bytes >= psutil.Process(process.pid).memory_info().rss
    finally:
        process.communicate()
    assert not tree.alive()


# --- calibration loads, on the real kernel -----------------------------------------------------

TRIES = 5
QUIET_SHARE = 0.06


def calibrate_quietly(load: str, out: Path) -> Calibration:
    """A calibration, again while others work on this machine, up to some tries."""
    for _ in range(TRIES):
        found = calibrate(load, out)
        print(found)  # noqa: T201
        if found.foreign < QUIET_SHARE:
            return found
    check_job_cpu(found)
    pytest.skip(f"others used {found.foreign:.2f} cores in each of {TRIES} tries")


def check_job_cpu(found: Calibration) -> None:
    """The job here is the test's own process tree: its loads, and the sleeping test."""
    assert found.cpu.job_cpu_s is not None
    assert found.cpu.job_cpu_s / found.seconds == pytest.approx(sum(found.truth), abs=0.05)


needs_linux = pytest.mark.skipif(not Path("/proc/stat").exists(), reason="no /proc/stat here")


@pytest.mark.alone
@needs_linux
def test_one_spinning_thread_is_one_cpu_at_about_100(tmp_path: Path) -> None:
    found = calibrate_quietly(SPIN, tmp_path / "samples.csv")
    check_job_cpu(found)
    assert found.cpu.busy_cores == 1
    assert found.cpu.busiest_core_percent is not None
    assert max(97, 100 * max(found.truth) - 2) <= found.cpu.busiest_core_percent <= 100


@pytest.mark.alone
@needs_linux
def test_loads_at_20_percent_are_as_many_cpus_at_about_20(tmp_path: Path) -> None:
    found = calibrate_quietly(DUTY_20, tmp_path / "samples.csv")
    use, truth, foreign = found.cpu, found.truth, found.foreign
    check_job_cpu(found)
    assert use.busiest_core_percent is not None
    assert all(0.15 < share < 0.25 for share in truth), "the load itself is off"
    assert 100 * max(truth) - 2 <= use.busiest_core_percent
    assert use.busiest_core_percent <= 100 * max(truth) + 4 + 100 * foreign
    assert use.busy_cores == len(truth)
