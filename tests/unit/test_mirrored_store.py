"""A host's own store, and the shared one that its results reach: nothing is lost, nothing twice."""

from __future__ import annotations

import errno
import shutil

import bundled
import pytest

from harness.campaign import records
from harness.errors import BenchdlError
from harness.fleet import host_lost
from harness.fleet.mirrored_store import MirroredStore
from harness.store import Store


@pytest.fixture
def shared(tmp_path):
    (tmp_path / "shared").mkdir()
    return Store(tmp_path / "shared")


@pytest.fixture
def host(tmp_path, shared):
    """A host of this name, and what it said."""

    def make(name="fl1", patience_s=0.0):
        said = []
        return MirroredStore(tmp_path / name, shared, patience_s, said.append), said

    return make


def names(store):
    return sorted(folder.name for folder in store.folders())


@pytest.fixture
def planned(tmp_path, monkeypatch):
    bundled.as_root(bundled.checkout(tmp_path / "checkout"), monkeypatch)
    return bundled.campaign()


def test_a_result_is_here_and_there(host, shared, make_result, planned):
    here, said = host()
    here.directory.mkdir()
    records.save(here, planned)
    result = make_result()
    here.add(result)
    here.deliver()
    assert names(here) == names(shared) == [result.run_id]
    assert records.names(shared) == [planned.campaign_id]
    assert shared.load(whole=True)[1] == []
    assert said == []


def test_another_host_takes_back_what_is_there(host, shared, make_result, planned):
    first, _ = host()
    first.directory.mkdir()
    records.save(first, planned)
    result = make_result()
    first.add(result)
    second, said = host("fl2")
    second.take_back()
    assert names(second) == [result.run_id]
    assert records.names(second) == [planned.campaign_id]
    assert said == []


def test_a_damaged_result_keeps_no_other_back(host, shared, make_result):
    here, said = host()
    bad, good = make_result(), make_result()
    for result in (bad, good):
        Store(here.directory).add(result)
    (here.directory / bad.run_id / "result.json").write_text("{")
    here.deliver()
    here.deliver()
    assert names(shared) == [good.run_id]
    assert len(said) == 1
    assert said[0].startswith(f"damaged: {bad.run_id}")
    assert said[0].endswith(f"it stays in {here.directory}")


def test_a_damaged_result_there_is_run_again(host, shared, make_result):
    bad, good = make_result(), make_result()
    for result in (bad, good):
        shared.add(result)
    (shared.directory / bad.run_id / "result.json").write_text("{")
    here, said = host()
    here.take_back()
    assert names(here) == [good.run_id]
    assert "its job runs again" in said[0]


def test_what_is_only_known_to_be_lost_is_not_delivered(host, shared, make_result):
    here, _ = host()
    lost = make_result(
        status="interrupted", measurement=None,
        failure={"reason": host_lost.REASON, "message": "no sign of life"},
    )  # fmt: skip
    here.add(lost)
    assert names(here) == [lost.run_id]
    assert names(shared) == []
    assert here.kept() == []


def test_what_is_here_and_not_there_is_kept(host, shared, make_result):
    here, _ = host()
    assert here.kept() == []
    delivered, ended, damaged = make_result(), make_result(), make_result()
    here.add(delivered)
    for result in (ended, damaged):
        Store(here.directory).add(result)
    (here.directory / damaged.run_id / "result.json").write_text("{")
    (here.staging() / "began").mkdir()
    assert here.kept() == sorted(["began", ended.run_id, damaged.run_id])


def test_a_full_folder_is_tried_again_and_then_the_result_stays_here(
    host, shared, make_result, monkeypatch
):
    here, said = host(patience_s=0.5)
    monkeypatch.setattr("harness.fleet.mirrored_store._TRY_AGAIN_S", 0.05)
    copied = shutil.copyfile

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(shutil, "copyfile", full)
    result = make_result()
    with pytest.raises(BenchdlError, match=r"results stay in .*No space left on device"):
        here.add(result)
    assert names(here) == [result.run_id]
    assert names(shared) == []
    assert [line.partition(":")[0] for line in said] == ["trying again for up to 0 s"]
    monkeypatch.setattr(shutil, "copyfile", copied)
    here.deliver()
    assert names(shared) == [result.run_id]
