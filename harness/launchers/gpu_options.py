"""How a container gets its GPUs, or none: CDI, the NVIDIA runtime or a device request.

Sources: "CDI devices" and "GPU" in Docker's manual, docker-py's ``DeviceRequest``, and the
environment variables of nvidia-container-toolkit.
"""

from __future__ import annotations

import contextlib
from typing import Any, Literal

import docker
from docker.types import DeviceRequest

from harness import engine, marks
from harness.errors import BenchdlError, UsageError
from harness.nvidia import cdi

Injection = Literal["cdi", "request", "runtime"]
InjectionWord = Literal["auto", "cdi", "request", "runtime"]

VISIBLE = "NVIDIA_VISIBLE_DEVICES"
RUNTIME = "nvidia"
_STOCK_RUNTIME = "runc"
_CAPABILITIES = "compute,utility"  # utility brings NVML, without which nothing can be measured


def choose(
    info: dict[str, Any], word: InjectionWord = "auto", gpus: list[str] | None = None
) -> tuple[Injection, str]:
    """The way that ``word`` means on an engine with this ``/info``, and why.

    Args:
        info: the engine's ``/info``.
        word: a way by name is taken as it is; the engine's own error says if it cannot.
        gpus: indices or UUIDs; None is all. CDI is chosen only if it has a name for each.
    """
    if word != "auto":
        return word, "asked for by name"
    devices = cdi.devices(info)
    wanted = {f"{cdi.KIND}={gpu}" for gpu in gpus or ["all"]}
    if wanted <= devices:
        return "cdi", "the engine's CDI specification names the GPUs"
    if RUNTIME in (info.get("Runtimes") or {}):
        return "runtime", f"the engine has a runtime {RUNTIME}"
    if devices:
        raise UsageError(
            f"the engine's CDI specification does not name {', '.join(sorted(wanted - devices))}",
            f"it names {', '.join(sorted(devices))}",
        )
    return "request", "the engine names neither CDI devices nor an NVIDIA runtime"


def request(way: Injection, gpus: list[str] | None) -> dict[str, Any]:
    """Options for ``containers.create`` that inject ``gpus`` (indices or UUIDs; None is all)."""
    listed = ",".join(gpus) if gpus else "all"
    if way == "cdi":
        names = [f"{cdi.KIND}={gpu}" for gpu in gpus or ["all"]]
        # void: where the engine's default runtime is NVIDIA's, it must not inject on its own.
        return {
            "device_requests": [DeviceRequest(driver="cdi", device_ids=names)],
            "environment": {VISIBLE: "void"},
        }
    if way == "runtime":
        return {
            "runtime": RUNTIME,
            "environment": {VISIBLE: listed, "NVIDIA_DRIVER_CAPABILITIES": _CAPABILITIES},
        }
    wanted: dict[str, Any] = {"device_ids": gpus} if gpus else {"count": -1}
    capabilities = [["gpu", *_CAPABILITIES.split(",")]]
    # The prestart hook of a device request reads the variable as well: the image's must not win.
    return {
        "device_requests": [DeviceRequest(capabilities=capabilities, **wanted)],
        "environment": {VISIBLE: listed},
    }


def none(info: dict[str, Any]) -> dict[str, Any]:
    """Options for ``containers.create`` that keep every GPU out.

    ``void`` is what NVIDIA's own runtime obeys. Where that one is the engine's default, the stock
    runtime is named as well, if this engine has it under its usual name.
    """
    options: dict[str, Any] = {"environment": {VISIBLE: "void"}}
    default = str(info.get("DefaultRuntime") or "")
    if default not in ("", _STOCK_RUNTIME) and _STOCK_RUNTIME in (info.get("Runtimes") or {}):
        options["runtime"] = _STOCK_RUNTIME
    return options


def ignored(host: dict[str, Any], way: Injection, gpus: list[str] | None) -> str | None:
    """What the engine made of the request, if that is not what was asked for.

    Args:
        host: ``HostConfig`` of the started container, as inspect shows it.
        way: how the GPUs were asked for.
        gpus: which.
    """
    if way == "runtime":
        found = host.get("Runtime")
        return None if found == RUNTIME else f"runtime {RUNTIME} was asked for, {found} is used"
    (wanted,) = request(way, gpus)["device_requests"]
    keys = ("Driver", "Count", "DeviceIDs", "Capabilities")
    for made in host.get("DeviceRequests") or []:
        if all((made.get(key) or None) == (wanted[key] or None) for key in keys):
            return None
    return "the device request is not in the container's configuration"


def probe(client: docker.DockerClient, image: str, way: Injection) -> None:
    """Start and remove a container of ``image`` with every GPU.

    Raises:
        BenchdlError: the engine cannot do that, or ignores it; with the fix.
    """
    doing = "asking the engine for a GPU"
    container = None
    try:
        with engine.calls(client, doing):
            container = client.containers.create(
                image,
                ["true"],
                network_mode="none",
                labels={marks.HARNESS_LABEL: marks.own()},
                use_config_proxy=False,
                **request(way, None),
            )
            container.start()
            container.reload()
        problem = ignored(container.attrs["HostConfig"], way, None)
    finally:
        # A container that could not be started stays behind as "created".
        if container is not None:
            with contextlib.suppress(*engine.BROKEN):
                container.remove(force=True)
    if problem:
        raise BenchdlError(f"{doing}: {problem}", IGNORED_ADVICE)


IGNORED_ADVICE = (
    "the engine ignores such requests (podman's Docker socket does): try another --injection, "
    "or use Docker itself"
)
