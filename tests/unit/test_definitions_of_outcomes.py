"""docs/definitions.md: findings, reasons of failures, metrics, columns of lines beside others."""

from __future__ import annotations

import ast
import re
from typing import get_args

import pytest

from harness.launchers.launcher import Ended
from harness.tables.all_sides import SIDES
from harness.tables.columns import BY_KEY
from runner.workloads import lookup

_MAKERS = {"Failure", "TrainingError"}
_FINDERS = {"Finding", "_finding", "_invalid"}


@pytest.fixture
def page(repo):
    return (repo / "docs" / "definitions.md").read_text()


def section(page, title):
    return page.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def first_cells(text):
    return re.findall(r"^\| `([a-z_-]+)` \|", text, re.MULTILINE)


def texts(node):
    """Plain texts that an expression may come to."""
    return {part.value for part in ast.walk(node) if isinstance(part, ast.Constant) and part.value}


def reasons(repo):
    """Of every failure that is made: by name, as a constant REASON, or by the trainer's error."""
    for folder in ("harness", "runner"):
        for file in sorted((repo / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "REASON":
                    yield from texts(node.value)
                if isinstance(node, ast.FunctionDef) and node.name in ("_reason", "_failure"):
                    yield from texts(node)
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") in _MAKERS:
                    named = [word.value for word in node.keywords if word.arg == "reason"]
                    for value in (named or node.args)[:1]:
                        yield from texts(value)


def codes(repo):
    """Of every finding that is made: as its first or its ``code``, or as a constant CODE."""
    for file in sorted((repo / "harness").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "CODE":
                yield from texts(node.value)
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in _FINDERS:
                named = [word.value for word in node.keywords if word.arg == "code"]
                for value in named or node.args[:1]:
                    yield from texts(value)


def test_every_finding_is_defined_and_no_other(repo, page):
    listed = first_cells(section(page, "Status"))
    made = {text for text in map(str, codes(repo)) if re.fullmatch(r"[a-z]+(-[a-z]+)*", text)}
    assert len(listed) == len(set(listed))
    assert "host-differs" in made
    assert made <= set(listed)
    written = "".join(file.read_text() for file in (repo / "harness").rglob("*.py"))
    assert [code for code in listed if f'"{code}"' not in written] == []


def test_every_reason_of_a_failure_is_defined_and_no_other(repo, page):
    listed = first_cells(section(page, "Failures"))
    made = {text for text in reasons(repo) if isinstance(text, str)}
    made = {text for text in made if re.fullmatch(r"[a-z]+(-[a-z]+)*", text)}
    ends = set(get_args(Ended)) - {"exited"}
    assert len(listed) == len(set(listed))
    assert ends <= set(listed) <= made | ends
    assert {text for text in made if "-" in text} <= set(listed)


def test_every_metric_is_defined(page):
    metrics = {lookup.load(name).metric.name for name in lookup.names()}
    assert metrics == set(first_cells(section(page, "Learning"))) & metrics


def test_every_column_of_lines_beside_others_is_defined(page):
    told = section(page, "Beside one another")
    for name, side in SIDES.items():
        own = [*side.heads, side.ratio, *side.more]
        for column in own:
            if column is not BY_KEY.get(column.key):
                assert re.search(rf"^\| {column.title} \|.*`{name}`", told, re.MULTILINE)
