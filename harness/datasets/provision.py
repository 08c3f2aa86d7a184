"""Which data a job trains on, where it lies, and proof that it is what its name says.

Real MNIST comes from a directory that the user names, from the cache or from a mirror. Where none
of these has it, ``auto`` takes the generated stand-in and says so; ``mnist`` by name never does.
A directory that the user names is never passed over in silence: what is wrong there is an error.
"""

from __future__ import annotations

import contextlib
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from harness import files
from harness.cache import cache_dir, locked, write_whole
from harness.datasets import idx
from harness.datasets.download import DownloadError, from_mirrors
from harness.datasets.known import MNIST, SHA256, SYNTHETIC, SYNTHETIC_RECIPE
from harness.datasets.verified import Dataset
from harness.errors import BenchdlError, UsageError
from harness.named_paths import named, recordable, variable
from harness.notices import WARNING

__all__ = ["CHOICES", "MNIST", "SHA256", "Dataset", "DatasetState", "fetch", "listing", "resolve"]

CHOICES = ("auto", MNIST, SYNTHETIC)
"""What ``--dataset`` accepts."""

_NAME_ONE = "name the directory of the four MNIST files with --data-dir or BENCHDL_DATA"
_HOW_TO_GET = (
    f"{_NAME_ONE}, run 'benchdl data fetch mnist' where there is a network, name a mirror in "
    f"BENCHDL_MIRRORS, or use --dataset {SYNTHETIC}"
)

Say = Callable[[str], None]


@dataclass(frozen=True)
class DatasetState:
    """What one place has of one dataset.

    Attributes:
        origin: ``--data-dir``, ``BENCHDL_DATA`` or ``cache``.
        state: ``corrupt`` also where only some of the files are there.
        verified: whether the contents of all files have the expected checksums.
        problem: what is wrong; empty if nothing is.
    """

    name: str
    where: Path
    origin: str
    state: Literal["complete", "corrupt", "absent"]
    verified: bool
    problem: str = ""


def resolve(name: str, data_dir: Path | None, say: Say) -> Dataset:
    """Find, fetch or generate a dataset, and verify all of it.

    Args:
        name: one of :data:`CHOICES`.
        data_dir: what ``--data-dir`` says, if anything; it is for the real set.
        say: prints a one-line notice.

    Raises:
        UsageError: an unknown name, or a named directory that does not exist or lacks files.
        BenchdlError: corrupt files in a named directory, no MNIST to be had, or no usable cache.
    """
    if name not in CHOICES:
        raise UsageError(f"unknown dataset {name!r}", f"choose from {', '.join(CHOICES)}")
    if name == SYNTHETIC:
        return _cached(SYNTHETIC, say)
    named = _named_directory(data_dir)
    if named:
        return _from_named(*named)
    try:
        return _cached(MNIST, say)
    except DownloadError as error:
        if name == MNIST:
            raise BenchdlError(f"MNIST could not be had ({error})", _HOW_TO_GET) from None
        say(
            f"{WARNING}MNIST could not be had ({error}). Using {SYNTHETIC} instead, generated "
            f"digits of the same shapes: times compare, error rates do not. For MNIST, {_NAME_ONE}"
        )
        return _cached(SYNTHETIC, say)


def fetch(name: str, say: Say) -> Dataset:
    """Put a dataset into the cache: ``mnist`` by download, ``synthetic-mnist`` by generation.

    Raises:
        UsageError: an unknown name.
        BenchdlError: it cannot be had or stored.
    """
    if name not in SHA256:
        raise UsageError(f"unknown dataset {name!r}", f"choose from {', '.join(SHA256)}")
    try:
        dataset = _cached(name, say)
    except DownloadError as error:
        raise BenchdlError(f"MNIST could not be had ({error})", _HOW_TO_GET) from None
    say(f"{name} is complete and verified in {dataset.directory}")
    return dataset


def listing(data_dir: Path | None) -> list[DatasetState]:
    """The state of every place that :func:`resolve` looks at, in its order. Downloads nothing."""
    named = _named_directory(data_dir)
    places = [(MNIST, named[0], named[1])] if named else []
    places += [(name, _cache_of(name), "cache") for name in (MNIST, SYNTHETIC)]
    return [_state(*place) for place in places]


def _state(name: str, where: Path, origin: str) -> DatasetState:
    found = idx.inspect(where, SHA256[name])
    if found.complete:
        return DatasetState(name, where, origin, "complete", verified=True)
    if found.absent:
        return DatasetState(name, where, origin, "absent", verified=False)
    problem = found.problem or f"missing: {', '.join(found.missing)}"
    return DatasetState(name, where, origin, "corrupt", verified=False, problem=problem)


def _named_directory(data_dir: Path | None) -> tuple[Path, str] | None:
    """The directory that the user named, if any, and where it was named."""
    given, origin = data_dir, "--data-dir"
    if given is None:
        given, origin = variable("BENCHDL_DATA"), "BENCHDL_DATA"
    return (recordable(named(given, origin), origin).absolute(), origin) if given else None


def _from_named(directory: Path, origin: str) -> Dataset:
    if not files.is_dir(directory):
        raise UsageError(f"{origin}: {directory} is not a directory", _NAME_ONE)
    found = idx.inspect(directory, SHA256[MNIST])
    if found.problem:
        raise BenchdlError(
            f"{origin}: {found.problem}",
            "replace the file with a sound copy, or leave the directory out to use the cache",
        )
    if found.missing:
        missing = ", ".join(found.missing)
        raise UsageError(f"{origin}: {directory} lacks {missing} (raw or with .gz)", _NAME_ONE)
    return Dataset(MNIST, directory, dict(SHA256[MNIST]), found.sound)


def _cache_of(name: str) -> Path:
    recipe = f"-{SYNTHETIC_RECIPE}" if name == SYNTHETIC else ""
    return cache_dir() / "datasets" / f"{name}{recipe}"


def _cached(name: str, say: Say) -> Dataset:
    """The dataset in the cache, put there now if it is not complete.

    Raises:
        DownloadError: no mirror delivers MNIST.
        BenchdlError: the cache cannot be written.
    """
    directory, sha256 = _cache_of(name), SHA256[name]
    found = idx.inspect(directory, sha256)
    if found.complete:
        return Dataset(name, directory, dict(sha256), _open_to_all(directory, found.sound))
    with locked(directory, say):
        found = idx.inspect(directory, sha256)  # another process may have filled it meanwhile
        if not found.complete:
            if found.problem:
                say(f"the cached {name} is replaced: {found.problem}")
            say(f"generating {name}" if name == SYNTHETIC else "downloading MNIST")
            files = _generated() if name == SYNTHETIC else from_mirrors(sha256)
            for file, content in files.items():
                write_whole(directory / file, content)  # goes before a damaged one with .gz
            found = idx.inspect(directory, sha256)
    if not found.complete:
        raise BenchdlError(
            f"the cached {name} is not what was just written: {found.problem}",
            f"look at the disk of {directory}, or set BENCHDL_CACHE to a directory elsewhere",
        )
    return Dataset(name, directory, dict(sha256), _open_to_all(directory, found.sound))


def _open_to_all(directory: Path, sound: dict[str, idx.Sound]) -> dict[str, idx.Sound]:
    """A container's user is not the owner of the cache and must be able to read it."""
    cached = files.real(directory)
    for one in sound.values():
        with contextlib.suppress(OSError):  # somebody else's: the launcher looks at what it is
            mode = stat.S_IMODE(one.path.stat().st_mode)
            if one.path.parent == cached and mode & 0o444 != 0o444:
                one.path.chmod(mode | 0o444)
    return sound


def _generated() -> dict[str, bytes]:
    from harness.datasets import synthetic  # noqa: PLC0415 - NumPy, which few commands need

    return synthetic.files()
