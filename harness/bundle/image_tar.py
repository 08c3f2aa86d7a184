"""An image's tar, read before an engine sees it, and written anew for the engine.

What a stranger's tar says is checked against digests: the image id is the SHA-256 of its
configuration, which names the SHA-256 of every layer's contents. The engine never gets the
stranger's tar: it gets one of ours, with the configuration, the layers and one name of our own.

Formats: ``docker save`` (manifest.json, "Docker Image Specification v1.2") and the OCI image layout
(index.json, image-layout.md and manifest.md of the OCI image specification 1.1).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from harness.bundle import foreign_tar, image_members
from harness.bundle.archive import BLOCK, ArchiveError, header
from harness.bundle.foreign_tar import Digested, Window, escapes, short
from harness.bundle.image_members import Members, is_object
from harness.bundle.manifest import MAX_LAYERS

MAX_IMAGE_BYTES = 64 * 2**30
"""Of all layers, and of the files in them."""
MAX_LAYER_MEMBERS = 2_000_000


@dataclass(frozen=True)
class Layer:
    """A layer's place in the tar, and what it is once unpacked."""

    window: Window
    sha256: str
    size_bytes: int


@dataclass(frozen=True)
class SavedImage:
    """One image whose every digest was computed."""

    config: bytes
    config_sha256: str
    facts: dict[str, Any]
    layers: list[Layer]

    @property
    def size_bytes(self) -> int:
        """Of its layers, unpacked."""
        return sum(layer.size_bytes for layer in self.layers)


@dataclass(frozen=True)
class DescribedImage:
    """One image as its tar says it is: the id was computed, the layers were only found.

    Attributes:
        layers: each layer's place, and the digest that the configuration names for it.
    """

    config: bytes
    config_sha256: str
    facts: dict[str, Any]
    layers: list[tuple[Window, str]]


def described(tar: Window, image_id: str) -> DescribedImage:
    """The one image in ``tar``, if it has this id and none of its parts is missing.

    Only what describes it is read, so it takes no time however large the image is.

    Args:
        tar: what ``docker save`` wrote, or says it did.
        image_id: ``sha256:`` and the digest of its configuration, or of its OCI manifest.

    Raises:
        ArchiveError: more or less than one image, a name, a link, a path that leads elsewhere, a
            part that is cut off, or another image than was promised. The message says which.
    """
    found = Members(tar)
    ids, config_path, layer_paths = found.image()
    config = found.read(config_path)
    config_sha256 = hashlib.sha256(config).hexdigest()
    ids.add(f"sha256:{config_sha256}")
    if image_id not in ids:
        raise ArchiveError(f"it holds sha256:{config_sha256}, promised is {image_id}")
    facts = image_members.parse(config, "its configuration")
    rootfs: Any = facts.get("rootfs") if is_object(facts) else None
    told = rootfs.get("diff_ids") if is_object(rootfs) else None
    if not isinstance(told, list) or len(layer_paths) != len(told):
        raise ArchiveError("its layers are not those that its configuration names")
    if len(told) > MAX_LAYERS:
        raise ArchiveError(f"it has {len(told)} layers, more than {MAX_LAYERS}")
    windows = [found.window(path) for path in layer_paths]
    return DescribedImage(config, config_sha256, facts, list(zip(windows, told, strict=True)))


def read(tar: Window, image_id: str, layers: list[str] | None = None) -> SavedImage:
    """The same, if every digest in it is right.

    Args:
        tar, image_id: as with :func:`described`.
        layers: digests of the layers' contents, the lowest first; None takes the configuration's.

    Raises:
        ArchiveError: as with :func:`described`, or a layer is another, grows beyond reason, or
            holds a path that leads elsewhere.
    """
    image = described(tar, image_id)
    if layers is not None and [digest for _, digest in image.layers] != layers:
        raise ArchiveError("its layers are not those that the bundle's manifest promises")
    left = MAX_IMAGE_BYTES
    checked = []
    for window, digest in image.layers:
        layer = _layer(window, digest, left)
        left -= layer.size_bytes
        checked.append(layer)
    return SavedImage(image.config, image.config_sha256, image.facts, checked)


def written(image: SavedImage, name: str) -> Iterator[bytes]:
    """The tar that the engine gets; ``name`` is the only one that the image will have.

    Raises:
        ArchiveError: a layer is no longer what it was when it was read.
    """
    stored: dict[str, Layer] = {f"{layer.sha256}/layer.tar": layer for layer in image.layers}
    told = {
        "Config": f"{image.config_sha256}.json",
        "RepoTags": [name],
        "Layers": [f"{layer.sha256}/layer.tar" for layer in image.layers],
    }
    for path, content in (
        (told["Config"], image.config),
        ("manifest.json", json.dumps([told]).encode()),
    ):
        yield header(str(path), len(content)) + content + bytes(-len(content) % BLOCK)
    for path, layer in stored.items():
        yield header(path, layer.size_bytes)
        yield from _unchanged(layer)
        yield bytes(-layer.size_bytes % BLOCK)
    yield bytes(2 * BLOCK)


def _layer(window: Window, promised: str, most_bytes: int) -> Layer:
    """Read a whole layer: its digest, its size, and what its files will take."""
    source = Digested(foreign_tar.plain(window))
    files_bytes = 0
    for count, member in enumerate(foreign_tar.headers(source), 1):
        files_bytes += member.size_bytes
        link = member.link if member.kind == b"1" else ""
        if escapes(member.name.removeprefix("/")) or escapes(link.removeprefix("/")):
            raise ArchiveError(f"a layer holds {short(member.name)}, a path that leads elsewhere")
        if count > MAX_LAYER_MEMBERS:
            raise ArchiveError(f"a layer holds more than {MAX_LAYER_MEMBERS:,} files")
        if max(files_bytes, source.position) > most_bytes:
            raise ArchiveError(f"it has over {MAX_IMAGE_BYTES // 2**30} GiB unpacked")
    digest = source.finish()
    if f"sha256:{digest}" != promised:
        raise ArchiveError(
            f"a layer is sha256:{digest}, its configuration says {short(str(promised))}"
        )
    return Layer(window, digest, source.position)


def _unchanged(layer: Layer) -> Iterator[bytes]:
    digest = hashlib.sha256()
    for piece in foreign_tar.plain(layer.window.part(0, layer.window.size_bytes)):
        digest.update(piece)
        yield piece
    if digest.hexdigest() != layer.sha256:
        raise ArchiveError("a layer was changed while it was loaded")
