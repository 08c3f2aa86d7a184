"""image.toml: the real ones, and every way to get one wrong."""

from __future__ import annotations

import shutil

import pytest

from harness import catalog
from harness.errors import BenchdlError, UsageError


@pytest.fixture
def image_toml(repo, tmp_path, monkeypatch):
    """A copy of theano's image.toml in a tree of its own, with a function that changes it."""
    folder = tmp_path / "docker" / "theano"
    folder.mkdir(parents=True)
    (tmp_path / "runner").mkdir()
    file = folder / "image.toml"
    shutil.copy(repo / "docker" / "theano" / "image.toml", file)
    monkeypatch.setenv("BENCHDL_ROOT", str(tmp_path))

    def change(before: str, after: str):
        text = file.read_text()
        assert text.count(before) >= 1, before
        file.write_text(text.replace(before, after, 1))
        return file

    return change


def refused(name="theano"):
    with pytest.raises(UsageError) as caught:
        catalog.load(name)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "variants"), [("tf", {"pool"}), ("theano", {"no-pool", "no-cudnn"})]
)
def test_real_images_load(name, variants):
    backend = catalog.load(name)
    assert backend.spec.base.image == "debian:bullseye-slim"
    assert backend.spec.base.python == "3.9"
    assert backend.spec.cuda.version == "11.8"
    assert backend.spec.cudnn.version.startswith("8.")
    assert backend.flavours() == ["cpu", "gpu"]
    assert backend.variants[0] == "default"
    assert set(backend.variants) >= variants
    assert backend.spec.local


def test_real_pins_are_those_of_the_issue():
    assert catalog.load("tf").spec.framework.wheels["tensorflow-gpu"] == "2.11.0"
    attested = catalog.load("theano").spec.framework.attested("cpu")
    assert attested["theano"] == "1.0.5"
    assert attested["pygpu"] == "0.7.6"
    assert attested["keras"] == "2.3.1"
    assert "dev" not in attested


def test_all_backends_are_named(repo):
    folders = {file.parent.name for file in (repo / "docker").glob("*/image.toml")}
    assert set(catalog.names()) == folders >= {"tf", "theano"}


@pytest.mark.parametrize(
    ("before", "after", "key", "allowed"),
    [
        ("title =", "titel =", "titel", ["title", "description", "memory_pool", "local"]),
        (
            "[memory_pool]\nmodes",
            "[memory_pool]\nmoeds",
            "memory_pool.moeds",
            ["modes", "mode", "fraction"],
        ),
        ("[base]\nimage", "[base]\nimgae", "base.imgae", ["image", "digest", "python"]),
        (
            '[variants.no-pool]\ndescription = "',
            '[variants.no-pool]\npool = 1\ndescription = "',
            "variants.no-pool.pool",
            ["cudnn", "description", "environment", "memory_pool"],
        ),
        (
            'memory_pool = { mode = "off" }',
            'memory_pool = { mod = "off" }',
            "variants.no-pool.memory_pool.mod",
            ["fraction", "mode"],
        ),
        (
            "[[local]]\npython",
            "[[local]]\npyhton",
            "local.0.pyhton",
            ["python", "lock", "wheels", "programs"],
        ),
    ],
)
def test_a_typo_names_file_key_and_allowed_keys(image_toml, before, after, key, allowed):
    file = image_toml(before, after)
    said = refused()
    assert str(file) in said
    assert f"unknown key '{key}'" in said
    for word in allowed:
        assert word in said.partition("allowed keys there: ")[2].split(", "), said


def test_broken_toml_names_file_and_line(image_toml):
    file = image_toml("[framework.debian]", "[framework.debian")
    number = file.read_text().splitlines().index("[framework.debian") + 1
    said = refused()
    assert str(file) in said
    assert f"line {number}" in said


def test_missing_key_is_named(image_toml):
    file = image_toml('title = "Keras (theano)"\n', "")
    assert refused() == f"{file}: key 'title' is missing"


@pytest.mark.parametrize(
    ("before", "after", "key", "shown"),
    [
        ("fraction = 0.8", "fraction = 8", "memory_pool.fraction", "8"),
        ("fraction = 0.8", "fraction = nan", "memory_pool.fraction", "nan"),
        ("fraction = 0.8", 'fraction = "much"', "memory_pool.fraction", "'much'"),
        ('mode = "fraction"\nfr', 'mode = "cnmem"\nfr', "memory_pool.mode", "'cnmem'"),
        ('"debian:bullseye-slim"', '"debian"', "base.image", "'debian'"),
        ('# digest = "sha256:..."', 'digest = "sha256:12"', "base.digest", "'sha256:12'"),
        ('python = ">=3.10,<3.12"', 'python = "3.10ish"', "local.0.python", "'3.10ish'"),
        ('gpu = ["float32", "tf32"]', 'gpu = ["float8"]', "precision.gpu.0", "'float8'"),
    ],
)
def test_bad_value_is_named_and_shown(image_toml, before, after, key, shown):
    file = image_toml(before, after)
    said = refused()
    assert said.startswith(f"{file}: key '{key}': ")
    assert f"(found {shown})" in said


def test_text_that_is_not_utf8_is_named(image_toml):
    file = image_toml("title", "title")
    file.write_bytes(b'title = "\xff"')
    assert str(file) in refused()


@pytest.mark.parametrize(
    ("word", "near"),
    [("teano", "theano"), ("Theano", "theano"), ("tensorflow", None), ("tff", "tf")],
)
def test_unknown_backend_suggests_the_nearest(word, near):
    said = refused(word)
    assert f"unknown backend '{word}'" in said
    assert ("did you mean" in said) == (near is not None)
    assert near is None or f"did you mean '{near}'?" in said
    assert "backends: " + ", ".join(catalog.names()) in said


@pytest.mark.parametrize("word", ["", ".", "..", "../docker/tf", "base"])
def test_what_is_no_backend_is_not_looked_up_as_a_path(word):
    assert "unknown backend" in refused(word)


def test_base_is_referred_to_by_digest_where_one_is_pinned(image_toml):
    assert catalog.load("theano").spec.base.reference == "debian:bullseye-slim"
    digest = "sha256:" + 64 * "a"
    image_toml('# digest = "sha256:..."', f'digest = "{digest}"')
    assert catalog.load("theano").spec.base.reference == f"debian@{digest}"


def test_a_root_without_its_folders_says_what_to_set(tmp_path, monkeypatch):
    monkeypatch.setenv("BENCHDL_ROOT", str(tmp_path))
    with pytest.raises(BenchdlError) as caught:
        catalog.names()
    assert str(tmp_path) in str(caught.value)
    assert "docker/" in str(caught.value)
    assert "BENCHDL_ROOT" in str(caught.value)


def test_a_folder_name_that_cannot_be_a_backend_is_refused(image_toml, tmp_path):
    (tmp_path / "docker" / "theano").rename(tmp_path / "docker" / "Theano GPU")
    assert "lower case" in refused("Theano GPU")
