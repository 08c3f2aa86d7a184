"""What podman's Docker socket says of a container, in docker's words.

podman answers docker's questions partly in words of its own, which would look like options that
were not applied. Seen of podman 4.3.1, rootless, control groups v1; docs/podman.md has the list.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

RUNTIME = "oci"
"""What podman calls every runtime towards docker's clients."""

UNSAID = {"CgroupnsMode", "MaskedPaths", "Memory", "PidsLimit", "ReadonlyPaths", "Ulimits"}
"""Fields that rootless podman does not apply, or says nothing of. Limits need control groups v2;
the socket drops those of a process; of /proc and of the groups' namespace it does not speak."""

_USUAL = {
    "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "NET_BIND_SERVICE", "SETFCAP", "SETGID",
    "SETPCAP", "SETUID", "SYS_CHROOT",
}  # fmt: skip
"""What a container has by itself, in every version: without these and more it has none. The job's
own process is asked as well."""
_ADDED = {"rprivate", "tmpcopyup"}


def translated(attrs: Mapping[str, Any]) -> Mapping[str, Any]:
    """What ``inspect`` says, in docker's words; docker's own answers stay as they are."""
    host = attrs.get("HostConfig") or {}
    if host.get("Runtime") != RUNTIME:
        return attrs
    said = dict(host)
    if set(host.get("CapDrop") or []) >= _USUAL:
        said["CapDrop"] = ["ALL"]
    said["SecurityOpt"] = [
        "no-new-privileges:true" if option == "no-new-privileges" else option
        for option in host.get("SecurityOpt") or []
    ]
    if host.get("IpcMode") == "shareable":  # its own; who starts another container may join it
        said["IpcMode"] = "private"
    said["Tmpfs"] = {
        place: ",".join(word for word in str(options).split(",") if word not in _ADDED)
        for place, options in (host.get("Tmpfs") or {}).items()
    }
    mounts = [mount for mount in attrs.get("Mounts") or [] if isinstance(mount, dict)]
    if len(mounts) == len(host.get("Binds") or []):  # else somebody added one
        said["Binds"] = None
        said["Mounts"] = [
            {
                "Type": mount.get("Type"),
                "Source": mount.get("Source"),
                "Target": mount.get("Destination"),
                "ReadOnly": not mount.get("RW"),
            }
            for mount in mounts
        ]
    return {**attrs, "HostConfig": said}
