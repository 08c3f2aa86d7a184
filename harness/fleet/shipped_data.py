"""Data through the folder that all hosts of a fleet see: copied as it was verified, verified again.

A host without a network gets what the driver has, wherever that came from: a folder that the user
named, a download, a source that was prepared, a generator. What is in the folder proves nothing:
every byte is compared with the checksums of the campaign while it is copied to the host's cache,
and :mod:`harness.provision.obtain` finds it there as if it had been fetched.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from harness import cache, files
from harness.dataset_spec import DataFile, DatasetSpec
from harness.errors import BenchdlError
from harness.fleet import shared_folder
from harness.notices import Say
from harness.provision import discovery, recorded_sums
from harness.provision.inspection import WrongFileError, decoded, inspect
from harness.provision.obtain import cache_of
from harness.provision.verified import Dataset

_DATASETS = "datasets"


def save_data(dataset: Dataset, folder: Path, say: Say) -> None:
    """Put the files of a dataset into the folder, unpacked; what is there and right stays.

    Args:
        dataset: as :func:`harness.provision.obtain.resolve` found it; of a game nothing is put.
        folder: the fleet's.
        say: is told that something is copied.

    Raises:
        BenchdlError: a file was changed since it had been verified, or the folder cannot be
            written; no part of a file is left.
    """
    spec, place = dataset.spec, _place(folder, dataset.spec)
    if spec.played or inspect(place, spec).complete:
        return
    say(f"putting {spec.name} into the fleet's folder: {files.mib(_size_bytes(spec))}")
    with shared_folder.storing(folder):
        place.mkdir(parents=True, exist_ok=True)
        shared_folder.sweep(place)
        for file in spec.files:
            sound = dataset.sound[file.name]
            with files.whole(place / file.name, mode=0o644) as stream:
                advice = "put the right file back, then begin again"
                for piece in _proven(sound.path, file, packed=sound.packed, advice=advice):
                    stream.write(piece)


def take_data(name: str, sha256: Mapping[str, str], folder: Path, say: Say) -> None:
    """Put a dataset from the folder into this host's cache, unless it is there already.

    Args:
        name: the dataset's; of a game nothing is taken.
        sha256: what the campaign has of it, by file name.
        folder: the fleet's.
        say: is told that something is copied.

    Raises:
        BenchdlError: the folder lacks a file or has another, or the cache cannot be written.
    """
    stated = discovery.load(name)
    if stated.played:
        return
    unknown = [file.name for file in stated.files if not (file.sha256 or sha256.get(file.name))]
    if unknown:
        raise BenchdlError(f"the campaign does not say what {unknown[0]} of {name} should be")
    spec, directory = stated.recorded(sha256), cache_of(stated)
    if _has(directory, stated, spec):
        return
    with cache.locked(directory, say):
        if _has(directory, stated, spec):  # another process may have filled it meanwhile
            return
        say(f"taking {name} from the fleet's folder: {files.mib(_size_bytes(spec))}")
        for file in spec.files:
            pieces = _proven(
                _place(folder, spec) / file.name,
                file,
                packed=False,
                advice="benchdl fleet resume, where the data is, puts it there again",
            )
            with cache.storing(directory), files.whole(directory / file.name, mode=0o644) as stream:
                for piece in pieces:
                    stream.write(piece)
        if not stated.pinned:
            recorded_sums.record(spec, directory)


def _has(directory: Path, stated: DatasetSpec, wanted: DatasetSpec) -> bool:
    """Whether a cache's folder has the very files, and knows them by their checksums."""
    known = recorded_sums.of(stated, directory)
    return known.sha256 == wanted.sha256 and inspect(directory, known).complete


def _place(folder: Path, spec: DatasetSpec) -> Path:
    return folder / _DATASETS / spec.folder_name


def _size_bytes(spec: DatasetSpec) -> int:
    return sum(file.size_bytes for file in spec.files)


def _proven(path: Path, file: DataFile, *, packed: bool, advice: str) -> Iterator[bytes]:
    """The contents of a file, which are right if the last piece has come.

    Raises:
        BenchdlError: they are not, or cannot be read.
    """
    try:
        with files.open_plain(path) as stream:
            yield from decoded(stream, file, packed=packed)
    except (WrongFileError, files.FileError) as error:
        raise BenchdlError(f"{path} cannot be used: {error}", advice) from None
    except OSError as error:
        raise BenchdlError(f"cannot read {path}: {files.reason(error)}", advice) from None
