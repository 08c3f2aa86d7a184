"""The mutation run itself: what it changes, whether tests notice, what is explained."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from mutants import __main__ as command
from mutants import concerned, explained, operators, swap
from mutants.explained import Explained
from mutants.operators import Mutant
from mutants.trial import Tried

TESTS = Path(__file__).parents[1]


def changes(source):
    return {(mutant.was, mutant.now) for mutant in operators.mutants(source)}


@pytest.mark.parametrize(
    ("line", "changed"),
    [
        ("LIMIT = 0.95", {"LIMIT = 0.76", "LIMIT = 1.1875"}),
        ("count = 5", {"count = 6", "count = 4"}),
        ("day = 86400", {"day = 69120", "day = 108000"}),
        ("needed = a / (b - c)", {"needed = a * (b - c)", "needed = a / (b + c)"}),
        ("start(wait=True)", {"start()", "start(wait=False)", "pass"}),
        ("start(a, tty=x)", {"start(a)", "pass"}),
        ("put['a'] = b", {"pass", "put['XXa'] = b"}),
        ("total += b", {"pass"}),
        ("code = {'a': b, 'c': d}", {
            "code = {'c': d}", "code = {'a': b}", "code = {'XXa': b, 'c': d}",
            "code = {'a': b, 'XXc': d}",
        }),
        ("x = a if b else c", {"x = a if not b else c"}),
        ("x = [y for y in z if y]", {"x = [y for y in z if not (y)]"}),
        ("x = a in b", {"x = a not in b"}),
        ("x = a < b", {"x = a <= b", "x = a >= b"}),
        ("x: int = y", set()),
        ("x: Literal[1] = y", set()),
        ("How = Literal['a', 'b']", set()),
        ("x = 'not a word'", set()),
        ("__all__ = ['a']", set()),
        ("'''doc'''", set()),
    ],
)  # fmt: skip
def test_every_change_is_one_of_behaviour(line, changed):
    assert changes(line + "\n") == {(line, now) for now in changed}


@pytest.mark.parametrize(
    ("caught", "changed"),
    [
        ("OSError", {"()"}),
        ("a.Error as error", {"() as error"}),
        ("(OSError)", {"()"}),
        ("(OSError, a.Error, KeyError)",
         {"(a.Error, KeyError,)", "(OSError, KeyError,)", "(OSError, a.Error,)"}),
    ],
)  # fmt: skip
def test_each_class_of_errors_is_left_out(caught, changed):
    source = f"try:\n    f = 0.0\nexcept {caught}:\n    f = a\n"
    found = {now for was, now in changes(source) if was.startswith("except")}
    assert found == {f"except {now}:" for now in changed}


def test_types_and_decorators_are_left_alone():
    source = (
        "@cache(size=5)\ndef f(*, a: Literal[1], b: X | None = None) -> Literal[2]:\n    return a\n"
        "if TYPE_CHECKING:\n    import x\n"
    )
    assert changes(source) == set()


def test_only_functions_can_be_exchanged_in_a_loaded_module(tmp_path):
    source = "LIMIT = 5\n\n\ndef f(x, y=1):\n    return [z + x for z in (y,)]\n"
    file = str(tmp_path / "loaded.py")
    space = {}
    exec(compile(source, file, "exec"), space)
    kept = space["f"]
    for changed in (source.replace("5", "6"), source.replace("y=1", "y=2")):
        assert swap.exchange(file, source, changed) is None
    pairs = swap.exchange(file, source, source.replace("+", "-"))
    known = swap.functions(file)
    assert swap.alive(pairs, known)
    swap.put(pairs, known)
    assert kept(2, 7) == [5]
    assert not swap.alive(pairs, {})


RUN = """
import json, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from mutants import session, trial
session.preload()
found = trial.module(Path(sys.argv[2]), "part.py", ["tests/unit/test_part.py"])
print(json.dumps([[one.mutant.was, one.mutant.now, one.outcome, one.tests] for one in found]))
"""
PART = """\
import functools
import os

LIMIT = 3


@functools.cache
def over(x):
    return x > LIMIT


def down(x):
    while x > 0:
        x -= 1
    return x


def never():
    return 1 + 1


def forked():
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    os._exit(7)
"""
PART_TESTS = """\
import pytest
from part import down, forked, over


def test_over():
    assert over(5)


def test_over_again():
    assert not over(1)
    assert over(5)


def test_down():
    assert down(2) == 0


def test_forked():
    assert forked() == 7


@pytest.mark.docker
def test_with_an_engine():
    assert False
"""


@pytest.mark.slow
def test_a_mutant_is_killed_survives_or_never_ends(tmp_path):
    root = tmp_path / "checkout"
    (root / "tests" / "unit").mkdir(parents=True)
    (root / "part.py").write_text(PART)
    (root / "tests" / "unit" / "test_part.py").write_text(PART_TESTS)
    (root / "pytest.ini").write_text("[pytest]\nmarkers =\n  docker: no\n")
    done = subprocess.run(
        [sys.executable, "-c", RUN, TESTS, root], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found = {(was, now): (outcome, tests) for was, now, outcome, tests in json.loads(done.stdout)}
    assert (root / "part.py").read_text() == PART
    # At import: any test may notice, and the limit is not tried at its end.
    assert found["LIMIT = 3", "LIMIT = 4"] == ("survived", 4)
    assert found["return x > LIMIT", "return x >= LIMIT"] == ("survived", 2)
    assert found["return x > LIMIT", "return x <= LIMIT"] == ("killed", 2)
    assert found["while x > 0:", "while x > 1:"] == ("killed", 1)
    assert found["x -= 1", "pass"] == ("timeout", 1)
    assert found["return 1 + 1", "return 1 - 1"] == ("survived", 0)
    # Nobody saw a test come by there: it was another process that did.
    assert found["os._exit(7)", "os._exit(8)"] == ("killed", 1)


@pytest.mark.slow
def test_tests_that_fail_by_themselves_are_named(tmp_path):
    root = tmp_path / "checkout"
    (root / "tests" / "unit").mkdir(parents=True)
    (root / "part.py").write_text("x = 1\n")
    (root / "tests" / "unit" / "test_part.py").write_text("def test_bad():\n    assert False\n")
    (root / "pytest.ini").write_text("[pytest]\nmarkers =\n")
    done = subprocess.run(
        [sys.executable, "-c", RUN, TESTS, root], capture_output=True, text=True, check=False
    )
    assert "TestsFailError: tests/unit/test_part.py::test_bad" in done.stderr


def tried(now, outcome):
    return Tried("a.py", Mutant(1, "x = 1", now, ""), outcome, 1)


def test_survivors_and_what_met_its_time_limit_are_shown(capsys):
    change = Mutant(3, "a = b", "a = c", "a = c\n")
    reason = Explained(module="part.py", was="a = b", now=["a = c"], why="b is c")
    outcomes = ("killed", "survived", "timeout")
    command._tell([Tried("part.py", change, outcome, 5) for outcome in outcomes], [])
    shown = "  - a = b\n  + a = c\n"
    late = f"met its time limit: part.py:3\n{shown}"
    assert capsys.readouterr().err == (
        f"survived: part.py:3, which 5 tests may notice\n{shown}{late}"
    )
    command._tell([Tried("part.py", change, outcome, 5) for outcome in outcomes], [reason])
    assert capsys.readouterr().err == late


def test_survivors_need_an_explanation_and_explanations_a_survivor():
    known = [Explained(module="a.py", was="x = 1", now=["x = 2", "x = 0"], why="never read")]
    found = [tried("x = 2", "survived"), tried("x = 0", "killed"), tried("x = -1", "survived")]
    judged = explained.judge(found, known)
    assert [survivor.mutant.now for survivor in judged.unexplained] == ["x = -1"]
    assert judged.idle == ["a.py: x = 1 -> x = 0"]
    assert explained.judge([], known).idle == []


def test_the_tables_name_what_is_there(repo):
    modules = concerned.modules(repo)
    assert {file for name in modules for file in concerned.tests(name)} <= {
        str(file.relative_to(repo)) for file in (repo / "tests" / "unit").glob("*.py")
    }
    assert "harness/stats/medians.py" in modules
    assert "harness/stats/simulation.py" not in modules
    assert {explanation.module for explanation in explained.read()} <= set(modules)
    assert all(explanation.why for explanation in explained.read())
    with pytest.raises(ValueError, match="no tests for it"):
        concerned.tests("harness/files.py")
