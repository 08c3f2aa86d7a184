"""CPU figures at the edges of what they are defined by, on samples made to hit them exactly."""

from __future__ import annotations

import os
from dataclasses import replace
from types import SimpleNamespace

import pytest

from runner.contract.measurement import CpuUse
from runner.contract.samples import Samples, core_column
from runner.meters import cpu_figures
from runner.meters.cpu_figures import cpu_use


def made(load, end_s, interval_s=0.1):
    """Samples of one core, whose busy seconds are a function of time."""
    times = [number * interval_s for number in range(round(end_s / interval_s) + 1)]
    columns = {core_column(0): [load(moment) for moment in times]}
    return Samples(columns, times, interval_s, [0], quota_cores=1.5)


@pytest.mark.parametrize(
    ("length_s", "intervals"), [(0.85, None), (1.0, 2), (2.9, 6), (3.0, 3), (9.6, 10)]
)
def test_intervals_are_half_a_second_in_windows_below_three(length_s, intervals):
    use = cpu_use(made(lambda moment: moment, 20), 2, 2 + length_s)
    assert use.interval_s == (pytest.approx(length_s / intervals) if intervals else None)
    assert use.busy_cores == (1 if intervals else None)


def test_a_window_may_be_one_sample_short_of_a_second():
    use = cpu_use(made(lambda moment: moment, 20, interval_s=0.25), 2, 2.75)
    assert use.interval_s == pytest.approx(0.375)


def test_a_share_is_of_its_own_interval():
    """All of the first half of a window of 2.9 s, nothing of the second."""
    half = cpu_use(made(lambda moment: min(moment, 3.45), 20, interval_s=0.05), 2, 4.9)
    assert half.busiest_core_percent == pytest.approx(50)
    assert half.busy_cores == 0.5
    steady = cpu_use(made(lambda moment: 0.5 * moment, 20), 2, 4.9)
    assert steady.busiest_core_percent == pytest.approx(50)


def test_ten_percent_exactly_is_busy_and_more_than_all_is_all():
    values = [0.0, 0.0, 0.0, 0.05, 0.1]
    times = [0.0, 0.5, 1.0, 1.5, 2.0]
    samples = Samples({core_column(0): values}, times, 0.5, [0])
    assert cpu_use(samples, 1.0, 2.0).busy_cores == 1
    ahead = cpu_use(made(lambda moment: 1.02 * moment, 20), 2, 8)
    assert ahead.busiest_core_percent == 100.0


def test_a_gap_as_long_as_the_window_says_nothing_and_a_shorter_one_lengthens_intervals():
    slow = made(lambda moment: moment, 100, interval_s=2)
    assert cpu_use(slow, 10, 12).busy_cores is None
    assert cpu_use(slow, 10.5, 13.4).interval_s == pytest.approx(2.9)


def test_the_last_interval_ends_with_the_window():
    """2.52 and three thirds of 3.01 s are a rounding more than 5.53, the last sample."""
    samples = made(lambda moment: moment, 5.5)
    samples = replace(samples, times=[*samples.times, 5.53])
    samples.columns[core_column(0)].append(5.53)
    use = cpu_use(samples, 2.52, 5.53)
    assert use.interval_s == pytest.approx(3.01 / 3)
    assert use.busiest_core_percent == pytest.approx(100)
    assert len(cpu_figures._shares(samples, 2.52, 5.53, 3, 2)) == 1


def test_the_quota_is_told_with_or_without_a_window():
    samples = made(lambda moment: moment, 5)
    assert cpu_use(samples, 1, 4).quota_cores == 1.5
    assert cpu_use(samples, 1, 9) == CpuUse(visible_cores=1, quota_cores=1.5)


def test_without_samples_the_cores_are_our_own(monkeypatch):
    assert cpu_use(Samples(), 0, 10).visible_cores == len(os.sched_getaffinity(0))
    asked = []
    ours = SimpleNamespace(sched_getaffinity=lambda pid: asked.append(pid) or {1, 2, 3})
    monkeypatch.setattr(cpu_figures, "os", ours)
    assert (cpu_use(Samples(), 0, 10).visible_cores, asked) == (3, [0])
    for count, cores in ((4, 4), (None, 1)):  # where a system has no affinity
        monkeypatch.setattr(cpu_figures, "os", SimpleNamespace(cpu_count=lambda n=count: n))
        assert cpu_use(Samples(), 0, 10).visible_cores == cores
