"""How a container gets its GPUs: CDI, the NVIDIA runtime or a device request."""

from __future__ import annotations

from typing import Any

import docker
from docker.errors import APIError
from docker.types import DeviceRequest

from harness import engine

_CAPABILITIES = "compute,utility"  # utility brings NVML, without which nothing can be measured


def request(info: dict[str, Any], gpus: list[str] | None) -> dict[str, Any]:
    """Options for ``containers.create`` that inject ``gpus`` (indices or UUIDs; None is all).

    Args:
        info: the engine's ``/info``.
        gpus: which GPUs, or None.
    """
    if _has_cdi(info):
        names = [f"nvidia.com/gpu={gpu}" for gpu in gpus or ["all"]]
        return {"device_requests": [DeviceRequest(driver="cdi", device_ids=names)]}
    if "nvidia" in (info.get("Runtimes") or {}):
        return {
            "runtime": "nvidia",
            "environment": {
                "NVIDIA_VISIBLE_DEVICES": ",".join(gpus) if gpus else "all",
                "NVIDIA_DRIVER_CAPABILITIES": _CAPABILITIES,
            },
        }
    wanted: dict[str, Any] = {"device_ids": gpus} if gpus else {"count": -1}
    capabilities = [["gpu", *_CAPABILITIES.split(",")]]
    # The prestart hook of a device request reads the variable as well: the image's must not win.
    return {
        "device_requests": [DeviceRequest(capabilities=capabilities, **wanted)],
        "environment": {"NVIDIA_VISIBLE_DEVICES": ",".join(gpus) if gpus else "all"},
    }


def probe(client: docker.DockerClient, image: str, info: dict[str, Any]) -> None:
    """Start and remove a container of ``image`` with every GPU.

    Raises:
        BenchdlError: the engine cannot do that; with the fix.
    """
    container = None
    try:
        container = client.containers.create(
            image, ["true"], network_mode="none", **request(info, None)
        )
        container.start()
    except APIError as error:
        raise engine.explain(error, "asking the engine for a GPU") from None
    finally:
        # A container that could not be started stays behind as "created".
        if container is not None:
            container.remove(force=True)


def _has_cdi(info: dict[str, Any]) -> bool:
    """Engines from 28.3 list the CDI devices that they have found (API 1.50)."""
    devices = info.get("DiscoveredDevices") or []
    return any(str(device.get("ID", "")).startswith("nvidia.com/gpu=") for device in devices)
