"""The GPUs that a job was given, no others, and to the end."""

from __future__ import annotations

import pytest
from checking import case

from harness.checks import gpu_access


def found(make_result, gpu, *, device="gpu", gpus=None, launcher="docker", isolation=None):
    result = make_result(
        job={"device": device, "gpus": gpus, "launcher": launcher},
        measurement={"gpu": gpu, "isolation": isolation or {}},
    )
    findings = [*gpu_access.hidden(case(result)), *gpu_access.given(case(result))]
    return [(finding.code, finding.severity) for finding in findings]


def shown(*uuids, state="ok"):
    devices = [{"index": n, "uuid": uuid, "name": "K80"} for n, uuid in enumerate(uuids)]
    return {"state": state, "detail": "d", "devices": devices}


@pytest.mark.parametrize(
    ("gpus", "gpu", "code"),
    [
        (None, shown("GPU-a", "GPU-b"), None),
        (["0", "2"], shown("GPU-a", "GPU-c"), None),
        (["GPU-c"], shown("GPU-c"), None),
        (None, shown(state="no-driver"), "gpu-missing"),
        (None, shown(state="lost"), "gpu-missing"),
        (["0", "2"], shown("GPU-a"), "gpu-missing"),
        (["GPU-c"], shown("GPU-a"), "gpu-missing"),
        (["0"], shown("GPU-a", "GPU-b"), "gpu-extra"),
        (["0"], shown("GPU-a", state="lost"), None),  # that is nvml-lost
    ],
)
def test_what_nvml_shows_is_compared_with_what_was_asked(make_result, gpus, gpu, code):
    assert found(make_result, gpu, gpus=gpus) == ([(code, "invalid")] if code else [])


@pytest.mark.parametrize(
    "isolation", [{"nvidia_device_files": ["nvidia0"]}, {"nvml_gpus": ["GPU-a"]}]
)
def test_a_cpu_container_sees_nothing(make_result, isolation):
    hidden = {"state": "hidden"}
    nothing = {"nvidia_device_files": [], "nvml_gpus": None}
    assert found(make_result, hidden, device="cpu", isolation=nothing) == []
    assert found(make_result, hidden, device="cpu", isolation=isolation) == [
        ("gpu-visible", "invalid")
    ]
    # On the host itself a CPU job cannot but see them.
    assert found(make_result, hidden, device="cpu", launcher="local", isolation=isolation) == []
