"""One mutant after the other: is there a test that fails?"""

from __future__ import annotations

import json
import math
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from mutants import operators, reached, session, swap
from mutants.operators import Mutant
from mutants.session import Outcome

_CPU_SPARE_S = 2
_WALL_SPARE_S = 60.0
_TIMES = 3
_TRIES = (1, 2)
"""What meets its limits is tried again with twice as much: on a busy machine all takes longer."""

_SERVER_S = 10**6
_NOT_FAILED = (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)


@dataclass(frozen=True)
class Tried:
    """What became of one mutant of ``module``; ``tests`` that could have failed."""

    module: str
    mutant: Mutant
    outcome: Outcome
    tests: int


@dataclass(frozen=True)
class Trial:
    """A mutant and the tests that may notice it, with the processor time that these take."""

    mutant: Mutant
    tests: list[str]
    seconds: float

    def carry_out(self, work: Callable[[], int]) -> Outcome:
        """``work`` in a process of its own, within the time limits of these tests."""
        for times in _TRIES:
            code = session.in_child(
                work,
                cpu_s=times * (_CPU_SPARE_S + math.ceil(_TIMES * self.seconds)),
                wall_s=times * (_WALL_SPARE_S + 2 * _TIMES * self.seconds),
            )
            if code is not None:
                return "survived" if code in _NOT_FAILED else "killed"
        return "timeout"


def copy(root: Path, to: Path) -> None:
    """The files of a checkout that git knows or does not ignore."""
    command = ["git", "-C", str(root), "ls-files", "-z", "-co", "--exclude-standard"]
    listed = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (root / name).is_file():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(root / name, to / name)


def module(root: Path, name: str, files: list[str]) -> list[Tried]:
    """Try every mutant of a module in the copy ``root`` against tests of ``files``.

    Raises:
        reached.TestsFailError: tests fail without one.
    """
    file = root / name
    source = file.read_text(encoding="utf-8")
    seen = reached.look(root, name, files)
    statements = reached.Statements(source)
    trials = []
    for mutant in sorted(operators.mutants(source), key=lambda mutant: (mutant.line, mutant.now)):
        span, at_import = statements.at(mutant.line)
        # Lines that only a forked process comes by were recorded there and are lost with it.
        tests = seen.by(span, at_import=at_import) or seen.by(
            statements.function(mutant.line), at_import=False
        )
        trials.append(Trial(mutant, tests, sum(seen.seconds[test] for test in tests)))
    outcomes: dict[int, Outcome] = {}
    try:
        _untouched(trials, outcomes)
        _loaded(root, file, trials, outcomes)
        _anew(root, file, trials, outcomes)
    finally:
        file.write_text(source, encoding="utf-8")
    return [
        Tried(name, trial.mutant, outcomes[number], len(trial.tests))
        for number, trial in enumerate(trials)
    ]


def _untouched(trials: list[Trial], outcomes: dict[int, Outcome]) -> None:
    """No test comes by."""
    outcomes.update({n: "survived" for n, trial in enumerate(trials) if not trial.tests})


def _loaded(root: Path, file: Path, trials: list[Trial], outcomes: dict[int, Outcome]) -> None:
    """Those that can be put into loaded modules: a fork each, of one process with all tests."""
    source, out = file.read_text(encoding="utf-8"), root.parent / "outcomes.json"
    swaps = {
        number: pairs
        for number, trial in enumerate(trials)
        if number not in outcomes
        and (pairs := swap.exchange(str(file), source, trial.mutant.source))
    }
    if not swaps:
        return
    out.write_text("{}")
    files = sorted({test.partition("::")[0] for number in swaps for test in trials[number].tests})
    loop = _Loop(file, {number: (trials[number], pairs) for number, pairs in swaps.items()}, out)
    session.in_child(
        lambda: session.run_tests(files, root, loop), cpu_s=_SERVER_S, wall_s=_SERVER_S
    )
    outcomes.update({int(number): found for number, found in json.loads(out.read_text()).items()})


class _Loop:
    """In the place of pytest's own loop: for each mutant a process that has its tests collected."""

    def __init__(self, file: Path, trials: dict[int, tuple[Trial, swap.Pairs]], out: Path) -> None:
        self._file, self._trials, self._out = file, trials, out

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        items = {item.nodeid: item for item in session.items}
        known = swap.functions(str(self._file))
        outcomes: dict[int, Outcome] = {}
        for number, (trial, pairs) in self._trials.items():
            self._file.write_text(trial.mutant.source, encoding="utf-8")  # for programs of tests
            tests = [items[test] for test in trial.tests if test in items]

            def work(pairs: swap.Pairs = pairs, tests: list[pytest.Item] = tests) -> int:
                swap.put(pairs, known)
                return _run(session, tests)

            if swap.alive(pairs, known):
                outcomes[number] = trial.carry_out(work)
        self._out.write_text(json.dumps(outcomes))
        return True


def _run(session: pytest.Session, tests: list[pytest.Item]) -> int:
    for item, following in zip(tests, [*tests[1:], None], strict=True):
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        if session.testsfailed:
            return int(pytest.ExitCode.TESTS_FAILED)
    return int(pytest.ExitCode.OK)


def _anew(root: Path, file: Path, trials: list[Trial], outcomes: dict[int, Outcome]) -> None:
    """The others: each in a process that imports everything after the change."""
    for number, trial in enumerate(trials):
        if number in outcomes:
            continue
        shutil.rmtree(file.parent / "__pycache__", ignore_errors=True)  # it may look up to date
        file.write_text(trial.mutant.source, encoding="utf-8")
        files = sorted({test.partition("::")[0] for test in trial.tests})
        chosen = _Chosen(trial.tests)
        outcomes[number] = trial.carry_out(
            lambda files=files, chosen=chosen: session.run_tests(files, root, chosen)
        )


class _Chosen:
    """Only these tests, in this order."""

    def __init__(self, tests: list[str]) -> None:
        self._order = {test: number for number, test in enumerate(tests)}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        chosen = [item for item in items if item.nodeid in self._order]
        items[:] = sorted(chosen, key=lambda item: self._order[item.nodeid])
