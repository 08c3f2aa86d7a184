"""Which launcher and which device: ``auto`` decided, and the reason in one line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal

from harness import engine
from harness.allotment import gpu_grant
from harness.errors import BenchdlError, UsageError
from harness.launchers import interpreter
from harness.launchers.docker import DockerLauncher
from harness.launchers.gpu_options import InjectionWord
from harness.launchers.launcher import Launcher, LauncherWord
from harness.launchers.local import LocalLauncher
from harness.launchers.python_launcher import PythonLauncher
from harness.launchers.recovery import DEFAULT_WAIT_S
from harness.nvidia import host_driver

DeviceWord = Literal["auto", "cpu", "gpu"]


def launcher(
    word: LauncherWord,
    *,
    python: Path | None = None,
    make_base: bool = False,
    injection: InjectionWord = "auto",
    engine_wait_s: float = DEFAULT_WAIT_S,
    say: Callable[[str], None],
) -> Launcher:
    """The launcher that ``word`` means here; ``auto`` prefers Docker.

    Args:
        word: the user's.
        python: where jobs are to run, as :func:`python` gives it.
        make_base: make the base of images if it cannot be pulled.
        injection: how a container gets its GPUs.
        engine_wait_s: how long an engine that went away is waited for.
        say: is told what ``auto`` took.

    Raises:
        UsageError: an engine was named that there is not, or no Python that jobs could run in:
            nothing else is taken instead.
        BenchdlError: docker was asked for by name and no engine answers.
    """
    if word == "python" or python is not None:
        return PythonLauncher(interpreter.examine(python or interpreter.find(None)))
    if word == "local":
        return LocalLauncher()
    try:
        client = engine.connect()
    except BenchdlError as error:
        if word == "docker" or isinstance(error, UsageError):
            raise
        say(f"launcher: local, because {error.message}")
        return LocalLauncher()
    if word == "auto":
        say(f"launcher: docker, engine {engine.version(client)} answers at {engine.name(client)}")
    return DockerLauncher(
        client, make_base=make_base, injection=injection, engine_wait_s=engine_wait_s
    )


def builder(
    word: LauncherWord, *, python: Path | None, make_base: bool, say: Callable[[str], None]
) -> DockerLauncher | None:
    """What builds images for other hosts; None where ``word`` means that they need none.

    Args:
        word: the user's.
        python: where jobs are to run on those hosts; it need not be on this one.
        make_base: make the base of images if it cannot be pulled.
        say: is told what ``auto`` took.

    Raises:
        UsageError: a Python is named, and another launcher.
        BenchdlError: docker was asked for by name and no engine answers.
    """
    if python is not None and word not in ("auto", "python"):
        raise UsageError(f"--python with launcher {word}", "it is for --launcher python")
    if python is not None or word in ("local", "python"):
        return None
    found = launcher(word, make_base=make_base, say=say)
    return found if isinstance(found, DockerLauncher) else None


def python(word: LauncherWord, named: str | None) -> Path | None:
    """The Python that jobs run in where ``word`` is ``python``, or ``auto`` with one ``named``.

    Raises:
        UsageError: there is no such program, or another launcher is asked for besides.
    """
    if named is not None and word not in ("auto", "python"):
        raise UsageError(f"--python with launcher {word}", "it is for --launcher python")
    return interpreter.find(named) if word == "python" or named is not None else None


def check_limits(launcher: Launcher, *, memory: float | None, injection: InjectionWord) -> None:
    """Refuse options that would do nothing without a container.

    Raises:
        UsageError: there is no container, and there is a limit of memory or a way of injection.
    """
    if launcher.name == "docker":
        return
    here = f"with launcher {launcher.name}"
    if memory:
        raise UsageError(f"--memory {here}", "only a container has such a limit: --launcher docker")
    if injection != "auto":
        raise UsageError(f"--injection {injection} {here}", "it is about containers")


def device(word: DeviceWord, say: Callable[[str], None]) -> Literal["cpu", "gpu"]:
    """The device that ``word`` means here; ``auto`` takes a GPU if NVML shows one."""
    if word != "auto":
        return word
    count, reason = host_driver.gpus()
    allotted = gpu_grant.limit() if count else None
    if allotted and not allotted.gpus:
        say(f"device: cpu, no GPU was allotted ({allotted.source})")
        return "cpu"
    if count:
        of = f", {len(allotted.gpus)} allotted ({allotted.source})" if allotted else ""
        say(f"device: gpu, NVML shows {count}{of}")
        return "gpu"
    say(f"device: cpu, {reason}")
    return "cpu"
