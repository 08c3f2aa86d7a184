"""Containers of ours: what the engine says of one, and removing it whatever state it is in."""

from __future__ import annotations

import time
from typing import Any

import docker
from docker.errors import DockerException, NotFound
from docker.models.containers import Container
from requests.exceptions import RequestException

from harness.errors import BenchdlError
from harness.launchers import marks
from harness.launchers.base import Say


def facts(container: Container) -> dict[str, Any]:
    """The hardening of a running container, as ``docker inspect`` shows it."""
    config, host = container.attrs["Config"], container.attrs["HostConfig"]
    return {
        "user": config.get("User"),
        "network_mode": host.get("NetworkMode"),
        "read_only_root": host.get("ReadonlyRootfs"),
        "privileged": host.get("Privileged"),
        "cap_drop": host.get("CapDrop"),
        "security_opt": host.get("SecurityOpt"),
        "pids_limit": host.get("PidsLimit"),
        "memory_limit_bytes": host.get("Memory"),
        "tmpfs": host.get("Tmpfs"),
        "runtime": host.get("Runtime"),
        "device_requests": host.get("DeviceRequests"),
        "mounts": {
            mount["Destination"]: "rw" if mount.get("RW") else "ro"
            for mount in container.attrs.get("Mounts", [])
        },
    }


def remove(client: docker.DockerClient, name: str) -> bool:
    """Remove our own container, if it is there; an engine that is busy is asked again.

    Returns:
        Whether it is gone.
    """
    for _ in range(3):
        try:
            client.api.remove_container(name, force=True, v=True)
            return True
        except NotFound:
            return True
        except (DockerException, RequestException, OSError):
            time.sleep(1)
    return False


def clear(client: docker.DockerClient, campaign_id: str, say: Say) -> None:
    """Remove the containers of a campaign whose harness, of this machine, is dead.

    Raises:
        BenchdlError: the engine does not answer, or one belongs to a harness that runs.
    """
    ours: dict[str, Any] = {"label": f"{marks.CAMPAIGN_LABEL}={campaign_id}"}
    try:
        found = client.containers.list(all=True, filters=ours, ignore_removed=True)
    except (DockerException, RequestException, OSError) as error:
        raise BenchdlError(f"listing containers: lost the Docker engine ({error})") from None
    for container in found:
        state = marks.state(container.labels.get(marks.HARNESS_LABEL, ""))
        if state == "alive":
            raise BenchdlError(
                f"container {container.name} belongs to a benchdl that runs", "end it first"
            )
        if state == "elsewhere":
            say(
                f"left alone: container {container.name}, started by a benchdl on another "
                f"machine; once that is gone: docker rm --force {container.name}"
            )
            continue
        if not remove(client, str(container.name)):
            raise BenchdlError(
                f"container {container.name} of a killed benchdl cannot be removed",
                f"remove it: docker rm --force {container.name}",
            )
        say(f"removed container {container.name}: its harness had died")
