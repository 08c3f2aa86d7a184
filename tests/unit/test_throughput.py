"""Samples and operations a second, and their share of what the devices reach."""

from __future__ import annotations

import pytest

from harness.tables import rows
from runner.contract.device_peak import Peak
from runner.contract.measurement import GpuDevice, GpuUse
from runner.workloads import lookup


def with_peaks(make_result, peaks, devices=()):
    result = make_result()
    gpu = GpuUse(state="ok", devices=list(devices))
    measured = result.measurement.model_copy(update={"peaks": peaks, "gpu": gpu})
    return result.model_copy(update={"measurement": measured})


def peak(device, flop_per_s):
    return Peak(
        device=device,
        multiplied_in="float32",
        flop_per_s=flop_per_s,
        size=1024,
        seconds=1,
        library="one",
    )


def gpu(index, uuid, used):
    return GpuDevice(index=index, uuid=uuid, name="a GPU", used=used)


def test_operations_a_second_are_three_passes_of_the_statement(make_result):
    result = make_result()
    row = rows.row(result)
    work, fit_s = result.measurement.work, result.measurement.phases.fit_s
    assert row.values["images_per_s"] == pytest.approx(work.samples / fit_s)
    # By hand: two convolutions and three dense layers of the network of 2016.
    forward = 2 * (16 * 25 * 25 * 32 + 9 * 32 * 10 * 10 * 16 + 400 * 128 + 128 * 64 + 64 * 10)
    assert lookup.load("cnn-mnist").operations() == forward
    wanted = 3 * forward * work.samples / fit_s / 1e12
    assert row.values["model_tflop_per_s"] == pytest.approx(wanted)


def test_the_share_is_of_the_peak_that_was_measured(make_result):
    result = with_peaks(make_result, [peak("cpu", 2e12)])
    values = rows.row(result).values
    assert values["peak_tflop_per_s"] == 2
    assert values["peak_percent"] == pytest.approx(100 * values["model_tflop_per_s"] / 2)


def test_gpus_that_trained_count_together_and_others_not_at_all(make_result):
    devices = [gpu(0, "GPU-0", True), gpu(1, "GPU-1", True), gpu(2, "GPU-2", False)]
    peaks = [peak("GPU-0", 2e13), peak("GPU-1", 3e13), peak("GPU-2", 9e13)]
    assert rows.row(with_peaks(make_result, peaks, devices)).values["peak_tflop_per_s"] == 50


@pytest.mark.parametrize("peaks", [[], [peak("GPU-0", 2e13)], [peak("cpu", 2e12)]])
def test_a_peak_that_is_not_known_is_none_and_never_a_part(make_result, peaks):
    devices = [gpu(0, "GPU-0", True), gpu(1, "GPU-1", True)]
    values = rows.row(with_peaks(make_result, peaks, devices)).values
    assert values["peak_tflop_per_s"] is None
    assert values["peak_percent"] is None
    assert values["model_tflop_per_s"] > 0


def test_a_workload_that_this_version_does_not_know_has_no_operations(make_result):
    values = rows.row(make_result(job={"workload": "of-tomorrow"})).values
    assert values["model_tflop_per_s"] is None
    assert values["images_per_s"] > 0
