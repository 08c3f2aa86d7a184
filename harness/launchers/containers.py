"""Containers of ours: what the engine says of one, and removing it whatever state it is in."""

from __future__ import annotations

import secrets
import tempfile
import time
from pathlib import Path
from typing import Any

import docker
from docker.errors import NotFound
from docker.models.containers import Container
from docker.types import Mount

from harness import engine, marks
from harness.errors import BenchdlError
from harness.notices import Say


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
        "cpuset_cpus": host.get("CpusetCpus") or None,
        "nano_cpus": host.get("NanoCpus") or None,
        "tmpfs": host.get("Tmpfs"),
        "ulimits": host.get("Ulimits"),
        "cgroup_namespace": host.get("CgroupnsMode"),
        "ipc_namespace": host.get("IpcMode"),
        "runtime": host.get("Runtime"),
        "device_requests": host.get("DeviceRequests"),
        "mounts": {
            mount["Destination"]: "rw" if mount.get("RW") else "ro"
            for mount in container.attrs.get("Mounts", [])
        },
    }


def see_our_files(client: docker.DockerClient, image: str, folder: Path) -> None:
    """See that a container finds this machine's files under their paths: it is not started.

    An engine elsewhere, or one in a container or a virtual machine of its own, mounts its own.

    Args:
        client: the engine.
        image: any image it has.
        folder: a folder of this machine; something is written there and removed again.

    Raises:
        BenchdlError: it does not, or the engine cannot say.
    """
    secret = secrets.token_hex(16)
    name = f"benchdl-look-{secret[:12]}"
    doing = "seeing whether the Docker engine has this machine's files"
    try:
        with tempfile.TemporaryDirectory(prefix="look-", dir=folder) as place:
            (Path(place) / secret).touch()
            with engine.calls(client, doing):
                client.containers.create(
                    image,
                    ["true"],
                    name=name,
                    network_mode="none",
                    labels={marks.HARNESS_LABEL: marks.own()},
                    mounts=[Mount("/look", place, type="bind", read_only=True)],
                    use_config_proxy=False,
                )
                try:
                    client.api.get_archive(name, f"/look/{secret}")
                except NotFound:
                    raise BenchdlError(
                        f"the Docker engine at {engine.name(client)} does not see this machine's "
                        f"files: {folder} is another folder there",
                        "run benchdl on the machine of the engine, or use --launcher local",
                    ) from None
    finally:
        remove(client, name)


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
        except engine.BROKEN:
            time.sleep(1)
    return False


def clear(client: docker.DockerClient, campaign_id: str | None, say: Say) -> None:
    """Remove our containers whose harness, of this machine, is dead.

    Args:
        client: the engine.
        campaign_id: only those of this campaign; None is all, and those of a harness that runs,
            here or elsewhere, are then passed over without a word.
        say: is told of each.

    Raises:
        BenchdlError: the engine does not answer, or one of the campaign belongs to a harness that
            runs.
    """
    label = f"{marks.CAMPAIGN_LABEL}={campaign_id}" if campaign_id else marks.HARNESS_LABEL
    ours: dict[str, Any] = {"label": label}
    with engine.calls(client, "listing containers"):
        found = client.containers.list(all=True, filters=ours, ignore_removed=True)
    for container in found:
        state = marks.state(container.labels.get(marks.HARNESS_LABEL, ""))
        if state != "dead" and campaign_id is None:
            continue
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
