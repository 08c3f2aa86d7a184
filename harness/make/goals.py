"""The goals of the Makefile: the variables that each knows, and the programs that it runs."""

from __future__ import annotations

import contextlib
import difflib
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from harness import package_settings, printable
from harness.errors import BenchdlError, UsageError
from harness.make import help_page, offered, thesis, tools, variables, venv
from harness.make.variables import flag, listed

ROOT = Path(__file__).resolve().parents[2]

_DEV = flag("--dev")
# A file's tests stay together: what they share is made once. The files begin in their order, the
# long ones of tests/integration first. More than four processes would want much memory.
_AT_ONCE = (
    "-n", "logical", "--maxprocesses", "4", "--dist", "loadfile", "--no-loadscope-reorder", "-m",
)  # fmt: skip
_LOCK = (
    "pip compile pyproject.toml --universal --python-version 3.10 --generate-hashes "
    "--no-annotate --no-header --no-emit-index-url "
)
_LOCKS = (
    _LOCK + "--output-file harness/requirements.lock",
    _LOCK + "--extra dev --constraints harness/requirements.lock "
    "--output-file harness/development.lock",
)


def known(goal: str) -> set[str]:
    """The variables that a goal knows."""
    return set(offered.taken(_kind(goal)))


def programs(goal: str, given: Mapping[str, str], python: str) -> list[list[str]]:
    """The command lines of a goal, to be run one after the other in the environment ``python``.

    Raises:
        UsageError: a variable is missing, or its value cannot be meant.
    """
    kind = _kind(goal)
    asked = variables.options(offered.GOALS[kind].options, given)
    folder = os.path.dirname(python)  # noqa: PTH120 - a path that must stay as it is written
    benchdl = [python, "-I", f"{folder}/benchdl"]
    pytest = [python, "-m", "pytest"]
    backends = listed(given.get("BACKENDS", ""))
    if kind not in ("report", "compare", "history"):  # results may be of others
        tools.check(backends)
    if kind == "bench-thesis":
        options = offered.GOALS[kind].options
        epochs = variables.options({"EPOCHS": options.pop("EPOCHS")}, given)
        shown = variables.options({"RESULTS": options["RESULTS"]}, given)
        return thesis.programs(benchdl, variables.options(options, given), epochs, shown, backends)
    if kind.startswith("bench"):
        return [[*benchdl, "run", "--make-base", *asked, *_wanted(goal, kind, backends)]]
    if kind == "resume":
        campaign = given.get("CAMPAIGN") or "latest"
        return [[*benchdl, "resume", "--make-base", *asked, "--", campaign]]
    if kind == "compare":
        if not (given.get("A") and given.get("B")):
            raise UsageError("compare needs two sides", "make compare A=tf B=theano")
        return [[*benchdl, "compare", *asked, "--", given["A"], given["B"]]]
    return {
        "report": [[*benchdl, "report", *asked]],
        "history": [[*benchdl, "history", *asked]],
        "selftest": [[*benchdl, "selftest", "--make-base", *asked]],
        "images": [[*benchdl, "images", "build", "--make-base", *asked, "--", *backends]],
        "doctor": [[*benchdl, "doctor", *asked]],
        "peak": [[*benchdl, "peak", *asked]],
        # Never a test: on a machine that does nothing else, and with a Docker engine.
        "perf": [[python, "-m", "benchmarks.perf", *asked, *backends]],
        "test": _tests(pytest, asked),
        "test-fast": [[*pytest, *_AT_ONCE, "not (slow or alone)", *asked]],
        # On a machine with a real GPU; elsewhere every test says why it was skipped.
        "test-gpu": [[*pytest, "-m", "gpu", "tests/gpu", *asked]],
        # Not in CI: hours for all modules, minutes for one (ARGS=harness/stats/medians.py).
        "mutants": [[python, "-m", "tests.mutants", *asked]],
        "lint": [
            [f"{folder}/ruff", "check", "."],
            [f"{folder}/ruff", "format", "--check", "."],
            [f"{folder}/mypy"],
        ],
        "format": [[f"{folder}/ruff", "format", "."], [f"{folder}/ruff", "check", "--fix", "."]],
        # Of the harness itself; a backend's are made from its image.toml by `benchdl images lock`.
        "lock": [[f"{folder}/uv", *options.split()] for options in _LOCKS],
    }.get(kind, [])


def _wanted(goal: str, kind: str, backends: list[str]) -> list[str]:
    """The words of ``benchdl run`` that say what is trained, and with what."""
    name = goal.removeprefix("bench-")
    if kind == "bench-WORKLOAD":
        return [f"--workload={name}", "--", *(backends or tools.usual(name))]
    return ["--", *((backends or ["tf", "theano"]) if kind == "bench" else [name])]


def _tests(pytest: list[str], asked: list[str]) -> list[list[str]]:
    """All tests: first those that may run beside others, then the rest, one after the other.

    The two expressions leave nothing out. Whoever asks for certain tests gets them in one process.
    """
    if asked:
        return [[*pytest, *asked]]
    return [[*pytest, *_AT_ONCE, "not alone"], [*pytest, "-m", "alone"]]


def main(arguments: list[str]) -> int:
    """Check the variables, make the environment if it is not ready, and run the goal's programs."""
    try:
        return _run(arguments[0] if arguments else os.environ.get("BENCHDL_MAKE_GOAL", ""))
    except BenchdlError as error:
        _say(str(error))
        return error.exit_code
    except KeyboardInterrupt:
        _say("interrupted")
        return 130


def _run(goal: str) -> int:
    goals = [
        name for name in os.environ.get("BENCHDL_MAKE_GOALS", "").split() if offered.kind(name)
    ]
    goals = goals if goal in goals else [*goals, goal]
    given = variables.given(os.environ)
    variables.check(goals, set().union(*map(known, goals)), given, offered.takers())
    for name in variables.ignored(known(goal), given, os.environ):
        _say(f"{name} of the environment does not count: make {goal} {name}=...")
    asked = offered.GOALS[_kind(goal)]
    if "--json" in variables.options(asked.options, given) and _make_prints(os.environ):
        raise UsageError(
            "make itself prints what it does, which is no JSON", f"make -s -C FOLDER {goal} JSON=1"
        )
    if goal == "help":
        sys.stdout.write(help_page.text(given.get("ABOUT", "").strip()))
        return 0
    environment = venv.Venv(ROOT, _say)
    if goal == "clean":
        environment.remove()
        return 0
    commands = programs(goal, given, environment.python)  # what is wrong is said before the work
    development = asked.development or bool(_DEV("DEV", given.get("DEV") or "0"))
    environment.ready(chosen=bool(given.get("PYTHON", "").strip()), tools=development)
    surroundings = package_settings.without_python(os.environ)
    surroundings = {
        name: value
        for name, value in surroundings.items()
        if not name.startswith(("BENCHDL_MAKE_", "MAKE", "MFLAGS"))
    }
    os.chdir(ROOT)
    for command in commands[:-1]:
        code = subprocess.run(command, env=surroundings, check=False).returncode
        if code:
            return code
    if commands:
        sys.stdout.flush()
        os.execve(commands[-1][0], commands[-1], surroundings)  # noqa: S606 - no shell, on purpose
    return 0


def _make_prints(environment: Mapping[str, str]) -> bool:
    """Whether make was told to write on standard output: ``-w``, ``-d``, ``-p``, ``--trace``."""
    own = environment.get("MAKEFLAGS", "").partition("-- ")[0]
    letters, _, long = own.partition(" ")
    return bool(set(letters) & set("wdp")) or "--trace" in long or "--debug" in long


def _kind(goal: str) -> str:
    kind = offered.kind(goal)
    if not kind:
        near = difflib.get_close_matches(goal, offered.names(), n=1)
        advice = f"did you mean {near[0]}?" if near else "make help lists the goals"
        raise UsageError(f"make knows no goal '{goal}'", advice)
    return kind


def _say(line: str) -> None:
    with contextlib.suppress(OSError, ValueError, AttributeError):  # nobody there to read it
        sys.stderr.write(f"benchdl: {printable.line(line)}\n")
        sys.stderr.flush()
