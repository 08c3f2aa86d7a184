"""``make setup`` and local environments for real, in surroundings that have decided otherwise."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import installed
import make_checkout
import pytest

from harness import package_settings

REPO = Path(__file__).resolve().parents[2]
BENCHDL = Path(sys.executable).parent / "benchdl"
PARTS = ("Makefile", *installed.PARTS)

PIP_CONF = """[global]
user = true
target = {away}
require-virtualenv = true
only-binary = nvidia-ml-py3
constraint = {away}/no-such-file
[install]
prefix = {away}
no-deps = true
"""
DISTUTILS = "[install]\nprefix = {away}\n[build]\nbuild-base = {away}\n"
UV_TOML = "python-downloads = 7\nunknown-key = [\n"


@pytest.fixture
def hostile(tmp_path):
    """Settings of pip, uv, setuptools and Python that each would break or misdirect.

    None of how packages are reached (no index, offline): those are the user's, and kept.
    """
    home, away = tmp_path / "home", tmp_path / "away"
    away.mkdir()
    reach = package_settings.pip_settings(os.environ)
    conf = PIP_CONF.format(away=away).replace(
        "[install]", "".join(f"{name} = {value}\n" for name, value in reach.items()) + "[install]"
    )
    for name, text in {
        ".config/pip/pip.conf": conf,
        ".config/uv/uv.toml": UV_TOML,
        ".pydistutils.cfg": DISTUTILS.format(away=away),
    }.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(text)
    (away / "sitecustomize.py").write_text("raise SystemExit('a stranger')\n")
    caches = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return make_checkout.environment(
        HOME=str(home), XDG_CACHE_HOME=caches,
        PIP_USER="1", PIP_TARGET=str(away), PIP_PREFIX=str(away),
        PIP_REQUIRE_VIRTUALENV="1", PIP_ONLY_BINARY=":all:", PIP_CONSTRAINT="/no/such/file",
        PIP_NO_DEPS="1", PIP_TIMEOUT="soon",
        UV_SYSTEM_PYTHON="1", UV_PYTHON="2.6", UV_TARGET=str(away),
        UV_CONSTRAINT="/no/such/file", UV_NO_BINARY="1", UV_EXCLUDE_NEWER="2001-01-01",
        UV_REQUIRE_HASHES="0", UV_PROJECT="/no/such/folder", UV_RESOLUTION="lowest",
        VIRTUAL_ENV="/no/such/folder", PYTHONPATH=str(away), PYTHONHOME=str(away),
        PYTHONUSERBASE=str(away), PYTHONSTARTUP="/no/such/file", SETUPTOOLS_USE_DISTUTILS="stdlib",
    )  # fmt: skip


def litter(folder):
    """Files of other projects in the current folder."""
    (folder / "uv.toml").write_text(UV_TOML)
    (folder / "setup.cfg").write_text(DISTUTILS.format(away="/no/such/folder"))
    (folder / ".python-version").write_text("2.6.0\n")
    (folder / "docker.py").write_text("raise SystemExit('a stranger')\n")
    (folder / "pip.py").write_text("raise SystemExit('a stranger')\n")


@pytest.mark.timeout(1900)
def test_two_makes_at_once_in_a_fresh_checkout_in_hostile_surroundings(hostile, tmp_path):
    root = tmp_path / "check out"
    root.mkdir()
    skip = shutil.ignore_patterns("__pycache__", "*.egg-info")
    for name in PARTS:
        if (REPO / name).is_dir():
            shutil.copytree(REPO / name, root / name, ignore=skip)
        else:
            shutil.copy(REPO / name, root / name)
    litter(root)
    (root / "none").mkdir()
    both = [
        subprocess.Popen(
            ["make", f"PYTHON={sys.executable}", *words], cwd=root, env=hostile, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )
        for words in (["setup"], ["report", "RESULTS=none", "REPORT=made.html"])
    ]  # fmt: skip
    told = [process.communicate(timeout=600) for process in both]
    errors = "".join(stderr for _, stderr in told)
    assert both[0].returncode == 0, errors
    assert errors.count("making benchdl's own environment in .venv") == 1, errors
    assert errors.count("waiting for another make") == 1, errors
    assert "Traceback" not in errors
    assert told[0][0] == ""  # notices are no output
    assert not [entry for entry in (tmp_path / "away").iterdir() if entry.suffix != ".py"]

    # The command itself has that nothing stands before what is installed.
    version = [root / ".venv" / "bin" / "benchdl", "--version"]
    done = subprocess.run(
        version, cwd=root, env=hostile, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")

    # Users get no tools for changing benchdl; who asks for them gets them besides.
    mypy = root / ".venv" / "bin" / "mypy"
    assert not mypy.exists()
    added = subprocess.run(
        ["make", f"PYTHON={sys.executable}", "setup", "DEV=1"], cwd=root, env=hostile,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert added.returncode == 0, added.stderr
    (told,) = added.stderr.splitlines()
    assert told.startswith("benchdl: adding the tools for changing benchdl to .venv (once: ")
    assert mypy.exists()

    # cp -a, then mv: neither may run the other's code.
    copied = tmp_path / "copied"
    shutil.copytree(root, copied, symlinks=True)
    remaking(copied, hostile, f"it is that of {root}")
    root.rename(tmp_path / "moved")
    remaking(tmp_path / "moved", hostile, f"it is that of {root}")


def remaking(root, env, why):
    """``make`` there says why it makes the environment; Ctrl-C leaves none that looks ready."""
    process = subprocess.Popen(
        ["make", f"PYTHON={sys.executable}", "setup"], cwd=root, env=env, text=True,
        stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    line = process.stderr.readline()
    os.killpg(process.pid, signal.SIGINT)
    _, rest = process.communicate(timeout=60)
    assert why in line
    assert process.returncode != 0
    assert "Traceback" not in rest
    stamp = root / ".venv" / ".ready"
    assert not stamp.exists() or json.loads(stamp.read_text())["folder"] != str(root)


def test_a_local_environment_in_hostile_surroundings(hostile, dummy_root, tmp_path):
    here = tmp_path / "elsewhere"
    here.mkdir()
    litter(here)
    (here / "pyproject.toml").write_text('[tool.uv]\nindex-url = "http://nowhere.invalid/"\n')
    del hostile["PYTHONHOME"], hostile["PYTHONPATH"]  # the command of this checkout, see above
    done = subprocess.run(
        [BENCHDL, "run", "dummy", "--launcher", "local", "--device", "cpu", "--dataset",
         "synthetic-mnist", "--idle-wait", "0", "--epochs", "1", "--train-samples", "1000",
         "--json", "--results", "results"],
        env={**hostile, "BENCHDL_ROOT": os.path.relpath(dummy_root, here),
             "BENCHDL_CACHE": str(tmp_path / "cache")},
        cwd=here, capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (row,) = json.loads(done.stdout)
    assert row["status"] in ("ok", "suspect")
    assert not [entry for entry in (tmp_path / "away").iterdir() if entry.suffix != ".py"]
