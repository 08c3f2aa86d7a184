"""Notices and results that cannot be written: no result is lost, and there is no traceback."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import stand_in_data

from harness.cli.streams import CLOSED_PIPE, UNWRITABLE

BENCHDL = Path(sys.executable).parent / "benchdl"
RUN = ["run", "dummy", "--launcher", "local", "--device", "cpu", "--dataset", "synthetic-mnist",
       "--idle-wait", "0", "--epochs", "2", "--train-samples", "500"]  # fmt: skip
FULL = Path("/dev/full")  # every write fails with ENOSPC, as on a full disk

VERBS = {
    "help": ["--help"],
    "help of a verb": ["run", "--help"],
    "version": ["--version"],
    "list": ["list"],
    "table": ["table"],
    "table as csv": ["table", "--format", "csv"],
    "table as json": ["table", "--format", "json"],
    "show": ["show", "latest"],
    "show as json": ["show", "latest", "--json"],
    "compare": ["compare", "tf", "theano", "--fail-on", "regression"],
    "compare as json": ["compare", "tf", "theano", "--format", "json", "--fail-on", "regression"],
    "report": ["report", "--format", "md"],
    "report as csv": ["report", "--format", "csv"],
    "report to -": ["report", "-o", "-"],
    "data list": ["data", "list"],
    "doctor": ["doctor"],
    "resume": ["resume"],
}


@pytest.fixture(scope="module")
def home(tmp_path_factory, dummy_root):
    """A cache with the dummy's environment, and a store with results and a finished campaign."""
    folder = tmp_path_factory.mktemp("home")
    env = {
        **os.environ,
        "BENCHDL_ROOT": str(dummy_root),
        "BENCHDL_CACHE": str(stand_in_data.given(folder / "cache")),
        "BENCHDL_RESULTS": str(folder / "results"),
        "DOCKER_HOST": "unix:///nonexistent",  # doctor and resume ask it
    }
    done = subprocess.run([BENCHDL, *RUN], env=env, cwd=folder, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    return env


@pytest.fixture(scope="module")
def store(home):
    """With results of two tools, made by hand, beside the dummy's."""
    from conftest import merged, tf_on_cpu

    from harness.store import Store
    from runner.contract.result import Result

    put = Store(Path(home["BENCHDL_RESULTS"])).add
    for number in range(10):
        backend = ("tf", "theano")[number % 2]
        run_id = f"20261123t120000z-{backend}-cpu-{number:08x}"
        job = {"run_id": run_id, "backend": backend, "repeat": number // 2 + 1}
        put(Result.model_validate(merged(tf_on_cpu(), {"run_id": run_id, "job": job})))
    return home


def call(words, env, cwd, program=(BENCHDL,), **streams):
    done = subprocess.run(
        [*program, *words], env=env, cwd=cwd, timeout=300, check=False,
        **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **streams},
    )  # fmt: skip
    said = ((done.stderr or b"") + (done.stdout or b"")).decode(errors="replace")
    assert "Traceback" not in said, said
    assert "Exception ignored" not in said, said
    return done


@contextlib.contextmanager
def closed_pipe():
    """The writing end of a pipe whose reader has gone."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        yield writing
    finally:
        os.close(writing)


@pytest.mark.parametrize("verb", VERBS)
def test_results_on_a_full_disk_are_one_line_and_a_status_of_their_own(verb, store, tmp_path):
    with FULL.open("wb") as full:
        done = call(VERBS[verb], store, tmp_path, stdout=full)
    assert done.returncode == UNWRITABLE
    last = done.stderr.decode().splitlines()[-1]
    assert last.startswith("benchdl: cannot write to standard output (No space left on device)")


@pytest.mark.parametrize("verb", [verb for verb in VERBS if " as " not in verb])
def test_a_reader_that_has_gone_is_no_error_and_no_regression(verb, store, tmp_path):
    with closed_pipe() as pipe:
        done = call(VERBS[verb], store, tmp_path, stdout=pipe)
    assert done.returncode == CLOSED_PIPE
    assert b"cannot write" not in done.stderr
    assert b"benchdl: " not in done.stderr


@pytest.mark.parametrize("verb", ["table", "show", "doctor", "list"])
def test_notices_that_cannot_be_written_change_nothing(verb, store, tmp_path):
    def said(**streams):
        done = call(VERBS[verb], store, tmp_path, **streams)
        # The disk is everybody's: other tests fill and empty it meanwhile.
        return re.sub(rb"[\d.]+ GB free", b"? GB free", done.stdout), done.returncode

    told = said()
    with FULL.open("wb") as full:
        assert said(stderr=full) == told
    with closed_pipe() as pipe:
        assert said(stderr=pipe) == told


def shell(line, env, cwd):
    return subprocess.run(
        ["bash", "-c", line.replace("benchdl", str(BENCHDL))], env=env, cwd=cwd, timeout=300,
        capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("words", ["table", "list", "show latest --json", "report --format csv"])
def test_no_standard_output_at_all(words, store, tmp_path):
    done = shell(f"benchdl {words} >&-", store, tmp_path)
    assert done.returncode == UNWRITABLE
    assert done.stderr.count("\n") == 1
    assert "cannot write to standard output (Bad file descriptor)" in done.stderr
    assert shell(f"benchdl {words} >&- 2>&-", store, tmp_path).returncode == UNWRITABLE
    assert shell(f"benchdl {words} 2>&- <&-", store, tmp_path).returncode == 0


@pytest.mark.parametrize(
    "locale",
    [
        {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
        {"PYTHONIOENCODING": "ascii"},
        {"PYTHONIOENCODING": "latin-1:strict"},
    ],
    ids=str,
)
def test_a_terminal_that_knows_few_characters(locale, store, tmp_path):
    # Not the installed command, which passes over Python's variables.
    begin = "import sys; sys.argv[0] = 'benchdl'; from harness.cli.main import main; main()"

    def said(*words):
        done = call([*words], {**store, **locale}, tmp_path, program=[sys.executable, "-c", begin])
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert b"\\xb7" in said("table") or "\N{MIDDLE DOT}" in said("table").decode("latin-1")
    assert b"tf" in said("table", "--format", "csv")
    assert b"B / A" in said("compare", "tf", "theano")
    assert len(json.loads(said("table", "--format", "json"))) == 11


def only(results):
    (file,) = results.glob("*/result.json")
    return json.loads(file.read_text())


def sound(result):
    return result["status"] == "ok" and result["measurement"] and not result["failure"]


@pytest.mark.parametrize("line", ["benchdl {} 2>&1 | head -1", "benchdl {} >&- 2>/dev/full"])
def test_a_job_goes_on_whatever_becomes_of_its_display(line, home, tmp_path):
    words = " ".join([*RUN, "--results", str(tmp_path / "results")])
    done = shell(line.replace("{}", words), home, tmp_path)
    assert "Traceback" not in done.stdout + done.stderr
    assert sound(only(tmp_path / "results"))
    if "|" not in line:
        assert done.returncode == UNWRITABLE


def test_a_log_on_a_disk_that_fills_up(home, tmp_path):
    """A real one, of a few pages; needs root to mount it."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=12k", "benchdl-test", str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no disk can be mounted here")
    try:
        report = disk / "report.md"
        report.write_text("the old one")
        (disk / "filler").write_bytes(b"x" * 4096)
        with (disk / "log").open("wb") as log:
            log.write(b"y" * 4000)
            log.flush()
            done = call([*RUN, "--results", tmp_path / "results"], home, tmp_path, stderr=log)
        assert done.returncode == 0
        assert sound(only(tmp_path / "results"))
        full = call(["report", "--format", "md", "-o", report], home, tmp_path)
        assert full.returncode == 1
        assert full.stderr.decode().count("\n") == 1
        assert report.read_text() == "the old one"
        assert {file.name for file in disk.iterdir()} == {"filler", "log", "report.md"}
    finally:
        subprocess.run(["umount", str(disk)], check=False)
