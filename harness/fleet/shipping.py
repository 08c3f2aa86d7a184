"""Images through the folder that all hosts of a fleet see: saved once, loaded where they lack.

An image's id is the digest of what it is. So a host loads what the folder has only if its id is the
one that the campaign was planned with, and asks the engine for that id afterwards: who could write
to the folder could still bring in no other image. ``docker save`` writes it under its id alone, so
no name of the host's engine is taken away.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import docker
from docker.models.images import Image

from harness import cache, engine, files, image_streams
from harness.bundle import image_tar
from harness.bundle.archive import ArchiveError
from harness.bundle.foreign_tar import Window
from harness.campaign.records import Environment
from harness.catalog import Backend, Flavour
from harness.errors import BenchdlError
from harness.fleet import shared_folder
from harness.images import old_images
from harness.launchers.docker import Given
from harness.notices import Say

_IMAGES = "images"
_TELL_S = 10.0
_AGAIN = "benchdl fleet resume, where the images were built, saves it again"


def save_images(
    client: docker.DockerClient, environments: Iterable[Environment], folder: Path, say: Say
) -> None:
    """Put every image of a campaign into the folder, once; one that is there stays.

    Args:
        client: the engine that has them.
        environments: of the campaign; those without an image are passed over.
        folder: the fleet's.
        say: is told what is saved, and how far it is.

    Raises:
        BenchdlError: the engine lacks one or is lost, or the folder cannot be written: of the image
            that was being saved nothing is left.
    """
    place = folder / _IMAGES
    with shared_folder.storing(folder):
        place.mkdir(parents=True, exist_ok=True)
    shared_folder.sweep(place)
    for image_id, whose in _by_id(environments).items():
        file = saved_file(folder, image_id)
        if files.exists(file):
            try:
                with _window(file) as tar:
                    image_tar.described(tar, image_id)
                continue
            except (ArchiveError, files.FileError) as error:
                say(f"the saved image of {whose} is replaced: {error}")
        _save(client, image_id, whose, file, folder, say)


def given(
    client: docker.DockerClient, folder: Path, ids: Mapping[tuple[str, Flavour], str]
) -> Given:
    """What gives a docker launcher the fleet's images, on one of its hosts.

    Args:
        client: the host's engine.
        folder: the fleet's.
        ids: the images' ids, by backend and device.
    """

    def image(backend: Backend, flavour: Flavour, say: Say) -> Image:
        wanted = ids.get((backend.name, flavour))
        if wanted is None:
            raise BenchdlError(f"the fleet was not given a {flavour} image of {backend.name}")
        return take_image(client, folder, wanted, backend.name, say)

    return image


def take_image(
    client: docker.DockerClient, folder: Path, image_id: str, whose: str, say: Say
) -> Image:
    """The image of this id: the one that the host's engine has, or loaded now.

    One process of a host (and user) loads it; others wait for that.

    Args:
        client: the host's engine.
        folder: the fleet's.
        image_id: ``sha256:`` and 64 digits.
        whose: the backend that runs in it, for messages.
        say: is told what is loaded, and how far it is.

    Raises:
        BenchdlError: the folder lacks it, or has another in its place; or the engine cannot load
            it, or makes another of it.
    """
    present = engine.find_image(client, image_id)
    if present is not None:
        return present
    with cache.alone(cache.cache_dir() / _IMAGES / saved_file(folder, image_id).stem, say):
        present = engine.find_image(client, image_id)  # who was before us may have loaded it
        if present is None:
            _load(client, image_id, whose, saved_file(folder, image_id), say)
            present = engine.find_image(client, image_id)
    if present is None:
        raise BenchdlError(
            f"the engine at {engine.name(client)} made another image of {image_id}, that of {whose}"
            ": it keeps images in another way than the one that built it",
            "let the engines of a fleet be alike: the same image store (containerd's, or not)",
        )
    # Under a name, so that docker image prune leaves it and a user sees what it is.
    old_images.kept(client, image_id, whose, say)
    return present


def saved_file(folder: Path, image_id: str) -> Path:
    """Where an image is in the fleet's folder."""
    return folder / _IMAGES / f"{image_id.removeprefix('sha256:')}.tar"


def _by_id(environments: Iterable[Environment]) -> dict[str, str]:
    """Whose each image is, by its id."""
    found: dict[str, str] = {}
    for environment in environments:
        if environment.provenance.image_id:
            found.setdefault(environment.provenance.image_id, environment.backend)
    return found


def _save(
    client: docker.DockerClient, image_id: str, whose: str, file: Path, folder: Path, say: Say
) -> None:
    image = engine.find_image(client, image_id)
    if image is None:
        raise BenchdlError(
            f"the engine no longer has {image_id}, the image of {whose}",
            "somebody removed it meanwhile: begin the fleet again",
        )
    doing = f"saving the image of {whose} for the fleet"
    pieces = image_streams.saved(client, image_id, whose)
    with shared_folder.storing(folder), files.whole(file, mode=0o644) as stream:
        for piece in _told(pieces, int(image.attrs.get("Size", 0)), doing, say):
            stream.write(piece)
    try:
        with _window(file) as tar:
            image_tar.described(tar, image_id)
    except (ArchiveError, files.FileError) as error:
        file.unlink(missing_ok=True)
        raise BenchdlError(f"{doing}: hosts would refuse what the engine saved: {error}") from None


def _load(client: docker.DockerClient, image_id: str, whose: str, file: Path, say: Say) -> None:
    doing = f"loading the image of {whose} from the fleet's folder"
    try:
        with _window(file) as tar:
            say(f"checking the image of {whose} in the fleet's folder: {files.mib(tar.size_bytes)}")
            image_tar.read(tar.part(0, tar.size_bytes), image_id)
            pieces = _told(_read(tar, file), tar.size_bytes, doing, say)
            image_streams.load(client, pieces, doing)
    except files.MissingError:
        raise BenchdlError(
            f"the fleet's folder has no image of {whose}: {file} is missing", _AGAIN
        ) from None
    except (ArchiveError, files.FileError) as error:
        raise BenchdlError(f"{file} is refused as the image of {whose}: {error}", _AGAIN) from None
    except OSError as error:
        raise _unreadable(file, error) from None


@contextmanager
def _window(file: Path) -> Iterator[Window]:
    """All of a file."""
    with files.open_plain(file) as stream:
        yield Window(stream, 0, os.fstat(stream.fileno()).st_size)


def _read(tar: Window, file: Path) -> Iterator[bytes]:
    """A tar in pieces; a folder that goes away is not the engine's fault."""
    try:
        yield from tar.part(0, tar.size_bytes).pieces()
    except OSError as error:
        raise _unreadable(file, error) from None


def _unreadable(file: Path, error: OSError) -> BenchdlError:
    return BenchdlError(f"cannot read {file}: {error.strerror or error}", "see that it is mounted")


def _told(pieces: Iterable[bytes], size_bytes: int, doing: str, say: Say) -> Iterator[bytes]:
    """The same pieces; it is said at the begin and every ten seconds how far they are."""
    come, last = 0, time.monotonic()
    say(f"{doing}: about {files.mib(size_bytes)}")
    for piece in pieces:
        yield piece
        come += len(piece)
        if time.monotonic() - last >= _TELL_S:
            last = time.monotonic()
            say(f"{doing}: {files.mib(come)} of about {files.mib(size_bytes)}")
