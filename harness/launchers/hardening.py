"""How a job's container is shut in: the options that are the same for every job.

Sources: docker-py's ``containers.create``, "Docker security" in Docker's manual, and the CIS Docker
Benchmark, section 5; docs/isolation.md has each of its points beside what the engine says.
"""

from __future__ import annotations

from typing import Any

from docker.types import HostConfig, LogConfig, Ulimit

API = "1.41"
"""The engine API whose fields :func:`as_sent` fills: that of engine 20.10, the oldest that fits."""

MAX_FILE_BYTES = 4 * 2**30
"""The largest file a job may write; the cache of the GPU driver may have as much in all."""

MAX_OPEN_FILES = 16_384
"""More than any framework opens, and not above what an engine itself usually has: it may lower the
limit it runs with and, in a sandbox or without root, not raise it."""

NOT_APPLIED = "not_applied"
"""In ``launch.hardening``: by field, how the engine's container differs from what was asked for."""

_PIDS_LIMIT = 4096
_TMP = "rw,nosuid,nodev,noexec,size=1g,mode=1777"
_OF_THE_CONTAINER = (
    "image", "command", "labels", "name", "environment", "user", "use_config_proxy",
)  # fmt: skip
"""Options that are not part of the engine's ``HostConfig``."""


def options() -> dict[str, Any]:
    """Options for ``containers.create`` that do not depend on the job.

    No limit on the user's processes (``nproc``): it counts those of the same user outside, too;
    ``pids_limit`` counts the container's own.
    """
    return {
        "network_mode": "none",
        "read_only": True,
        "tmpfs": {"/tmp": _TMP},  # noqa: S108 - the container's own
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges:true"],
        "pids_limit": _PIDS_LIMIT,
        "ulimits": [
            Ulimit(name="core", soft=0, hard=0),
            Ulimit(name="fsize", soft=MAX_FILE_BYTES, hard=MAX_FILE_BYTES),
            Ulimit(name="nofile", soft=MAX_OPEN_FILES, hard=MAX_OPEN_FILES),
        ],
        "cgroupns": "private",
        "ipc_mode": "private",
        "init": True,
        "restart_policy": {"Name": "no"},
        "log_config": LogConfig(type="json-file", config={"max-size": "10m", "max-file": "1"}),
        "use_config_proxy": False,  # docker's own settings may hold a password for a proxy
    }


def as_sent(asked: dict[str, Any]) -> dict[str, Any]:
    """The ``HostConfig`` that options for ``containers.create`` become."""
    ours = {key: value for key, value in asked.items() if key not in _OF_THE_CONTAINER}
    return dict(HostConfig(version=API, **ours))
