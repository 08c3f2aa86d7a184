"""NVML's own samples: which period was how busy, in short windows and on odd clocks."""

from __future__ import annotations

from types import SimpleNamespace

import pynvml
import pytest

from harness.checks.seen import Seen
from harness.checks.witness import Witness
from runner.contract.samples import Samples
from runner.meters import gpu_periods
from runner.meters.gpu_figures import gpu_use
from runner.meters.gpu_periods import Period, PeriodReader

# What an H100 said that was about 96 % busy from 0 on: readings that lag, and periods of 0.2 s.
READINGS = [0, 0, 0, 79, 79, 97, 97, 97, 97, 97, 97, 97, 97, 97]
PERIODS = [(-0.24, 0), (-0.04, 0), (0.16, 79), (0.36, 97), (0.56, 97), (0.76, 97), (0.96, 97),
           (1.16, 97)]  # fmt: skip


def samples(periods=PERIODS):
    times = [number / 10 - 0.2 for number in range(14)]
    columns = {"t_s": times, "gpu0_util_percent": [float(percent) for percent in READINGS]}
    columns["gpu0_memory_bytes"] = [0.0] + [2.0**30] * 13
    for name, part in (("end_s", 0), ("percent", 1)):
        told = [float(period[part]) for period in periods]
        columns[f"gpu0_period_{name}"] = told + [None] * (14 - len(told))
    device = {"index": 0, "uuid": "GPU-0", "name": "H100"}
    return Samples(columns, times, 0.1, [], {"state": "ok", "devices": [device]})


def test_a_window_of_one_second_is_as_busy_as_it_was():
    (device,) = gpu_use(samples(), 0.0, 1.0).devices
    assert device.utilisation_source == "periods"
    assert device.utilisation_percent == pytest.approx(0.16 * 79 + 0.84 * 97)
    (device,) = gpu_use(samples(periods=[]), 0.0, 1.0).devices
    assert device.utilisation_source == "readings"
    assert device.utilisation_percent < 88  # what the lag makes of it


def test_too_little_covered_is_left_to_readings():
    (device,) = gpu_use(samples(PERIODS[:5]), 0.0, 1.0).devices  # up to 0.56
    assert device.utilisation_source == "readings"
    (device,) = gpu_use(samples(PERIODS[:7]), 0.0, 1.0).devices  # up to 0.96
    assert device.utilisation_source == "periods"
    (device,) = gpu_use(samples(), 0.0, 0.9).devices
    assert (device.utilisation_percent, device.utilisation_source) == (None, None)


def test_before_the_job_it_is_periods_that_had_ended():
    """Another job worked until 1.0 s before; the readings still speak of it in the last second."""
    times = [number / 10 for number in range(41)]
    ends = [0.2 * number for number in range(1, 21)]
    columns = {
        "t_s": times,
        "gpu0_util_percent": [90.0] * 41,
        "gpu0_memory_bytes": [2.0**30] * 30 + [2.0**31] * 11,
        "gpu0_period_end_s": [*ends, *[None] * 21],
        "gpu0_period_percent": [*[100.0] * 5, *[0.0] * 9, *[100.0] * 6, *[None] * 21],
    }
    device = {"index": 0, "uuid": "GPU-0", "name": "H100"}
    made = Samples(columns, times, 0.1, [], {"state": "ok", "devices": [device]})
    (found,) = gpu_use(made, 3.0, 4.0).devices
    # From the first period's end at 0.2 s to 2.8 s, the last that ended before the memory grew.
    assert found.utilisation_before_percent == pytest.approx(100 * 0.8 / 2.6)
    columns["gpu0_period_percent"] = [None] * 41
    (found,) = gpu_use(made, 3.0, 4.0).devices
    assert found.utilisation_before_percent == 90


def test_work_of_a_phase_is_by_periods_too():
    made = samples()
    marks = {"fit": 0.0, "fit_end": 1.0}
    measured = SimpleNamespace(marks=marks, gpu=SimpleNamespace(devices=[SimpleNamespace(index=0)]))
    seen = Seen(Witness(), made)
    assert seen.gpu_busy_s(measured, "fit", "fit_end") == pytest.approx(0.16 * 0.79 + 0.84 * 0.97)
    seen = Seen(Witness(), samples(periods=[]))
    assert seen.gpu_busy_s(measured, "fit", "fit_end") < 0.9


@pytest.mark.parametrize("periods", [[(0, 1e9), (0.5, -3), (1, 500)], [(1, 50), (0, 60), (-1, 9)]])
def test_what_no_gpu_says_is_no_figure(periods):
    (device,) = gpu_use(samples(periods), 0.0, 1.0).devices
    assert device.utilisation_source == "readings"


def periods_of(*told):
    """Samples with periods alone: ends in seconds, and percents."""
    ends, percents = zip(*told, strict=True)
    columns = {"gpu0_period_end_s": list(ends), "gpu0_period_percent": list(percents)}
    return Samples(columns, [float(number) for number in range(len(told))])


@pytest.mark.parametrize(
    ("periods", "start_s", "end_s", "percent"),
    [
        ([(10.0, 50), (12.0, 80)], 10.0, 12.0, 80.0),
        ([(10.0, 50), (11.0, 80), (12.0, 20)], 10.0, 12.0, 50.0),
        ([(10.0, 50), (11.0, 80), (14.0, 20)], 10.5, 12.0, (0.5 * 80 + 1.0 * 20) / 1.5),
        ([(0.0, 50), (0.8, 30)], 0.0, 1.0, 30.0),  # four fifths are enough
        ([(0.0, 50), (0.79, 30)], 0.0, 1.0, None),
        ([(10.0, 50), (11.61, 30)], 10.0, 12.0, 30.0),
        ([(10.0, 50), (11.5, 30)], 10.0, 12.0, None),
        ([(0.0, 0), (1.0, 100)], 0.0, 1.0, 100.0),
        ([(0.0, 0), (1.0, 0)], 0.0, 1.0, 0.0),
        # What cannot be is passed over: the next period then begins before it.
        ([(0.0, 50), (0.5, 101), (1.0, 60)], 0.0, 1.0, 60.0),
        ([(0.0, 50), (0.5, -0.5), (1.0, 60)], 0.0, 1.0, 60.0),
        ([(0.0, 50), (None, 10), (1.0, 60)], 0.0, 1.0, 60.0),
        ([(0.0, 50), (0.5, None), (1.0, 60)], 0.0, 1.0, 60.0),
        ([(0.0, 50), (1.0, 60), (0.5, 10), (1.0, 10)], 0.0, 1.0, 60.0),  # time does not go back
        ([(0.0, 50), (1.0, 60)], 0.5, 0.5, None),
        ([(0.0, 50), (1.0, 60)], 1.0, 0.5, None),
    ],
)
def test_a_mean_is_of_each_periods_share_in_the_window(periods, start_s, end_s, percent):
    found = gpu_periods.utilisation(periods_of(*periods), 0, start_s, end_s)
    assert found == (None if percent is None else pytest.approx(percent))


@pytest.mark.parametrize(
    ("end_s", "percent"), [(-0.5, None), (1.9, 90.0), (2.0, 50.0), (2.9, 50.0), (3.0, 40.0)]
)
def test_up_to_a_moment_only_periods_count_that_had_ended(end_s, percent):
    told = periods_of((0.0, 50), (1.0, 90), (2.0, 10), (None, None), (3.0, 20))
    found = gpu_periods.utilisation_until(told, 0, 0.0, end_s)
    assert found == (None if percent is None else pytest.approx(percent))


class Gpu:
    """pynvml with samples at times relative to now, in seconds; or an error."""

    kind = 1  # nvmlValueType_t: 0 is a double, 1 an unsigned int
    NVML_GPU_UTILIZATION_SAMPLES = 1
    NVMLError = pynvml.NVMLError

    def __init__(self, *answers):
        self.answers = list(answers)

    def nvmlDeviceGetSamples(self, _handle, kind, last):  # noqa: N802 - NVML's name
        assert kind == 1
        answer = self.answers.pop(0)
        if isinstance(answer, int):
            raise pynvml.NVMLError(answer)
        listed = [(round((WALL_S + at) * 1e6), percent) for at, percent in answer]
        name = ("dVal", "uiVal")[self.kind]
        return self.kind, [
            SimpleNamespace(timeStamp=stamp, sampleValue=SimpleNamespace(**{name: percent}))
            for stamp, percent in listed
        ]


WALL_S, MONOTONIC_S = 1.7e9, 5000.0


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    """Both clocks stand still, or go as far as a test lets them."""
    passed = SimpleNamespace(s=0.0)
    stands = SimpleNamespace(
        time=lambda: WALL_S + passed.s, monotonic=lambda: MONOTONIC_S + passed.s
    )
    monkeypatch.setattr(gpu_periods, "time", stands)
    return passed


def test_the_first_look_takes_the_newest_and_later_ones_a_mean_by_length():
    reader = PeriodReader(Gpu([(-0.5, 10), (-0.3, 20)], [(-0.2, 40), (0.1, 80)], 6), look_s=0)
    first = reader.read(0, None)
    assert first.percent == 20
    assert first.end_s == pytest.approx(MONOTONIC_S - 0.3)
    assert reader.read(0, None).percent == pytest.approx((0.1 * 40 + 0.3 * 80) / 0.4)
    assert reader.read(0, None) == Period()


def test_a_period_that_is_known_is_not_told_again():
    reader = PeriodReader(Gpu([(-0.3, 20)], [(-0.3, 20)], [(-0.3, 20), (-0.1, 60)]), look_s=0)
    assert [reader.read(0, None).percent for _ in range(3)] == [20, None, 60]


def test_percents_may_be_doubles():
    gpu = Gpu([(-0.3, 20.5)])
    gpu.kind = 0
    assert PeriodReader(gpu).read(0, None).percent == 20.5


def test_a_gpu_is_not_asked_at_every_sample_since_that_costs():
    gpu = Gpu([(-0.1, 50)], [(-0.1, 60)], [(0, 70)])
    reader = PeriodReader(gpu, look_s=1000)
    assert [reader.read(index, None).percent for index in (0, 1, 0, 1)] == [50, 60, None, None]
    assert len(gpu.answers) == 1


@pytest.mark.parametrize("answer", [[(-3600, 50)], [(30, 50)], [], 3, 13])
def test_other_clocks_and_old_drivers_have_none(answer):
    assert PeriodReader(Gpu(answer)).read(0, None) == Period()


def test_the_next_look_is_due_after_its_time_and_each_gpu_has_its_own(clock):
    gpu = Gpu([(-0.1, 50)], [(-0.2, 70)], [(0.05, 60)])
    reader = PeriodReader(gpu)
    assert (reader.read(0, None).percent, reader.read(1, None).percent) == (50, 70)
    clock.s = 0.18
    assert reader.read(0, None) == Period()
    clock.s = 0.19
    found = reader.read(0, None)
    assert found.end_s == pytest.approx(MONOTONIC_S + 0.05)
    assert found.percent == 60


@pytest.mark.parametrize(
    ("at", "known"), [(-60.0, True), (-60.1, False), (1.0, True), (1.1, False)]
)
def test_a_period_is_of_the_last_minute_and_a_second_ahead_at_the_most(at, known):
    assert (PeriodReader(Gpu([(at, 50)])).read(0, None) != Period()) is known


def test_a_driver_without_is_asked_once_and_a_lost_gpu_is_an_error():
    gpu = Gpu(3, [(-0.1, 50)])
    reader = PeriodReader(gpu, look_s=0)
    assert [reader.read(0, None), reader.read(0, None)] == [Period(), Period()]
    assert len(gpu.answers) == 1
    with pytest.raises(pynvml.NVMLError):
        PeriodReader(Gpu(15)).read(0, None)
    assert PeriodReader(SimpleNamespace()).read(0, None) == Period()
