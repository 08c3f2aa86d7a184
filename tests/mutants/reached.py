"""The run without a mutant: which tests reach which lines of a module, and how long each takes."""

from __future__ import annotations

import ast
import functools
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import coverage
import pytest
from mutants import session

_LONGEST_S = 2.0
_TOGETHER_S = 10.0
"""Slower tests are left out, and what is beyond so much together for one mutant, in seconds of
processor time: there is to be a quick test that notices."""

_WALL_S = 900.0
_CPU_S = 300


class TestsFailError(Exception):
    """Tests fail although nothing is changed."""


@dataclass(frozen=True)
class Reached:
    """Tests by what they reach of one module, each by its id.

    Attributes:
        lines: of the module's functions, with the tests that come by.
        seconds: of processor time that each test takes, set-up included, without its imports.
    """

    lines: dict[int, set[str]]
    seconds: dict[str, float]

    def by(self, statement: range, *, at_import: bool) -> list[str]:
        """Tests that can notice a change, the quickest first.

        ``at_import``: the statement is carried out when the module is imported, so that any test
        may notice; those that reach the module come first.
        """
        inside = set().union(*self.lines.values()) if at_import else set()
        near = inside.union(*(self.lines.get(line, set()) for line in statement))
        far = set(self.seconds) - near if at_import else set()
        chosen: list[str] = []
        left_s = _TOGETHER_S
        for tests in (near, far):
            for test in sorted(tests, key=lambda name: (self.seconds[name], name)):
                left_s -= self.seconds[test]
                if left_s >= 0:
                    chosen.append(test)
        return chosen


def look(root: Path, module: str, files: list[str]) -> Reached:
    """Run the tests of ``files`` in the copy ``root`` and see what of ``module`` they reach.

    Raises:
        TestsFailError: they fail.
    """
    out = root.parent / "reached.json"
    out.unlink(missing_ok=True)

    def work() -> int:
        watch = coverage.Coverage(data_file=None, include=[str(root / module)], config_file=False)
        watch.start()
        seen = _Watcher(watch)
        code = session.run_tests(files, root, seen)
        watch.stop()
        data = watch.get_data()
        contexts = data.contexts_by_lineno(str(root / module))
        lines = {line: [test for test in tests if test] for line, tests in contexts.items()}
        out.write_text(json.dumps({"lines": lines, "seconds": seen.seconds, "failed": seen.failed}))
        return code

    code = session.in_child(work, cpu_s=_CPU_S, wall_s=_WALL_S)
    if code is None or not out.exists():
        raise TestsFailError(f"{', '.join(files)}: past the limit, or ended at once")
    found: dict[str, Any] = json.loads(out.read_text())
    if code != pytest.ExitCode.OK:
        raise TestsFailError(", ".join(found["failed"]) or f"pytest ended with {code}")
    seconds = {test: taken for test, taken in found["seconds"].items() if taken <= _LONGEST_S}
    lines = {int(line): set(tests) & set(seconds) for line, tests in found["lines"].items()}
    return Reached(lines, seconds)


class _Watcher:
    """Tells coverage which test runs."""

    def __init__(self, watch: coverage.Coverage) -> None:
        self._watch = watch
        self.seconds: dict[str, float] = {}
        self.failed: list[str] = []

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        _forget()
        self._watch.switch_context(item.nodeid)
        began = time.process_time()
        result = yield
        self.seconds[item.nodeid] = time.process_time() - began
        self._watch.switch_context("")
        return result

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.skipped:
            self.seconds.pop(report.nodeid, None)
        if report.failed:
            self.failed.append(report.nodeid)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.failed.append(report.nodeid)


def _forget() -> None:
    """Empty the caches of functions: each test goes all its ways itself."""
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] in ("harness", "runner"):
            for value in list(vars(module).values()):
                if isinstance(value, functools._lru_cache_wrapper):
                    value.cache_clear()


class Statements:
    """Where the statements of a module begin and end."""

    def __init__(self, source: str) -> None:
        tree = ast.parse(source)
        inside = {
            child
            for function in ast.walk(tree)
            if isinstance(function, ast.FunctionDef | ast.Lambda)
            for part in (function.body if isinstance(function.body, list) else [function.body])
            for child in ast.walk(part)
        }
        self._known = [
            (_span(node), node not in inside)
            for node in ast.walk(tree)
            if isinstance(node, ast.stmt)
        ]
        self._functions = [
            range(node.lineno, (node.end_lineno or node.lineno) + 1)
            for node in ast.walk(tree)
            if isinstance(node, ast.FunctionDef)
        ]

    def function(self, line: int) -> range:
        """The lines of the innermost function at a line; none outside of functions."""
        here = [span for span in self._functions if line in span]
        return min(here, key=len, default=range(0))

    def at(self, line: int) -> tuple[range, bool]:
        """The lines of the innermost statement at a line, and whether an import carries it out."""
        here = [(span, first) for span, first in self._known if line in span]
        return min(here, key=lambda known: len(known[0]), default=(range(line, line + 1), True))


def _span(node: ast.stmt) -> range:
    """The lines of a statement; of one with a body, those before it."""
    body = getattr(node, "body", None)
    end = (
        body[0].lineno if isinstance(body, list) and body else (node.end_lineno or node.lineno) + 1
    )
    return range(node.lineno, max(end, node.lineno + 1))
