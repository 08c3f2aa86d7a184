"""Backends without Docker, as ``benchdl doctor`` finds them."""

from __future__ import annotations

from harness.catalog import Backend
from harness.doctor.line import Line, broken, first_use, ok
from harness.errors import BenchdlError
from harness.launchers import environments


def examine(backend: Backend, *, engine: bool) -> Line:
    """Whether ``backend`` runs in an environment on this host; ``engine``: Docker answers."""
    subject = f"{backend.name} without Docker"
    try:
        ready = environments.readiness(backend)
    except BenchdlError as error:
        if engine:
            return ok(subject, f"not possible, nor needed while Docker answers: {error.message}")
        return broken(subject, error.message, error.advice)
    if not ready.lacks:
        return ok(subject, f"{ready.name}: here")
    fetched = "".join(f", with {what}" for what in ready.downloads[1:])  # the first are its wheels
    lacks = "not made yet" if ready.lacks == "not made" else ready.lacks
    return first_use(subject, f"{lacks}; the first run without Docker makes it{fetched}")
