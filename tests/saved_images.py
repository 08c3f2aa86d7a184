"""Tiny images as engines save them, and as an attacker would: docker's form and the OCI layout."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from dataclasses import dataclass, field
from typing import Any


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def tar(members: dict[str, bytes | tarfile.TarInfo], form: int = tarfile.USTAR_FORMAT) -> bytes:
    """Plain files from bytes; a ``TarInfo`` is put in as it is."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=form) as archive:
        for name, content in members.items():
            if isinstance(content, tarfile.TarInfo):
                archive.addfile(content)
                continue
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return stream.getvalue()


def special(name: str, kind: bytes, link: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    return info


@dataclass
class Saved:
    """One image; change what it is made of, then ask for :meth:`members`."""

    layers: list[bytes] = field(default_factory=lambda: [tar({"etc/a": b"a"}), tar({"b": b"b"})])
    config: dict[str, Any] = field(default_factory=lambda: {"Env": ["PATH=/bin"], "Cmd": ["true"]})

    @property
    def diff_ids(self) -> list[str]:
        return [f"sha256:{sha256(layer)}" for layer in self.layers]

    @property
    def raw_config(self) -> bytes:
        rootfs = {"type": "layers", "diff_ids": self.diff_ids}
        return json.dumps({"architecture": "amd64", "os": "linux", "config": self.config,
                           "rootfs": rootfs}).encode()  # fmt: skip

    @property
    def image_id(self) -> str:
        return f"sha256:{sha256(self.raw_config)}"

    def members(self) -> dict[str, Any]:
        """As ``docker save ID`` of engine 20.10 writes it."""
        config = f"{sha256(self.raw_config)}.json"
        found: dict[str, Any] = {config: self.raw_config}
        paths = []
        for number, layer in enumerate(self.layers):
            folder = sha256(f"layer {number}".encode())
            found[f"{folder}/VERSION"] = b"1.0"
            found[f"{folder}/json"] = b"{}"
            found[f"{folder}/layer.tar"] = layer
            paths.append(f"{folder}/layer.tar")
        told = [{"Config": config, "RepoTags": None, "Layers": paths}]
        return {**found, "manifest.json": json.dumps(told).encode()}

    def oci(self, packed: list[bytes] | None = None) -> dict[str, Any]:
        """As the OCI image layout has it, without docker's manifest; ``packed`` are its layers."""
        blobs: dict[str, bytes] = {}

        def blob(content: bytes) -> dict[str, Any]:
            blobs[f"blobs/sha256/{sha256(content)}"] = content
            return {"digest": f"sha256:{sha256(content)}", "size": len(content)}

        manifest = {
            "schemaVersion": 2,
            "config": blob(self.raw_config),
            "layers": [blob(layer) for layer in packed or self.layers],
        }
        index = {"schemaVersion": 2, "manifests": [blob(json.dumps(manifest).encode())]}
        return {
            **blobs,
            "index.json": json.dumps(index).encode(),
            "oci-layout": b'{"imageLayoutVersion": "1.0.0"}',
        }


def contents(raw: bytes) -> dict[str, Any]:
    """Every member of a tar: bytes, or a ``TarInfo`` for what is no plain file."""
    with tarfile.open(fileobj=io.BytesIO(raw)) as archive:
        return {
            member.name: archive.extractfile(member).read() if member.isreg() else member
            for member in archive
        }
