"""Images of a fleet: saved once, loaded where they lack, and never another in their place."""

from __future__ import annotations

import dataclasses
import errno
import io
import json
import os
import tarfile
import threading
import time
from types import SimpleNamespace

import pytest
import saved_images
from docker.errors import ImageNotFound
from saved_images import Saved, sha256

from harness import files
from harness.campaign.records import Environment
from harness.catalog import load
from harness.errors import BenchdlError
from harness.fleet import shared_folder, shipping
from runner.contract.job import Pins, Provenance

CONFIG = {"Cmd": ["true"], "Env": ["PATH=/bin"], "Labels": {"benchdl.reference": "benchdl/tf:cpu"}}
SAVED = Saved(config=CONFIG)
OTHER = Saved(config={**CONFIG, "Env": ["PATH=/other"]})


class Engine:
    """Keeps images by id, as an engine without containerd does; ``slow`` is a load's duration."""

    def __init__(self, *present: Saved, slow: float = 0.0):
        self.images, self.api = self, self
        self.where = "a test"
        self.present = {image.image_id: image for image in present}
        self.saves, self.loads, self.tags, self.slow = 0, 0, [], slow

    def get(self, name):
        if name not in self.present:
            raise ImageNotFound("none")
        labels = CONFIG["Labels"]
        return SimpleNamespace(
            id=name, attrs={"Size": 5000}, labels=labels, tags=[tag for tag, _ in self.tags]
        )

    def get_image(self, image_id, chunk_size):
        self.saves += 1
        raw = saved_images.tar(self.present[image_id].members())
        yield from (raw[at : at + 1000] for at in range(0, len(raw), 1000))

    def load(self, pieces):
        self.loads += 1
        time.sleep(self.slow)
        with tarfile.open(fileobj=io.BytesIO(b"".join(pieces))) as archive:
            (told,) = json.loads(archive.extractfile("manifest.json").read())
            config = archive.extractfile(told["Config"]).read()
        self.present[f"sha256:{sha256(config)}"] = SAVED

    def tag(self, image_id, repository, tag, force):
        self.tags.append((f"{repository}:{tag}", image_id))


def environment(saved=SAVED, backend="tf", **changes):
    origin = Provenance(
        kind="image", reference="benchdl/tf:cpu", flavour="cpu", image_id=saved and saved.image_id
    )
    made = Environment(
        backend=backend, device="cpu", image_toml_sha256="", provenance=origin,
        pins=Pins(python="3.9", packages={}),
    )  # fmt: skip
    return made.model_copy(update=changes)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("BENCHDL_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def folder(tmp_path):
    """The fleet's, with the image in it."""
    place = tmp_path / "fleet"
    shipping.save_images(Engine(SAVED), [environment()], place, print)
    return place


def refused(folder, engine=None):
    engine = engine or Engine()
    with pytest.raises(BenchdlError) as caught:
        shipping.take_image(engine, folder, SAVED.image_id, "tf", print)
    line = str(caught.value)
    assert "\n" not in line
    assert engine.tags == []
    return line


def test_each_image_is_saved_once_whole_and_readable_by_hosts(tmp_path):
    engine, said = Engine(SAVED, OTHER), []
    wanted = [environment(), environment(backend="jax"), environment(OTHER), environment(None)]
    for _ in range(2):
        shipping.save_images(engine, wanted, tmp_path, said.append)
    assert engine.saves == 2
    names = {f"{image.image_id[7:]}.tar" for image in (SAVED, OTHER)}
    assert {path.name for path in (tmp_path / "images").iterdir()} == names
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "images").iterdir()} == {0o644}
    assert said[0] == "saving the image of tf for the fleet: about 0 MiB"


@pytest.mark.parametrize("harm", ["cut", "another"])
def test_what_is_there_and_wrong_is_saved_again(folder, harm):
    file = shipping.saved_file(folder, SAVED.image_id)
    sound = file.read_bytes()
    file.write_bytes(sound[:3000] if harm == "cut" else saved_images.tar(OTHER.members()))
    said = []
    shipping.save_images(Engine(SAVED), [environment()], folder, said.append)
    assert file.read_bytes() == sound
    assert "the saved image of tf is replaced: it" in said[0]


def test_an_engine_that_breaks_off_leaves_nothing(tmp_path):
    engine = Engine(SAVED)
    whole = engine.get_image

    def cut(image_id, chunk_size):
        yield from list(whole(image_id, chunk_size))[:3]

    engine.get_image = cut
    with pytest.raises(BenchdlError, match=r"hosts would refuse what the engine saved: .*cut off"):
        shipping.save_images(engine, [environment()], tmp_path, print)
    assert list((tmp_path / "images").iterdir()) == []
    with pytest.raises(BenchdlError, match=f"no longer has {SAVED.image_id}, the image of tf"):
        shipping.save_images(Engine(), [environment()], tmp_path, print)


def test_a_full_disk_is_told_in_one_line_and_nothing_is_left(tmp_path, monkeypatch):
    def full(handle):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(BenchdlError) as caught:
        shipping.save_images(Engine(SAVED), [environment()], tmp_path, print)
    assert str(caught.value) == (
        f"cannot write to the fleet's folder {tmp_path}: its disk is full: make room there, or "
        "name another folder in the fleet file"
    )
    assert list((tmp_path / "images").iterdir()) == []


def test_partial_files_of_the_dead_are_swept_and_those_of_the_living_are_not(tmp_path):
    place = tmp_path / "images"
    place.mkdir()
    for name, age in (("old", 7 * 3600), ("new", 60)):
        file = place / f".{name}.partial"
        file.touch()
        os.utime(file, (time.time() - age,) * 2)
    shared_folder.sweep(place)
    assert [path.name for path in place.iterdir()] == [".new.partial"]


def test_a_host_loads_what_it_lacks_once_and_names_it(folder):
    engine, said = Engine(), []
    backend = dataclasses.replace(load("tf"))
    give = shipping.given(engine, folder, {("tf", "cpu"): SAVED.image_id})
    for _ in range(2):
        assert give(backend, "cpu", said.append).id == SAVED.image_id
    assert engine.loads == 1
    assert engine.tags == [(f"benchdl/tf:earlier-{SAVED.image_id[7:19]}", SAVED.image_id)]
    with pytest.raises(BenchdlError, match="the fleet was not given a gpu image of tf"):
        give(backend, "gpu", print)


def test_what_the_engine_has_is_taken_without_the_folder(tmp_path):
    engine = Engine(SAVED)
    found = shipping.take_image(engine, tmp_path / "nowhere", SAVED.image_id, "tf", print)
    assert (found.id, engine.loads) == (SAVED.image_id, 0)


def test_two_at_once_load_once(folder):
    engine, found = Engine(slow=0.3), []

    def take():
        image = shipping.take_image(engine, folder, SAVED.image_id, "tf", lambda line: None)
        found.append(image.id)

    threads = [threading.Thread(target=take) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert found == [SAVED.image_id] * 3
    assert engine.loads == 1


def changed(members):
    """A layer's byte is another."""
    last = [name for name in members if name.endswith("/layer.tar")][-1]
    header, content = members[last][:512], members[last][512:]
    members[last] = header + content.replace(b"b", b"c", 1)
    return saved_images.tar(members)


def named(members):
    told = json.loads(members["manifest.json"])
    told[0]["RepoTags"] = ["debian:bullseye-slim"]
    return saved_images.tar({**members, "manifest.json": json.dumps(told).encode()})


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "is missing: benchdl fleet resume"),
        (b"", "cut off"),
        (saved_images.tar(SAVED.members())[:4000], "it is cut off"),
        (saved_images.tar(OTHER.members()), f"promised is {SAVED.image_id}"),
        (changed(SAVED.members()), "its configuration says"),
        (named(SAVED.members()), "it names images: 'debian:bullseye-slim'"),
    ],
)
def test_anything_else_is_refused_before_the_engine_sees_it(folder, content, why):
    file = shipping.saved_file(folder, SAVED.image_id)
    file.unlink()
    if content is not None:
        file.write_bytes(content)
    engine = Engine()
    line = refused(folder, engine)
    assert why in line
    assert str(file) in line
    assert "benchdl fleet resume, where the images were built, saves it again" in line
    assert engine.loads == 0


def test_what_is_no_file_is_not_waited_for(folder):
    file = shipping.saved_file(folder, SAVED.image_id)
    file.unlink()
    os.mkfifo(file)
    assert "it is a pipe, not a plain file" in refused(folder)


def test_an_engine_that_makes_another_image_of_it(folder):
    engine = Engine()
    engine.load = list
    line = refused(folder, engine)
    assert f"made another image of {SAVED.image_id}, that of tf" in line
    assert "let the engines of a fleet be alike" in line


def test_a_folder_that_goes_away_is_not_the_engines_fault(folder, monkeypatch):
    def stale(tar):
        yield b"x"
        raise OSError(errno.ESTALE, os.strerror(errno.ESTALE))

    monkeypatch.setattr(shipping.Window, "pieces", stale)
    monkeypatch.setattr(shipping.image_tar, "read", lambda *asked: None)
    line = refused(folder)
    assert line.startswith(f"cannot read {shipping.saved_file(folder, SAVED.image_id)}: Stale file")


def test_how_far_it_is_is_told_now_and_then(folder, monkeypatch):
    monkeypatch.setattr(shipping, "_TELL_S", 0.0)
    said = []
    shipping.take_image(Engine(), folder, SAVED.image_id, "tf", said.append)
    size = shipping.saved_file(folder, SAVED.image_id).stat().st_size
    about = files.mib(size)
    assert said[0] == f"checking the image of tf in the fleet's folder: {about}"
    assert f"loading the image of tf from the fleet's folder: {about} of about {about}" in said
