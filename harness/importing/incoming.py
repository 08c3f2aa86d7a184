"""Where results come from: a folder of results, or a bundle. Both are anybody's.

Nothing but the files that a job leaves is taken, each a plain file within its bound; what else lies
beside them stays where it is.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from harness import checksums, files, origins
from harness.bundle import manifest, reading
from harness.bundle.reading import Bundle
from harness.campaign import records
from harness.errors import BenchdlError, UsageError
from harness.files import FileError, MissingError
from harness.launchers.exchange import MAX_SAMPLES_BYTES
from harness.origins import Origin
from harness.store import CAMPAIGNS, Store

FILES = (*checksums.ALWAYS, *checksums.PERHAPS)
"""Of one result; the sums of a folder come besides."""

_CHUNK_BYTES = 2**20
_LONGEST_PLACE = 1000


class StoreError(BenchdlError):
    """The folder that is imported into cannot be written: its cause says why."""


class Incoming(Protocol):
    """What holds results and campaigns.

    ``words_for_paths``: paths in its texts became words for what they are, as bundles have it.
    """

    words_for_paths: bool

    def runs(self) -> list[Path]:
        """Of what may be results, as paths whose last part is the run's id."""

    def put(self, run: Path, folder: Path) -> None:
        """Write the files of a run into an empty folder.

        Raises:
            StoreError: the folder cannot be written.
            BenchdlError: one of the run's files cannot be taken.
        """

    def campaigns(self) -> list[str]:
        """The ids of the campaigns whose records it holds, damaged ones too."""

    def record(self, campaign_id: str) -> bytes:
        """The text of a sound record.

        Raises:
            BenchdlError: it is damaged.
        """

    def origin(self, campaign_id: str) -> Origin:
        """Where the campaign was begun, as far as this source knows."""

    def spoilt(self) -> list[str]:
        """What it says itself of results that it could not hold, in lines."""


class FromFolder:
    """The results in a folder, as they were copied from another machine."""

    words_for_paths = False

    def __init__(self, folder: Path, place: str) -> None:
        self._store = Store(folder)
        self._place = place

    def runs(self) -> list[Path]:
        """All folders but those of campaigns and of what was put away."""
        return self._store.folders()

    def put(self, run: Path, folder: Path) -> None:
        """Copy the files that a result consists of."""
        if run.is_symlink():
            raise BenchdlError(f"{files.shown(run.name)}: it is a link, not a folder")
        for name in (*FILES, checksums.NAME):
            try:
                with files.open_plain(run / name) as stream:
                    size = os.fstat(stream.fileno()).st_size
                    if size > MAX_SAMPLES_BYTES:
                        raise FileError(f"it is too large: {files.mib(size)}")
                    _write(folder / name, _pieces(stream.read))
            except MissingError:
                continue
            except FileError as error:
                raise BenchdlError(f"{files.shown(run.name)}: {name}: {error.message}") from None

    def campaigns(self) -> list[str]:
        """Those that have a file."""
        return records.names(self._store)

    def record(self, campaign_id: str) -> bytes:
        """As it lies there, checked against its sum."""
        return records.read(records.folder(self._store) / f"{campaign_id}.json")[1]

    def origin(self, campaign_id: str) -> Origin:
        """What was imported there before keeps its origin."""
        earlier = origins.read(self._store.directory / CAMPAIGNS, campaign_id)
        return earlier or Origin(place=self._place)

    def spoilt(self) -> list[str]:
        """A folder tells nothing of that: each damaged result is there to be seen."""
        return []


class FromBundle:
    """The results in a bundle, every byte of which was checked when it was opened."""

    words_for_paths = True

    def __init__(self, bundle: Bundle, place: str) -> None:
        self._bundle = bundle
        self._place = place
        self._spoilt = {result.run_id: result.reason for result in bundle.manifest.damaged}
        self._sums = {member.path: member.sha256 for member in bundle.manifest.members}

    def runs(self) -> list[Path]:
        """Those that were sound when the bundle was made."""
        paths = self._bundle.names(manifest.RESULTS)
        ids = dict.fromkeys(path.removeprefix(manifest.RESULTS).split("/")[0] for path in paths)
        return [Path(run_id) for run_id in ids if run_id not in self._spoilt]

    def put(self, run: Path, folder: Path) -> None:
        """Write its members, and the sums that a stored result has."""
        sums = {}
        for name in FILES:
            path = f"{manifest.RESULTS}{run.name}/{name}"
            if path in self._sums:
                _write(folder / name, self._bundle.chunks(path))
                sums[name] = self._sums[path]
        _write(folder / checksums.NAME, [checksums.text(sums).encode()])

    def campaigns(self) -> list[str]:
        """Its only one."""
        return [self._bundle.manifest.campaign_id]

    def record(self, campaign_id: str) -> bytes:
        """As it is in the bundle."""
        raw = self._bundle.read(manifest.CAMPAIGN)
        records.parse(campaign_id, raw)
        return raw

    def origin(self, campaign_id: str) -> Origin:  # noqa: ARG002 - it holds only one
        """The bundle."""
        return Origin(place=self._place, bundle=True)

    def spoilt(self) -> list[str]:
        """What was damaged when the bundle was made."""
        return [f"{run_id}: {reason}" for run_id, reason in sorted(self._spoilt.items())]


@contextmanager
def opened(path: Path, place: str | None, say: Callable[[str], None]) -> Iterator[Incoming]:
    """What ``path`` holds; ``place`` is what tables call its machine, else the path itself.

    Raises:
        UsageError: nothing is there, or it is the folder of one run.
        BenchdlError: it is no sound bundle.
    """
    shown = files.shown(path) if place is None else place
    if not shown.strip() or len(shown) > _LONGEST_PLACE:
        raise UsageError(
            f"--from {shown[:80]!a} is no name for a host", f"up to {_LONGEST_PLACE} characters"
        )
    if files.is_dir(path):
        if files.exists(path / "result.json"):
            raise UsageError(
                f"{files.shown(path)} is the folder of one run",
                "name the folder of results that it lies in",
            )
        yield FromFolder(path, shown)
        return
    if not files.exists(path):
        raise UsageError(f"there is no {files.shown(path)}", "name folders of results, or bundles")
    with reading.opened(path, say) as bundle:
        yield FromBundle(bundle, shown)


def _pieces(read: Callable[[int], bytes]) -> Iterator[bytes]:
    """At most as much as a file may have, whatever is added to it meanwhile."""
    left = MAX_SAMPLES_BYTES
    while left > 0:
        try:
            piece = read(min(_CHUNK_BYTES, left))
        except OSError as error:
            raise FileError(files.reason(error)) from None
        if not piece:
            return
        left -= len(piece)
        yield piece


def _write(file: Path, pieces: Iterable[bytes]) -> None:
    try:
        with file.open("xb") as stream:
            for piece in pieces:
                stream.write(piece)
    except OSError as error:
        raise StoreError(error.strerror or str(error)) from error
