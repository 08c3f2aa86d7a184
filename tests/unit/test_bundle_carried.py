"""Images of a bundle on their way into an engine: read first, loaded under a name of ours."""

from __future__ import annotations

import io
import json
import tarfile
from types import SimpleNamespace

import pytest
import saved_images
from docker.errors import ImageLoadError, ImageNotFound
from saved_images import Saved

from harness.bundle import carried
from harness.bundle.foreign_tar import Window
from harness.bundle.manifest import CarriedImage
from harness.engine_texts import EngineFullError
from harness.errors import BenchdlError


def image(saved, image_id=None, **config):
    return SimpleNamespace(
        id=image_id or saved.image_id,
        attrs={"RootFS": {"Layers": saved.diff_ids}, "Config": {**saved.config, **config}},
    )


class Engine:
    """Has images by id or name; ``makes`` is what loading gives."""

    def __init__(self, makes=None, **present):
        self.images = self
        self.makes, self.present, self.loads = makes, present, []

    def get(self, name):
        if name not in self.present:
            raise ImageNotFound("none")
        return self.present[name]

    def load(self, pieces):
        with tarfile.open(fileobj=io.BytesIO(b"".join(pieces))) as archive:
            (told,) = json.loads(archive.extractfile("manifest.json").read())
        self.loads.append(told["RepoTags"])
        self.present[told["RepoTags"][0]] = self.makes

    def remove(self, name):
        del self.present[name]


def carrying(saved, members=None):
    """A bundle with one image, and what its manifest says of it."""
    raw = saved_images.tar(saved.members() if members is None else members)
    config = {key: json.dumps(saved.config[key]) for key in ("Cmd", "Env")}
    wanted = CarriedImage(
        backend="small", device="cpu", image_id=saved.image_id, path="images/small-cpu.tar",
        layers=saved.diff_ids, config=config,
    )  # fmt: skip
    bundle = SimpleNamespace(file="a.tar", window=lambda path: Window(io.BytesIO(raw), 0, len(raw)))
    return bundle, wanted


def test_it_is_loaded_under_one_name_of_ours():
    saved = Saved()
    bundle, wanted = carrying(saved)
    engine = Engine(makes=image(saved))
    (checked,) = carried.checked(bundle, [wanted])
    said = []
    assert carried.loaded(engine, bundle, checked, said.append) is engine.makes
    name = f"benchdl-bundle/small:cpu-{saved.image_id.removeprefix('sha256:')}"
    assert engine.loads == [[name]]
    assert f"kept as {name}" in said[-1]
    assert carried.loaded(engine, bundle, checked, said.append) is engine.makes
    assert len(engine.loads) == 1  # the second time it is there


def test_another_image_store_gives_another_id():
    saved = Saved()
    bundle, wanted = carrying(saved)
    unlike = image(saved, image_id=f"sha256:{'b' * 64}")
    engine = Engine(makes=unlike)
    (checked,) = carried.checked(bundle, [wanted])
    assert carried.loaded(engine, bundle, checked, print) is unlike


@pytest.mark.parametrize(
    "makes",
    [
        image(Saved(layers=[saved_images.tar({"evil": b""})])),
        image(Saved(), Env=["PATH=/evil"]),
        image(Saved(), Volumes={"/big": {}}),
    ],
)
def test_what_the_engine_makes_is_looked_at_again(makes):
    bundle, wanted = carrying(Saved())
    engine = Engine(makes=makes)
    (checked,) = carried.checked(bundle, [wanted])
    with pytest.raises(BenchdlError, match="is refused: the engine makes sha256:"):
        carried.loaded(engine, bundle, checked, print)
    assert engine.present == {}


def test_an_engine_that_does_not_load_it():
    bundle, wanted = carrying(Saved())
    engine = Engine()
    engine.load = lambda pieces: (_ for _ in ()).throw(ImageLoadError("no such layer"))
    (checked,) = carried.checked(bundle, [wanted])
    with pytest.raises(BenchdlError, match=r"loading the image of small: .* no such layer"):
        carried.loaded(engine, bundle, checked, print)
    full = ImageLoadError("write /layer.tar: no space left on device")
    engine.load = lambda pieces: (_ for _ in ()).throw(full)
    with pytest.raises(EngineFullError, match="loading the image of small: the engine's disk is"):
        carried.loaded(engine, bundle, checked, print)


def test_a_hostile_one_is_refused_in_one_line_before_anything_is_loaded():
    saved = Saved()
    members = saved.members()
    told = json.loads(members["manifest.json"])
    told[0]["RepoTags"] = ["debian:bullseye-slim", "benchdl/small:cpu"]
    bundle, wanted = carrying(saved, {**members, "manifest.json": json.dumps(told).encode()})
    with pytest.raises(BenchdlError) as caught:
        carried.checked(bundle, [wanted])
    assert str(caught.value).startswith(
        "a.tar: images/small-cpu.tar is refused: it names images: 'debian:bullseye-slim', "
    )
    bundle, wanted = carrying(Saved(config={"Cmd": ["true"], "Env": ["LD_PRELOAD=evil.so"]}))
    with pytest.raises(BenchdlError, match="LD_PRELOAD"):
        carried.checked(bundle, [wanted])


@pytest.mark.parametrize(
    "change",
    [
        {"image_id": "debian:bullseye-slim"},
        {"image_id": "sha256:aa"},
        {"backend": "../evil"},
        {"backend": "Small"},
        {"layers": ["l1"]},
        {"layers": [f"sha256:{'0' * 64}"] * 128},
    ],
)
def test_images_are_named_by_id_only(change):
    _, wanted = carrying(Saved())
    with pytest.raises(ValueError, match="validation error"):
        CarriedImage.model_validate({**wanted.model_dump(), **change})
