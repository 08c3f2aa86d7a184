"""The build context: the same bytes for the same things, another fingerprint for others."""

from __future__ import annotations

import io
import os
import shutil
import tarfile

import pytest

from harness import catalog
from harness.errors import UsageError
from harness.images import context


@pytest.fixture
def root(dummy_root, tmp_path, monkeypatch):
    """A tree that a test may change, with __pycache__ folders as a used one has."""
    root = tmp_path / "root"
    shutil.copytree(dummy_root, root)
    for folder in (root / "runner", root / "docker" / "dummy"):
        (folder / "__pycache__").mkdir()
        (folder / "__pycache__" / "left.cpython-311.pyc").write_bytes(b"bytecode")
    monkeypatch.setenv("BENCHDL_ROOT", str(root))
    return root


def fingerprint(mirror=None, base_id="sha256:1", flavour="cpu"):
    backend = catalog.load("dummy")
    args = context.arguments(backend, flavour, mirror)
    return context.fingerprint(context.files(backend, flavour), args, base_id)


def test_tar_is_the_same_whatever_the_times_and_modes(root):
    before = context.tar(context.files(catalog.load("dummy"), "cpu"))
    for number, file in enumerate(sorted(root.rglob("*"))):
        if file.is_file():
            os.utime(file, (number, number))
            file.chmod(0o600)
    assert context.tar(context.files(catalog.load("dummy"), "cpu")) == before


def test_tar_is_the_same_in_another_place(root, dummy_root, monkeypatch):
    before = context.tar(context.files(catalog.load("dummy"), "cpu"))
    monkeypatch.setenv("BENCHDL_ROOT", str(dummy_root))
    assert context.tar(context.files(catalog.load("dummy"), "cpu")) == before


def test_tar_holds_what_a_build_needs_and_no_bytecode(root):
    content = io.BytesIO(context.tar(context.files(catalog.load("dummy"), "cpu")))
    with tarfile.open(fileobj=content) as archive:
        members = {member.name: member for member in archive.getmembers()}
    names = list(members)
    wanted = {"Dockerfile", "image.toml", "requirements.lock", "apt-install.sh", "install-cuda.sh"}
    assert wanted <= set(names)
    assert {"runner/__main__.py", "runner/backends/dummy.py", "runner/networks/network.py"} <= set(
        names
    )
    assert not [name for name in names if "__pycache__" in name or name.endswith(".pyc")]
    assert names == sorted(names)
    assert members["apt-install.sh"].mode == 0o755
    assert members["Dockerfile"].mode == 0o644
    assert {(m.mtime, m.uid, m.gid, m.uname) for m in members.values()} == {(0, 0, 0, "")}


def test_bytecode_does_not_change_the_fingerprint(root):
    before = fingerprint()
    (root / "runner" / "__pycache__" / "more.cpython-39.pyc").write_bytes(b"x")
    assert fingerprint() == before


@pytest.mark.parametrize(
    "name",
    [
        "runner/judge.py",
        "runner/backends/dummy.py",
        "docker/dummy/requirements.lock",
        "docker/dummy/Dockerfile",
        "docker/dummy/image.toml",
        "docker/base/apt-install.sh",
    ],
)
def test_fingerprint_changes_with_each_input(root, name):
    before = fingerprint()
    file = root / name
    file.write_text(file.read_text() + "\n# changed\n")
    assert fingerprint() != before


def test_fingerprint_changes_with_a_new_runner_module(root):
    before = fingerprint()
    (root / "runner" / "new.py").write_text("")
    assert fingerprint() != before


def test_fingerprint_changes_with_arguments_and_base(root):
    different = {
        fingerprint(),
        fingerprint(mirror="http://archive.debian.org/debian"),
        fingerprint(base_id="sha256:2"),
        fingerprint(flavour="gpu"),
    }
    assert len(different) == 4


def test_arguments_derive_from_image_toml():
    args = context.arguments(catalog.load("theano"), "gpu", None)
    assert args["BASE_IMAGE"] == "debian:bullseye-slim"
    assert args["FLAVOUR"] == "gpu"
    assert "python3-theano=1.0.5" in args["DEBIAN_PACKAGES"].split()
    assert args["DEBIAN_MIRROR"] == ""


def test_lock_hashes_are_of_what_the_image_is_made_of(root):
    before = context.lock_hashes(catalog.load("dummy"), "cpu")
    assert set(before) == {"image.toml", "requirements.lock"}
    (root / "docker" / "dummy" / "requirements.lock").write_text("changed")
    (root / "docker" / "dummy" / "local.lock").write_text("changed")
    after = context.lock_hashes(catalog.load("dummy"), "cpu")
    assert {name for name in after if after[name] != before[name]} == {"requirements.lock"}


def test_a_lock_of_the_local_launcher_does_not_rebuild_an_image(root):
    before = fingerprint()
    (root / "docker" / "dummy" / "local.lock").write_text("changed")
    assert fingerprint() == before


def test_an_image_is_made_of_the_locks_of_its_own_flavour(root):
    folder = root / "docker" / "dummy"
    (folder / "cpu.lock").write_text("of the cpu")
    (folder / "gpu.lock").write_text("of the gpu")
    dummy = catalog.load("dummy")
    for flavour, opposite in (("cpu", "gpu"), ("gpu", "cpu")):
        contents = context.files(dummy, flavour)
        assert contents["framework.lock"].decode() == f"of the {flavour}"
        assert not {"cpu.lock", "gpu.lock"} & set(contents)
        assert f"{flavour}.lock" in context.lock_hashes(dummy, flavour)
        assert f"{opposite}.lock" not in context.lock_hashes(dummy, flavour)


def test_a_lock_of_the_other_flavour_does_not_rebuild_an_image(root):
    folder = root / "docker" / "dummy"
    for name in ("cpu.lock", "gpu.lock"):
        (folder / name).write_text("before")
    before = fingerprint(flavour="cpu"), fingerprint(flavour="gpu")
    (folder / "gpu.lock").write_text("after")
    assert fingerprint(flavour="cpu") == before[0]
    assert fingerprint(flavour="gpu") != before[1]


def test_a_backend_without_dockerfile_says_where_to_read_on(root):
    (root / "docker" / "dummy" / "Dockerfile").unlink()
    with pytest.raises(UsageError, match=r"Dockerfile is missing.*docs/backends\.md"):
        context.files(catalog.load("dummy"), "cpu")


@pytest.fixture
def sharing(root):
    """The test backend, with an image.toml that names a Dockerfile of docker/base."""
    file = root / "docker" / "dummy" / "image.toml"
    file.write_text('dockerfile = "wheels"\n' + file.read_text())
    return root / "docker" / "dummy"


def test_a_shared_dockerfile_is_that_of_the_image(root, sharing):
    (sharing / "Dockerfile").unlink()
    shared = root / "docker" / "base" / "wheels.Dockerfile"
    before = fingerprint()
    assert context.files(catalog.load("dummy"), "cpu")["Dockerfile"] == shared.read_bytes()
    shared.write_text(shared.read_text() + "\n# changed\n")
    assert fingerprint() != before


def test_a_dockerfile_of_its_own_beside_a_shared_one_is_refused(sharing):
    with pytest.raises(UsageError, match="names another with dockerfile = 'wheels': remove one"):
        context.files(catalog.load("dummy"), "cpu")


def test_a_shared_dockerfile_that_is_not_there_is_one_line(root, sharing):
    (sharing / "Dockerfile").unlink()
    (root / "docker" / "base" / "wheels.Dockerfile").unlink()
    with pytest.raises(UsageError, match=r"wheels\.Dockerfile is missing: correct image\.toml"):
        context.files(catalog.load("dummy"), "cpu")
