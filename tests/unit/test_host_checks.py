"""What is looked at on a host of a fleet: each check finds its fault, and a sound host has none."""

from __future__ import annotations

import os
import time
from datetime import datetime, timezone
from types import SimpleNamespace

import bundled
import pytest

from harness.campaign import changes
from harness.errors import BenchdlError
from harness.fleet import host_checks, local_disk, type_facts
from harness.fleet.allocation import Allocation
from harness.fleet.shard_files import ShardFolder
from harness.fleet.type_facts import Facts


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "fleet" / "1-lab"
    place.mkdir(parents=True)
    (place.parent / "nonce").write_text("n0\n")
    return ShardFolder(place)


@pytest.fixture
def shard():
    now = datetime.now(timezone.utc).isoformat(timespec="seconds")
    return SimpleNamespace(
        fleet_id="f", nonce="n0", created_at=now, harness_version="0.1.0", launcher="docker",
        harness_sha256=changes.harness_sha256(), runner_sha256=changes.runner_sha256(),
        options=SimpleNamespace(devices=["cpu"]), environments=[],
    )  # fmt: skip


def test_another_folder_is_refused(folder, shard):
    host_checks.same_folder(folder, shard)
    (folder.path.parent / "nonce").write_text("n1\n")
    with pytest.raises(BenchdlError, match="is not the folder of fleet f"):
        host_checks.same_folder(folder, shard)
    (folder.path.parent / "nonce").unlink()
    with pytest.raises(BenchdlError, match="cannot read"):
        host_checks.same_folder(folder, shard)


@pytest.mark.parametrize(("off_s", "found"), [(0, 0), (59, 0), (61, 1), (-61, 1), (1e6, 1)])
def test_a_clock_that_is_not_the_folders(folder, shard, monkeypatch, off_s, found):
    real = time.time
    monkeypatch.setattr(host_checks.time, "time", lambda: real() + off_s)
    shard.created_at = "2020-01-01T00:00:00+00:00"
    words = list(host_checks.clock(folder, shard))
    assert len(words) == found
    assert list(folder.path.iterdir()) == []


def test_a_clock_behind_the_drivers(folder, shard):
    assert list(host_checks.clock(folder, shard)) == []
    ahead = datetime.fromtimestamp(time.time() + 300, timezone.utc)
    shard.created_at = ahead.isoformat(timespec="seconds")
    (words,) = host_checks.clock(folder, shard)
    assert "behind that of the fleet's driver" in words


def test_another_benchdl(shard):
    assert list(host_checks.code(shard)) == []
    shard.harness_sha256 = "0" * 64
    assert list(host_checks.code(shard)) == [
        "the code of its benchdl is another than the fleet was planned by"
    ]
    shard.harness_version = "0.0.9"
    assert "the fleet was planned by 0.0.9" in next(host_checks.code(shard))
    shard.harness_version, shard.harness_sha256 = "0.1.0", changes.harness_sha256()
    shard.runner_sha256 = "0" * 64
    assert list(host_checks.code(shard)) == []  # in an image it is part of its id
    shard.launcher = "local"
    assert "runner" in next(host_checks.code(shard))


def test_gpus_that_were_not_allotted_matter_to_gpu_jobs_only(shard):
    found = Allocation("7", "fl3", (), "", 2, 2, (), 2, 0, None)
    assert list(host_checks.ours_alone(shard, found)) == []
    shard.options.devices = ["gpu"]
    assert list(host_checks.ours_alone(shard, found)) == ["0 of 2 GPUs of fl3 are visible"]
    assert list(host_checks.ours_alone(shard, None)) == []


@pytest.fixture
def facts(tmp_path, monkeypatch):
    bundled.as_root(bundled.checkout(tmp_path / "checkout"), monkeypatch)
    environments = bundled.campaign().environments
    return Facts(machine="lab, 2 cores", gpus=["H100"], driver="580", environments=environments)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"machine": "lab, 4 cores"}, "the machine is lab, 4 cores, that of its type lab, 2 cores"),
        ({"gpus": []}, "its GPUs are none, those of its type H100"),
        ({"driver": "570"}, "its NVIDIA driver is 570, that of its type 580"),
    ],
)
def test_a_host_that_is_none_of_its_type(tmp_path, facts, change, words):
    place = tmp_path / "fleet"
    place.mkdir()
    assert type_facts.differences(place, "my lab/a", facts) == []
    assert type_facts.differences(place, "my lab/a", facts) == []
    other = facts.model_copy(update=change)
    assert type_facts.differences(place, "my lab/a", other) == [words]
    assert type_facts.differences(place, "another", other) == []
    assert len(list((place / "types").iterdir())) == 2


def test_another_image_is_another_type_and_a_remark_is_not(tmp_path, facts):
    (environment,) = facts.environments
    noted = environment.provenance.model_copy(update={"note": "a remark"})
    other = environment.provenance.model_copy(update={"image_id": "sha256:" + 64 * "b"})
    for provenance, count in ((noted, 0), (other, 1)):
        changed = environment.model_copy(update={"provenance": provenance})
        unlike = facts.model_copy(update={"environments": [changed]}).unlike(facts)
        assert len(list(unlike)) == count


def test_a_damaged_file_of_facts_is_said(tmp_path, facts):
    type_facts.differences(tmp_path, "lab", facts)
    (tmp_path / "types" / "lab.json").write_text("{}")
    with pytest.raises(BenchdlError, match="does not fit the schema"):
        type_facts.differences(tmp_path, "lab", facts)


def test_a_local_disk_is_this_users_and_this_hosts(tmp_path, monkeypatch):
    monkeypatch.setattr(local_disk.socket, "gethostname", lambda: "a b/c")
    place = local_disk.place(tmp_path)
    assert place == tmp_path / f"benchdl-{os.getuid()}-a-b-c"
    assert local_disk.place(tmp_path) == place
    monkeypatch.setenv("BENCHDL_CACHE", "restored afterwards")
    monkeypatch.delenv("BENCHDL_CACHE")
    local_disk.use_cache(place)
    assert os.environ["BENCHDL_CACHE"] == str(place / "cache")
    monkeypatch.setenv("BENCHDL_CACHE", "/elsewhere")
    local_disk.use_cache(place)
    assert os.environ["BENCHDL_CACHE"] == "/elsewhere"


def test_a_disk_that_somebody_else_prepared_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(local_disk.socket, "gethostname", lambda: "h")
    (tmp_path / "theirs").mkdir()
    (tmp_path / f"benchdl-{os.getuid()}-h").symlink_to(tmp_path / "theirs")
    with pytest.raises(BenchdlError, match="is not ours"):
        local_disk.place(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(BenchdlError, match="cannot make"):
        local_disk.place(tmp_path / "file")
