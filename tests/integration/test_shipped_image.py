"""The test backend's image from one real engine to another by a folder: the same id, or none."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess

import pytest
from own_engine import OwnEngine

from harness import catalog, paths
from harness.campaign.records import Environment
from harness.engine_texts import EngineFullError
from harness.errors import BenchdlError
from harness.fleet import shipping
from harness.images import build, built
from harness.launchers.docker import DockerLauncher
from runner.contract.job import Pins

pytestmark = [pytest.mark.docker, pytest.mark.beside]


@pytest.fixture(scope="module")
def backend(dummy_root):
    with paths.rooted(dummy_root):
        yield catalog.load("dummy")


@pytest.fixture(scope="module")
def environment(engine, backend):
    """What a campaign's record has of the test backend's image, which is built."""
    # In this process, which keeps it: whoever else builds this backend takes the public name.
    image = build.build(engine, backend, "cpu", make_base=True, say=print)
    return Environment(
        backend="dummy", device="cpu", image_toml_sha256="",
        provenance=built.provenance(image, "cpu"), pins=Pins(python="3.9", packages={}),
    )  # fmt: skip


@pytest.fixture(scope="module")
def folder(engine, environment, tmp_path_factory):
    """The fleet's, with the image in it."""
    place = tmp_path_factory.mktemp("fleet")
    shipping.save_images(engine, [environment], place, print)
    yield place
    shutil.rmtree(place / "images")  # 200 MB


@pytest.fixture(scope="module")
def host(engine):
    """The engine of a host: another disk, no image."""
    if os.geteuid() != 0 or shutil.which("dockerd") is None:
        pytest.skip("an engine of the test's own needs root and dockerd")
    started = OwnEngine()
    try:
        started.start()
        with contextlib.closing(started.client()) as client:
            yield started, client
    finally:
        started.close()


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("BENCHDL_CACHE", str(tmp_path / "cache"))


def test_a_wrong_or_cut_tar_and_a_full_engine_bring_in_nothing(
    host, folder, environment, cache, tmp_path
):
    own, client = host
    image_id = str(environment.provenance.image_id)
    sound = shipping.saved_file(folder, image_id)
    other = f"sha256:{'0' * 64}"
    place = tmp_path / "fleet" / "images"
    place.mkdir(parents=True)
    shipping.saved_file(tmp_path / "fleet", other).symlink_to(sound)
    cut = shipping.saved_file(tmp_path / "fleet", image_id)
    with sound.open("rb") as whole, cut.open("wb") as stream:
        stream.write(whole.read(20 * 2**20))
    with pytest.raises(BenchdlError, match=r"is refused as the image of dummy: it is cut off"):
        shipping.take_image(client, tmp_path / "fleet", image_id, "dummy", print)
    with pytest.raises(BenchdlError, match="it is a link, not a plain file"):
        shipping.take_image(client, tmp_path / "fleet", other, "dummy", print)
    shipping.saved_file(tmp_path / "fleet", other).unlink()
    os.link(sound, shipping.saved_file(tmp_path / "fleet", other))
    with pytest.raises(BenchdlError, match=f"it holds {image_id}, promised is {other}"):
        shipping.take_image(client, tmp_path / "fleet", other, "dummy", print)
    with own.full(), pytest.raises(EngineFullError, match="the engine's disk is full"):
        shipping.take_image(client, folder, image_id, "dummy", print)
    assert client.images.list(all=True) == []


def test_a_host_has_the_very_image_and_jobs_could_start_in_it(
    host, folder, environment, backend, cache
):
    _, client = host
    image_id, said = str(environment.provenance.image_id), []
    give = shipping.given(client, folder, {("dummy", "cpu"): image_id})
    ready = DockerLauncher(client, given=give).prepare(backend, "cpu", said.append)
    assert ready.provenance == environment.provenance
    assert client.images.get(image_id).tags == [f"benchdl/dummy:earlier-{image_id[7:19]}"]
    assert [line for line in said if line.startswith("loading the image of dummy")]
    again = []
    assert give(backend, "cpu", again.append).id == image_id
    assert again == []


def test_a_full_folder_keeps_no_half_image(engine, environment, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=20m", "benchdl-test", str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no disk can be mounted here")
    try:
        with pytest.raises(BenchdlError) as caught:
            shipping.save_images(engine, [environment], disk, print)
        assert str(caught.value).startswith(
            f"cannot write to the fleet's folder {disk}: its disk is full: make room there"
        )
        assert list((disk / "images").iterdir()) == []
        assert shutil.disk_usage(disk).used < 2**20
    finally:
        subprocess.run(["umount", str(disk)], check=False)
