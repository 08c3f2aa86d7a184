"""Jobs in containers get the data that was verified, whatever the umask, links and modes are."""

from __future__ import annotations

import json
import os
import struct
import sys
from pathlib import Path

import pytest
import stand_in_data

pytestmark = [pytest.mark.docker, pytest.mark.beside]
BENCHDL = Path(sys.executable).parent / "benchdl"
IN_DOCKER = ["--launcher", "docker", "--device", "cpu", "--make-base", "--idle-wait", "0",
             "--epochs", "1", "--train-samples", "1000", "--json"]  # fmt: skip


@pytest.fixture
def files(tmp_path):
    """The cache of one test: its four data files can be changed."""
    source = stand_in_data.made()
    folder = tmp_path / "cache" / "datasets" / source.name
    folder.mkdir(parents=True)
    for file in source.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
        (folder / file.name).chmod(0o644)
    return folder


def run(benchdl, dummy_root, expect=0):
    done = benchdl("run", "dummy", *IN_DOCKER, "--dataset", "synthetic-mnist",
                   env={"BENCHDL_ROOT": str(dummy_root)}, timeout=600)  # fmt: skip
    assert done.returncode == expect, done.stderr
    return done


def test_umask_077_keeps_nothing_from_a_container(engine, benchdl, dummy_root, tmp_path, files):
    """Everything is made under it: cache, data, job folder; and nothing is made open to all."""
    before = os.umask(0o077)
    try:
        for file in files.iterdir():
            file.chmod(0o600)
        (row,) = json.loads(run(benchdl, dummy_root).stdout)
    finally:
        os.umask(before)
    assert row["status"] in ("ok", "suspect")
    (result,) = (tmp_path / "results").glob("*/result.json")
    assert result.stat().st_mode & 0o077 == 0


def test_data_behind_links_is_mounted_file_by_file(engine, benchdl, dummy_root, tmp_path, files):
    real = tmp_path / "elsewhere"
    real.mkdir(mode=0o700)  # what is above a file plays no part
    for file in list(files.iterdir()):
        file.rename(real / file.name)
        file.symlink_to(real / file.name)
    (row,) = json.loads(run(benchdl, dummy_root).stdout)
    assert row["status"] in ("ok", "suspect")
    (result,) = (tmp_path / "results").glob("*/result.json")
    mounts = json.loads(result.read_text())["launch"]["hardening"]["mounts"]
    given = {place: how for place, how in mounts.items() if place.startswith("/data")}
    assert given == {f"/data/{file.name}": "ro" for file in files.iterdir()}


def test_data_that_the_jobs_user_cannot_read_is_refused_once(
    engine, benchdl, dummy_root, tmp_path, files
):
    real = tmp_path / "closed"
    real.mkdir()
    for file in list(files.iterdir()):
        file.rename(real / file.name)
        file.symlink_to(real / file.name)
        (real / file.name).chmod(0o600)
    if os.getuid():
        pytest.skip("as an ordinary user the container's user is the owner")
    done = run(benchdl, dummy_root, expect=1)
    told = [line for line in done.stderr.splitlines() if "cannot read the data" in line]
    assert len(told) == 1
    assert f"chmod a+r {real}" in told[0]
    assert not list((tmp_path / "results").glob("*/result.json"))
    for file in real.iterdir():
        entries = [(1, 6, -1), (2, 4, 1000), (4, 0, -1), (16, 4, -1), (32, 0, -1)]
        raw = struct.pack("<I", 2) + b"".join(struct.pack("<HHi", *entry) for entry in entries)
        os.setxattr(file, "system.posix_acl_access", raw)
    (row,) = json.loads(run(benchdl, dummy_root).stdout)  # a container was asked, and can
    assert row["status"] in ("ok", "suspect")
