"""A host's own disk: where its shards' jobs live, and its cache of compiled code and data."""

from __future__ import annotations

import os
import re
import socket
from pathlib import Path

from harness import files
from harness.errors import BenchdlError

_CACHE = "BENCHDL_CACHE"


def place(scratch: Path) -> Path:
    """The folder of this user on this host, made if it is not there.

    The host's name is in it, since a folder that was taken for a local disk may be a shared one:
    what a host compiles for its processor must not reach another.

    Raises:
        BenchdlError: it cannot be made, or is somebody else's.
    """
    host = re.sub(r"[^A-Za-z0-9._-]", "-", socket.gethostname())
    folder = scratch / f"benchdl-{os.getuid()}-{host}"
    advice = "name a local disk as scratch in the fleet file"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        facts = folder.lstat()
    except OSError as error:
        raise BenchdlError(f"cannot make {folder}: {files.reason(error)}", advice) from None
    if facts.st_uid != os.getuid() or folder.is_symlink():
        raise BenchdlError(f"{folder} is not ours: somebody else made it", advice)
    return folder


def use_cache(folder: Path) -> None:
    """Keep the cache in ``folder``, unless the fleet file's set-up chose another place."""
    os.environ.setdefault(_CACHE, str(folder / "cache"))
