"""Which files a gallery is asked to take: those that were named, and the ``.tar`` of folders."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness import files
from harness.errors import BenchdlError, UsageError

MOST_BUNDLES = 5_000
"""A page that lists more would not be read."""

_DEEPEST = 4


@dataclass(frozen=True)
class Offered:
    """A file to be taken.

    Attributes:
        path: where it is.
        name: what the site calls it: below the folder that was named, never a path of this machine.
        named: by the user, who may name a link; one that is only found is not followed.
    """

    path: Path
    name: str
    named: bool


def offered(asked: Sequence[Path], site: Path) -> list[Offered]:
    """The files below ``asked``, in the order of their names.

    Args:
        asked: bundles, and folders whose ``.tar`` are bundles, down to four folders below.
        site: where the gallery will be.

    Raises:
        UsageError: nothing is there, a folder holds no bundle or lies around the site or in it, or
            there are more than a gallery takes.
        BenchdlError: a folder cannot be listed.
    """
    found: list[Offered] = []
    for path in asked:
        if files.is_dir(path):
            _apart(path, site)
            below = list(_below(path))
            if not below:
                raise UsageError(
                    f"no bundle in {files.shown(path)}: no file there ends with .tar",
                    "make one with benchdl bundle create",
                )
            found += below
        elif files.exists(path):
            _apart(path.parent, site, around=False)
            found.append(Offered(path, files.shown(path.name), named=True))
        else:
            raise UsageError(f"{files.shown(path)}: there is no such file or folder")
        if len(found) > MOST_BUNDLES:
            raise UsageError(
                f"more than {MOST_BUNDLES:,} bundles", "make several galleries, a folder each"
            )
    return sorted(found, key=lambda offer: (offer.name, str(offer.path)))


def _below(top: Path) -> Iterator[Offered]:
    def refuse(error: OSError) -> None:
        where = files.shown(error.filename or top)
        raise BenchdlError(f"cannot list {where}: {files.reason(error)}", "make it readable")

    for folder, inner, names in os.walk(top, onerror=refuse):
        here = Path(folder)
        if len(here.relative_to(top).parts) >= _DEEPEST:
            inner.clear()
        for name in names:
            if name.endswith(".tar"):
                path = here / name
                yield Offered(path, files.shown(path.relative_to(top)), named=False)


def _apart(folder: Path, site: Path, *, around: bool = True) -> None:
    """The site is replaced as a whole: what it is made of has to lie elsewhere."""
    bundles, made = files.real(folder), files.real(site)
    if bundles.is_relative_to(made) or (around and made.is_relative_to(bundles)):
        raise UsageError(
            f"the bundles in {files.shown(folder)} and the gallery in {files.shown(site)} lie one "
            "in the other",
            "name another folder with -o",
        )
