"""What is looked at on a host before its first job. Each function is one check.

A check says what is wrong in words. What may only change the figures can be accepted, and makes
every result of the host suspect; a host without the fleet's folder or data cannot run it at all.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from datetime import datetime
from importlib import metadata

from harness import files
from harness.campaign import changes
from harness.errors import BenchdlError
from harness.files import FileError
from harness.fleet.allocation import Allocation
from harness.fleet.shard_files import Shard, ShardFolder
from harness.launchers.exchange import unwritable

CODE = "host-differs"

_CLOCKS_DIFFER_S = 60.0
"""Results are named and sorted by their moment; services that set clocks keep them within 1 s."""
_NONCE_BYTES = 200


def same_folder(folder: ShardFolder, shard: Shard) -> None:
    """The folder is the fleet's, and not an earlier copy or another one under its path.

    Raises:
        BenchdlError: it is not.
    """
    file = folder.path.parent / "nonce"
    try:
        found = files.read_text(file, _NONCE_BYTES)
    except FileError as error:
        raise BenchdlError(f"cannot read {file}: {error.message}") from None
    if found.strip() != shard.nonce:
        raise BenchdlError(
            f"{folder.path.parent} is not the folder of fleet {shard.fleet_id}",
            "all hosts must see the very same folder under this path",
        )


def clock(folder: ShardFolder, shard: Shard) -> Iterator[str]:
    """This host's clock agrees with the folder's, and with the driver's as far as can be told."""
    probe = folder.path / f".clock-{secrets.token_hex(4)}"
    try:
        probe.write_bytes(b"")
        there, here = probe.stat().st_mtime, time.time()
        probe.unlink()
    except OSError as error:
        raise unwritable(folder.path, error) from None
    if abs(there - here) > _CLOCKS_DIFFER_S:
        yield f"its clock differs by {abs(there - here):.0f} s from that of the shared folder"
    early = datetime.fromisoformat(shard.created_at).timestamp() - here
    if early > _CLOCKS_DIFFER_S:
        yield f"its clock is at least {early:.0f} s behind that of the fleet's driver"


def code(shard: Shard) -> Iterator[str]:
    """It runs the benchdl that planned the fleet."""
    version = metadata.version("benchdl")
    if version != shard.harness_version:
        yield f"it runs benchdl {version}, the fleet was planned by {shard.harness_version}"
    elif changes.harness_sha256() != shard.harness_sha256:
        yield "the code of its benchdl is another than the fleet was planned by"
    if shard.launcher != "docker" and changes.runner_sha256() != shard.runner_sha256:
        yield "the code of its runner is another than the fleet was planned by"


def ours_alone(shard: Shard, found: Allocation | None) -> Iterator[str]:
    """The engine gave the whole host, and nobody else is on it."""
    if found:
        yield from found.lacks(gpus="gpu" in shard.options.devices)


def built_alike(shard: Shard, ours: list[str]) -> Iterator[str]:
    """Its jobs run in what the driver built; ``ours`` are the differences, in words."""
    for words in ours if shard.environments else ():
        yield f"not what the fleet's driver built: {words}"
