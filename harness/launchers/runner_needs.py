"""What the runner imports besides NumPy, brought along for a Python that lacks it.

What that Python has, and is new enough, is used as it is. For the rest there are folders in the
cache, of wheels unpacked for one version of Python, and a job finds them ahead of its own: copies
of what benchdl itself runs with where they fit, else from a lock with hashes.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version

from harness import addresses, cache, paths, uv_command
from harness.errors import BenchdlError
from harness.launchers.interpreter import Interpreter, Told
from harness.notices import Say

_LOCK = "docker/base/carried.lock"
_LIBRARY, _STABLE = ".so", ".abi3.so"


@dataclass(frozen=True)
class Need:
    """Distributions that go together; the first one is what they are for.

    ``accepts``: versions of a user's own that are good enough (PEP 440).
    """

    distributions: tuple[str, ...]
    accepts: str

    @property
    def name(self) -> str:
        """As messages call it."""
        return self.distributions[0]

    def met_by(self, told: Told) -> bool:
        """Whether a Python has it itself."""
        try:
            version = Version(told.distributions.get(self.name, ""))
        except InvalidVersion:
            return False
        return SpecifierSet(self.accepts).contains(version, prereleases=True)


NEEDS = (
    # The versions that pyproject.toml asks for, and what pydantic 2.11 asks for itself.
    Need(("pydantic", "pydantic-core", "annotated-types", "typing-inspection"), ">=2.11,<3"),
    Need(("typing-extensions",), ">=4.12.2"),
    Need(("psutil",), ">=6"),
    Need(("nvidia-ml-py3",), "==7.352.0"),  # what runner/meters/nvml.py knows
)


def lacking(told: Told) -> tuple[Need, ...]:
    """What a Python does not have, or has too old."""
    return tuple(need for need in NEEDS if not need.met_by(told))


def missing(needs: Iterable[Need], interpreter: Interpreter, told: Told) -> list[Need]:
    """Those that are not in the cache yet; nothing is made."""
    return [need for need in needs if not _folder(need, interpreter, told).is_dir()]


def bring(needs: Iterable[Need], interpreter: Interpreter, told: Told, say: Say) -> tuple[str, ...]:
    """Folders that hold ``needs`` for this Python; they are made where they are not.

    Raises:
        BenchdlError: the cache cannot be written, or wheels cannot be had.
    """
    found = []
    for need in needs:
        folder = _folder(need, interpreter, told)
        if not folder.is_dir():
            with cache.alone(folder, say):
                if not folder.is_dir():  # another one may have made it meanwhile
                    _make(need, interpreter, told, folder, say)
        found.append(str(folder))
    return tuple(found)


def is_fetched(need: Need, interpreter: Interpreter, told: Told) -> bool:
    """Whether it would come from an index, and not from this benchdl's own environment."""
    return not _fits(need, interpreter, told)


def _folder(need: Need, interpreter: Interpreter, told: Told) -> Path:
    fits = _fits(need, interpreter, told)
    own = [metadata.version(name) for name in need.distributions] if fits else None
    source = own or (paths.root() / _LOCK).read_text(encoding="utf-8")
    key = hashlib.sha256(json.dumps([source, told.suffix]).encode()).hexdigest()[:12]
    return cache.cache_dir() / "carried" / f"{need.name}-{interpreter.minor}-{key}"


def _fits(need: Need, interpreter: Interpreter, told: Told) -> bool:
    """Whether what benchdl itself runs with runs there as well."""
    for name in need.distributions:
        try:
            own = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            return False
        asks = "Requires-Python" in own.metadata
        range_ = SpecifierSet(own.metadata["Requires-Python"] if asks else "")
        libraries = [str(file) for file in own.files or () if str(file).endswith(_LIBRARY)]
        if own.files is None or not range_.contains(interpreter.version):
            return False
        if not all(_loads(library, told) for library in libraries):
            return False
    return True


def _loads(library: str, told: Told) -> bool:
    """By the name of an extension module (PEP 3149); a build without the lock has no stable one."""
    if library.endswith(_STABLE):
        return not told.threaded
    return library.endswith(told.suffix)


def _make(need: Need, interpreter: Interpreter, told: Told, folder: Path, say: Say) -> None:
    with (
        cache.storing(folder),
        tempfile.TemporaryDirectory(prefix=".carried-", dir=folder.parent) as place,
    ):
        made = Path(place) / "made"
        made.mkdir(mode=0o755)
        if _fits(need, interpreter, told):
            for name in need.distributions:
                _copy(metadata.distribution(name), made)
        else:
            say(f"fetching {need.name} for Python {interpreter.minor}: the runner needs it there")
            _fetch(need, interpreter, made, Path(place) / "locked.txt")
        made.rename(folder)


def _copy(own: metadata.Distribution, folder: Path) -> None:
    for file in own.files or ():
        if ".." in file.parts or "__pycache__" in file.parts:
            continue  # commands, and what another Python compiled
        target = folder.joinpath(*file.parts)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(str(file.locate()), target)


def _fetch(need: Need, interpreter: Interpreter, folder: Path, locked: Path) -> None:
    lock = (paths.root() / _LOCK).read_text(encoding="utf-8")
    locked.write_text("".join(_of(need, lock)), encoding="utf-8")
    command = ["pip", "install", "--quiet", "--no-deps", "--only-binary", ":all:"]
    command += ["--require-hashes", "--requirement", str(locked)]
    command += ["--python", str(interpreter.path), "--target", str(folder)]
    done = uv_command.uv(command, locked=True)
    if done.returncode:
        raise BenchdlError(
            f"{need.name} for Python {interpreter.version} cannot be had: "
            f"{addresses.hidden(' '.join(done.stderr.split()))[:400]}",
            f"check the network, or install {need.name}{need.accepts} into that Python yourself",
        )
    (folder / ".lock").unlink(missing_ok=True)  # uv's own


def _of(need: Need, lock: str) -> Iterator[str]:
    """The lines of a lock file that are about the distributions of ``need``."""
    ours = False
    for line in lock.splitlines(keepends=True):
        if not line.startswith(" "):
            ours = line.partition("==")[0] in need.distributions
        if ours:
            yield line
