"""Can a container's user read the data? By the mode where that decides, else by a container."""

from __future__ import annotations

import os
import struct
from types import SimpleNamespace

import pytest

from harness.errors import BenchdlError
from harness.launchers import data_access
from harness.launchers.docker import DockerLauncher

PLAIN: dict[str, object] = {"SecurityOptions": ["name=seccomp,profile=default"]}
MAPPED = {"SecurityOptions": ["name=seccomp,profile=default", "name=rootless"]}


@pytest.fixture
def file(tmp_path):
    made = tmp_path / "with blank"
    made.write_text("x")
    made.chmod(0o644)
    return made


@pytest.fixture(autouse=True)
def root(monkeypatch):
    """As if root asked, whose jobs run as user 1000."""
    monkeypatch.setattr(os, "getuid", lambda: 0)


class Engine:
    """Containers that end with a status and say something."""

    def __init__(self, status, said=b""):
        self.asked, self.removed = [], 0
        self.containers = SimpleNamespace(create=self.create)
        self.status, self.said = status, said

    def create(self, image, command, **options):
        self.asked.append((image, command, options))
        return SimpleNamespace(
            start=lambda: None,
            wait=lambda timeout: {"StatusCode": self.status},
            logs=lambda stdout: self.said,
            remove=self.remove,
        )

    def remove(self, force):
        self.removed += 1


def check(file, info=PLAIN, image="sha256:1", engine=None):
    data_access.check(engine, info, image, [file])


def test_what_all_may_read_needs_no_container(file):
    file.parent.chmod(0o700)  # the file itself is mounted: what is above it plays no part
    check(file)


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o000])
def test_what_only_its_owner_may_read_is_refused_with_the_command_that_helps(file, mode):
    file.chmod(mode)
    with pytest.raises(BenchdlError) as refused:
        check(file, image=None)
    line = str(refused.value)
    assert f"uid 1000) cannot read the data: {file} (its mode is {mode:04o})" in line
    assert f"chmod a+r '{file}'" in line
    assert "\n" not in line


@pytest.mark.parametrize(("uid", "gid", "mode"), [(1000, 0, 0o400), (0, 1000, 0o040)])
def test_the_jobs_user_may_be_the_owner_or_of_the_group(file, monkeypatch, uid, gid, mode):
    seen = os.stat_result((0o100000 | mode, 1, 1, 1, uid, gid, 1, 0, 0, 0))
    monkeypatch.setattr(type(file), "stat", lambda self: seen)
    check(file)
    with pytest.raises(BenchdlError, match="cannot read the data"):
        check(file, MAPPED)  # there the numbers inside are others


def test_an_ordinary_user_is_the_jobs_user(file, monkeypatch):
    monkeypatch.setattr(os, "getuid", lambda: file.stat().st_uid)
    monkeypatch.setattr(data_access, "_ids", lambda: (file.stat().st_uid, 1))
    file.chmod(0o400)
    check(file)


def test_the_user_that_is_asked_for_is_the_user_that_jobs_get(file):
    assert data_access.user() == "1000:1000"


def with_acl(file, permissions=4):
    """Let user 1000 read it by an access list, with none of it in the mode of others.

    The format is that of the kernel's posix_acl_xattr.h: version 2, then tag, permissions, id.
    """
    nobody = 0xFFFFFFFF
    entries = [(1, 6, nobody), (2, permissions, 1000), (4, 0, nobody), (16, 4, nobody),
               (32, 0, nobody)]  # fmt: skip
    raw = struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)
    try:
        os.setxattr(file, "system.posix_acl_access", raw)
    except OSError as error:
        pytest.skip(f"no access lists on this file system ({error.strerror})")


def test_an_access_list_is_left_to_a_container(file):
    with_acl(file)
    check(file, image=None)
    sound, denied = Engine(0), Engine(1, b"head: cannot open '/data/0-x': Permission denied\n")
    check(file, engine=sound)
    ((image, command, options),) = sound.asked
    assert (image, command) == ("sha256:1", ["/data/0-with blank"])
    assert options["user"] == "1000:1000"
    assert options["network_mode"] == "none"
    assert [(mount["Source"], mount["ReadOnly"]) for mount in options["mounts"]] == [
        (str(file), True)
    ]
    with pytest.raises(BenchdlError, match=r"Permission denied\): let others read it: chmod"):
        check(file, engine=denied)
    assert (sound.removed, denied.removed) == (1, 1)


def test_a_file_system_of_another_machine_is_left_to_a_container(file, monkeypatch):
    place = str(file.parent).replace(" ", r"\040")
    line = f"36 25 0:31 / {place} rw,relatime shared:9 - nfs4 server:/data rw,vers=4.2\n"
    whole = data_access.Path.read_text
    monkeypatch.setattr(
        data_access.Path,
        "read_text",
        lambda self, **how: line if self.name == "mountinfo" else whole(self, **how),
    )
    engine = Engine(1, b"Permission denied")
    with pytest.raises(BenchdlError, match="Permission denied"):
        check(file, engine=engine)
    assert len(engine.asked) == 1


def test_where_users_are_mapped_closed_folders_are_left_to_a_container(file):
    file.parent.chmod(0o700)
    engine = Engine(0)
    check(file, MAPPED, engine=engine)
    assert len(engine.asked) == 1


def test_the_launcher_asks(file):
    file.chmod(0o600)
    client = SimpleNamespace(info=lambda: {**PLAIN, "MemTotal": 2**34},
                             version=lambda: {"Version": "28.5.2"})  # fmt: skip
    with pytest.raises(BenchdlError, match="cannot read the data"):
        DockerLauncher(client).check_data([file], None)
