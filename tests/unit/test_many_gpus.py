"""The one call on a host of several GPUs: what it plans, its bound of time, and what it keeps."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from benchmarks.many_gpus import __main__, kept, steps, timed
from benchmarks.many_gpus.steps import Machine, Step
from benchmarks.many_gpus.timed import Ended, Ran
from benchmarks.many_gpus.typed import Commands, shown
from harness.campaign import checked
from harness.cli import command
from harness.errors import UsageError

REPO = Path(__file__).resolve().parents[2]
UUID = "GPU-abababab-abab-abab-abab-abababababab"


def test_the_row_of_2016_comes_first_and_every_step_has_its_name_once():
    found = steps.planned(Machine(8))
    names = [step.name for step in found]
    assert names[0] == "by-itself"
    assert len(set(names)) == len(names) == 3 + 3 * 2 * 2
    assert names.index("torch-gpt-shakespeare-float32") < names.index("torch-cnn-mnist-float32")
    assert names.index("jax-gpt-shakespeare-float32") < names.index("jax-gpt-shakespeare-bfloat16")
    assert {"foreign-load", "side-by-side"} < set(names[:5])
    (scaling,) = [step for step in found if step.name == "keras3-jax-cnn-mnist-bfloat16"]
    assert (scaling.jobs, scaling.loaded) == (4, False)
    assert "--gpus-axis 1,2,4,8" in " ".join(scaling.words)
    assert [step.name for step in found if step.loaded] == ["foreign-load"]


def test_a_smaller_machine_is_asked_for_less():
    assert Machine(2).counts == (1, 2)
    assert Machine(4).counts == (1, 2, 4)
    (own, *_), names = steps.planned(Machine(4)), [s.name for s in steps.planned(Machine(1))]
    assert "--gpus-axis 1,4 --strategy default" in " ".join(own.words)
    assert not {"by-itself", "foreign-load", "side-by-side"} & set(names)


def test_parts_of_a_cpu_are_shared_as_gpus_are():
    found = steps.planned(Machine(2, "cpu"), ["torch"])
    assert [step.name for step in found] == [
        "torch-gpt-shakespeare-float32", "torch-gpt-shakespeare-bfloat16",
        "torch-cnn-mnist-float32", "torch-cnn-mnist-bfloat16",
    ]  # fmt: skip
    assert all("--ranks 1,2" in " ".join(step.words) for step in found)


@pytest.mark.parametrize("count", [2, 4, 8])
def test_every_step_is_a_command_that_benchdl_takes(count, monkeypatch, capsys):
    combined = checked.combined

    def counted(options):
        raise UsageError(f"{len(combined(options).configurations)} configurations")

    monkeypatch.setattr(checked, "combined", counted)
    for step in steps.planned(Machine(count)):
        words = ["run", *step.words, "--device", "gpu", "--launcher", "python"]
        assert command.run([*words, "--python", sys.executable, "--tag", step.name]) == 2
        jobs = 1 if step.name == "side-by-side" else step.jobs
        assert f"{jobs} configurations" in capsys.readouterr().err


class Clock:
    """Steps take what they are told to; nothing waits."""

    def __init__(self, lasts):
        self.now, self.lasts, self.ran = 0.0, lasts, []

    def __call__(self):
        return self.now

    def start(self, step, within_s):
        lasts = self.lasts.get(step.name, step.jobs * step.each_s)
        self.ran.append(step.name)
        self.now += min(lasts, within_s)
        return Ran(0, cut_off=lasts > within_s)


def step(name, jobs=1, each_s=10.0, loaded=False):
    return Step(name, ("torch",), jobs, each_s, loaded)


def run(wanted, until_s, **lasts):
    clock, told = Clock(lasts), []
    ended = timed.within(wanted, until_s, clock.start, told.append, clock)
    assert [end.step.name for end in told] == clock.ran
    return {end.step.name: end.state for end in ended}


def test_what_fits_runs_and_what_does_not_is_left_out():
    wanted = [step("first", 4), step("long", 9), step("short", 1)]
    assert run(wanted, 60.0) == {"first": "done", "long": "left out", "short": "done"}


def test_guesses_learn_from_what_ran():
    wanted = [step("first", 2), step("second", 2)]
    assert run(wanted, 60.0) == {"first": "done", "second": "done"}
    assert run(wanted, 60.0, first=35.0) == {"first": "done", "second": "left out"}
    assert run(wanted, 33.0, first=10.0) == {"first": "done", "second": "done"}


def test_a_step_that_runs_over_is_cut_off_and_teaches_nothing():
    wanted = [step("hangs"), step("next")]
    assert run(wanted, 100.0, hangs=1000.0) == {"hangs": "cut off", "next": "left out"}


def test_a_step_fails_by_its_status_and_rows_of_a_loaded_gpu_have_to_be_invalid():
    def states(status):
        wanted = [step("plain"), step("loaded", loaded=True)]
        ended = timed.within(wanted, 1e6, lambda *_: Ran(status), lambda _: None, lambda: 0.0)
        return [end.state for end in ended]

    assert states(0) == ["done", "failed"]
    assert states(1) == ["failed", "done"]


def on_gpus(make_result, tag, used, visible, **changes):
    devices = [
        {"index": index, "uuid": f"GPU-{index}", "name": "H100", "used": index in used}
        for index in range(visible)
    ]
    return make_result(
        job={"device": "gpu", "backend": "torch", "tags": [tag]},
        measurement={"gpu": {"state": "ok", "devices": devices}},
        **changes,
    )


def test_what_was_seen_has_gpus_ranks_and_the_stranger(make_result, stored, tmp_path):
    ranks = [
        {"number": n, "device": "gpu", "name": f"cuda:{n}", "updates": 1,
         "weights_sha256": str(n) * 64} for n in range(2)
    ]  # fmt: skip
    named = {"code": "gpu-shared", "severity": "invalid", "advice": "",
             "evidence": "GPU 7: 1 process of others in the window"}  # fmt: skip
    of_ranks = on_gpus(make_result, "torch-cnn-mnist-float32", {0, 1}, 2)
    measured = of_ranks.measurement.model_copy(
        update={"ranks": type(of_ranks.measurement).model_validate(
            {**of_ranks.measurement.model_dump(), "ranks": ranks}).ranks}
    )  # fmt: skip
    for result in (
        on_gpus(make_result, "by-itself", {0}, 8),
        of_ranks.model_copy(update={"measurement": measured}),
        on_gpus(make_result, "foreign-load", set(range(8)), 8, findings=[named]),
    ):
        stored(tmp_path, result)
    text = kept.text(tmp_path, [Ended(step("by-itself"), "done", 41.0)])
    assert "| by-itself | done | 41 |" in text
    assert "GPUs 1/8 (GPU 0), 176.40 s" in text
    assert "2 ranks, weights NOT alike" in text
    assert "The foreign load was found: GPU 7: 1 process of others in the window." in text


def test_a_stranger_that_was_not_seen_is_told(make_result, stored, tmp_path):
    stored(tmp_path, on_gpus(make_result, "foreign-load", {0}, 1))
    assert "The foreign load was NOT found in " in kept.text(tmp_path, [])


def test_an_archive_is_packed_anew(tmp_path):
    results, out = tmp_path / "results", tmp_path / "out"
    out.mkdir()
    for name in ("first", "second"):
        (results / name).mkdir(parents=True)
        kept.pack(results, out)
    with tarfile.open(out / kept.ARCHIVE) as archive:
        assert {"results/first", "results/second"} <= set(archive.getnames())
    assert [file.name for file in out.iterdir()] == [kept.ARCHIVE]


def test_multicast_is_off_in_what_is_typed():
    assert shown(["run", "torch"]) == "NCCL_NVLS_ENABLE=0 python -m benchdl run torch"


@pytest.mark.slow
def test_a_command_is_interrupted_when_its_time_is_over(tmp_path, dummy_root, monkeypatch):
    monkeypatch.setenv("BENCHDL_ROOT", str(dummy_root))
    words = ["run", "dummy", "--launcher", "python", "--python", sys.executable, "--device", "cpu",
             "--set", "environment.DUMMY_MODE=hang", "--epochs", "1", "--train-samples", "1000",
             "--dataset", "synthetic-mnist", "--idle-wait", "0", "--no-conform",
             "--results", str(tmp_path / "results")]  # fmt: skip
    with (tmp_path / "log").open("w") as log:
        ran = Commands(log).run(words, 12.0)
    assert (ran.status, ran.cut_off) == (130, True)
    assert (tmp_path / "log").read_text().startswith("\n$ NCCL_NVLS_ENABLE=0 python -m benchdl")


@pytest.mark.slow
def test_a_stranger_works_until_it_is_ended(tmp_path, monkeypatch):
    source = REPO / "tests" / "gpu_stub" / "cublas_stub.c"
    for name in ("libcuda.so.1", "libcublas.so.13"):
        compile_ = ["gcc", "-shared", "-fPIC", "-w", "-o", tmp_path / name, source]
        subprocess.run(compile_, check=True)
    monkeypatch.setenv("LD_LIBRARY_PATH", str(tmp_path))
    monkeypatch.setenv("BENCHDL_STUB_MATH_MODE", str(tmp_path / "mode"))
    with (tmp_path / "log").open("w") as log:
        commands = Commands(log)
        with commands.stranger(sys.executable, UUID):
            assert (tmp_path / "mode").read_text()
        with (
            pytest.raises(RuntimeError, match="CUDA shows no GPU GPU-another"),
            commands.stranger(sys.executable, "GPU-another"),
        ):
            pass


def test_a_stranger_that_does_not_begin_holds_up_nothing(tmp_path):
    silent = tmp_path / "python"
    silent.write_text("#!/bin/sh\nexec sleep 60\n")
    silent.chmod(0o755)
    with (tmp_path / "log").open("w") as log:
        commands = Commands(log)
        commands.patience_s = 0.2
        with (
            pytest.raises(RuntimeError, match="it did not begin within"),
            commands.stranger(str(silent), UUID),
        ):
            pass


@pytest.mark.parametrize(
    ("more", "left"),
    [
        (["--repeat", "3"], ["torch", "--parallel-gpus"]),
        (["--parallel-gpus"], ["torch", "--repeat", "8"]),
        (["--data-dir", "here"], ["torch", "--parallel-gpus", "--repeat", "8"]),
    ],
)
def test_what_the_user_says_stands_in_place_of_ours(more, left):
    assert __main__.in_place(["torch", "--parallel-gpus", "--repeat", "8"], more) == left


def test_a_number_of_ranks_is_one_or_more(tmp_path, capsys):
    words = ["--python", sys.executable, "--out", str(tmp_path), "--cpu-ranks", "0"]
    assert __main__.main(words) == 2
    assert capsys.readouterr().err == "many_gpus: --cpu-ranks 0: give 1 or more\n"


@pytest.mark.slow
def test_without_a_gpu_one_line_says_what_to_do(tmp_path):
    words = [sys.executable, "-m", "benchmarks.many_gpus", "--python", sys.executable]
    done = subprocess.run(
        [*words, "--out", tmp_path / "out"],
        cwd=REPO, capture_output=True, text=True, check=False,
        env={**os.environ, "LD_LIBRARY_PATH": os.devnull},
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr == "many_gpus: the driver shows no GPU: --cpu-ranks N tries it on a CPU\n"


@pytest.mark.slow
def test_a_call_on_two_stub_gpus_leaves_tables_and_an_archive(stub_nvml, dummy_root, tmp_path):
    host = {**stub_nvml("gpus = 2\n"), "BENCHDL_ROOT": str(dummy_root)}
    script = f"environment.BENCHDL_STUB_SCRIPT={host['BENCHDL_STUB_SCRIPT']}"
    out = tmp_path / "out"
    words = [sys.executable, "-m", "benchmarks.many_gpus", "--python", sys.executable,
               "--out", out, "--tool", "dummy", "--step", "by-itself", "--step", "side-by-side",
               "--", "--dataset", "synthetic-mnist", "--epochs", "1", "--train-samples", "1000",
               "--allow-unpinned", "--mode", "as-written", "--idle-wait", "0",
               "--set", script]  # fmt: skip
    done = subprocess.run(
        words, cwd=REPO, capture_output=True, text=True, check=False, timeout=800,
        env={**os.environ, **host, "BENCHDL_CACHE": str(tmp_path / "cache")},
    )  # fmt: skip
    assert done.stderr == ""
    assert sorted(file.name for file in out.iterdir()) == [
        "by-gpus.md", "by-instance.md", "by-tool.md", "log.txt", "results.tgz", "seen.md",
    ]  # fmt: skip
    with tarfile.open(out / "results.tgz") as archive:
        files = [member for member in archive if member.name.endswith("/result.json")]
        results = [json.load(archive.extractfile(member)) for member in files]
    gpus = sorted((result["job"]["tags"][0], result["job"]["gpus"]) for result in results)
    assert gpus == [
        ("by-itself", ["0"]), ("by-itself", ["0", "1"]),
        ("side-by-side", ["0"]), ("side-by-side", ["1"]),
    ]  # fmt: skip
    log = (out / "log.txt").read_text()
    assert "$ NCCL_NVLS_ENABLE=0 python -m benchdl run dummy --gpus-axis 1,2" in log
    assert "many_gpus: side-by-side:" in log
