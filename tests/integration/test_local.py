"""Real jobs without Docker: the test backend in a real environment, well-behaved and not."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

BENCHDL = Path(sys.executable).parent / "benchdl"
RUN = ["run", "dummy", "--launcher", "local", "--device", "cpu", "--dataset", "synthetic-mnist",
       "--idle-wait", "0"]  # fmt: skip
SMALL = ["--epochs", "1", "--train-samples", "1000"]


@pytest.fixture(scope="module")
def home(cache, dummy_root):
    return {**os.environ, "BENCHDL_ROOT": str(dummy_root), "BENCHDL_CACHE": str(cache)}


@pytest.fixture
def run(home, tmp_path):
    def call(*args, expect=0, env=None):
        done = subprocess.run(
            [BENCHDL, *args, "--results", tmp_path / "results"],
            env={**home, **(env or {})},
            capture_output=True,
            text=True,
            timeout=600,
            cwd=tmp_path,
            check=False,
        )
        assert "Traceback" not in done.stderr, done.stderr
        assert done.returncode == expect, done.stderr
        return done

    return call


def only_result(tmp_path):
    (file,) = (tmp_path / "results").glob("*/result.json")
    return json.loads(file.read_text())


def test_a_new_backend_takes_one_folder_and_one_module(run, tmp_path):
    done = run(*RUN, *SMALL, "--json")
    (row,) = json.loads(done.stdout)
    assert row["status"] in ("ok", "suspect"), done.stderr
    assert row["backend"] == "dummy"
    assert row["parameters"] == 65_402
    assert row["time_s"] > 0
    assert row["gpu_percent"] is None
    assert row["gpus_visible"] is None
    assert row["note"] == "NumPy 2.2 instead of the image's 2.0"
    folder = tmp_path / "results" / row["run_id"]
    assert {file.name for file in folder.iterdir()} >= {"job.json", "result.json", "samples.csv"}
    shown = run("show", "latest").stdout
    assert row["run_id"] in shown
    table = run("table").stdout
    assert "| Tool" in table
    assert "NumPy (test backend)" in table


@pytest.mark.parametrize(
    ("mode", "reason", "words"),
    [
        ("crash", "crashed", "exit code 3"),
        ("exit0", "no-result", "without a result"),
        ("invalid-json", "invalid-result", "not valid JSON"),
        ("wrong-id", "invalid-result", "another run"),
        ("newer", "invalid-result", "upgrade benchdl"),
        ("huge", "invalid-result", "100 MiB"),
    ],
)
def test_a_runner_that_goes_wrong_is_a_failed_result(run, tmp_path, mode, reason, words):
    done = run(*RUN, *SMALL, "--set", f"environment.DUMMY_MODE={mode}", expect=1)
    result = only_result(tmp_path)
    assert result["status"] == "failed"
    assert result["failure"]["reason"] == reason
    assert words in done.stderr


def test_a_runner_that_hangs_is_ended(run, tmp_path):
    mode = "environment.DUMMY_MODE=hang"
    done = run(*RUN, *SMALL, "--set", mode, "--timeout", "12", expect=1)
    assert only_result(tmp_path)["failure"]["reason"] == "timeout"
    assert "--timeout" in done.stderr
    assert not jobs_of(tmp_path)


def test_a_runner_that_does_not_learn_is_invalid(run, tmp_path):
    samples = ["--epochs", "1", "--train-samples", "12000"]
    run(*RUN, *samples, "--set", "environment.DUMMY_MODE=lazy", expect=1)
    result = only_result(tmp_path)
    assert result["status"] == "ok"
    invalid = {f["code"] for f in result["findings"] if f["severity"] == "invalid"}
    assert invalid == {"not-learned", "frozen-weights"}
    assert "not in the table" in run("table").stdout


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_interrupted_job_is_recorded_and_nothing_is_left(run, home, tmp_path, sign):
    run(*RUN, *SMALL)
    before = {p: p.read_bytes() for p in (tmp_path / "results").glob("*/result.json")}
    process = subprocess.Popen(
        [BENCHDL, *RUN, *SMALL, "--set", "environment.DUMMY_MODE=hang", "--results", "results"],
        env=home,
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_for(lambda: jobs_of(tmp_path))
    time.sleep(2)
    process.send_signal(sign)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in stderr
    assert "interrupted" in stderr
    assert not jobs_of(tmp_path)
    after = {p: p.read_bytes() for p in (tmp_path / "results").glob("*/result.json")}
    assert {p: after[p] for p in before} == before
    (new,) = set(after) - set(before)
    assert json.loads(after[new])["status"] == "interrupted"
    assert not list((tmp_path / "results" / ".staging").iterdir())


def test_two_runs_at_once_share_a_results_folder(home, tmp_path):
    command = [BENCHDL, *RUN, *SMALL, "--json", "--results", "results"]
    both = [
        subprocess.Popen(command, env=home, cwd=tmp_path, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    ids = {json.loads(process.communicate(timeout=300)[0])[0]["run_id"] for process in both}
    assert len(ids) == 2
    assert {p.parent.name for p in (tmp_path / "results").glob("*/result.json")} == ids


def test_a_full_disk_is_one_line_and_keeps_earlier_results(run, home, tmp_path):
    """A file system of 3 MiB stands for the disk; the runner's huge result fills it."""
    if os.geteuid() != 0:
        pytest.skip("mounting a small file system needs root")
    results = tmp_path / "results"
    results.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", results], check=True)
    try:
        run(*RUN, *SMALL)
        (earlier,) = results.glob("*/result.json")
        kept = earlier.read_bytes()
        with (
            (results / "filler").open("wb", buffering=0) as filler,
            pytest.raises(OSError, match="space"),
        ):
            while True:
                filler.write(b"x" * 4096)
        done = run(*RUN, *SMALL, expect=1)
        line = done.stderr.strip().splitlines()[-1]
        assert line.startswith("benchdl: cannot write to")
        assert "No space left" in line
        assert "--results" in line
        assert earlier.read_bytes() == kept
        assert list(results.glob("*/result.json")) == [earlier]
    finally:
        subprocess.run(["umount", "--lazy", results], check=True)


def test_a_corrupt_dataset_is_one_line(run, tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    for name in ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"):
        (data / f"{name}-ubyte").write_bytes(b"not an IDX file")
    done = run("run", "dummy", "--launcher", "local", "--data-dir", data, expect=1)
    assert "train-images-idx3-ubyte" in done.stderr


def jobs_of(folder):
    """Command lines of runners whose job lies below ``folder``."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = entry.read_bytes().split(b"\0")
        except OSError:
            continue
        if b"runner" in words and any(word.startswith(bytes(folder)) for word in words):
            found.append(words)
    return found


def wait_for(condition, timeout_s=120.0):
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.2)


def test_a_selftest_of_real_jobs_with_and_without_sampler(home, tmp_path):
    kept = tmp_path / "kept"
    done = subprocess.run(
        [BENCHDL, "selftest", "dummy", "--launcher", "local", "--dataset", "synthetic-mnist",
         "--quick", "--blocks", "2", "--idle-wait", "0", "--keep", kept, *SMALL],
        env=home, capture_output=True, text=True, timeout=600, cwd=tmp_path, check=False,
    )  # fmt: skip
    assert "Traceback" not in done.stderr, done.stderr
    words = [line.split(maxsplit=1)[0] for line in done.stdout.splitlines()]
    assert len(words) == 6
    assert set(words) <= {"PASS", "FAIL", "INCONCLUSIVE"}
    assert done.returncode == (1 if "FAIL" in words else 0)
    assert words[4:] == ["INCONCLUSIVE"] * 2, done.stdout  # two blocks are too few
    results = [json.loads(file.read_text()) for file in kept.glob("*/result.json")]
    assert len(results) == 6
    unsampled = [result for result in results if result["job"]["sample_interval_s"] is None]
    assert len(unsampled) == 2
    for result in unsampled:
        assert "sampler-off" in {found["code"] for found in result["findings"]}
        assert not (kept / result["run_id"] / "samples.csv").exists()
    assert {result["job"]["seed"] for result in results} == {123}
    assert not (tmp_path / "results").exists()
