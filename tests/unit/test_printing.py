"""Every printer goes through harness/cli/out.py: nothing else may reach a terminal."""

from __future__ import annotations

import ast
from pathlib import Path

HARNESS = Path(__file__).resolve().parents[2] / "harness"
DOORS = {
    HARNESS / "cli" / "out.py",
    HARNESS / "cli" / "streams.py",
    HARNESS / "campaign" / "notebook.py",
    # Run before there is an environment to import the others from: see below.
    HARNESS / "make" / "goals.py",
    HARNESS / "make" / "__main__.py",
    # Runs in somebody's Python, and is read by the harness.
    HARNESS / "launchers" / "interpreter_probe.py",
}
PRINTERS = {
    *("print", "click.echo", "click.secho", "click.echo_via_pager", "rich.print", "pprint.pprint"),
    *("sys.stdout", "sys.stderr", "sys.__stdout__", "sys.__stderr__", "Console", "rich.console"),
    *("warnings.warn", "traceback.print_exc", "traceback.print_exception"),
}
SILENT = "Console(quiet=True)"


def used(tree):
    """Dotted names that a module uses, calls of the silent console left out."""
    silent = {
        id(node.func)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node) == SILENT
    }
    annotations = {
        id(inner)
        for node in ast.walk(tree)
        for part in (getattr(node, "annotation", None), getattr(node, "returns", None))
        if part is not None
        for inner in ast.walk(part)
    }
    for node in ast.walk(tree):
        if isinstance(node, (ast.Name, ast.Attribute)) and id(node) not in silent | annotations:
            yield node.lineno, ast.unparse(node)


def test_no_module_prints_by_another_way():
    files = sorted(set(HARNESS.rglob("*.py")) - DOORS)
    assert files
    found = [
        f"{file.relative_to(HARNESS)}:{number}: {name}"
        for file in files
        for number, name in used(ast.parse(file.read_text(encoding="utf-8")))
        if name in PRINTERS
    ]
    assert found == []


def test_make_tells_of_nothing_raw():
    text = (HARNESS / "make" / "goals.py").read_text(encoding="utf-8")
    assert [line.strip() for line in text.splitlines() if "sys.stderr.write" in line] == [
        'sys.stderr.write(f"benchdl: {printable.line(line)}\\n")'
    ]


def test_the_doors_are_the_ones_that_print():
    for door in DOORS:
        names = {name for _, name in used(ast.parse(door.read_text(encoding="utf-8")))}
        assert names & PRINTERS
