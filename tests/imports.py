"""What imports what: the graph of our modules, read from their sources."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

REPO = Path(__file__).resolve().parents[1]
PARTS = ("runner", "harness", "benchdl")

Graph = Mapping[str, frozenset[str]]
"""From the name of a module, or of a package, to those that it imports."""


def sources(root: Path = REPO) -> dict[str, Path]:
    """Our modules: dotted name (a package's without ``__init__``) and file."""
    files = sorted(file for part in PARTS for file in (root / part).rglob("*.py"))
    dotted = {".".join(file.relative_to(root).with_suffix("").parts): file for file in files}
    return {name.removesuffix(".__init__"): file for name, file in dotted.items()}


def imported(
    file: Path, module: str, ours: Iterable[str] = (), version: tuple[int, int] | None = None
) -> Iterator[str]:
    """Modules that a file imports, wherever in it: of ``from a import b`` a.b if that is ours."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"), feature_version=version)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = _base(node, file, module)
            for alias in node.names:
                below = f"{base}.{alias.name}"
                yield below if below in ours else base


def _base(node: ast.ImportFrom, file: Path, module: str) -> str:
    if not node.level:
        return node.module or ""
    parts = module.split(".")
    kept = len(parts) - node.level + (file.name == "__init__.py")
    return ".".join([*parts[:kept], *([node.module] if node.module else [])])


@cache
def modules(root: Path = REPO) -> Graph:
    """Which of our modules each of them imports."""
    ours = sources(root)
    return {
        name: frozenset(set(imported(file, name, ours)) & set(ours) - {name})
        for name, file in ours.items()
    }


def packages(graph: Graph) -> Graph:
    """The same between packages: the first two names of a module (``harness.campaign``)."""
    edges: dict[str, set[str]] = {}
    for module, targets in graph.items():
        own = package(module)
        edges.setdefault(own, set()).update({package(target) for target in targets} - {own})
    return {name: frozenset(targets) for name, targets in edges.items()}


def package(module: str) -> str:
    """The part of the product that a module belongs to: ``benchdl`` is one."""
    if module.partition(".")[0] == "benchdl":
        return "benchdl"
    return ".".join(module.split(".")[:2])


def permissions(page: Path) -> Graph:
    """What the tables of docs/architecture.md let each package import."""
    allowed: dict[str, frozenset[str]] = {}
    for line in page.read_text(encoding="utf-8").splitlines():
        cells = [frozenset(re.findall(r"`([\w.]+)`", cell)) for cell in line.split("|")[1:-1]]
        if len(cells) == 3:  # package, promise, what it may import
            allowed.update(dict.fromkeys(cells[0], cells[2]))
    return allowed


def circles(graph: Graph) -> list[list[str]]:
    """Every set of two and more nodes that import each other, in however many steps."""
    reach = {node: _reached(graph, node) for node in graph}
    together = {
        tuple(sorted(fellow for fellow in reach[node] if node in reach[fellow])) for node in graph
    }
    return [list(names) for names in sorted(together) if len(names) > 1]


def _reached(graph: Graph, start: str) -> set[str]:
    seen: set[str] = set()
    ahead = [start]
    while ahead:
        for target in graph.get(ahead.pop(), ()):
            if target not in seen:
                seen.add(target)
                ahead.append(target)
    return seen
