"""Environments of the local launcher: which Python, which lock, and what is said when it fails."""

from __future__ import annotations

import json
import platform
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from harness import catalog, uv_command
from harness.doctor import local_lines
from harness.doctor.line import State
from harness.errors import BenchdlError
from harness.launchers import environments
from harness.readiness import Readiness

OWN = ".".join(platform.python_version_tuple()[:2])


@pytest.fixture
def uv(monkeypatch):
    """Stands in for uv: records what it is asked, makes a folder where a venv is asked for."""

    class Uv:
        def __init__(self):
            self.calls = []
            self.fails_at = None
            self.pythons = {}
            self.says = "error: no space\n  left on device\n"

        def __call__(self, arguments, *, locked=False):
            assert locked == (arguments[0] != "python")
            self.calls.append(arguments)
            verb = " ".join(arguments[:2])
            if verb == "python find":
                path = self.pythons.get(arguments[-1], "")
                return subprocess.CompletedProcess(arguments, 0 if path else 2, f"{path}\n", "")
            if arguments[0] == "venv":
                (Path(arguments[-1]) / "bin").mkdir(parents=True)
                (Path(arguments[-1]) / "bin" / "python").symlink_to(sys.executable)
            failed = self.fails_at is not None and self.fails_at in verb
            return subprocess.CompletedProcess(arguments, int(failed), "", self.says)

    fake = Uv()
    monkeypatch.setattr(uv_command, "uv", fake)
    monkeypatch.setattr(environments, "_SEEN", "")  # there is nothing in it
    return fake


@pytest.fixture
def root(dummy_root, tmp_path, monkeypatch):
    shutil.copytree(dummy_root / "docker", tmp_path / "root" / "docker")
    (tmp_path / "root" / "runner").mkdir()
    monkeypatch.setenv("BENCHDL_ROOT", str(tmp_path / "root"))
    monkeypatch.setenv("BENCHDL_CACHE", str(tmp_path / "cache"))
    return tmp_path / "root"


def dummy(root, before="", after=""):
    file = root / "docker" / "dummy" / "image.toml"
    text = file.read_text()
    assert before in text
    file.write_text(text.replace(before, after))
    return catalog.load("dummy")


def prepared(backend):
    lines = []
    return environments.prepare(backend, "cpu", lines.append), lines


def refused(backend):
    with pytest.raises(BenchdlError) as caught:
        prepared(backend)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def environments_in(tmp_path):
    return [entry for entry in (tmp_path / "cache" / "environments").iterdir() if entry.is_dir()]


def test_what_is_not_made_yet_is_told_without_making_it(root, uv, tmp_path):
    backend = catalog.load("dummy")
    found = environments.readiness(backend)
    assert (found.name, found.lacks) == ("local environment of dummy (local.lock)", "not made")
    assert found.downloads == ("wheels of dummy/local.lock that uv's cache does not hold",)
    assert not (tmp_path / "cache").exists()
    prepared(backend)
    asked = list(uv.calls)
    assert environments.readiness(backend) == Readiness(found.name)
    (made,) = environments_in(tmp_path)
    (made / "bin" / "python").unlink()
    assert environments.readiness(backend).lacks == "its Python is gone"
    assert uv.calls == asked


def test_a_python_that_is_nowhere_here_is_downloaded_too(root, uv):
    backend = dummy(root, 'python = ">=3.10"', 'python = ">=3.20"')
    assert environments.readiness(backend).downloads[1:] == ("Python >=3.20",)


def test_what_cannot_be_made_is_refused_as_when_it_is_made(root, uv):
    backend = dummy(root, 'python = ">=3.10"', 'python = ">=3.10"\nprograms = ["no-such-program"]')
    with pytest.raises(BenchdlError) as told:
        environments.readiness(backend)
    assert str(told.value) == refused(backend)


def test_the_hosts_own_python_comes_first(root, uv):
    stack, python = environments.choose(catalog.load("dummy"))
    assert (stack.lock, python) == ("local.lock", sys.executable)
    assert uv.calls == []


def test_another_python_is_looked_for_when_the_own_does_not_fit(root, uv):
    uv.pythons = {">=3.20": "/opt/python3.20"}
    backend = dummy(root, 'python = ">=3.10"', 'python = ">=3.20"')
    assert environments.choose(backend)[1] == "/opt/python3.20"


def test_the_stack_that_fits_the_own_python_goes_before_an_earlier_one(root, uv):
    uv.pythons = {">=3.20": "/opt/python3.20"}
    backend = dummy(
        root,
        "[[local]]",
        '[[local]]\npython = ">=3.20"\nlock = "late.lock"\nnote = ""\nwheels = {}\n[[local]]',
    )
    assert environments.choose(backend)[0].lock == "local.lock"


def test_a_python_that_is_nowhere_is_left_to_uv_to_fetch(root, uv):
    prepared(dummy(root, 'python = ">=3.10"', 'python = ">=3.20,<3.22"'))
    (venv,) = [call for call in uv.calls if call[0] == "venv"]
    assert venv[venv.index("--python") + 1] == ">=3.20,<3.22"


def test_a_python_that_cannot_be_fetched_is_named(root, uv):
    uv.fails_at = "venv"
    said = refused(dummy(root, 'python = ">=3.10"', 'python = ">=3.20,<3.22"'))
    assert "install Python >=3.20,<3.22" in said
    assert "--launcher docker" in said


def test_a_backend_without_any_local_stack(root, uv):
    file = root / "docker" / "dummy" / "image.toml"
    file.write_text(file.read_text().partition("[[local]]")[0])
    assert "no [[local]] stack" in refused(catalog.load("dummy"))


def test_the_real_backends_have_a_stack_for_common_pythons(repo):
    common = {"tf": ("3.10.12", "3.11.7", "3.12.3", "3.13.0"), "theano": ("3.10.12", "3.11.7")}
    for name, versions in common.items():
        stacks = catalog.load(name).spec.local
        for version in versions:
            assert any(environments.SpecifierSet(s.python).contains(version) for s in stacks), name


def test_an_environment_is_made_once_from_its_lock(root, uv, tmp_path):
    backend = catalog.load("dummy")
    first, said = prepared(backend)
    assert said == ["making the local environment of dummy (once, some minutes; local.lock)"]
    make, tools, install = uv.calls
    assert make[0] == "venv"
    assert sys.executable in make
    assert install[:2] == ["pip", "sync"]
    assert "--require-hashes" in tools
    assert tools[-1].endswith("docker/base/build-constraints.lock")
    assert {"--require-hashes", "--no-build-isolation"} <= set(install)
    assert install[-1] == str(backend.folder / "local.lock")

    again, said = prepared(backend)
    assert (again, said, len(uv.calls)) == (first, [], 3)
    (folder,) = environments_in(tmp_path)
    assert first.python == str(folder / "bin" / "python")


def test_what_is_prepared_is_on_record(root, uv):
    ready, _ = prepared(catalog.load("dummy"))
    assert ready.pins.python == OWN
    assert ready.pins.packages == {"numpy": "2.2.6"}
    assert ready.provenance.kind == "environment"
    assert ready.provenance.note == "NumPy 2.2 instead of the image's 2.0"
    assert set(ready.provenance.locks_sha256) == {"local.lock"}


def test_environment_variables_of_the_stack_are_kept():
    theano = catalog.load("theano").spec.local[0]
    assert theano.environment["THEANO_FLAGS"] == "blas.ldflags="


def test_another_lock_is_another_environment(root, uv, tmp_path):
    prepared(catalog.load("dummy"))
    lock = root / "docker" / "dummy" / "local.lock"
    lock.write_text(lock.read_text() + "\n")
    prepared(catalog.load("dummy"))
    assert len(environments_in(tmp_path)) == 2


@pytest.mark.parametrize("step", ["venv", "pip install", "pip sync"])
def test_a_failed_installation_leaves_nothing_and_is_tried_again(root, uv, tmp_path, step):
    uv.fails_at = step
    said = refused(catalog.load("dummy"))
    assert "environment of dummy failed: error: no space left on device" in said
    assert environments_in(tmp_path) == []
    uv.fails_at = None
    prepared(catalog.load("dummy"))
    assert len(environments_in(tmp_path)) == 1


def test_half_an_environment_is_made_anew(root, uv, tmp_path):
    prepared(catalog.load("dummy"))
    (folder,) = environments_in(tmp_path)
    (folder / environments._READY).unlink()
    (folder / "left over").write_text("x")
    prepared(catalog.load("dummy"))
    assert len(uv.calls) == 6
    assert not (folder / "left over").exists()


def test_a_missing_program_is_named_with_its_package(root, uv):
    backend = dummy(root, 'lock = "local.lock"', 'lock = "local.lock"\nprograms = ["no-such-g++"]')
    said = refused(backend)
    assert "needs the program no-such-g++" in said
    assert "apt-get install no-such-g++" in said
    assert uv.calls == []


def test_a_missing_lock_says_how_to_make_it(root, uv):
    (root / "docker" / "dummy" / "local.lock").unlink()
    said = refused(catalog.load("dummy"))
    assert "local.lock" in said
    assert "benchdl images lock dummy" in said


def test_a_cache_that_cannot_be_written_says_so(root, uv, tmp_path):
    (tmp_path / "cache").write_text("in the way")
    said = refused(catalog.load("dummy"))
    assert "cannot write to the cache" in said
    assert "BENCHDL_CACHE" in said


def test_an_environment_whose_python_has_gone_is_made_again_and_said(root, uv, tmp_path):
    backend = catalog.load("dummy")
    prepared(backend)
    assert environments.readiness(backend).lacks == ""
    (folder,) = environments_in(tmp_path)
    python = folder / "bin" / "python"
    python.unlink()
    python.symlink_to(tmp_path / "python that was uninstalled")
    assert environments.readiness(backend).lacks == "its Python is gone"
    assert "its Python is gone; the first run without Docker makes it" in doctor_says(backend)
    ready, said = prepared(backend)
    assert said == [
        "making the local environment of dummy (once, some minutes; local.lock; its Python is gone)"
    ]
    assert ready.pins.python == OWN


def test_an_environment_of_another_python_than_the_stack_is_for_is_made_again(root, uv, tmp_path):
    backend = catalog.load("dummy")
    prepared(backend)
    (folder,) = environments_in(tmp_path)
    (folder / "bin" / "python").unlink()
    (folder / "bin" / "python").write_text("#!/bin/sh\necho 3.8.1\n")
    (folder / "bin" / "python").chmod(0o755)
    assert environments.readiness(backend).lacks == "its Python is 3.8.1 now"
    prepared(backend)
    assert environments.readiness(backend).lacks == ""


def test_no_environment_is_nothing_to_complain_of(root, uv):
    assert doctor_says(catalog.load("dummy")).startswith("not made yet; the first run")


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        ("raise ImportError('No module named numpy')", "No module named numpy"),
        (
            "import sys; sys.exit('numpy is imported from /home/x/site/numpy')",
            "imported from /home",
        ),
    ],
)
def test_an_environment_that_does_not_import_is_not_ready(
    root, uv, tmp_path, monkeypatch, seen, said
):
    monkeypatch.setattr(environments, "_SEEN", seen)
    assert said in refused(catalog.load("dummy"))
    assert environments_in(tmp_path) == []


def test_what_is_seen_are_the_runners_imports_and_the_pins(tmp_path):
    """Here in the harness's own environment, which has them all."""
    python = sys.executable

    def see(pins):
        command = [python, "-I", "-c", environments._SEEN, json.dumps(pins)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    version = metadata.version("numpy")
    assert see({"numpy": version}).returncode == 0
    assert f"numpy is {version}, not 0.1" in see({"numpy": "0.1"}).stderr
    assert "No package metadata was found for no-such-thing" in see({"no-such-thing": "1"}).stderr


def test_a_ready_environment_of_a_cache_that_cannot_be_written_needs_no_lock(
    root, uv, tmp_path, monkeypatch
):
    prepared(catalog.load("dummy"))

    def no_lock(*args, **kwargs):
        raise AssertionError("a lock was asked for")

    monkeypatch.setattr(environments.cache, "alone", no_lock)
    assert prepared(catalog.load("dummy"))[1] == []


def doctor_says(backend):
    line = local_lines.examine(backend, engine=False)
    assert line.state is State.FIRST_USE
    return line.found
