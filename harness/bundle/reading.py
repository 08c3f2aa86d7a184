"""Reading a bundle: nothing of it is given to anybody before every byte of it was checked."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from pydantic import ValidationError

from harness.bundle import archive, manifest
from harness.bundle.archive import ArchiveError, Entry
from harness.bundle.foreign_tar import Window
from harness.bundle.image_tar import MAX_IMAGE_BYTES
from harness.bundle.manifest import CAMPAIGN, IMAGES, MANIFEST, RESULTS, SUMS, Manifest, Member
from harness.campaign import records
from harness.campaign.records import Campaign
from harness.errors import BenchdlError
from harness.launchers.exchange import MAX_RESULT_BYTES
from runner.contract.result import Result, load_result
from runner.contract.schema import ContractError, first_error, versioned

_MAX_TEXT_BYTES = 256 * 2**20


class Bundle:
    """A bundle whose every byte was checked; :func:`opened` makes it.

    Attributes:
        manifest: what it says of itself.
        manifest_sha256: of ``manifest.json``, and so of everything: the bundle's fingerprint.
    """

    def __init__(self, file: Path, stream: BinaryIO) -> None:
        self.file = file
        self._stream = stream
        self._entries: dict[str, Entry] = {}
        with self._problems():
            entries = archive.walk(stream)
            _bound(entries)
            self._entries = {entry.path: entry for entry in entries}
            raw = self._trailer(entries)
            self.manifest_sha256 = hashlib.sha256(raw).hexdigest()
            self.manifest: Manifest = manifest.parse(raw)
            self._members = {member.path: member for member in self.manifest.members}
            self._compare(entries, raw)
            for member in self.manifest.members:
                for _ in self._checked(member):
                    pass
            self._inner()

    def names(self, below: str = "") -> list[str]:
        """Paths of all members that begin with ``below``, in their order."""
        return [path for path in self._members if path.startswith(below)]

    def chunks(self, path: str) -> Iterator[bytes]:
        """The contents of a member, piece by piece, checked again on the way.

        Raises:
            BenchdlError: it is not what it was when the bundle was opened.
        """
        with self._problems():
            yield from self._checked(self._members[path])

    def window(self, path: str) -> Window:
        """A member's place in the file, for what checks its contents itself."""
        entry = self._entries[path]
        return Window(self._stream, entry.offset, entry.size_bytes)

    def read(self, path: str, limit_bytes: int = _MAX_TEXT_BYTES) -> bytes:
        """The contents of a member, as a whole.

        Raises:
            BenchdlError: there is none, or it is larger than ``limit_bytes``.
        """
        member = self._members.get(path)
        if member is None:
            raise BenchdlError(f"{self.file}: it holds no {path}")
        if member.size_bytes > limit_bytes:
            raise BenchdlError(f"{self.file}: {path} has over {limit_bytes // 2**20} MiB")
        return b"".join(self.chunks(path))

    def campaign(self) -> Campaign:
        """The record of the campaign."""
        with self._problems():
            return self._campaign()

    def results(self) -> list[Result]:
        """The results in the order of their plan, attempts one after another.

        Those that were damaged when the bundle was made are not among them: ``manifest.damaged``.
        """
        with self._problems():
            found = [self._result(path) for path in self._result_files()]
        return sorted(
            found, key=lambda result: (result.job.campaign_position or 0, result.job.attempt)
        )

    def _trailer(self, entries: list[Entry]) -> bytes:
        """The manifest, if the sums agree with it; else they cannot tell which one was changed."""
        if [entry.path for entry in entries[-2:]] != [MANIFEST, SUMS]:
            raise ArchiveError(f"it does not end with {MANIFEST} and {SUMS}: it is no bundle")
        raw, sums = (b"".join(archive.chunks(self._stream, entry)) for entry in entries[-2:])
        line = f"{hashlib.sha256(raw).hexdigest()}  {MANIFEST}\n".encode()
        if not sums.endswith(line):
            raise ArchiveError(f"{MANIFEST} or {SUMS} was changed: they do not agree")
        return raw

    def _compare(self, entries: list[Entry], raw: bytes) -> None:
        told, held = self.manifest.members, entries[:-2]
        listed, found = {member.path for member in told}, {entry.path for entry in held}
        for path in sorted(found - listed):
            raise ArchiveError(f"it holds {path}, which its manifest does not list")
        for path in sorted(listed - found):
            raise ArchiveError(f"it lacks {path}, which its manifest lists")
        if len(told) != len(held):
            raise ArchiveError("its manifest lists a member twice")
        for member, entry in zip(told, held, strict=True):
            if member.path != entry.path:
                raise ArchiveError(f"{entry.path} is not in its place")
            if member.size_bytes != entry.size_bytes:
                raise ArchiveError(
                    f"{entry.path} was changed: it has {entry.size_bytes} bytes, its manifest says "
                    f"{member.size_bytes}"
                )
        sums = b"".join(archive.chunks(self._stream, entries[-1]))
        if sums != manifest.sums(told, raw):
            raise ArchiveError(f"{SUMS} was changed: it does not agree with {MANIFEST}")

    def _checked(self, member: Member) -> Iterator[bytes]:
        digest = hashlib.sha256()
        for chunk in archive.chunks(self._stream, self._entries[member.path]):
            digest.update(chunk)
            yield chunk
        if digest.hexdigest() != member.sha256:
            raise ArchiveError(f"{member.path} was changed: its SHA-256 is not its manifest's")

    def _inner(self) -> None:
        """What the members say of each other, whoever computed the sums."""
        campaign = self._campaign()
        if campaign.campaign_id != self.manifest.campaign_id:
            raise ArchiveError(f"{CAMPAIGN} is of another campaign, {campaign.campaign_id}")
        ours = [(image.backend, image.device) for image in self.manifest.images]
        if len(set(ours)) < len(ours):
            raise ArchiveError("its manifest names two images of one backend and device")
        for image in self.manifest.images:
            if image.path != f"{IMAGES}{image.backend}-{image.device}.tar":
                raise ArchiveError(f"its manifest names an image {image.path!a}, an unusual place")
            if image.path not in self._members:
                raise ArchiveError(f"its manifest names the image {image.path}, which it lacks")
        for path in self._result_files():
            result = self._result(path)
            if path != f"{RESULTS}{result.run_id}/result.json":
                raise ArchiveError(f"{path} is the result of another run, {result.run_id}")
            if result.job.campaign_id != campaign.campaign_id:
                raise ArchiveError(f"{path} is of another campaign, {result.job.campaign_id}")

    def _campaign(self) -> Campaign:
        text = self.read(CAMPAIGN).decode("utf-8")
        try:
            return Campaign.model_validate(versioned(text, "campaign", records.SCHEMA_VERSION))
        except ValidationError as error:
            raise ContractError(
                f"{CAMPAIGN} does not fit the schema: {first_error(error)}"
            ) from None

    def _result_files(self) -> list[str]:
        damaged = {f"{RESULTS}{result.run_id}/result.json" for result in self.manifest.damaged}
        return [
            path
            for path in self.names(RESULTS)
            if path.endswith("/result.json") and path not in damaged
        ]

    def _result(self, path: str) -> Result:
        try:
            return load_result(self.read(path, MAX_RESULT_BYTES).decode("utf-8"))
        except ContractError as error:
            raise ContractError(f"{path}: {error}") from None

    @contextlib.contextmanager
    def _problems(self) -> Iterator[None]:
        try:
            yield
        except (ArchiveError, ContractError, UnicodeDecodeError) as error:
            advice = "" if "upgrade benchdl" in str(error) else "get it again from where it came"
            raise BenchdlError(f"{self.file}: {error}", advice) from None
        except OSError as error:
            raise _unreadable(self.file, error) from None


@contextlib.contextmanager
def opened(file: Path, say: Callable[[str], None] = lambda _: None) -> Iterator[Bundle]:
    """Open a bundle and check all of it.

    Raises:
        BenchdlError: it cannot be read, is no bundle, or is not as it was written; the message
            names the member.
    """
    try:
        handle = os.open(file, os.O_RDONLY | os.O_NONBLOCK)
    except OSError as error:
        raise _unreadable(file, error) from None
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise BenchdlError(f"{file} is not a plain file", "name a bundle")
    with os.fdopen(handle, "rb") as stream:
        say(f"checking {file}")
        yield Bundle(file, stream)


def _bound(entries: list[Entry]) -> None:
    """Holes cost whoever made them nothing, and the reader hours and a disk."""
    for entry in entries:
        most = MAX_IMAGE_BYTES if entry.path.startswith(IMAGES) else _MAX_TEXT_BYTES
        if entry.size_bytes > most:
            raise ArchiveError(f"{entry.path} has over {most // 2**20:,} MiB")


def _unreadable(file: Path, error: OSError) -> BenchdlError:
    return BenchdlError(f"cannot read {file}: {error.strerror or error}")
