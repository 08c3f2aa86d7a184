"""docs/backends.md says of each backend what its image.toml pins."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness import catalog

PAGE = Path(__file__).resolve().parents[2] / "docs" / "backends.md"


def rows(width):
    """Backend to the other cells, of the page's table with so many columns."""
    found = {}
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| `") and len(cells) == width:
            found.setdefault(cells[0].strip("`"), cells[1:])
    return found


@pytest.mark.parametrize("backend", catalog.names())
def test_versions_are_those_of_image_toml(backend):
    spec = catalog.load(backend).spec
    assert backend in rows(6), f"add a row for {backend} to {PAGE.name}"
    software, base, cuda, gpus, driver = rows(6)[backend]
    pinned = spec.framework.attested("gpu" if spec.cuda else "cpu")
    for pin in software.split(", "):
        name, version = pin.split(" ")
        assert pinned[name] == version
    release = spec.base.image.partition(":")[2].removesuffix("-slim")
    assert base == f"{spec.base.python}, {release}"
    if spec.cuda is None:
        assert (cuda, gpus, driver) == ("none", "none", "none")
        return
    assert cuda == (f"{spec.cuda.version}, {spec.cudnn.version}" if spec.cudnn else "within")
    capabilities = spec.cuda.compute_capabilities
    assert gpus == (" to ".join(capabilities) if capabilities else "not stated")
    assert driver == spec.cuda.minimum_driver


@pytest.mark.parametrize("backend", catalog.names())
def test_sizes_and_mode_tuned_are_told(backend):
    assert backend in rows(4), f"add a row for {backend} to {PAGE.name}"
    tuned = rows(4)[backend][-1]
    assert (tuned == "has none yet") == (catalog.load(backend).spec.tuned is None)
