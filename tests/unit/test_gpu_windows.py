"""GPU figures at the edges of what they are defined by: used, before, busy, lost."""

from __future__ import annotations

import pytest

from runner.contract.samples import Samples
from runner.meters.gpu_figures import gpu_use

MIB = 2**20
BASE = 500 * MIB


def device(end_s=5.0, start_s=1.0, interval_s=1.0, **columns):
    """The first GPU's figures; a column as ``util_percent=[...]``, one sample after another."""
    length = max(map(len, columns.values()))
    samples = Samples(
        columns={f"gpu0_{name}": list(values) for name, values in columns.items()},
        times=[interval_s * number for number in range(length)],
        interval_target_s=interval_s,
        gpu={
            "state": "ok",
            "devices": [{"index": 0, "uuid": "G", "name": "N", "compute_capability": "3.7"}],
        },
    )
    (found,) = gpu_use(samples, start_s, end_s).devices
    return found


@pytest.mark.parametrize(
    ("percent", "grown", "used"),
    [(1.0, 32 * MIB, True), (0.99, 32 * MIB, False), (1.0, 32 * MIB - 1, False)],
)
def test_used_is_one_percent_and_32_mib_from_there_on(percent, grown, used):
    memory = [BASE, *[BASE + grown] * 5]
    assert device(util_percent=[0, *[percent] * 5], memory_bytes=memory).used is used


def test_memory_that_was_not_read_in_the_window_does_not_speak_against_use():
    assert device(util_percent=[50] * 6, memory_bytes=[BASE, *[None] * 5]).used


@pytest.mark.parametrize(("grown", "before"), [(32 * MIB, 10.0), (32 * MIB - 1, 25.0)])
def test_before_ends_where_the_memory_has_grown(grown, before):
    """At 4 s by 32 MiB: less a sample and a half, 1 and 2 s count; else up to the window, 4 s."""
    percent = [99, 10, 10, 40, 40, 0, 0, 0, 0, 0]
    memory = [BASE] * 4 + [BASE + grown] * 2 + [BASE] * 4
    found = device(9.0, 6.0, util_percent=percent, memory_bytes=memory)
    assert found.utilisation_before_percent == pytest.approx(before)


@pytest.mark.parametrize(("begin", "last"), [(1.45, False), (1.47, True)])
def test_before_leaves_out_a_sample_and_a_half(begin, last):
    """In tenths: with the window from 1.45 s on, the sample of 1.3 s is too near."""
    percent = [0] * 13 + [90] + [0] * 30
    found = device(4.0, begin, 0.1, util_percent=percent, memory_bytes=[BASE] * 44)
    assert (found.utilisation_before_percent > 0) is last


def test_before_begins_a_second_after_the_first_sample():
    percent = [0] * 9 + [90, 0] + [0] * 30
    found = device(4.0, 2.0, 0.1, util_percent=percent, memory_bytes=[BASE] * 41)
    assert found.utilisation_before_percent == 0


def test_before_is_of_nvmls_periods_since_the_first_sample():
    ends, percents = [0.0, 1.0, 2.0], [0, 90, 10]
    found = device(
        6.0,
        4.0,
        util_percent=[0] * 7,
        memory_bytes=[BASE] * 7,
        period_end_s=ends + [None] * 4,
        period_percent=percents + [None] * 4,
    )
    assert found.utilisation_before_percent == pytest.approx(50)


def test_the_first_growth_counts_and_not_a_later_one():
    percent = [0, 0, 0, 60, 60, 60, 60, 60, 60, 60]
    memory = [BASE, BASE, BASE, BASE + 64 * MIB, BASE, BASE, BASE + 64 * MIB, BASE, BASE, BASE]
    found = device(9.0, 8.0, util_percent=percent, memory_bytes=memory)
    assert found.utilisation_before_percent == 0


def test_the_busy_clock_takes_both_ends_of_the_window():
    clocks = [1, 100, 200, 300, 400, 700]
    found = device(4.0, 1.0, sm_clock_mhz=clocks, util_percent=[9, 9, 0, 9, 9, 9])
    assert found.sm_clock_busy_mhz == pytest.approx((100 + 300 + 400) / 3)
    assert found.compute_capability == "3.7"


def test_without_a_record_of_the_gpus_they_are_lost():
    found = gpu_use(Samples(), 0, 1)
    assert (found.state, found.devices) == ("lost", [])
    assert found.detail == "the sampler left no record of the GPUs"
