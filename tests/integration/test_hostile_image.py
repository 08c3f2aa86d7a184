"""A stranger's image and a real engine: tags that were here stay, nothing is left behind."""

from __future__ import annotations

import json
import os
import secrets

import bundled
import pytest
import saved_images

from harness.bundle import carried, reading
from harness.bundle.create import Wanted, create
from harness.bundle.manifest import CarriedImage
from harness.errors import BenchdlError
from harness.store import Store

pytestmark = pytest.mark.docker


def imported(engine, content, name):
    """A tiny image under a name of its own."""
    raw = saved_images.tar({"who": content})
    lines = engine.api.import_image_from_data(raw, repository=name, tag="cpu")
    return engine.images.get(json.loads(lines.splitlines()[-1])["status"])


@pytest.fixture
def victim(engine):
    """An image of the user, whose names an attacker wants; everything of this test goes again."""
    name = f"benchdl-test/{secrets.token_hex(6)}"
    before = {listed["Id"] for listed in engine.api.images(all=True)}
    image = imported(engine, b"the user's own", name)
    yield image, f"{name}:cpu"
    # Not by the images themselves: others may remove theirs at the same time.
    for listed in engine.api.images(all=True):
        ours = any("benchdl-test/" in tag for tag in listed["RepoTags"] or [])
        if listed["Id"] not in before and ours:
            engine.images.remove(listed["Id"], force=True)


def bundle_with(saved_tar, image, tmp_path, make_result, monkeypatch):
    """A bundle that carries ``image`` as ``saved_tar``, by one who knows the format."""
    bundled.as_root(bundled.checkout(tmp_path / "checkout"), monkeypatch)
    record = bundled.campaign()
    store = Store(tmp_path / "results")
    bundled.put(store, record, make_result)
    create(record, store, tmp_path / "a.tar", Wanted(), None, force=False, say=print)
    told = CarriedImage(
        backend="small", device="cpu", image_id=image.id, path="images/small-cpu.tar",
        layers=image.attrs["RootFS"]["Layers"], config={},
    ).model_dump()  # fmt: skip
    members = {**bundled.contents(tmp_path / "a.tar"), "images/small-cpu.tar": saved_tar}
    bundled.rewritten(tmp_path / "a.tar", members, told=lambda data: data.update(images=[told]))
    return tmp_path / "a.tar"


def test_tags_in_a_stranger_s_tar_replace_nothing(
    engine, victim, tmp_path, make_result, monkeypatch
):
    own, name = victim
    attacker = imported(engine, b"the attacker's", f"{name.partition(':')[0]}-evil")
    engine.images.get(attacker.id).tag(f"{name.partition(':')[0]}-also", "cpu")
    raw = b"".join(engine.api.get_image(attacker.id))
    saved = saved_images.contents(raw)
    (told,) = json.loads(saved["manifest.json"])
    told["RepoTags"] = [name, f"{name.partition(':')[0]}-new:cpu"]
    saved["manifest.json"] = json.dumps([told]).encode()
    repository, _, tag = name.partition(":")
    layer = told["Layers"][-1].partition("/")[0]
    saved["repositories"] = json.dumps({repository: {tag: layer}}).encode()
    hostile = saved_images.tar(saved)

    # The attack works on an engine that is given the tar as it is.
    engine.images.load(hostile)
    assert engine.images.get(name).id == attacker.id
    own.tag(*name.split(":"))
    engine.images.remove(f"{repository}-new:cpu")

    tags = {tag: image.id for image in engine.images.list() for tag in image.tags}
    file = bundle_with(hostile, attacker, tmp_path, make_result, monkeypatch)
    with reading.opened(file) as bundle, pytest.raises(BenchdlError, match="it names images: "):
        carried.checked(bundle, bundle.manifest.images)
    after = {tag: image.id for image in engine.images.list() for tag in image.tags}
    assert {tag: after.get(tag) for tag in tags} == tags
    assert f"{repository}-new:cpu" not in after
    assert engine.images.get(name).id == own.id


def test_an_honest_image_comes_under_one_name_of_ours(
    engine, victim, tmp_path, make_result, monkeypatch
):
    _, name = victim
    image = imported(engine, os.urandom(16), f"{name.partition(':')[0]}-carried")
    raw = b"".join(engine.api.get_image(image.id))
    engine.images.remove(image.id, force=True)
    file = bundle_with(raw, image, tmp_path, make_result, monkeypatch)
    ours = f"{carried.REPOSITORY}/small:cpu-{image.id.removeprefix('sha256:')}"
    try:
        with reading.opened(file) as bundle:
            (checked,) = carried.checked(bundle, bundle.manifest.images)
            made = carried.loaded(engine, bundle, checked, print)
        assert made.id == image.id
        assert made.tags == [ours]
    finally:
        engine.images.remove(ours)


def test_a_load_that_breaks_off_leaves_nothing(engine, victim, tmp_path, make_result, monkeypatch):
    _, name = victim
    image = imported(engine, os.urandom(2**20), f"{name.partition(':')[0]}-carried")
    raw = b"".join(engine.api.get_image(image.id))
    engine.images.remove(image.id, force=True)
    file = bundle_with(raw, image, tmp_path, make_result, monkeypatch)
    with reading.opened(file) as bundle:
        (checked,) = carried.checked(bundle, bundle.manifest.images)
        place = file.read_bytes().index(b"who" + bytes(97)) + 512
        with file.open("r+b") as stream:
            stream.seek(place)
            stream.write(b"changed since")
        with pytest.raises(BenchdlError, match="a layer was changed while it was loaded"):
            carried.loaded(engine, bundle, checked, print)
    assert image.id not in {listed.id for listed in engine.images.list(all=True)}
    assert not [
        tag for listed in engine.images.list() for tag in listed.tags if image.id[7:] in tag
    ]
