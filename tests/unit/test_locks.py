"""Lock files: they hold the pins of image.toml, hashes for everything, and nobody's mirror."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from harness import catalog
from harness.images import locks

REPO = Path(__file__).resolve().parents[2]
BACKENDS = sorted(file.parent.name for file in (REPO / "docker").glob("*/image.toml"))
OWN = [REPO / "harness" / name for name in ("requirements.lock", "development.lock")]
LOCKS = [*sorted((REPO / "docker").glob("*/*.lock")), *OWN]

SPECS = {name: catalog.load(name).spec for name in BACKENDS}
MODERN = [name for name, spec in SPECS.items() if not (spec.cuda and spec.cuda.wheels)]
"""Images whose framework brings its own CUDA, or has none: they share a Dockerfile, and layers."""


def promised(name):
    """Lock file to the pins that it must hold."""
    return locks.promised(catalog.load(name))


def requirements(lock):
    """Each requirement with its continuation lines, comments left out."""
    lines = [line for line in lock.read_text().splitlines() if not line.lstrip().startswith("#")]
    return [r for r in re.sub(r"\\\n\s*", " ", "\n".join(lines)).splitlines() if r.strip()]


def names(lock):
    return {re.split(r"[=\s;\[]", requirement)[0] for requirement in requirements(lock)}


@pytest.mark.parametrize("backend", BACKENDS)
def test_every_promised_lock_holds_its_pins(backend):
    for name, wheels in promised(backend).items():
        lock = REPO / "docker" / backend / name
        assert lock.is_file(), f"{lock} is missing: benchdl images lock {backend}"
        assert locks.missing(lock, wheels) == []


@pytest.mark.parametrize("backend", BACKENDS)
def test_every_lock_holds_what_the_runner_needs(backend):
    text = (REPO / "runner" / "requirements.txt").read_text()
    needs = dict(line.split("==") for line in text.splitlines() if line and line[0] != "#")
    assert {"pydantic", "psutil", "nvidia-ml-py3"} <= set(needs)
    for name in promised(backend):
        if name not in ("cuda.lock", "api.lock"):  # these come on top of another
            assert locks.missing(REPO / "docker" / backend / name, needs) == []


@pytest.mark.parametrize("backend", BACKENDS)
def test_no_lock_lies_about_that_image_toml_does_not_name(backend):
    there = {lock.name for lock in (REPO / "docker" / backend).glob("*.lock")}
    assert there == set(promised(backend))


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: f"{lock.parent.name}/{lock.name}")
def test_every_requirement_is_pinned_and_has_hashes(lock):
    found = requirements(lock)
    assert found
    for requirement in found:
        assert re.match(r"[A-Za-z0-9._-]+(\[[a-z,]+\])?==[^\s;]+", requirement), requirement
        assert re.search(r"--hash=sha256:[0-9a-f]{64}\b", requirement), requirement


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: f"{lock.parent.name}/{lock.name}")
def test_no_lock_names_an_address(lock):
    text = lock.read_text()
    assert "://" not in text
    assert " @ " not in text
    assert "index-url" not in text
    assert "find-links" not in text


def test_cuda_is_the_same_in_all_images_so_that_they_share_its_layer():
    others = [name for name in BACKENDS if name not in MODERN]
    contents = {(REPO / "docker" / name / "cuda.lock").read_bytes() for name in others}
    assert len(others) >= 3
    assert len(contents) == 1
    # The steps up to the one that installs it.
    dockerfiles = [(REPO / "docker" / name / "Dockerfile").read_text() for name in others]
    assert len({text[text.index("# ----") : text.rindex("# ----")] for text in dockerfiles}) == 1


def test_no_two_dockerfiles_are_alike():
    """Those of the same contents are one file, docker/base/NAME.Dockerfile."""
    found = [*(REPO / "docker").glob("*/Dockerfile"), *(REPO / "docker/base").glob("*.Dockerfile")]
    contents = {file: file.read_bytes() for file in found}
    assert len(set(contents.values())) == len(contents) >= 4


def test_modern_images_share_their_layers():
    contents = {(REPO / "docker" / name / "requirements.lock").read_bytes() for name in MODERN}
    assert len(MODERN) >= 3
    assert len(contents) == 1, "the same, word for word, in: " + ", ".join(MODERN)
    assert len({catalog.load(name).spec.base.reference for name in MODERN}) == 1
    assert {catalog.load(name).spec.dockerfile for name in MODERN} == {"wheels"}


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_plain_frameworks_hold_no_keras(backend):
    for name in promised(backend):
        assert not {"keras", "h5py", "optree"} & names(REPO / "docker" / backend / name)


@pytest.mark.parametrize("backend", ["keras3-jax", "keras3-torch"])
@pytest.mark.parametrize("below", ["cpu.lock", "gpu.lock"])
def test_what_comes_above_a_framework_changes_nothing_below(backend, below):
    folder = REPO / "docker" / backend
    framework, above = (
        dict(
            re.match(r"([^=]+)==([^\s;]+)", requirement).groups()
            for requirement in requirements(folder / name)
        )
        for name in (below, "api.lock")
    )
    both = set(framework) & set(above)
    assert "numpy" in both
    assert {name: framework[name] for name in both} == {name: above[name] for name in both}


@pytest.mark.parametrize("framework", ["jax", "torch"])
@pytest.mark.parametrize("lock", ["cpu.lock", "gpu.lock"])
def test_images_on_the_same_framework_share_its_layer(framework, lock):
    """torch with CUDA is 5 GB: keras3-torch and torch keep it once."""
    names = [name for name in MODERN if name.removeprefix("keras3-") == framework]
    assert len({(REPO / "docker" / name / lock).read_bytes() for name in names}) == 1


@pytest.mark.parametrize("backend", [name for name in MODERN if SPECS[name].cudnn])
def test_the_promised_cudnn_is_that_of_the_framework_s_own_wheels(backend):
    cudnn = catalog.load(backend).spec.cudnn
    text = (REPO / "docker" / backend / "gpu.lock").read_text()
    assert re.search(rf"^nvidia-cudnn-cu\d+=={re.escape(cudnn.version)} ", text, re.MULTILINE)
    assert cudnn.wheel is None


def test_who_changes_benchdl_has_what_its_users_have_and_more():
    users, developers = map(requirements, OWN)
    assert set(users) < set(developers)
    tools = {"mypy", "pytest", "ruff", "playwright", "hypothesis"}
    assert not tools & names(OWN[0])
    assert tools <= names(OWN[1])


def test_cuda_lock_holds_nothing_but_its_pins():
    wanted = set(promised("tf")["cuda.lock"])
    assert names(REPO / "docker" / "tf" / "cuda.lock") == wanted


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("keras==2.11.0 \\\n    --hash=sha256:00\n", []),
        ("Keras==2.11.0\n", []),
        ("keras==2.11.0 ; python_version < '3.12' \\\n", []),
        ("keras==2.11.0; python_version < '3.12'\n", []),
        ("keras==2.11.01\n", ["keras==2.11.0"]),
        ("tf-keras==2.11.0\n", ["keras==2.11.0"]),
        ("# keras==2.11.0\n", ["keras==2.11.0"]),
        ("", ["keras==2.11.0"]),
    ],
)
def test_missing_pins_are_found(tmp_path, text, missing):
    lock = tmp_path / "requirements.lock"
    lock.write_text(text)
    assert locks.missing(lock, {"keras": "2.11.0"}) == missing


def test_a_lock_that_is_not_there_misses_everything(tmp_path):
    assert locks.missing(tmp_path / "none.lock", {"keras": "2.11.0"}) == ["keras==2.11.0"]
