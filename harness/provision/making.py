"""Files that are made here, generated or prepared: what the dataset states, or nothing of them."""

from __future__ import annotations

import contextlib
import hashlib
import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from harness import files
from harness.cache import storing
from harness.dataset_spec import DatasetSpec
from harness.errors import BenchdlError

_REPORT = "report this with the versions of numpy and Python and the processor's name"


def generate(spec: DatasetSpec, directory: Path) -> DatasetSpec:
    """Put what the dataset's generator makes into a directory.

    Returns:
        The dataset with the checksums of what was made, where it states none itself.

    Raises:
        BenchdlError: the program that makes it is missing, other bytes were made than those stated,
            or they cannot be written, or memory is lacking.
    """
    if spec.generate is None:
        return spec
    check_program(spec)
    with in_memory(spec):
        return spec.recorded(_write(spec, spec.generate(), directory, "generated"))


def check_program(spec: DatasetSpec) -> None:
    """Whether the program that makes a dataset, if one does, is on this machine.

    Raises:
        BenchdlError: it is not.
    """
    if spec.program and shutil.which(spec.program) is None:
        raise BenchdlError(
            f"{spec.title} is made by {spec.program}, which is not installed",
            f"install it (Debian: {spec.program}), or choose another dataset",
        )


def prepare(spec: DatasetSpec, contents: Mapping[str, bytes], directory: Path) -> DatasetSpec:
    """Put what is prepared from a source's verified contents, by file name, into a directory.

    Returns:
        The dataset with the checksums of what was prepared, where it states none itself.

    Raises:
        BenchdlError: the source is not as the recipe knows it, other bytes were made than those
            stated, or they cannot be written.
    """
    if spec.prepare is None:
        return spec
    try:
        with in_memory(spec):
            return spec.recorded(_write(spec, spec.prepare(contents), directory, "prepared"))
    except ValueError as error:
        raise BenchdlError(f"{spec.title} cannot be prepared: {error}", _to_do(spec)) from None


def _to_do(spec: DatasetSpec) -> str:
    """About a source that a recipe cannot read; without a checksum it may be any other file."""
    source = spec.made_from
    if source is None or source.pinned:
        return _REPORT
    return f"take {source.named} as they are published ({source.urls[0]}); if they are, report this"


@contextlib.contextmanager
def in_memory(spec: DatasetSpec) -> Iterator[None]:
    """What a dataset is made of, and what is made of it, fits into memory.

    Raises:
        BenchdlError: it does not.
    """
    try:
        yield
    except MemoryError:
        raise BenchdlError(
            f"{spec.title} does not fit into the memory of this machine while it is made",
            "end what else takes memory, or raise the limit that this process has (ulimit -v)",
        ) from None


def _write(
    spec: DatasetSpec, made: Iterable[tuple[str, bytes]], directory: Path, how: str
) -> dict[str, str]:
    """Store the files; what was written of them is gone again if the last one is not reached.

    Returns:
        SHA-256 by file name.
    """
    stated = {file.name: file for file in spec.files}
    written: list[Path] = []
    sums: dict[str, str] = {}
    try:
        for name, content in made:
            sums[name] = digest = hashlib.sha256(content).hexdigest()
            file = stated[name]
            if not file.sha256:
                if len(content) != file.size_bytes or not content.startswith(file.head):
                    raise ValueError(f"{name} would have another shape than {spec.name} has")
            elif digest != file.sha256:
                raise BenchdlError(
                    f"the {how} {name} of {spec.name} is wrong: SHA-256 of the contents expected "
                    f"{file.sha256}, found {digest}",
                    _REPORT,
                )
            with storing(directory):
                written.append(directory / name)
                files.write_whole(directory / name, content, mode=0o644)
    except BaseException:
        for path in written:
            with contextlib.suppress(OSError):
                path.unlink()
        raise
    return sums
