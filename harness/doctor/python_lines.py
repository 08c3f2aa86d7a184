"""What a Python that is there could run, as ``benchdl doctor --python`` finds it."""

from __future__ import annotations

from collections.abc import Iterable

from harness.catalog import Backend
from harness.doctor.line import Line, broken, first_use, ok
from harness.errors import BenchdlError
from harness.launchers import interpreter
from harness.launchers.python_launcher import PythonLauncher


def examine(word: str, backends: Iterable[Backend]) -> list[Line]:
    """Of the Python that ``word`` means: what it is, and each backend; nothing is made."""
    try:
        python = interpreter.examine(interpreter.find(word))
    except BenchdlError as error:
        return [broken("--python", error.message, error.advice)]
    launcher = PythonLauncher(python)
    about = ok("--python", f"{python.path} is Python {python.version}")
    return [about, *(_line(launcher, backend) for backend in backends)]


def _line(launcher: PythonLauncher, backend: Backend) -> Line:
    subject = f"{backend.name} with --python"
    try:
        ready = launcher.readiness(backend, "cpu")
    except BenchdlError as error:
        return ok(subject, f"not possible: {error.message}")
    if not ready.lacks:
        return ok(subject, ready.name)
    fetched = f", fetching {', '.join(ready.downloads)}" if ready.downloads else ""
    return first_use(subject, f"{ready.name}; the first run brings the runner's own{fetched}")
