"""How a container gets its data, and whether its user can read it: asked before the first job.

Each verified file is mounted by itself, so that folders above it and links to it play no part.
"""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import docker
from docker.errors import APIError
from docker.types import Mount

from harness import engine, marks
from harness.errors import BenchdlError

_ORDINARY_USER = 1000
_ACL = "system.posix_acl_access"
_MAPPING = ("name=rootless", "name=userns")
# Where the server decides, and may decide against root: the engine's word counts, not the mode.
_REMOTE = re.compile(r"nfs|cifs|smb|9p|afs|ceph|lustre|gpfs|beegfs|fuse")
_WAIT_S = 60


def user() -> str:
    """Who a job runs as: the user of this process, or an ordinary one where that is root."""
    uid, gid = _ids()
    return f"{uid}:{gid}"


def mounts(files: Mapping[str, Path], place: str) -> list[Mount]:
    """Each file read-only under its name in the folder ``place``."""
    return [
        Mount(f"{place}/{name}", str(file), type="bind", read_only=True)
        for name, file in files.items()
    ]


def check(
    client: docker.DockerClient, info: dict[str, Any], image: str | None, files: Iterable[Path]
) -> None:
    """See that the user of a job can read ``files``.

    Args:
        client: the engine that is to start the jobs.
        info: its ``/info``.
        image: any image of a job, for what only a container can tell; None leaves that out.
        files: where they really lie.

    Raises:
        BenchdlError: some cannot be read; with the fix.
    """
    mapped = any(option.startswith(_MAPPING) for option in info.get("SecurityOptions") or [])
    remote = _remote_mounts()
    told = {file: _readable(file, mapped, remote) for file in files}
    denied = [file for file, answer in told.items() if answer is False]
    if denied:
        mode = stat.S_IMODE(denied[0].stat().st_mode)
        raise _refusal(denied, f"its mode is {mode:04o}")
    unsure = [file for file, answer in told.items() if answer is None]
    if unsure and image:
        _probe(client, image, unsure)


def _readable(file: Path, mapped: bool, remote: list[Path]) -> bool | None:
    """Whether the job's user may read a file; None: only a container can tell."""
    try:
        found = file.stat()
        acl = _ACL in os.listxattr(file)
    except OSError:
        return None
    uid, gid = _ids()
    if not mapped and found.st_uid == uid:
        allowed = bool(found.st_mode & stat.S_IRUSR)
    elif not mapped and found.st_gid == gid:
        allowed = bool(found.st_mode & stat.S_IRGRP)
    else:
        allowed = bool(found.st_mode & stat.S_IROTH)
    closed = mapped and not all(_may_enter(folder) for folder in file.parents)
    if acl or (allowed and (closed or any(file.is_relative_to(place) for place in remote))):
        return None
    return allowed


def _ids() -> tuple[int, int]:
    return (os.getuid(), os.getgid()) if os.getuid() else (_ORDINARY_USER, _ORDINARY_USER)


def _may_enter(folder: Path) -> bool:
    try:
        return bool(folder.stat().st_mode & stat.S_IXOTH)
    except OSError:
        return False


def _remote_mounts() -> list[Path]:
    """Where file systems of other machines are mounted. Source: proc_pid_mountinfo(5)."""
    try:
        lines = Path("/proc/self/mountinfo").read_text(errors="surrogateescape").splitlines()
    except OSError:
        return []
    places = []
    for line in lines:
        before, _, after = line.partition(" - ")
        if _REMOTE.match(after):
            name = before.split()[4]
            places.append(Path(re.sub(r"\\(\d{3})", lambda code: chr(int(code[1], 8)), name)))
    return places


def _probe(client: docker.DockerClient, image: str, files: list[Path]) -> None:
    """Let a container with a job's user read the first byte of each file."""
    served = {f"{number}-{file.name}": file for number, file in enumerate(files)}
    container = None
    try:
        container = client.containers.create(
            image,
            [f"/data/{name}" for name in served],
            entrypoint=["head", "--bytes=1"],
            mounts=mounts(served, "/data"),
            user=user(),
            network_mode="none",
            read_only=True,
            cap_drop=["ALL"],
            security_opt=["no-new-privileges:true"],
            use_config_proxy=False,
            labels={marks.HARNESS_LABEL: marks.own()},
        )
        container.start()
        if container.wait(timeout=_WAIT_S)["StatusCode"] == 0:
            return
        said = container.logs(stdout=False).decode("utf-8", "replace")
    except APIError as error:
        said = engine.explain(error, "starting a container with it").message
    except engine.BROKEN as error:
        raise engine.lost(client, "looking at the data", error) from None
    finally:
        if container is not None:
            with contextlib.suppress(*engine.BROKEN):
                container.remove(force=True)
    raise _refusal(files, " ".join(said.split())[:300])


def _refusal(files: list[Path], why: str) -> BenchdlError:
    names = shlex.join(str(file) for file in files)
    return BenchdlError(
        f"the user of a container (uid {_ids()[0]}) cannot read the data: {files[0]} ({why})",
        f"let others read it: chmod a+r {names}; or copy it to a folder on this machine's own "
        "disk and name that with --data-dir",
    )
