"""What a resume puts into the folder of a fleet again, and what it only says."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from harness.errors import BenchdlError
from harness.fleet import mending, shipped_data, shipping
from harness.provision import obtain


@pytest.fixture
def fleet(tmp_path):
    """A fleet of two shards, of which the first cannot be read."""
    shard = SimpleNamespace(
        dataset="mnist", dataset_sha256={"a": "1"}, environments=["torch's"], launcher="docker",
        options=SimpleNamespace(workload="cnn-mnist"),
    )  # fmt: skip

    def broken():
        raise BenchdlError("shard.json does not fit the schema")

    folders = {"1": SimpleNamespace(shard=broken), "2": SimpleNamespace(shard=lambda: shard)}
    return SimpleNamespace(
        shards=["1", "2"], shard_folder=folders.get, options=SimpleNamespace(data_dir=None),
        file=SimpleNamespace(folder=tmp_path), shard=shard,
    )  # fmt: skip


@pytest.fixture
def put(monkeypatch):
    """What is put into the folder; the data here is that of the fleet."""
    found = []
    data = SimpleNamespace(name="mnist", sha256={"a": "1"})
    monkeypatch.setattr(obtain, "resolve", lambda *_: data)
    monkeypatch.setattr(mending.engine, "connect", lambda: "an engine")
    monkeypatch.setattr(shipped_data, "save_data", lambda data, *_: found.append(data.name))
    monkeypatch.setattr(shipping, "save_images", lambda _, images, *__: found.append(images))
    return SimpleNamespace(found=found, data=data)


def test_data_and_images_are_put_there_again(fleet, put):
    said = []
    mending.put_again(fleet, said.append)
    assert (put.found, said) == (["mnist", ["torch's"]], [])


def test_without_docker_there_are_no_images(fleet, put):
    fleet.shard.launcher = "local"
    mending.put_again(fleet, print)
    assert put.found == ["mnist"]


def test_other_data_is_said_and_not_put_there(fleet, put):
    put.data.sha256 = {"a": "2"}
    said = []
    mending.put_again(fleet, said.append)
    assert put.found == []
    assert "mnist is other data here than the fleet began with" in said[0]


def test_nothing_is_done_for_a_fleet_whose_shards_cannot_be_read(fleet, put):
    fleet.shards = ["1"]
    mending.put_again(fleet, print)
    assert put.found == []
