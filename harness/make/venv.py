"""The harness's own environment, ``.venv``: is it this checkout's, and whole? If not, it is made.

Two that need it at once wait for each other. A lock is held as long as a program runs in it, so
that nobody takes it away meanwhile. The lock goes with its process, however that ends.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from harness import addresses, package_settings
from harness.errors import BenchdlError

_STAMP, _TOOLS_STAMP = ".ready", ".ready-tools"
_LOCK = "harness/requirements.lock"
_TOOLS_LOCK = "harness/development.lock"  # the same and more, for those who change benchdl
_BUILD_TOOLS = "docker/base/build-constraints.lock"  # setuptools, which builds what has no wheel
_MADE_OF = (_LOCK, _BUILD_TOOLS, "pyproject.toml", "setup.py")
_TAIL_LINES = 4
# Of 2026-11-26: the installed files of the two locks.
_COST, _TOOLS_COST = "a minute or two, 0.4 GB on disk", "about a minute, 0.3 GB more on disk"

# Whatever the surroundings did to an installation: this is what the harness imports.
_SEEN = """
import click, docker, filelock, jinja2, numpy, packaging, psutil, pydantic, pynvml, rich, scipy, uv
import benchdl, harness.cli.command, runner.contract, vl_convert
"""
_TOOLS_SEEN = "import hypothesis, mypy, playwright, pytest"
_ADVICE = "check the network and the disk, then try again"
_WHERE = "import sys, click, harness; print(harness.__file__); print(sys.prefix)"

_COMMAND = """\
#!/bin/sh
'''exec' {python} -I "$0" "$@"
' '''
# -I: neither variables nor the current folder have a say in what is imported.
from harness.cli.main import main

main()
"""


class Venv:
    """``.venv`` in the checkout at ``root``."""

    def __init__(self, root: Path, say: Callable[[str], None]) -> None:
        self._root = root
        self._say = say
        self._folder = root / ".venv"
        self.python = str(self._folder / "bin" / "python")
        self._lock: int | None = None

    def ready(self, *, chosen: bool = False, tools: bool = False) -> None:
        """Make the environment unless it is ready; keep it from being taken away meanwhile.

        Args:
            chosen: it has to be of the Python that runs this.
            tools: it has to hold what changing benchdl takes: pytest, mypy, ruff, ... Where it
                holds them already it keeps them.

        Raises:
            BenchdlError: it cannot be made.
        """
        lock = self._lock = self._open() if self._lock is None else self._lock
        self._wait(lock, fcntl.LOCK_SH)
        if self._outdated(chosen) or (tools and self._without_tools()):
            self._wait(lock, fcntl.LOCK_EX)
            problem = self._outdated(chosen)  # another one may have made it meanwhile
            tools = tools or self._has_tools()
            if problem:
                self._make(problem)
            if tools and self._without_tools():
                self._add_tools()
            self._wait(lock, fcntl.LOCK_SH)

    def remove(self) -> None:
        """Remove the environment and the tools' caches."""
        self._wait(self._open(), fcntl.LOCK_EX)
        self._clear()
        for name in (".mypy_cache", ".ruff_cache", ".pytest_cache"):
            shutil.rmtree(self._root / name, ignore_errors=True)

    def _open(self) -> int | None:
        """The lock's file, open as long as this process and the program that it becomes."""
        try:
            lock = os.open(self._root / ".venv.lock", os.O_RDONLY | os.O_CREAT, 0o666)
        except OSError:  # somebody else's checkout: an environment that is ready needs no lock
            return None
        os.set_inheritable(lock, True)
        return lock

    def _wait(self, lock: int | None, kind: int) -> None:
        if lock is None:
            return
        try:
            fcntl.flock(lock, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            doing = "makes" if kind == fcntl.LOCK_SH else "makes or uses"
            self._say(f"waiting for another make that {doing} {self._folder}")
            fcntl.flock(lock, kind)
        except OSError as error:  # a file system without locks
            self._say(f"no locks in {self._root} ({error.strerror}): run one make at a time")

    def _outdated(self, chosen: bool) -> str:
        """Why the environment must be made; empty if it is ready."""
        if not os.path.lexists(self._folder):
            return "there is none"
        if self._folder.is_symlink():
            return "it is a link to another folder"
        try:
            stamp = json.loads((self._folder / _STAMP).read_text(encoding="utf-8"))
            folder, made_of, version = (stamp[key] for key in ("folder", "made_of", "python"))
        except (OSError, ValueError, TypeError, KeyError):
            return "it is not finished, or of an older benchdl"
        reasons = {
            f"it is that of {folder}": folder != str(self._root),
            "what it is made of has changed": made_of != self._made_of(_MADE_OF),
            f"it is of Python {version}": chosen and version != platform.python_version(),
        }
        return next((why for why, holds in reasons.items() if holds), "") or self._broken()

    def _broken(self) -> str:
        """What is wrong with an environment that was ready once; empty if nothing is."""
        try:
            done = self._run([self.python, "-I", "-c", _WHERE], self._root)
        except OSError:
            return "its Python is gone"
        where = [str(self._root / "harness" / "__init__.py"), str(self._folder)]
        return "" if done.stdout.splitlines() == where else "it does not work any more"

    def _has_tools(self) -> bool:
        """Whether tools were installed, of whatever versions; not in what a link leads to."""
        return not self._folder.is_symlink() and (self._folder / "bin" / "pytest").exists()

    def _without_tools(self) -> bool:
        try:
            made_of = (self._folder / _TOOLS_STAMP).read_text(encoding="utf-8")
        except (OSError, ValueError):
            return True
        return made_of != self._made_of((_TOOLS_LOCK,))

    def _made_of(self, names: tuple[str, ...]) -> str:
        digest = hashlib.sha256()
        for name in names:
            digest.update(hashlib.sha256((self._root / name).read_bytes()).digest())
        return digest.hexdigest()

    def _make(self, problem: str) -> None:
        why = "" if problem == "there is none" else f": {problem}"
        self._say(f"making benchdl's own environment in .venv (once: {_COST}){why} ...")
        with self._whole(), tempfile.TemporaryDirectory(prefix="benchdl-setup-") as temporary:
            home = Path(temporary)
            self._step(
                [sys.executable, "-I", "-m", "venv", str(self._folder)],
                package_settings.without_python(os.environ),
                f"{sys.executable} cannot make virtual environments; on Debian: "
                "apt-get install python3-venv",
            )
            settings = package_settings.for_pip(os.environ, home)
            self._step([*self._install(), "--requirement", _BUILD_TOOLS], settings, _ADVICE)
            self._step([*self._install(), "--requirement", _LOCK], settings, _ADVICE)
            own = [self.python, "-I", "-m", "pip", "install", "--quiet", "--no-deps"]
            self._step([*own, "--no-build-isolation", "--editable", "."], settings, _ADVICE)
            python = "'" + self.python.replace("'", "'\"'\"'") + "'"
            command = self._folder / "bin" / "benchdl"
            command.write_text(_COMMAND.format(python=python), encoding="utf-8")
            self._step([self.python, "-I", "-c", _SEEN], settings, _ADVICE)
            stamp = {
                "folder": str(self._root),
                "made_of": self._made_of(_MADE_OF),
                "python": platform.python_version(),
            }
            (self._folder / _STAMP).write_text(json.dumps(stamp), encoding="utf-8")

    def _add_tools(self) -> None:
        """Install the tools beside what is there; after a failure they are not taken for ready."""
        self._say(f"adding the tools for changing benchdl to .venv (once: {_TOOLS_COST}) ...")
        with tempfile.TemporaryDirectory(prefix="benchdl-setup-") as home, self._writing():
            settings = package_settings.for_pip(os.environ, Path(home))
            stamp = self._folder / _TOOLS_STAMP
            stamp.unlink(missing_ok=True)
            self._step([*self._install(), "--requirement", _TOOLS_LOCK], settings, _ADVICE)
            self._step([self.python, "-I", "-c", _TOOLS_SEEN], settings, _ADVICE)
            stamp.write_text(self._made_of((_TOOLS_LOCK,)), encoding="utf-8")

    def _install(self) -> list[str]:
        """No isolated builds: pip would fetch their tools without hashes. Here they are first."""
        exact = ["--require-hashes", "--no-build-isolation", "--use-pep517"]
        return [self.python, "-I", "-m", "pip", "install", "--quiet", *exact]

    @contextlib.contextmanager
    def _whole(self) -> Iterator[None]:
        """Nothing is there before, and nothing after a failure."""
        try:
            with self._writing():
                self._clear()
                yield
        except BaseException:
            with contextlib.suppress(OSError):
                self._clear()
            raise

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        """A place that cannot be written is told in one line."""
        try:
            yield
        except OSError as error:
            raise BenchdlError(
                f"cannot write {error.filename or self._folder} ({error.strerror})",
                "make the checkout writable, or use one of your own",
            ) from None

    def _clear(self) -> None:
        if self._folder.is_symlink():
            self._folder.unlink()  # what it leads to is not ours
        elif self._folder.exists():
            shutil.rmtree(self._folder)

    def _step(self, command: list[str], environment: dict[str, str], advice: str) -> None:
        done = self._run(command, self._root, environment)
        if done.returncode:
            lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
            said = addresses.hidden(" ".join(lines[-_TAIL_LINES:]))[:500] or "no reason given"
            raise BenchdlError(f"making {self._folder} failed: {said}", advice)

    def _run(
        self, command: list[str], folder: Path, environment: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=folder,
            env=environment or package_settings.without_python(os.environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
