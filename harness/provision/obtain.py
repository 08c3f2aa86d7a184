"""Which data a job trains on, where it lies, and proof that it is what its name says.

A dataset comes from a directory that the user names, from the cache, from a mirror, from the source
that it is prepared from (in that directory, or downloaded), or from its generator. Where none of
these has it, ``auto`` takes its generated stand-in and says so; asking for it by name never does. A
directory that the user names is never passed over in silence: what is wrong there is an error.
"""

from __future__ import annotations

import contextlib
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from harness import files
from harness.cache import cache_dir, locked
from harness.dataset_spec import DatasetSpec
from harness.errors import BenchdlError, UsageError
from harness.named_paths import named, recordable, variable
from harness.notices import WARNING
from harness.provision import discovery, making, recorded_sums, source_files
from harness.provision.download import DownloadError, from_mirrors
from harness.provision.inspection import Sound, WrongFileError, inspect
from harness.provision.progress import Bar, silent
from harness.provision.verified import Dataset
from harness.provision.workload_data import chosen

Say = Callable[[str], None]


@dataclass(frozen=True)
class DatasetState:
    """What one place has of one dataset.

    Attributes:
        origin: ``--data-dir``, ``BENCHDL_DATA`` or ``cache``.
        state: ``corrupt`` also where only some of the files are there.
        problem: what is wrong; empty if nothing is.
    """

    spec: DatasetSpec
    where: Path
    origin: str
    state: Literal["complete", "corrupt", "absent"]
    problem: str = ""


def resolve(
    name: str, workload: str, data_dir: Path | None, say: Say, bar: Bar = silent
) -> Dataset:
    """Find, fetch or generate the dataset of a workload, and verify all of it.

    Args:
        name: ``auto``, or a dataset that the workload is trained on.
        workload: its name.
        data_dir: what ``--data-dir`` says, if anything; nothing generated is looked for there.
        say: prints a one-line notice.
        bar: shows how far a download is.

    Raises:
        UsageError: another name, or a named directory that does not exist or lacks files.
        BenchdlError: corrupt files in a named directory, nothing to be had, or no usable cache.
    """
    spec = chosen(name, workload)
    if spec.played:
        return Dataset(spec, cache_of(spec))
    place = None if spec.generate else named_directory(data_dir)
    if place:
        held = in_named(spec, *place)
        return held if isinstance(held, Dataset) else _cached(spec, say, bar, held)
    try:
        return _cached(spec, say, bar)
    except DownloadError as error:
        if name != discovery.AUTO or spec.stand_in is None:
            raise not_to_be_had(spec, error) from None
        stand_in = discovery.load(spec.stand_in)
        say(
            f"{WARNING}{spec.title} could not be had ({error}). Using {stand_in.name} instead, "
            f"{stand_in.holds}: times compare, scores do not. For {spec.title}, {_name_it(spec)}"
        )
        return _cached(stand_in, say, bar)


def fetch(name: str, say: Say, bar: Bar = silent) -> Dataset:
    """Put a dataset into the cache, by download or by its generator.

    Raises:
        UsageError: an unknown name, or that of a game.
        BenchdlError: it cannot be had or stored.
    """
    spec = discovery.load(name)
    if spec.played:
        raise UsageError(
            f"{name} is a game, played while it is learned", "there is nothing to fetch"
        )
    say(f"{name} is {spec.holds}: {spec.source}; licence: {spec.licence}")
    try:
        dataset = _cached(spec, say, bar)
    except DownloadError as error:
        raise not_to_be_had(spec, error) from None
    say(f"{name} is complete and verified in {dataset.directory}")
    return dataset


def listing(data_dir: Path | None) -> list[DatasetState]:
    """The state of every place that :func:`resolve` looks at. Downloads nothing.

    A directory that the user named is listed with the datasets of which it has anything, or with
    all that it could have.
    """
    known = (discovery.load(name) for name in discovery.names())
    specs = [spec for spec in known if not spec.played]
    place = named_directory(data_dir)
    there = [_state_there(spec, *place) for spec in specs if not spec.generate] if place else []
    caches = [(spec, cache_of(spec)) for spec in specs]
    here = [_state(recorded_sums.of(spec, at), at, "cache") for spec, at in caches]
    return ([state for state in there if state.state != "absent"] or there) + here


def _state(spec: DatasetSpec, where: Path, origin: str) -> DatasetState:
    found = inspect(where, spec)
    if found.complete:
        return DatasetState(spec, where, origin, "complete")
    if found.absent:
        return DatasetState(spec, where, origin, "absent")
    problem = found.problem or f"missing: {', '.join(found.missing)}"
    return DatasetState(spec, where, origin, "corrupt", problem)


def _state_there(spec: DatasetSpec, where: Path, origin: str) -> DatasetState:
    """Of a directory that the user named, where it may be the source that is there."""
    found = _state(spec, where, origin)
    if found.state != "absent":
        return found
    try:
        sound = bool(_given(spec, where, origin))
    except BenchdlError as error:
        return DatasetState(spec, where, origin, "corrupt", error.message)
    return DatasetState(spec, where, origin, "complete") if sound else found


def _name_it(spec: DatasetSpec) -> str:
    what = f"its {len(spec.files)} files"
    if spec.made_from:
        shipped = spec.made_from.named
        what = f"{what}, or of {shipped}," if spec.pinned else shipped
    return f"name the directory of {what} with --data-dir or BENCHDL_DATA"


def not_to_be_had(spec: DatasetSpec, error: DownloadError) -> BenchdlError:
    """What is said where no download delivers it, with what else can be done."""
    instead = f", or use --dataset {spec.stand_in}" if spec.stand_in else ""
    return BenchdlError(
        f"{spec.title} could not be had ({error})",
        f"{_name_it(spec)}, run 'benchdl data fetch {spec.name}' where there is a network, name "
        f"a mirror in BENCHDL_MIRRORS{instead}",
    )


def named_directory(data_dir: Path | None) -> tuple[Path, str] | None:
    """The directory that the user named, if any, and where it was named."""
    given, origin = data_dir, "--data-dir"
    if given is None:
        given, origin = variable("BENCHDL_DATA"), "BENCHDL_DATA"
    return (recordable(named(given, origin), origin).absolute(), origin) if given else None


def in_named(spec: DatasetSpec, directory: Path, origin: str) -> Dataset | dict[str, bytes]:
    """What a directory that the user named has: the files, or the contents of their source.

    Raises:
        UsageError: it is none, or lacks files.
        BenchdlError: what it has is corrupt.
    """
    if not files.is_dir(directory):
        raise UsageError(f"{origin}: {directory} is not a directory", _name_it(spec))
    found = inspect(directory, spec)
    if found.absent and (given := _given(spec, directory, origin)):
        return given
    if found.problem:
        raise _unsound(origin, found.problem)
    if found.missing:
        missing = ", ".join(found.missing) + " (raw or with .gz)"
        if spec.made_from and not spec.pinned:  # only the source proves it
            missing = spec.made_from.named
        raise UsageError(f"{origin}: {directory} lacks {missing}", _name_it(spec))
    return Dataset(spec, directory, found.sound)


def _given(spec: DatasetSpec, directory: Path, origin: str) -> dict[str, bytes]:
    """The contents of the dataset's source in a directory; nothing where it is not there whole."""
    if spec.made_from is None:
        return {}
    try:
        source = source_files.look(directory, spec.made_from)
        with making.in_memory(spec):
            return source.contents() if source else {}
    except (WrongFileError, OSError) as error:
        raise _unsound(origin, str(error)) from None


def _unsound(origin: str, problem: str) -> BenchdlError:
    return BenchdlError(
        f"{origin}: {problem}",
        "replace the file with a sound copy, or leave the directory out to use the cache",
    )


def cache_of(spec: DatasetSpec) -> Path:
    """The folder of a dataset in the cache."""
    return cache_dir() / "datasets" / spec.folder_name


def _cached(
    spec: DatasetSpec, say: Say, bar: Bar, given: Mapping[str, bytes] | None = None
) -> Dataset:
    """The dataset in the cache, put there now if it is not complete.

    Args:
        spec: which.
        say, bar: as with :func:`resolve`.
        given: the verified contents of its source, by file name, where the user has them.

    Raises:
        DownloadError: no mirror delivers it.
        BenchdlError: the cache cannot be written, or other bytes were made than those stated.
    """
    directory, stated = cache_of(spec), spec
    spec = recorded_sums.of(stated, directory)
    found = inspect(directory, spec)
    if not found.complete:
        with locked(directory, say):
            spec = recorded_sums.of(stated, directory)
            found = inspect(directory, spec)  # another process may have filled it meanwhile
            if not found.complete:
                if found.problem:
                    say(f"the cached {spec.name} is replaced: {found.problem}")
                spec = _fill(stated, directory, say, bar, given)
                found = inspect(directory, spec)
    if not found.complete:
        raise BenchdlError(
            f"the cached {spec.name} is not what was just written: {found.problem}",
            f"look at the disk of {directory}, or set BENCHDL_CACHE to a directory elsewhere",
        )
    return Dataset(spec, directory, _open_to_all(directory, found.sound))


def _fill(
    spec: DatasetSpec, directory: Path, say: Say, bar: Bar, given: Mapping[str, bytes] | None
) -> DatasetSpec:
    """Put the files there; returns the dataset with the checksums of those that state none."""
    if spec.generate:
        say(f"generating {spec.name}")
        made = making.generate(spec, directory)
        if not spec.pinned:
            recorded_sums.record(made, directory)
        return made
    elif spec.made_from:
        if not given:
            say(f"downloading {spec.title}")
            given = source_files.downloaded(spec, spec.made_from, directory, bar)
        say(f"preparing {spec.title}")
        try:
            made = making.prepare(spec, given, directory)
        except BenchdlError:
            if not spec.made_from.pinned:  # what was downloaded may be what is wrong
                source_files.clear(directory, spec.made_from)
            raise
        if not spec.made_from.pinned:
            say(f"nobody publishes checksums of {spec.title}: they are recorded now")
        if not spec.pinned:
            recorded_sums.record(made, directory)
        source_files.clear(directory, spec.made_from)
        return made
    else:
        say(f"downloading {spec.title}")
        from_mirrors(spec, directory, bar)
    return spec


def _open_to_all(directory: Path, sound: dict[str, Sound]) -> dict[str, Sound]:
    """A container's user is not the owner of the cache and must be able to read it."""
    cached = files.real(directory)
    for file in sound.values():
        with contextlib.suppress(OSError):  # somebody else's: the launcher looks at what it is
            mode = stat.S_IMODE(file.path.stat().st_mode)
            if file.path.parent == cached and mode & 0o444 != 0o444:
                file.path.chmod(mode | 0o444)
    return sound
