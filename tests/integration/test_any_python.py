"""Real jobs in Pythons that benchdl did not make: what they hold is used, and stays as it was."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from importlib import metadata
from pathlib import Path

import psutil
import pytest
import uv as uv_package

BENCHDL = Path(sys.executable).parent / "benchdl"
OWN = "{}.{}".format(*sys.version_info[:2])
OTHERS = [minor for minor in ("3.9", "3.10", "3.12", "3.13") if minor != OWN]
SMALL = ["--device", "cpu", "--dataset", "synthetic-mnist", "--epochs", "1", "--train-samples",
         "1000", "--idle-wait", "0"]  # fmt: skip
RUN = ["run", "dummy", "--launcher", "python", *SMALL]
HANG = ["--set", "environment.DUMMY_MODE=hang"]


def uv(*words):
    return subprocess.run(
        [uv_package.find_uv_bin(), *map(str, words)], capture_output=True, text=True, check=False
    )


def here(version):
    """A Python of this version: the one of the tests, one of pyenv's, or what uv finds."""
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    known = sorted(root.glob(f"versions/{version}.*/bin/python"))
    return sys.executable if version == OWN else known[-1] if known else version


def made(folder, version=OWN, numpy="numpy"):
    """A virtual environment with NumPy and nothing else; skipped where there is no such Python."""
    python = folder / "bin" / "python"
    venv = ["venv", "--quiet", "--no-project", "--python-preference", "system"]
    steps = [
        [*venv, "--python", here(version), folder],
        ["pip", "install", "--quiet", "--python", python, numpy],
    ]
    for step in steps:
        done = uv(*step)
        if done.returncode:
            pytest.skip(f"no Python {version} with NumPy here: {done.stderr.strip()[:200]}")
    (folder / ".lock").unlink(missing_ok=True)
    return python


@pytest.fixture(scope="module")
def python(tmp_path_factory):
    """Somebody's Python."""
    return made(tmp_path_factory.mktemp("somebody") / "env")


@pytest.fixture
def home(cache, dummy_root):
    return {"BENCHDL_ROOT": str(dummy_root), "BENCHDL_CACHE": str(cache)}


@pytest.fixture
def run(benchdl, home):
    def call(*args, expect=0, **more):
        done = benchdl(*args, env={**home, **more}, timeout=600)
        assert done.returncode == expect, done.stderr
        return done

    return call


@pytest.fixture
def begin(home, tmp_path):
    """Start a job that hangs; gives the command's process and the job's."""
    begun = []

    def call(*args):
        process = subprocess.Popen(
            [BENCHDL, *map(str, args), *HANG, "--results", "results"],
            env={**os.environ, **home},
            cwd=tmp_path,
            stderr=subprocess.PIPE,
            text=True,
        )
        begun.append(process)
        deadline = time.monotonic() + 400
        while not (jobs := jobs_of(tmp_path)):
            assert time.monotonic() < deadline, "no job began"
            time.sleep(0.2)
        return process, jobs

    yield call
    for process in begun:
        if process.poll() is None:
            process.kill()
        process.communicate()


def jobs_of(folder):
    """Runners whose job lies below ``folder``."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        words = process.info["cmdline"] or []
        if "runner" in words and any(word.startswith(str(folder)) for word in words):
            found.append(process)
    return found


def results(tmp_path):
    files = sorted((tmp_path / "results").glob("*/result.json"))
    return [json.loads(file.read_text()) for file in files]


def state(folder):
    """Every file of an environment, with what would show a change."""
    return {
        path: (path.lstat().st_mtime_ns, path.lstat().st_size) for path in sorted(folder.rglob("*"))
    }


def put(site, name, version, text):
    """A module with its record, as pip leaves it."""
    (site / f"{name}.py").write_text(text)
    info = site / f"{name}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    (info / "RECORD").write_text(f"{name}.py,,\n")


def copied(python, folder):
    """The same environment elsewhere, to be changed."""
    shutil.copytree(python.parents[1], folder, symlinks=True)
    return folder / "bin" / "python", next((folder / "lib").glob("python3*/site-packages"))


def test_a_python_with_numpy_alone_is_enough_and_stays_as_it_was(run, python, tmp_path):
    before = state(python.parents[1])
    first = run(*RUN, "--python", python, "--dry-run").stdout
    assert f"dummy in {python} (venv " in first
    assert "to be made: without pydantic" in first
    done = run(*RUN, "--python", python, "--json")
    (row,) = json.loads(done.stdout)
    assert row["status"] in ("ok", "suspect"), done.stderr
    assert row["launcher"] == "python"
    assert state(python.parents[1]) == before
    (result,) = results(tmp_path)
    origin, live = result["job"]["provenance"], result["measurement"]["attestation"]
    assert origin["kind"] == "interpreter"
    assert origin["reference"].startswith("dummy (venv Python 3.")
    assert "brought along by benchdl: pydantic, typing-extensions, psutil" in origin["note"]
    assert live["packages"]["numpy"] == result["job"]["pins"]["packages"]["numpy"]
    assert live["python"].startswith(result["job"]["pins"]["python"])
    assert result["launch"]["runner_sha256"]
    assert result["measurement"]["sampler"]["samples"] > 0  # a process of its own, with our psutil
    assert str(python) not in json.dumps(origin)
    assert "launcher python" in run("table").stdout
    assert "ready" in run(*RUN, "--python", python, "--dry-run").stdout


@pytest.mark.parametrize("version", OTHERS)
def test_any_version_from_3_9_on(run, tmp_path, version):
    python = made(tmp_path / "env", version)
    before = state(python.parents[1])
    done = run(*RUN, "--python", python, "--json")
    (row,) = json.loads(done.stdout)
    assert row["status"] in ("ok", "suspect"), done.stderr
    (result,) = results(tmp_path)
    assert result["measurement"]["attestation"]["python"].startswith(f"{version}.")
    assert state(python.parents[1]) == before


@pytest.mark.parametrize(
    ("version", "text"),
    [
        ("1.10.13", "raise SystemExit('pydantic 1 was imported')\n"),
        ("2.11.10", "raise ImportError('its core is of another Python')\n"),
    ],
)
def test_a_pydantic_that_is_old_or_broken_stays_where_it_is(run, python, tmp_path, version, text):
    theirs, site = copied(python, tmp_path / "env")
    put(site, "pydantic", version, text)
    put(site, "typing_extensions", "4.0.0", "raise SystemExit('the old one')\n")
    before = state(tmp_path / "env")
    done = run(*RUN, "--python", theirs)
    (result,) = results(tmp_path)
    assert result["failure"] is None, done.stderr
    assert "benchdl: pydantic, typing-extensions" in result["job"]["provenance"]["note"]
    assert state(tmp_path / "env") == before


def test_one_that_has_all_gets_nothing(run, python, tmp_path, monkeypatch):
    """Also what it has from PYTHONPATH, as modules of a cluster give it."""
    theirs = tmp_path / "modules"
    for name in ("pydantic", "pydantic-core", "annotated-types", "typing-inspection",
                 "typing-extensions", "psutil", "nvidia-ml-py3"):  # fmt: skip
        for file in metadata.files(name):
            target = theirs / file
            if ".." not in file.parts and "__pycache__" not in file.parts:
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file.locate(), target)
    empty = tmp_path / "cache"
    done = run(*RUN, "--python", python, PYTHONPATH=str(theirs), BENCHDL_CACHE=str(empty))
    (result,) = results(tmp_path)
    assert result["failure"] is None, done.stderr
    assert "brought along" not in result["job"]["provenance"]["note"]
    assert not (empty / "carried").exists()


def test_a_prefix_laid_out_as_condas(run, python, tmp_path):
    """A stand-in: a real conda cannot be had everywhere. A copied program beside its library, which
    is no venv, and the records of conda's packages."""
    real = Path(os.path.realpath(sys.executable))
    prefix, library = tmp_path / "miniconda3" / "envs" / "dl", real.parents[1] / "lib"
    site = prefix / "lib" / f"python{OWN}" / "site-packages"
    site.parent.mkdir(parents=True)
    (prefix / "bin").mkdir()
    shutil.copy2(real, prefix / "bin" / "python")
    for entry in (library / f"python{OWN}").iterdir():
        if entry.name != "site-packages":
            (site.parent / entry.name).symlink_to(entry)
    shutil.copytree(next((python.parents[1] / "lib").glob("python3*/site-packages")), site)
    (prefix / "conda-meta").mkdir()
    (prefix / "conda-meta" / f"python-{OWN}.0-h955ad1f_0.json").write_text("{}")
    theirs = prefix / "bin" / "python"
    said = subprocess.run([theirs, "-c", "import sys; print(sys.prefix)"], text=True,
                          capture_output=True, check=False)  # fmt: skip
    if said.stdout.strip() != str(prefix):
        pytest.skip(f"this Python cannot be laid out elsewhere: {said.stdout} {said.stderr}")
    done = run(*RUN, "--python", theirs)
    (result,) = results(tmp_path)
    assert result["failure"] is None, done.stderr
    assert result["job"]["provenance"]["reference"].startswith("dummy (conda Python 3.")
    run("bundle", "create", "latest", "--output", tmp_path / "a.tar")
    content = (tmp_path / "a.tar").read_bytes()
    assert str(tmp_path).encode() not in content
    assert b"miniconda3" not in content
    refused = run("bundle", "rerun", tmp_path / "a.tar", "--launcher", "local", "--trust-maker",
                  expect=2)  # fmt: skip
    assert "a Python of its maker's (dummy (conda Python 3." in refused.stderr
    assert "bundle replay" in refused.stderr


def test_what_it_lacks_is_refused_or_skipped(run, python, tmp_path):
    words = ["run", "torch", "dummy", "--launcher", "python", "--python", python, *SMALL]
    done = run(*words, expect=2)
    (line,) = done.stderr.splitlines()
    assert f"torch is not in {python}: no module torch" in line
    assert not (tmp_path / "results").exists()
    done = run(*words, "--unsupported", "skip")
    assert f"skipped torch cpu: torch is not in {python}" in done.stderr
    (result,) = results(tmp_path)
    assert result["job"]["backend"] == "dummy"


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_it_goes_on_in_the_same_python(run, begin, python, tmp_path, sign):
    theirs, site = copied(python, tmp_path / "env")
    process, _ = begin(*RUN, "--python", theirs)
    process.send_signal(sign)
    _, stderr = process.communicate(timeout=300)
    assert process.returncode == 130
    assert "Traceback" not in stderr
    assert f"--python {theirs}" in stderr
    assert not jobs_of(tmp_path)
    (result,) = results(tmp_path)
    assert result["status"] == "interrupted"
    other = run("resume", "latest", "--own-settings", expect=2).stderr
    assert f"ran in {theirs}, and `python` starts" in other
    put(site, "another", "1.0", "")
    changed = run("resume", "latest", "--own-settings", "--python", theirs, expect=1).stderr
    assert "the Python of dummy is another, or holds other packages" in changed


def test_an_interpreter_that_is_killed_is_a_failed_result(begin, python, tmp_path):
    process, jobs = begin(*RUN, "--python", python)
    assert jobs[0].exe() == os.path.realpath(python)
    for job in jobs:
        with contextlib.suppress(psutil.NoSuchProcess):  # it went with the one before
            job.kill()
    process.communicate(timeout=300)
    assert process.returncode == 1
    (result,) = results(tmp_path)
    assert result["failure"]["reason"] == "crashed"
    assert "signal 9" in result["failure"]["message"]
    assert not jobs_of(tmp_path)


def test_it_is_proven_and_tested_as_others_are(run, python):
    words = ["--launcher", "python", "--python", python]
    done = run("conform", "dummy", "--mode", "as-written", *words)
    assert done.stdout.startswith("ok dummy cpu"), done.stderr
    again = run("conform", "dummy", "--mode", "as-written", *words)
    assert "proving" not in again.stderr
