"""What the members of an image's tar say of images: one image, without a name, or a refusal."""

from __future__ import annotations

import hashlib
import re
from typing import Any

from harness.bundle import foreign_tar
from harness.bundle.archive import ArchiveError
from harness.bundle.foreign_tar import Header, Window, escapes, short
from harness.bundle.manifest import ID
from runner.contract import strict_json

MAX_TEXT_BYTES = 4 * 2**20
"""Of a configuration or a manifest; an engine takes as much as 4 MiB of a manifest."""
MAX_MEMBERS = 2_000

_HEX = "[0-9a-f]{64}"
_EXPECTED = re.compile(
    rf"manifest\.json|repositories|index\.json|oci-layout|{_HEX}\.(json|tar)"
    rf"|{_HEX}(/(VERSION|json|layer\.tar))?|blobs(/sha256(/{_HEX})?)?"
)
_SAME_LAYER = re.compile(rf"\.\./({_HEX}/layer\.tar|{_HEX}\.tar)")
"""What ``docker save`` up to 24 writes for a layer whose contents it has written already, and
podman for every layer: it keeps them as ``DIGEST.tar``."""
_NAMING = ("name", "ref")


class Members:
    """The members of an image's tar by name, and what they say of images."""

    def __init__(self, tar: Window) -> None:
        self._tar = tar
        self._places: dict[str, Header] = {}
        for header in foreign_tar.headers(tar.part(0, tar.size_bytes)):
            name = header.name.removesuffix("/")
            if escapes(name):
                raise ArchiveError(f"it holds {short(name)}, a path that leads elsewhere")
            if header.kind in foreign_tar.LINKS and not self._is_same_layer(header):
                raise ArchiveError(f"it holds {short(name)}, a link")
            if not _EXPECTED.fullmatch(name):
                raise ArchiveError(f"it holds {short(name)}, which belongs to no image")
            if name in self._places:
                raise ArchiveError(f"it holds {short(name)} twice")
            if len(self._places) >= MAX_MEMBERS:
                raise ArchiveError(f"it holds more than {MAX_MEMBERS:,} members")
            self._places[name] = header

    def read(self, path: str) -> bytes:
        """A text in it."""
        window = self.window(path)
        if window.size_bytes > MAX_TEXT_BYTES:
            raise ArchiveError(f"{short(path)} in it has over {MAX_TEXT_BYTES // 2**20} MiB")
        return window.read(MAX_TEXT_BYTES)

    def window(self, path: str) -> Window:
        """The contents of a plain file in it; a layer's link leads to the same layer."""
        place = self._places.get(path)
        if place is not None and place.kind in foreign_tar.LINKS:
            place = self._places.get(place.link.removeprefix("../"))
        if place is None or place.kind not in foreign_tar.REGULAR:
            raise ArchiveError(f"it lacks {short(path)}")
        return self._tar.part(place.offset, place.size_bytes)

    def image(self) -> tuple[set[str], str, list[str]]:
        """Ids that the one image may have, the path of its configuration, those of its layers."""
        if "repositories" in self._places and (names := self._json("repositories")):
            raise ArchiveError(f"it names images: {_few(names)}")
        ids: set[str] = set()
        found: list[tuple[str, list[str]]] = []
        if "index.json" in self._places:
            digest, config, layers = self._oci()
            ids.add(digest)
            found.append((config, layers))
        if "manifest.json" in self._places:
            found.append(self._docker())
        if not found:
            raise ArchiveError("it is no image: it holds neither manifest.json nor index.json")
        if any(image != found[0] for image in found):
            raise ArchiveError("its manifest.json and its index.json are of different images")
        return ids, *found[0]

    def _docker(self) -> tuple[str, list[str]]:
        images = self._json("manifest.json")
        if not isinstance(images, list) or len(images) != 1 or not is_object(images[0]):
            count = len(images) if isinstance(images, list) else "no"
            raise ArchiveError(f"it holds {count} images, one is expected")
        (image,) = images
        if image.get("RepoTags"):
            raise ArchiveError(f"it names images: {_few(image['RepoTags'])}")
        if unknown := sorted({*image} - {"Config", "RepoTags", "Layers", "LayerSources"}):
            raise ArchiveError(f"its manifest.json has an unknown key, {short(unknown[0])}")
        return _path(image.get("Config")), [_path(layer) for layer in _list(image.get("Layers"))]

    def _oci(self) -> tuple[str, str, list[str]]:
        index = self._json("index.json")
        manifests = _list(index.get("manifests") if is_object(index) else None)
        if len(manifests) != 1:
            raise ArchiveError(f"its index.json has {len(manifests)} images, one is expected")
        _unnamed(index)
        _unnamed(manifests[0])
        digest, path = _place(manifests[0])
        manifest = parse(self._blob(digest, path), path)
        if not is_object(manifest) or "config" not in manifest:
            raise ArchiveError("its index.json names no image, but an index of images or no such")
        _unnamed(manifest)
        layers = [_place(layer)[1] for layer in _list(manifest.get("layers"))]
        named, config = _place(manifest["config"])
        self._blob(named, config)
        return digest, config, layers

    def _blob(self, digest: str, path: str) -> bytes:
        """A text that is named by its digest."""
        raw = self.read(path)
        if f"sha256:{hashlib.sha256(raw).hexdigest()}" != digest:
            raise ArchiveError(f"{path} in it is not what its name says")
        return raw

    def _json(self, path: str) -> Any:
        return parse(self.read(path), path)

    def _is_same_layer(self, link: Header) -> bool:
        match = _SAME_LAYER.fullmatch(link.link)
        return bool(match) and link.name.endswith("/layer.tar") and link.kind != b"1"


def parse(raw: bytes, path: str) -> Any:
    """A JSON text in the tar; engines take keys in any case, so none may come in two.

    Raises:
        ArchiveError: it is not strict JSON, or has such keys.
    """
    try:
        value = strict_json.parse(raw)
    except strict_json.JsonError as error:
        raise ArchiveError(f"{path} in it is not valid JSON: {error}") from None
    level = [value]
    while level:
        node = level.pop()
        if is_object(node):
            if len({key.casefold() for key in node}) < len(node):
                raise ArchiveError(f"{path} in it has keys that differ only in their case")
            level += node.values()
        elif isinstance(node, list):
            level += node
    return value


def _place(descriptor: Any) -> tuple[str, str]:
    digest = descriptor.get("digest") if is_object(descriptor) else None
    if not isinstance(digest, str) or not re.fullmatch(ID, digest):
        raise ArchiveError("its index.json or a manifest has no SHA-256 where one is expected")
    return digest, f"blobs/sha256/{digest.removeprefix('sha256:')}"


def _unnamed(described: Any) -> None:
    notes = described.get("annotations") if is_object(described) else None
    for key, value in (notes or {}).items() if is_object(notes) else ():
        if any(word in key.casefold().rsplit(".", 1)[-1] for word in _NAMING):
            raise ArchiveError(f"it names images: {_few([value])}")


def _path(value: Any) -> str:
    if not isinstance(value, str):
        raise ArchiveError("its manifest.json has no path where one is expected")
    return value


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def is_object(value: Any) -> bool:
    """Whether a JSON value has keys."""
    return isinstance(value, dict)


def _few(names: Any) -> str:
    texts = [str(name) for name in names] if isinstance(names, (list, dict)) else [str(names)]
    return ", ".join(short(text) for text in texts[:3])
