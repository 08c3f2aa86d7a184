"""``benchdl peak``: what it measures here, and what it refuses in one line."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from harness.cli import command
from harness.doctor import peaks
from harness.nvidia import host_driver
from harness.nvidia.host_driver import Driver, Gpu

UUID = "GPU-abababab-abab-abab-abab-abababababab"


def test_the_cpu_multiplies(capsys):
    assert command.run(["peak", "--device", "cpu", "--threads", "1"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("cpu  float32 ")
    assert "TFLOP/s" in line
    assert line.endswith("1 thread)")


def test_the_same_as_json(capsys):
    assert command.run(["peak", "--device", "cpu", "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    assert (found["device"], found["multiplied_in"]) == ("cpu", "float32")
    assert 1e8 < found["flop_per_s"] < 1e14


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--device", "cpu", "--precision", "bfloat16"], "NumPy, which multiplies there, has"),
        (["--device", "gpu", "--threads", "2"], "--threads with device gpu"),
        (["--precision", "float8"], "float8"),
        (["--threads", "0"], "--threads"),
        (["--device", "cpu", "--threads", "65000"], "this process may use"),
    ],
)
def test_what_cannot_be_measured_is_refused(capsys, words, said):
    assert command.run(["peak", *words]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert said in told.err
    assert "Traceback" not in told.err


@pytest.fixture
def gpu(monkeypatch):
    """One GPU, and what its Pythons answer: {python: (status, stdout, stderr)}."""
    answers = {}
    driver = Driver(version="580", gpus=[Gpu(index=0, uuid=UUID, name="a GPU")])
    monkeypatch.setattr(host_driver, "examine", lambda: driver)
    monkeypatch.setattr(peaks.gpu_grant, "limit", lambda driver: None)
    monkeypatch.setattr(peaks, "_pythons", lambda: iter(answers))
    asked = []

    def run(words, **options):
        asked.append((words, options["env"]["PYTHONPATH"]))
        status, out, err = answers[words[0]]
        return SimpleNamespace(returncode=status, stdout=out, stderr=err)

    monkeypatch.setattr(peaks.subprocess, "run", run)
    return SimpleNamespace(answers=answers, asked=asked, driver=driver)


FOUND = json.dumps(
    [{"device": UUID, "multiplied_in": "bfloat16", "flop_per_s": 7.9e14, "size": 8192,
      "seconds": 1.1, "library": "libcublas.so.13"}]
)  # fmt: skip


def test_a_gpu_is_measured_by_the_first_python_that_has_cublas(gpu, capsys):
    gpu.answers.update(
        {"bare": (1, "", "libcublas.so.11: cannot open"), "having": (0, f"{FOUND}\n", "")}
    )
    assert command.run(["peak", "--device", "gpu", "--precision", "bfloat16"]) == 0
    assert capsys.readouterr().out == (
        f"{UUID}  bfloat16  790 TFLOP/s  (8192 x 8192, libcublas.so.13)\n"
    )
    assert [words[0] for words, _ in gpu.asked] == ["bare", "having"]
    assert gpu.asked[1][0][1:] == ["-m", "runner.peak", "--precision", "bfloat16", UUID]


def test_without_cublas_it_says_what_brings_it(gpu, capsys):
    gpu.answers["bare"] = (1, "", "libcublas.so.11: cannot open shared object file")
    assert command.run(["peak", "--device", "gpu"]) == 1
    said = capsys.readouterr().err
    assert "no Python here has cuBLAS" in said
    assert "benchdl run torch --launcher local" in said


def test_what_fails_otherwise_is_told_and_no_other_python_is_tried(gpu, capsys):
    gpu.answers.update({"first": (1, "", "CUDA shows no GPU"), "second": (0, FOUND, "")})
    assert command.run(["peak", "--device", "gpu"]) == 1
    assert "CUDA shows no GPU" in capsys.readouterr().err
    assert len(gpu.asked) == 1


def test_without_a_gpu_the_drivers_reason_is_told(monkeypatch, capsys):
    monkeypatch.setattr(host_driver, "examine", lambda: Driver(problem="no driver"))
    monkeypatch.setattr(peaks.gpu_grant, "limit", lambda driver: None)
    assert command.run(["peak", "--device", "gpu"]) == 1
    assert "no GPU: no driver" in capsys.readouterr().err
