"""What the verbs are given: folders of results, and errors of places as errors of ours."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from harness import files, named_paths, paths
from harness.errors import BenchdlError
from harness.store import Store

Folder = str | Path | None
Folders = Folder | Sequence[str | Path]


def stores(results: Folders) -> list[Store]:
    """The stores of one folder or of several; of None the usual one."""
    if results is None or isinstance(results, str | Path):
        return [store(results)]
    return [store(folder) for folder in results]


def store(results: Folder) -> Store:
    """The store of one folder; of None that of ``$BENCHDL_RESULTS``, or ``results`` here."""
    named = None if results is None else named_paths.named(results, "results")
    return Store(paths.results_dir(named))


@contextmanager
def told() -> Iterator[None]:
    """What is wrong with a place that nothing asked about before is an error of ours as well."""
    try:
        yield
    except OSError as error:
        if error.filename is None:
            raise
        raise BenchdlError(f"{files.shown(error.filename)}: {files.reason(error)}") from error
