"""Data of a fleet: from wherever the driver has it to a host without a network, verified twice."""

from __future__ import annotations

import dataclasses
import errno
import gzip
import os

import pytest
import small_data

from harness import files
from harness.errors import BenchdlError
from harness.fleet import shipped_data
from harness.provision import discovery, obtain, recorded_sums

MNIST, STAND_IN = small_data.contents("mnist"), small_data.contents("synthetic")
MADE = small_data.contents("made here")


@pytest.fixture(autouse=True)
def small(monkeypatch, tmp_path):
    """Few samples, no network, and by itself the driver's cache."""
    stand_in = small_data.spec("synthetic-mnist", STAND_IN)
    small_data.instead(monkeypatch, small_data.spec("mnist", MNIST), stand_in)
    monkeypatch.setenv("BENCHDL_CACHE", str(tmp_path / "driver"))
    monkeypatch.setenv("BENCHDL_MIRRORS", "none")
    monkeypatch.delenv("BENCHDL_DATA", raising=False)


@pytest.fixture
def on_host(monkeypatch, tmp_path):
    """From here on this process is on a host: an empty cache of its own, and no generator."""

    def go(name="host"):
        monkeypatch.setenv("BENCHDL_CACHE", str(tmp_path / name))
        monkeypatch.setattr(obtain, "_fill", lambda *asked: pytest.fail("it was fetched or made"))

    return go


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "fleet"


def named(tmp_path, packed=False):
    """A folder of the user's with the data."""
    place = tmp_path / "given"
    place.mkdir(exist_ok=True)
    for name, content in MNIST.items():
        packing = gzip.compress(content) if packed else content
        (place / (name + ".gz" * packed)).write_bytes(packing)
    return place


def resolved(name, data_dir=None):
    return obtain.resolve(name, "cnn-mnist", data_dir, lambda line: None)


def contents(dataset):
    return {name: path.read_bytes() for name, path in dataset.served().items()}


@pytest.mark.parametrize("packed", [False, True])
def test_a_folder_that_the_user_named_reaches_a_host(folder, tmp_path, on_host, packed):
    given, said = resolved("mnist", named(tmp_path, packed)), []
    for _ in range(2):
        shipped_data.save_data(given, folder, said.append)
    assert len(said) == 1
    assert {path.name for path in (folder / "datasets" / "mnist").iterdir()} == set(MNIST)
    on_host()
    for _ in range(2):
        shipped_data.take_data("mnist", given.sha256, folder, said.append)
    assert said[1:] == ["taking mnist from the fleet's folder: 0 MiB"]
    found = resolved("mnist")
    assert contents(found) == MNIST
    assert found.directory == tmp_path / "host" / "datasets" / "mnist"


def test_what_was_generated_is_not_generated_again(folder, on_host):
    made = resolved("synthetic-mnist")
    shipped_data.save_data(made, folder, print)
    on_host()
    shipped_data.take_data("synthetic-mnist", made.sha256, folder, print)
    assert contents(resolved("synthetic-mnist")) == STAND_IN


@pytest.fixture
def unpinned(monkeypatch):
    """The stand-in as if its bytes differed with the program that makes them."""

    def makes(files):
        own = small_data.spec("synthetic-mnist", files)
        stated = tuple(dataclasses.replace(file, sha256="") for file in own.files)
        small_data.instead(monkeypatch, dataclasses.replace(own, files=stated))

    makes(STAND_IN)
    return makes


def test_checksums_that_no_module_states_come_from_the_campaign(folder, on_host, unpinned):
    made = resolved("synthetic-mnist")
    shipped_data.save_data(made, folder, print)
    on_host()
    with pytest.raises(BenchdlError, match="the campaign does not say what train-images"):
        shipped_data.take_data("synthetic-mnist", {}, folder, print)
    shipped_data.take_data("synthetic-mnist", made.sha256, folder, print)
    found = resolved("synthetic-mnist")
    assert (found.sha256, contents(found)) == (made.sha256, STAND_IN)


def test_what_a_host_made_itself_gives_way_to_the_campaigns(
    folder, tmp_path, monkeypatch, on_host, unpinned
):
    made = resolved("synthetic-mnist")
    shipped_data.save_data(made, folder, print)
    unpinned(MADE)
    monkeypatch.setenv("BENCHDL_CACHE", str(tmp_path / "host"))
    assert resolved("synthetic-mnist").sha256 != made.sha256
    on_host()
    shipped_data.take_data("synthetic-mnist", made.sha256, folder, print)
    assert resolved("synthetic-mnist").sha256 == made.sha256


@pytest.mark.parametrize(
    ("harm", "why"),
    [
        (lambda file: file.unlink(), "it is missing"),
        (lambda file: file.write_bytes(file.read_bytes()[:-1] + b"?"), "SHA-256 of the contents"),
        (lambda file: file.write_bytes(file.read_bytes()[:9]), "SHA-256 of the contents"),
        (lambda file: file.write_bytes(b"\x80\x04evil"), "a Python pickle"),
        (lambda file: (file.unlink(), file.symlink_to("/etc/hostname")), "it is a link"),
        (lambda file: (file.unlink(), os.mkfifo(file)), "it is a pipe"),
    ],
)
def test_what_is_wrong_in_the_folder_never_reaches_the_cache(folder, tmp_path, on_host, harm, why):
    given = resolved("mnist", named(tmp_path))
    shipped_data.save_data(given, folder, print)
    file = folder / "datasets" / "mnist" / small_data.TEST_LABELS
    harm(file)
    on_host()
    with pytest.raises(BenchdlError) as caught:
        shipped_data.take_data("mnist", given.sha256, folder, print)
    line = str(caught.value)
    assert line.startswith(f"{file} cannot be used: ")
    assert why in line
    assert "benchdl fleet resume, where the data is, puts it there again" in line
    there = {path.name for path in (tmp_path / "host" / "datasets" / "mnist").iterdir()}
    assert there == set(MNIST) - {small_data.TEST_LABELS}


def test_the_driver_mends_what_is_wrong_in_the_folder(folder, tmp_path):
    given = resolved("mnist", named(tmp_path))
    shipped_data.save_data(given, folder, print)
    file = folder / "datasets" / "mnist" / small_data.TEST_LABELS
    file.write_bytes(b"damaged")
    shipped_data.save_data(given, folder, print)
    assert file.read_bytes() == MNIST[small_data.TEST_LABELS]


def test_a_file_that_was_changed_since_is_not_passed_on(folder, tmp_path):
    given = resolved("mnist", named(tmp_path))
    (tmp_path / "given" / small_data.TRAIN_LABELS).write_bytes(b"changed")
    with pytest.raises(BenchdlError, match=r"cannot be used: .* put the right file back"):
        shipped_data.save_data(given, folder, print)
    there = {path.name for path in (folder / "datasets" / "mnist").iterdir()}
    assert there == {small_data.TRAIN_IMAGES}


@pytest.mark.parametrize("side", ["driver", "host"])
def test_a_full_disk_is_told_in_one_line(folder, tmp_path, monkeypatch, on_host, side):
    def full(handle):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    given = resolved("mnist", named(tmp_path))
    if side == "host":
        shipped_data.save_data(given, folder, print)
        on_host()
    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(BenchdlError) as caught:
        if side == "host":
            shipped_data.take_data("mnist", given.sha256, folder, print)
        else:
            shipped_data.save_data(given, folder, print)
    assert "disk is full" in str(caught.value)
    place = tmp_path / "host" if side == "host" else folder
    assert list((place / "datasets" / "mnist").iterdir()) == []


def test_of_a_game_nothing_is_shipped(folder):
    game = obtain.resolve("bricks", "dqn-bricks", None, print)
    shipped_data.save_data(game, folder, print)
    shipped_data.take_data("bricks", {}, folder, print)
    assert not folder.exists()


def test_a_record_of_other_sums_is_not_taken_for_the_campaigns(folder, on_host, unpinned):
    made = resolved("synthetic-mnist")
    shipped_data.save_data(made, folder, print)
    on_host()
    stated = discovery.load("synthetic-mnist")
    other = dict.fromkeys(made.sha256, "0" * 64)
    obtain.cache_of(stated).mkdir(parents=True)
    recorded_sums.record(stated.recorded(other), obtain.cache_of(stated))
    shipped_data.take_data("synthetic-mnist", made.sha256, folder, print)
    assert resolved("synthetic-mnist").sha256 == made.sha256
