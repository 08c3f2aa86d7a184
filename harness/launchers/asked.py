"""Asking a program that may be anything: a short answer in time, or none; nothing is left of it."""

from __future__ import annotations

import contextlib
import json
import os
import re
import select
import signal
import subprocess
import time
from collections.abc import Mapping
from typing import Any

from harness import printable
from harness.errors import UsageError

_MOST_BYTES = 4 * 2**20
"""A conda base of 1,000 packages tells 60 KiB."""

_TRACEBACK = "Traceback (most recent call last):"
_TELLING = re.compile(r"error\b|exception\b|not found|no such|cannot|invalid", re.IGNORECASE)


def ask(
    command: list[str],
    environment: Mapping[str, str],
    *,
    within_s: float,
    advice: str,
    folder: str = "/",
) -> Any:
    """Run ``command`` in ``folder``; what the last line that is JSON says, or None.

    Raises:
        UsageError: it does not start, does not end, says too much, or ends badly: with its last
            words, and ``advice``.
    """
    try:
        process = subprocess.Popen(
            command,
            env=dict(environment),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    except OSError as error:
        raise UsageError(
            f"{command[0]} does not start: {error.strerror or error}", advice
        ) from None
    try:
        said = _heard(process, time.monotonic() + within_s)
    finally:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    if said is None:
        raise UsageError(f"{command[0]} gave no answer within {within_s:g} s", advice)
    lines = [line for line in said.decode("utf-8", "replace").splitlines() if line.strip()]
    if process.returncode != 0:
        last = printable.line(_telling(lines)) if lines else f"it ended with {process.returncode}"
        raise UsageError(f"{command[0]}: {last}", advice)
    return next(filter(None, map(_parsed, reversed(lines))), None)


def _heard(process: subprocess.Popen[bytes], deadline: float) -> bytes | None:
    """All that it says, once it has ended; None if that does not come in time, or is no answer."""
    stream = process.stdout
    assert stream is not None  # noqa: S101 - opened as a pipe above
    said = b""
    with stream:
        while len(said) < _MOST_BYTES:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([stream], [], [], left)[0]:
                return None
            chunk = os.read(stream.fileno(), 65536)
            if not chunk:
                break
            said += chunk
        else:
            return None
    try:
        process.wait(max(0.1, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        return None
    return said


def _telling(lines: list[str]) -> str:
    """What an exception says, else the last line that tells of a fault, else the last one."""
    found = [line for line in lines if _TELLING.search(line)]
    if _TRACEBACK in lines:
        found = [line for line in lines if not line[0].isspace()]
    return (found or lines)[-1].strip()[:300]


def _parsed(line: str) -> Any:
    try:
        return json.loads(line)
    except ValueError:
        return None
