"""What the engine made of the options of a container: every field asked for, against ``inspect``.

Engines drop options without a word: one without the kernel's means limits, podman's socket names.
What was not asked for counts as well: nothing may have been added. A field that the engine does not
mention is not taken for a yes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from harness.launchers import hardening, podman_words

_NEVER = (
    "Binds", "CapAdd", "CgroupParent", "DeviceCgroupRules", "DeviceRequests", "Devices",
    "ExtraHosts", "GroupAdd", "Links", "PidMode", "PortBindings", "Privileged", "PublishAllPorts",
    "UTSMode", "UsernsMode", "VolumesFrom",
)  # fmt: skip
"""Doors of ``HostConfig`` that an engine always names, and that no job asks for."""

_MAY_BE_LEFT_OUT = ("AutoRemove", "OomKillDisable", "StorageOpt", "Sysctls", "VolumeDriver")
"""The same, of which an engine need not speak."""

_OWN = ("", "private")
_MASKED = {"/proc/kcore", "/proc/keys", "/proc/timer_list", "/sys/firmware"}
_READ_ONLY = {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"}
"""What runc's default specification hides and protects, in every version."""


def differences(asked: dict[str, Any], attrs: Mapping[str, Any]) -> dict[str, str]:
    """By field, how a container differs from the options that it was created with.

    Args:
        asked: the options, as for ``containers.create``.
        attrs: what ``inspect`` says of the running container.
    """
    attrs = podman_words.translated(attrs)
    host = attrs.get("HostConfig") or {}
    sent = hardening.as_sent(asked)
    found = {
        field: f"asked for {_text(wanted)}, the engine says {_text(host.get(field))}"
        for field, wanted in sent.items()
        if not _same(wanted, host.get(field))
    }
    found.update(_added(sent, host))
    found.update(_of_the_container(asked, attrs))
    return found


def _added(sent: dict[str, Any], host: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for field in (*_NEVER, *_MAY_BE_LEFT_OUT):
        if field in sent:
            continue
        value = host.get(field)
        if field in _NEVER and field not in host:
            yield field, "the engine does not say"
        elif value and not (field.endswith("Mode") and value in _OWN):
            yield field, f"not asked for, the engine says {_text(value)}"
    score = host.get("OomScoreAdj")
    if not isinstance(score, int) or score < 0:
        yield "OomScoreAdj", f"the engine says {_text(score)}"
    if any(
        "unconfined" in str(option) or "disable" in str(option)
        for option in _list(host, "SecurityOpt")
    ):
        yield "SecurityOpt", f"the engine says {_text(host.get('SecurityOpt'))}"
    for field, needed in (("MaskedPaths", _MASKED), ("ReadonlyPaths", _READ_ONLY)):
        missing = needed - set(map(str, _list(host, field)))
        if missing:
            yield field, f"without {', '.join(sorted(missing))}"


def _of_the_container(asked: dict[str, Any], attrs: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    config = attrs.get("Config") or {}
    if config.get("User") != asked["user"]:
        yield "User", f"asked for {asked['user']}, the engine says {_text(config.get('User'))}"
    variables = dict(str(variable).partition("=")[::2] for variable in _list(config, "Env"))
    wrong = sorted(k for k, v in asked["environment"].items() if variables.get(k) != v)
    if wrong:
        yield "Env", f"another value or none: {', '.join(wrong)}"
    wanted = {mount["Target"]: not mount.get("ReadOnly") for mount in asked["mounts"]}
    mounted = {str(mount.get("Destination")): mount for mount in _list(attrs, "Mounts")}
    for place in sorted({*wanted, *mounted}):
        if place not in wanted:
            yield f"Mounts {place}", "not asked for"
        elif place not in mounted:
            yield f"Mounts {place}", "asked for, and not there"
        elif mounted[place].get("RW") is not wanted[place]:
            yield f"Mounts {place}", f"writable: {_text(mounted[place].get('RW'))}"
        elif "shared" in str(mounted[place].get("Propagation")):
            yield f"Mounts {place}", "shared with the host"
    network = attrs.get("NetworkSettings") or {}
    joined = set(network.get("Networks") or {}) - {"none"}
    if joined or network.get("Ports"):
        yield "Networks", f"the engine says {', '.join(sorted(joined))} {network.get('Ports')}"
    if "unconfined" in str(attrs.get("AppArmorProfile")):
        yield "AppArmorProfile", "unconfined"


def _same(wanted: Any, found: Any) -> bool:
    """Whether the engine says what was sent; it completes what was left at its default."""
    if isinstance(wanted, dict):
        return isinstance(found, dict) and all(
            _same(value, found.get(key)) for key, value in wanted.items()
        )
    if isinstance(wanted, (list, tuple)):
        if not isinstance(found, list) or len(found) != len(wanted):
            return not wanted and not found
        left = list(found)
        for item in wanted:
            match = next((candidate for candidate in left if _same(item, candidate)), None)
            if match is None:
                return False
            left.remove(match)
        return True
    if not wanted:
        return not found
    return type(wanted) is type(found) and bool(wanted == found)


def _list(data: Mapping[str, Any], key: str) -> list[Any]:
    value = data.get(key)
    return value if isinstance(value, list) else []


def _text(value: object) -> str:
    return json.dumps(value, sort_keys=True, default=str)[:200]
