"""The installed package holds all that it needs: no checkout, a fresh home, an empty folder."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from installed import Installed, build, sources

from harness import cache, catalog
from harness.images import build as image_build
from harness.images import built

REPO = Path(__file__).resolve().parents[2]
FINGERPRINTS = """
import json
from harness import catalog
from harness.campaign import changes
from harness.images import context

found = {"harness": changes.harness_sha256(), "runner": changes.runner_sha256()}
for name in catalog.names():
    backend = catalog.load(name)
    for flavour in backend.flavours():
        contents = context.files(backend, flavour)
        arguments = context.arguments(backend, flavour, None)
        found[f"{name}:{flavour}"] = context.fingerprint(contents, arguments, "a base")
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("installed")


@pytest.fixture(scope="module")
def wheel(folder):
    """Made as by those who have a released source archive, not the checkout."""
    archive = build(sources(folder / "sources"), "sdist")
    with tarfile.open(archive) as opened:
        opened.extractall(folder / "unpacked", filter="data")
    (unpacked,) = (folder / "unpacked").iterdir()
    return build(unpacked, "wheel")


@pytest.fixture(scope="module")
def installed(folder, wheel):
    return Installed(folder, wheel)


def members(wheel):
    with zipfile.ZipFile(wheel) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def test_a_wheel_of_the_source_archive_is_that_of_the_checkout(folder, wheel):
    direct = sources(folder / "direct")
    (direct / "build" / "lib" / "harness" / "_root" / "docker" / "gone").mkdir(parents=True)
    (direct / "build/lib/harness/_root/docker/gone/image.toml").write_text("of an earlier build")
    found, expected = members(wheel), members(build(direct, "wheel"))
    assert found == expected
    assert "harness/_root/docker/tf/cuda.lock" in found
    assert {"harness/_root/docs/definitions.md", "benchdl/py.typed"} <= set(found)
    assert found["benchdl-0.1.0.dist-info/licenses/LICENSE"] == (REPO / "LICENSE").read_bytes()
    unlike = (".py", ".pyc", ".lock")  # templates, scripts, texts: whatever a module reads
    beside = [
        file
        for file in (REPO / "harness").rglob("*")
        if file.suffix not in ("", *unlike)
        and "__pycache__" not in file.parts  # while Python writes there, names end otherwise
    ]
    assert {".j2", ".js", ".css", ".txt"} <= {file.suffix for file in beside}
    assert {file.relative_to(REPO).as_posix() for file in beside} <= set(found)
    assert not [name for name in found if "__pycache__" in name or "/gone/" in name]
    assert not [name for name in found if name.startswith(("docker/", "tests/", "benchmarks/"))]


def test_it_lists_what_the_checkout_has(installed, tmp_path):
    done = installed.run("benchdl", "list", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    for name in catalog.names():
        assert f"  {name} " in done.stdout
    assert installed.run("benchdl", "--version", cwd=tmp_path).stdout.startswith("benchdl, version")
    module = installed.run("python", "-I", "-c", "import benchdl; benchdl.load()", cwd=tmp_path)
    assert (module.returncode, module.stderr) == (0, "")
    page = installed.run("benchdl", "docs", "docs/definitions.md", cwd=tmp_path)
    assert page.stdout == (REPO / "docs" / "definitions.md").read_text()
    assert list(tmp_path.iterdir()) == []


def test_its_images_and_its_code_are_those_of_the_checkout(installed, tmp_path):
    there = installed.run("python", "-I", "-c", FINGERPRINTS, cwd=tmp_path)
    assert there.returncode == 0, there.stderr
    here = subprocess.check_output([sys.executable, "-c", FINGERPRINTS], cwd=REPO, text=True)
    assert json.loads(there.stdout) == json.loads(here)


@pytest.mark.parametrize("words", [("list",), ("run", "all", "--device=cpu"), ("doctor",)])
def test_without_a_backend_it_says_so(installed, tmp_path, words):
    """Beside it lies a folder docker/, that of the engine's client, which holds no backend."""
    root = str(installed.site)
    done = installed.run("benchdl", *words, cwd=tmp_path, BENCHDL_ROOT=root)
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"benchdl: no backend in {root}/docker: ")


def test_it_trains_in_an_empty_folder(installed, tmp_path):
    """Beside a backend for tests, laid over a copy of what it carries."""
    root, here = tmp_path / "root", tmp_path / "empty"
    shutil.copytree(installed.root, root)
    shutil.copytree(REPO / "tests" / "dummy", root, dirs_exist_ok=True)
    here.mkdir()
    done = installed.run(
        "benchdl", "run", "dummy", "--launcher", "local", "--device", "cpu", "--epochs", "1",
        "--dataset", "synthetic-mnist", "--train-samples", "1000", "--idle-wait", "0",
        cwd=here, timeout=600, BENCHDL_ROOT=str(root), BENCHDL_CACHE=str(tmp_path / "cache"),
        UV_CACHE_DIR=str(cache.cache_dir().parent / "uv"),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "| NumPy (test backend) " in done.stdout
    assert f"stored in {here}/results" in done.stderr
    assert [entry.name for entry in here.iterdir()] == ["results"]


@pytest.mark.docker
@pytest.mark.beside
@pytest.mark.timeout(1900)  # with a build, where the image is not here
def test_it_shares_the_images_of_the_checkout(engine, installed, tmp_path):
    said: list[str] = []
    mxnet = catalog.load("mxnet")
    image = image_build.build(engine, mxnet, "cpu", make_base=True, say=said.append)
    done = installed.run(
        "benchdl", "images", "build", "mxnet", "--flavour", "cpu", cwd=tmp_path, timeout=600
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines() == ["benchdl/mxnet:cpu is up to date"]
    # Not by the id: another test may have built the same, and then its image has the name.
    found = engine.images.get("benchdl/mxnet:cpu")
    assert built.label(found, "fingerprint") == built.label(image, "fingerprint")
