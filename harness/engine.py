"""The Docker engine: reaching it, and its error texts in words that say what to do."""

from __future__ import annotations

import os

import docker
from docker.errors import APIError, DockerException, ImageNotFound
from docker.models.images import Image

from harness.errors import BenchdlError

_TIMEOUT_S = 600

# Texts of engines 20.10 to 28 and of nvidia-container-toolkit, with the way out.
_KNOWN = (
    (
        ("Unknown runtime specified nvidia", "unknown or invalid runtime name: nvidia"),
        "the engine has no NVIDIA runtime",
        "install nvidia-container-toolkit, run: nvidia-ctk runtime configure --runtime=docker, "
        "restart the engine, or use --device cpu",
    ),
    (
        ('could not select device driver "cdi"',),
        "the engine does not support CDI devices",
        "generate a CDI specification (nvidia-ctk cdi generate) and enable CDI in the engine, "
        "or use --device cpu",
    ),
    (
        ("could not select device driver", "no known GPU vendor"),
        "the engine cannot give a GPU to a container",
        "install nvidia-container-toolkit and restart the engine, or use --device cpu",
    ),
    (
        ("unresolvable CDI devices",),
        "the engine's CDI specification does not name that GPU",
        "regenerate it: nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml",
    ),
    (
        ("unsatisfied condition: cuda",),
        "the GPU driver is older than the image's CUDA needs",
        "update the NVIDIA driver, or use --device cpu",
    ),
    (
        ("nvidia-container-cli: initialization error", "Driver Not Loaded", "driver not loaded"),
        "the NVIDIA driver is not loaded",
        "nvidia-smi says why; load or install the driver",
    ),
    (
        ("device error:", "unknown device"),
        "there is no such GPU",
        "benchdl doctor lists the GPUs with their indices and UUIDs",
    ),
    (
        ("no space left on device",),
        "the engine's disk is full",
        "make room where the engine keeps its data, then start again",
    ),
)


def connect() -> docker.DockerClient:
    """A client of the engine of ``$DOCKER_HOST``, the current docker context or the socket.

    Raises:
        BenchdlError: no engine answers, or this user may not talk to it.
    """
    try:
        client = docker.DockerClient(base_url=_base_url(), timeout=_TIMEOUT_S)
    except (DockerException, ValueError) as error:  # ValueError: a port that is no number
        raise _unreachable(error) from None
    try:
        client.ping()
    except (DockerException, OSError) as error:
        client.close()
        raise _unreachable(error) from None
    return client


def _base_url() -> str | None:
    """The engine's address; docker-py itself does not look at docker contexts."""
    if os.environ.get("DOCKER_HOST"):
        return os.environ["DOCKER_HOST"]
    try:
        context = docker.ContextAPI.get_current_context()
    except (DockerException, OSError, ValueError):
        return None
    host = context.Host if context else None
    return str(host).replace("http+unix://", "unix://") if host else None


def _unreachable(error: Exception) -> BenchdlError:
    text = str(error)
    if "ermission denied" in text:
        return BenchdlError(
            "permission denied on the Docker engine's socket",
            "add yourself to the group docker (sudo usermod -aG docker $USER, then log in again), "
            "or use --launcher local",
        )
    where = os.environ.get("DOCKER_HOST") or "its default socket"
    return BenchdlError(
        f"no Docker engine answers at {where}",
        "start it (sudo systemctl start docker), or use --launcher local",
    )


def explain(error: APIError, doing: str) -> BenchdlError:
    """An engine error as one line with the fix, where its text is known."""
    text = str(error.explanation or error)
    for needles, message, advice in _KNOWN:
        if any(needle in text for needle in needles):
            return BenchdlError(f"{doing}: {message}", advice)
    return BenchdlError(f"{doing}: the Docker engine says: {' '.join(text.split())[:400]}")


def find_image(client: docker.DockerClient, reference: str) -> Image | None:
    """The image of this name or id, or None."""
    try:
        return client.images.get(reference)
    except ImageNotFound:
        return None


def version(client: docker.DockerClient) -> str:
    """Engine and API version, for the record."""
    facts = client.version()
    return f"{facts.get('Version', '?')} (API {facts.get('ApiVersion', '?')})"
