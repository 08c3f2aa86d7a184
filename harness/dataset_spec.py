"""What a module of harness/datasets states of its dataset; plain facts, no code of others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class DataFile:
    """One file of a dataset, by its decoded contents.

    Attributes:
        name: without ``.gz``, which a copy in a folder, and the one of a mirror, may have.
        sha256: of all contents.
        size_bytes: how many bytes they are; never more are read than one beyond.
        head: their first bytes, so that a file of another kind is called that.
    """

    name: str
    sha256: str
    size_bytes: int
    head: bytes = b""


@dataclass(frozen=True)
class DatasetSpec:
    """A dataset: what it holds, whose it is, where it comes from, and what proves it.

    Attributes:
        name: as users write it; the module has the same, with ``_`` for ``-``.
        title: what messages call it.
        holds: what one sample is, in a few words.
        source: who made it, or which recipe.
        licence: under which terms.
        train_samples, test_samples: how many there are.
        sample_shape: of one sample, as the files have it.
        classes: how many kinds of samples the labels tell apart; labels count from 0.
        files: all of them, in the order in which they are named.
        mirrors: addresses of folders on the web that hold the files with ``.gz``, best first.
        generate: makes the files, by name, where it is not downloaded.
        recipe: of a generated one, raised with every change of its bytes.
        stand_in: which generated dataset takes its place where it cannot be had.
    """

    name: str
    title: str
    holds: str
    source: str
    licence: str
    train_samples: int
    test_samples: int
    sample_shape: tuple[int, ...]
    classes: int
    files: tuple[DataFile, ...]
    mirrors: tuple[str, ...] = ()
    generate: Callable[[], Iterator[tuple[str, bytes]]] | None = None
    recipe: int = 1
    stand_in: str | None = None

    @property
    def sha256(self) -> dict[str, str]:
        """Of the decoded contents, by file name."""
        return {file.name: file.sha256 for file in self.files}

    @property
    def folder_name(self) -> str:
        """Of its folder in the cache: each recipe has one of its own."""
        return self.name if self.generate is None else f"{self.name}-{self.recipe}"
