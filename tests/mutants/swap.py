"""A mutant put in the place of a module that is loaded: the code of its functions is exchanged.

So whoever imported a function before has the mutant's. What is carried out at import cannot be
exchanged: constants, defaults, the bodies of classes.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from inspect import CO_NEWLOCALS
from types import CodeType, FunctionType

Pairs = list[tuple[CodeType, CodeType]]


def exchange(file: str, source: str, changed: str) -> Pairs | None:
    """The functions' code before and after; None if an import carries out what is changed."""
    old, new = compile(source, file, "exec"), compile(changed, file, "exec")
    pairs: Pairs = []
    return pairs if _walk(old, new, pairs) else None


def functions(file: str) -> dict[tuple[str, int], list[FunctionType]]:
    """All functions of a file that are alive, by name and first line."""
    found: dict[tuple[str, int], list[FunctionType]] = {}
    for known in gc.get_objects():
        if isinstance(known, FunctionType) and known.__code__.co_filename == file:
            found.setdefault(_key(known.__code__), []).append(known)
    return found


def alive(pairs: Pairs, known: dict[tuple[str, int], list[FunctionType]]) -> bool:
    """Whether each of the functions can be found."""
    return all(_key(old) in known for old, _ in pairs)


def put(pairs: Pairs, known: dict[tuple[str, int], list[FunctionType]]) -> None:
    """Exchange the code of all that are known."""
    for old, new in pairs:
        for function in known[_key(old)]:
            function.__code__ = new


def _walk(old: CodeType, new: CodeType, pairs: Pairs) -> bool:
    """Collect functions that differ; False if anything else does."""
    inner = list(_inner(old)), list(_inner(new))
    if _own(old) != _own(new) or len(inner[0]) != len(inner[1]):
        return False
    for before, after in zip(*inner, strict=True):
        if before.co_flags & CO_NEWLOCALS:
            if before != after:
                pairs.append((before, after))
        elif not _walk(before, after, pairs):
            return False
    return True


def _inner(code: CodeType) -> Iterator[CodeType]:
    return (constant for constant in code.co_consts if isinstance(constant, CodeType))


def _own(code: CodeType) -> tuple[object, ...]:
    """What a body does itself, without its functions, and wherever it stands."""
    constants = [
        (type(constant), constant)
        for constant in code.co_consts
        if not isinstance(constant, CodeType)
    ]
    return code.co_code, code.co_names, constants


def _key(code: CodeType) -> tuple[str, int]:
    return code.co_name, code.co_firstlineno
