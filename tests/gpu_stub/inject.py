"""What nvidia-container-toolkit does to a container, done with the stub driver of this folder.

    inject.py runtime ...   an OCI runtime: changes the bundle's config.json, then runs runc
    inject.py hook prestart an OCI prestart hook: works inside the container's mount namespace

The first is registered as the engine's runtime ``nvidia``; the second is what engines up to 27 look
for on their PATH, as ``nvidia-container-runtime-hook``, and call for a device request. Both read
NVIDIA_VISIBLE_DEVICES as the real ones do: void, none, empty or unset mean no GPU at all.
``$BENCHDL_STUB`` is a folder with the libraries (``lib*.so.*``) and ``script``. Runs on the host's
python3.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

STUB = Path(os.environ.get("BENCHDL_STUB", ""))
LIBRARIES = "/usr/lib/x86_64-linux-gnu"
SCRIPT = "/etc/benchdl-gpu-stub"
MAJOR = 195  # of /dev/nvidia*, Linux' Documentation/admin-guide/devices.txt


def visible(environment: list[str]) -> str | None:
    """The GPUs that a container asks for, or None for none."""
    variables = dict(pair.partition("=")[::2] for pair in environment)
    wanted = variables.get("NVIDIA_VISIBLE_DEVICES", "")
    return None if wanted in ("", "void", "none") else wanted


def indices(wanted: str) -> list[int]:
    """The GPUs as numbers; one that the script has not is the real tool's error."""
    text = (STUB / "script").read_text()
    count = int(re.search(r"^gpus = (\d+)", text, re.MULTILINE).group(1))
    if wanted == "all":
        return list(range(count))
    found = []
    for word in wanted.split(","):
        match = re.fullmatch(r"GPU-([0-9a-f]{8})(-[0-9a-f]+)*|(\d+)", word)
        number = int(match.group(1), 16) if match and match.group(1) else int(word) if match else -1
        if not 0 <= number < count:
            fail(f"device error: {word}: unknown device")
        found.append(number)
    return found


def fail(problem: str) -> NoReturn:
    """End with the real tool's words, where the engine looks for them."""
    text = f"error running hook #0: exit status 1, stderr: nvidia-container-cli: {problem}"
    if "--log" in sys.argv:  # an OCI runtime's log: JSON lines
        log = Path(sys.argv[sys.argv.index("--log") + 1])
        log.write_text(
            json.dumps({"level": "error", "msg": text, "time": "2026-01-01T00:00:00Z"}) + "\n"
        )
    sys.exit(text)


def devices(wanted: str) -> dict[str, int]:
    """Device file to minor number."""
    return {"nvidiactl": 255, **{f"nvidia{number}": number for number in indices(wanted)}}


def mounts(bundle: Path, wanted: str) -> dict[str, Path]:
    """Place in the container to file: the libraries, and the script as this container sees it."""
    script = bundle / "benchdl-gpu-stub"
    script.write_text((STUB / "script").read_text() + f"\n[machine]\ngiven = {wanted}\n")
    libraries = {f"{LIBRARIES}/{file.name}": file for file in sorted(STUB.glob("lib*.so.*"))}
    return {**libraries, SCRIPT: script}


def runtime(arguments: list[str]) -> None:
    """Change config.json on ``create``; in every case run runc with the same arguments."""
    if "create" in arguments:
        bundle = Path(arguments[arguments.index("--bundle") + 1])
        config = json.loads((bundle / "config.json").read_text())
        wanted = visible(config["process"]["env"])
        if wanted is not None:
            for destination, source in mounts(bundle, wanted).items():
                config["mounts"].append(
                    {
                        "destination": destination,
                        "type": "bind",
                        "source": str(source),
                        "options": ["bind", "ro", "nosuid", "nodev"],
                    }
                )
            config["linux"].setdefault("devices", []).extend(
                {"path": f"/dev/{name}", "type": "c", "major": MAJOR, "minor": minor,
                 "fileMode": 0o666, "uid": 0, "gid": 0}
                for name, minor in devices(wanted).items()
            )  # fmt: skip
            (bundle / "config.json").write_text(json.dumps(config))
    os.execvp("runc", ["runc", *arguments])


def hook() -> None:
    """Mount the library and make the device files in the container whose state is on stdin."""
    state = json.load(sys.stdin)
    bundle = Path(state.get("bundle") or state["bundlePath"])
    config = json.loads((bundle / "config.json").read_text())
    wanted = visible(config["process"]["env"])
    if wanted is None:
        return
    root = Path(config["root"]["path"])
    root = root if root.is_absolute() else bundle / root
    lines = ["set -eu"]
    for destination, source in mounts(bundle, wanted).items():
        lines += [f"touch {root}{destination}", f"mount --bind {source} {root}{destination}"]
    for name, minor in devices(wanted).items():
        lines.append(f"mknod -m 666 {root}/dev/{name} c {MAJOR} {minor}")
    enter = ["nsenter", "-t", str(state["pid"]), "-m", "sh", "-c", "\n".join(lines)]
    done = subprocess.run(enter, capture_output=True, text=True, check=False)
    if done.returncode:
        fail(done.stderr)


if __name__ == "__main__":
    if sys.argv[1] == "hook":
        hook()
    else:
        runtime(sys.argv[2:])
