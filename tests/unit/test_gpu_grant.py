"""The GPUs that were allotted: what variables and devices say, and a request held against it."""

from __future__ import annotations

import pytest

from harness.allotment import gpu_grant
from harness.allotment.gpu_grant import GpuLimit
from harness.errors import UsageError
from harness.launchers import choice
from harness.nvidia import host_driver

UUIDS = [f"GPU-{number}{number}{number}{number}aaaa-0000" for number in range(4)]


@pytest.fixture(autouse=True)
def machine(monkeypatch, tmp_path):
    """A machine of four GPUs; returns a setter of how many it has."""

    def has(count):
        for number in range(count):
            (tmp_path / f"0000:0{number}:00.0").mkdir(exist_ok=True)

    monkeypatch.setattr(gpu_grant, "_DRIVER", tmp_path)
    return has


def driver(count=4):
    gpus = [host_driver.Gpu(number, UUIDS[number], "T4") for number in range(count)]
    return host_driver.Driver("580", "13.0", gpus)


def limit(count=4, **environment):
    return gpu_grant.limit(environment, driver(count))


@pytest.mark.parametrize(
    ("words", "gpus"),
    [
        ("2,3", ["2", "3"]),
        ("3", ["3"]),
        (" 1 , 0 ", ["1", "0"]),
        ("01", ["1"]),
        ("", []),
        ("-1", []),
        ("NoDevFiles", []),
        ("0,-1,2", ["0"]),  # CUDA stops at the first that is none
        ("1,9,2", ["1"]),
        ("2,2", ["2"]),
        (UUIDS[2], [UUIDS[2]]),
        ("GPU-3333", [UUIDS[3]]),  # the beginning will do
        ("GPU-", []),  # of more than one
        ("GPU-9", []),
        ("MIG-1f2a3b4c", ["MIG-1f2a3b4c"]),
    ],
)
def test_cuda_visible_devices(words, gpus):
    found = limit(CUDA_VISIBLE_DEVICES=words)
    assert found == GpuLimit(gpus, f"CUDA_VISIBLE_DEVICES={words}")


@pytest.mark.parametrize("words", ["0,1,2,3", "3,2,1,0", ",".join(UUIDS)])
def test_all_that_there_are_is_no_limit(words):
    assert limit(CUDA_VISIBLE_DEVICES=words) is None


@pytest.mark.parametrize(
    ("stated", "gpus"),
    [
        ({}, None),
        ({"SLURM_JOB_GPUS": "1,2"}, ["1", "2"]),
        ({"SLURM_JOB_GPUS": "1,2", "SLURM_STEP_GPUS": "2"}, ["2"]),
        ({"SLURM_JOB_GPUS": "1,2", "CUDA_VISIBLE_DEVICES": "0"}, ["0"]),
        ({"NVIDIA_VISIBLE_DEVICES": "1"}, ["1"]),
        ({"NVIDIA_VISIBLE_DEVICES": "none"}, []),
        ({"NVIDIA_VISIBLE_DEVICES": "all"}, None),
        ({"NVIDIA_VISIBLE_DEVICES": "void"}, None),  # CDI brings what NVML shows
        ({"NVIDIA_VISIBLE_DEVICES": ""}, None),
    ],
)
def test_other_variables(stated, gpus):
    found = limit(**stated)
    assert (found and found.gpus) == gpus


def test_devices_that_are_kept_from_us_are_a_limit_by_uuid(machine):
    """An engine outside sees all and numbers them otherwise: index 0 here is not its 0."""
    machine(8)
    found = limit(2)
    assert found == GpuLimit(UUIDS[:2], "devices that this process may open", hidden=True)
    assert limit(2, CUDA_VISIBLE_DEVICES="1").gpus == [UUIDS[1]]
    assert limit(2, SLURM_JOB_GPUS="6,7").gpus == UUIDS[:2]  # the machine's numbers of these two
    assert gpu_grant.within(["1"], found, driver(2)) == [UUIDS[1]]
    machine(4)
    assert limit(2, NVIDIA_VISIBLE_DEVICES="2,3").gpus == UUIDS[:2]


def test_in_a_container_of_two_the_runtimes_numbers_are_the_hosts():
    assert limit(2, NVIDIA_VISIBLE_DEVICES="2,3") is None


def test_without_a_driver_the_words_are_taken_as_they_are():
    assert limit(0, CUDA_VISIBLE_DEVICES="0,GPU-12").gpus == ["0", "GPU-12"]
    assert limit(0, CUDA_VISIBLE_DEVICES="").gpus == []
    assert limit(0) is None


def test_what_was_allotted_is_the_default_and_the_limit():
    allotted = limit(CUDA_VISIBLE_DEVICES="2,3")

    def within(asked):
        return gpu_grant.within(asked, allotted, driver())

    assert within(None) == ["2", "3"]
    assert within(["3"]) == ["3"]
    assert within([UUIDS[2]]) == [UUIDS[2]]
    with pytest.raises(UsageError) as refused:
        within(["0", "2"])
    assert str(refused.value) == (
        "--gpus 0,2: 0 was not allotted (CUDA_VISIBLE_DEVICES=2,3): choose from 2, 3"
    )
    assert gpu_grant.within(["0"], None) == ["0"]


def test_none_allotted_is_refused_and_auto_takes_the_cpu(monkeypatch):
    allotted = limit(CUDA_VISIBLE_DEVICES="")
    with pytest.raises(UsageError, match=r"no GPU was allotted \(CUDA_VISIBLE_DEVICES=\)"):
        gpu_grant.within(None, allotted)
    monkeypatch.setattr(host_driver, "examine", driver)
    said: list[str] = []
    for words, device in (("-1", "cpu"), ("1", "gpu")):
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", words)
        assert choice.device("auto", said.append) == device
    assert said == [
        "device: cpu, no GPU was allotted (CUDA_VISIBLE_DEVICES=-1)",
        "device: gpu, NVML shows 4, 1 allotted (CUDA_VISIBLE_DEVICES=1)",
    ]
