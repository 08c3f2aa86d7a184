"""What the Docker engine says when it cannot, in words that say what to do.

Texts of engines 20.10 to 28 and of nvidia-container-toolkit.
"""

from __future__ import annotations

from docker.errors import APIError

from harness.errors import BenchdlError


class EngineLostError(BenchdlError):
    """The engine went away or cannot work now: nobody's job is to blame, and it may come back."""


class EngineFullError(EngineLostError):
    """The engine has no room for a container."""


_FULL = ("no space left on device", "disk quota exceeded")
# An engine that goes or has not quite come yet still answers some requests, with these texts.
_GOING = (
    "context canceled",
    "containerd.sock",
    "transport is closing",
    "connection is closing",
    "ttrpc: closed",
    "error while dialing",
    "error reading from server: eof",
    "daemon is shutting down",
    "server is shutting down",
    "unexpected eof",
)
_GATEWAY = (502, 503, 504)

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
        ("bind source path does not exist",),
        "the engine does not see this machine's folders",
        "run benchdl on the machine of the engine; Docker Desktop: share the folder with it",
    ),
    (
        ("is too new. Maximum supported API version", "is too old. Minimum supported API version"),
        "the engine does not speak that version of its API",
        "unset DOCKER_API_VERSION",
    ),
)


def explain(error: APIError, doing: str) -> BenchdlError:
    """An engine's error as one line with the fix, where its text is known."""
    status = getattr(error.response, "status_code", None)
    return in_words(str(error.explanation or error), doing, status)


def in_words(text: str, doing: str, status: int | None = None) -> BenchdlError:
    """The same of an error that came in the midst of an answer: its text, and the HTTP status."""
    small = text.lower()
    if any(needle in small for needle in _FULL):
        return EngineFullError(
            f"{doing}: the engine's disk is full",
            "make room where the engine keeps its data, then start again",
        )
    if status in _GATEWAY or any(needle in small for needle in _GOING):
        return EngineLostError(f"{doing}: the Docker engine is going away: {_line(text)}")
    for needles, message, advice in _KNOWN:
        if any(needle in text for needle in needles):
            return BenchdlError(f"{doing}: {message}", advice)
    return BenchdlError(f"{doing}: the Docker engine says: {_line(text)}")


def _line(text: str) -> str:
    return " ".join(text.split())[:400]
