"""The shape of the code: small modules, one direction of imports."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections import Counter

import imports
import pytest

REPO = imports.REPO
SOURCES = imports.sources()
FILES = list(SOURCES.values())
RUNNERS = {name: file for name, file in SOURCES.items() if name.partition(".")[0] == "runner"}
INIT_LINES = 40
NAMED = (
    ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.ExceptHandler, ast.MatchAs,
    ast.MatchStar,
)  # fmt: skip
# A module named as a package elsewhere is; each of them waits for a better name.
NAMED_AS_A_PACKAGE = {
    "harness.cli.common", "harness.selftest.meters", "runner.backends.common.nvidia",
}  # fmt: skip


def test_no_module_is_over_300_lines():
    assert FILES
    long = {str(file): n for file in FILES if (n := len(file.read_text().splitlines())) > 300}
    assert long == {}


def test_every_module_says_what_it_is():
    assert [str(file) for file in FILES if not ast.get_docstring(ast.parse(file.read_text()))] == []


def test_a_packages_init_holds_no_logic():
    for name, file in SOURCES.items():
        if file.name == "__init__.py":
            text = file.read_text()
            assert len(text.splitlines()) < INIT_LINES, name
            made = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
            assert not [node for node in ast.walk(ast.parse(text)) if isinstance(node, made)], name


def _named_after_its_package(name):
    """A verb is named after what it does, the plain backend of a family as the family."""
    where, _, word = name.rpartition(".")
    packages = {f"harness.{word}", f"runner.{word}"} & set(SOURCES)
    return (where == "harness.cli" and bool(packages)) or (
        where.startswith("runner.backends.") and f"runner.backends.{word}" in SOURCES
    )


def test_no_two_modules_have_one_name():
    modules = [name for name, file in SOURCES.items() if file.name != "__init__.py"]
    named = Counter(name.rpartition(".")[2] for name in modules)
    assert [word for word, count in named.items() if count > 1 and word != "__main__"] == []
    packages = {name.rpartition(".")[2] for name in set(SOURCES) - set(modules)}
    shared = {name for name in modules if name.rpartition(".")[2] in packages}
    shared = {name for name in shared if not _named_after_its_package(name)}
    assert shared == NAMED_AS_A_PACKAGE


def _bound(tree):
    """The names that a module gives to anything: variables, parameters, functions, imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            yield node.id
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.alias):
            yield node.asname or node.name
        elif isinstance(node, NAMED):
            yield node.name


@pytest.mark.parametrize(
    "text",
    [
        "for one in many: ...", "[one for one in many]", "lambda one: None", "one = 1",
        "def count(*one): ...", "def one(): ...", "with many as (one, _): ...",
        "import many as one", "try: ...\nexcept OSError as one: ...", "(one := 1)",
        "match many:\n    case [*one]: ...",
    ],
)  # fmt: skip
def test_a_name_is_seen_however_it_is_bound(text):
    assert "one" in _bound(ast.parse(text))
    assert "one" not in _bound(ast.parse("count(one, one=one.one)"))


def test_names_say_what_they_hold():
    """``one`` holds a result, a row, a path, ...: that is its name."""
    ours = [*FILES, *(REPO / "tests").rglob("*.py"), *(REPO / "benchmarks").rglob("*.py")]
    assert [str(file) for file in ours if "one" in _bound(ast.parse(file.read_text()))] == []


def test_nothing_is_imported_in_a_circle():
    graph = imports.modules()
    assert imports.circles(graph) == []
    assert imports.circles(imports.packages(graph)) == []


def test_packages_import_what_the_architecture_allows():
    allowed = imports.permissions(REPO / "docs" / "architecture.md")
    graph = imports.packages(imports.modules())
    single = {name for name, file in SOURCES.items() if file.parent == REPO / "harness"}
    foundations = single - set(allowed)
    assert set(graph) - foundations - {"runner"} == set(allowed), "one row for each package"
    wrong = {
        name: sorted(targets - allowed.get(name, {"runner.contract"}) - foundations)
        for name, targets in graph.items()
    }
    assert {name: targets for name, targets in wrong.items() if targets} == {}
    assert imports.circles(allowed) == []


def test_an_import_is_seen_however_it_is_written(tmp_path):
    """What the other tests stand on."""
    package = tmp_path / "harness" / "tables"
    package.mkdir(parents=True)
    for name, text in {
        "__init__": "from . import rows\n",
        "rows": "def late():\n    from harness import store\n",
        "sides": "from .rows import late\nfrom ..store import Store\nimport harness.tables.rows\n",
    }.items():
        (package / f"{name}.py").write_text(text)
    (package.parent / "store.py").write_text("from harness.tables import sides\n")
    graph = imports.modules(tmp_path)
    assert graph["harness.tables"] == {"harness.tables.rows"}
    assert graph["harness.tables.rows"] == {"harness.store"}
    assert graph["harness.tables.sides"] == {"harness.tables.rows", "harness.store"}
    assert imports.circles(graph) == [
        ["harness.store", "harness.tables.rows", "harness.tables.sides"]
    ]
    assert imports.circles(imports.packages(graph)) == [["harness.store", "harness.tables"]]


@pytest.mark.parametrize("name", RUNNERS)
def test_runner_imports_nothing_of_the_harness_and_is_python_3_9(name):
    seen = imports.imported(RUNNERS[name], name, SOURCES, version=(3, 9))
    modules = {module.partition(".")[0] for module in seen}
    assert "harness" not in modules
    assert not modules & {"docker", "click", "rich", "filelock", "packaging", "tomli", "tomllib"}


def test_nothing_imports_the_public_module_but_itself():
    packages = imports.packages(imports.modules())
    assert [name for name, targets in packages.items() if "benchdl" in targets] == []


def test_the_contract_is_all_that_the_harness_sees_of_a_running_job():
    """Frameworks and backends stay on the runner's side; of the meters what reads a GPU."""
    allowed = {"contract", "workloads", "attest", "meters"}
    graph = imports.modules()
    seen = {name for module in graph if module.startswith("harness") for name in graph[module]}
    parts = {name.split(".")[1] for name in seen if name.startswith("runner.")}
    assert parts <= allowed


# Every module is imported by a process that has imported none of ours; what they share of others'
# is imported before, so that a hundred processes take seconds.
FRESH = """
import os, sys
import click, docker, filelock, jinja2, numpy, packaging.specifiers, psutil, pydantic, pynvml
import rich.progress, uv
for number, name in enumerate(sys.argv[1:]):
    if number >= 4:
        os.wait()
    if os.fork() == 0:
        assert not [m for m in sys.modules if m.partition(".")[0] in ("runner", "harness")]
        try:
            __import__(name)
        except BaseException as error:
            print(f"{name}: {type(error).__name__}: {error}", flush=True)
            os._exit(1)
        os._exit(0)
while True:
    try:
        os.wait()
    except ChildProcessError:
        break
"""


@pytest.mark.slow
def test_every_module_can_be_imported_first():
    modules = [name for name in SOURCES if not name.endswith("__main__")]
    done = subprocess.run(
        [sys.executable, "-c", FRESH, *modules],
        cwd=REPO,
        capture_output=True,
        text=True,
        check=False,
        timeout=800,
    )
    assert done.stdout == ""
    assert done.returncode == 0, done.stderr
