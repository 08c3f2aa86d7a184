"""The goals of the Makefile: the variables that each knows, and the programs that it runs."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from harness import package_settings, printable
from harness.errors import BenchdlError, UsageError
from harness.make import thesis, variables, venv
from harness.make.variables import Options, flag, free, pairs, repeated, setting, single

ROOT = Path(__file__).resolve().parents[2]

_RUN: dict[str, Options] = {
    "WORKLOAD": single("--workload"),
    "LAUNCHER": single("--launcher"),
    "DEVICE": single("--device"),
    "GPUS": single("--gpus"),
    "PARALLEL_GPUS": flag("--parallel-gpus"),
    "INJECTION": single("--injection"),
    "MODE": repeated("--mode"),
    "VARIANT": repeated("--variant"),
    "CNMEM": setting("lib.cnmem"),  # this and the next are words of the seed
    "CUDNN": setting("cudnn.enabled"),
    "SET": pairs,
    "EPOCHS": single("--epochs"),
    "BUDGET": single("--budget"),
    "TRAIN_SAMPLES": single("--train-samples"),
    "REPEAT": single("--repeat"),
    "THREADS": single("--threads"),
    "BATCH_SIZE": single("--batch-size"),
    "SEED": single("--seed"),
    "ORDER_SEED": single("--order-seed"),
    "COOL_DOWN": single("--cool-down"),
    "IDLE_WAIT": single("--idle-wait"),
    "UNSUPPORTED": single("--unsupported"),
    "ENGINE_WAIT": single("--engine-wait"),
    "AGAINST": single("--against"),
    "MACHINE": single("--machine"),
    "DATASET": single("--dataset"),
    "DATA_DIR": single("--data-dir"),
    "RESULTS": single("--results"),
    "TIMEOUT": single("--timeout"),
    "MEMORY": single("--memory"),
    "ALLOW_UNPINNED": flag("--allow-unpinned"),
    "NO_CONFORM": flag("--no-conform"),
    "DRY_RUN": flag("--dry-run"),
    "JSON": flag("--json"),
}
_THESIS = {name: option for name, option in _RUN.items() if name not in thesis.SETTLED}
_WHICH: dict[str, Options] = {
    "BACKENDS": repeated("--backend"),
    "WORKLOAD": repeated("--workload"),
    "MACHINE": single("--machine"),  # a machine's name has blanks
    "CAMPAIGN": single("--campaign"),
    "SINCE": single("--since"),
    "STATUS": repeated("--status"),
}
"""Which of the stored runs."""
_COMPARE: dict[str, Options] = {
    **_WHICH,
    "FIGURE": single("--figure"),
    "MARGIN": single("--margin"),
    "FORCE": flag("--force"),
    "FAIL_ON": repeated("--fail-on"),
    "FORMAT": single("--format"),
    "RESULTS": single("--results"),
}
_RESUME: dict[str, Options] = {
    "ACCEPT_CHANGES": flag("--accept-changes"),
    "OWN_SETTINGS": flag("--own-settings"),
    "ENGINE_WAIT": single("--engine-wait"),
    "INJECTION": single("--injection"),
    "RESULTS": single("--results"),
    "JSON": flag("--json"),
}
_REPORT: dict[str, Options] = {
    **_WHICH,
    "REPORT": single("--output"),
    "TIMELINES": single("--timelines"),
    "RESULTS": single("--results"),
}
_SELFTEST: dict[str, Options] = {"LAUNCHER": single("--launcher"), "ARGS": free}
_IMAGES: dict[str, Options] = {"FLAVOUR": single("--flavour")}
_DOCTOR: dict[str, Options] = {"DATA_DIR": single("--data-dir"), "RESULTS": single("--results")}
_PERF: dict[str, Options] = {
    "DEVICE": single("--device"),
    "DATA_DIR": single("--data-dir"),
    "ARGS": free,
}
_PYTEST: dict[str, Options] = {"PYTEST_ARGS": free}
_MUTANTS: dict[str, Options] = {"ARGS": free}
_NOTHING: dict[str, Options] = {}
_DEV = flag("--dev")

_OPTIONS = {
    "bench": _RUN, "bench-thesis": _THESIS, "resume": _RESUME, "compare": _COMPARE,
    "report": _REPORT,
    "selftest": _SELFTEST, "perf": _PERF, "images": _IMAGES, "doctor": _DOCTOR,
    "test": _PYTEST, "test-fast": _PYTEST, "test-gpu": _PYTEST, "mutants": _MUTANTS,
    "setup": _NOTHING, "lint": _NOTHING, "format": _NOTHING, "lock": _NOTHING, "clean": _NOTHING,
}  # fmt: skip
_BESIDES = {
    "bench-thesis": ("BACKENDS", "EPOCHS"), "resume": ("CAMPAIGN",), "compare": ("A", "B"),
    "perf": ("BACKENDS",), "images": ("BACKENDS",),
    "setup": ("DEV",),
}  # fmt: skip
# A file's tests stay together: what they share is made once. The files begin in their order, the
# long ones of tests/integration first. More than four processes would want much memory.
_AT_ONCE = (
    "-n", "logical", "--maxprocesses", "4", "--dist", "loadfile", "--no-loadscope-reorder", "-m",
)  # fmt: skip
_DEVELOPMENT = ("test", "test-fast", "test-gpu", "mutants", "lint", "format")
"""The goals that take more than users need: pytest, mypy, ruff, ..."""
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
    kind = _kind(goal)
    return {*_OPTIONS[kind], *_BESIDES.get(kind, ()), "PYTHON"}


def programs(goal: str, given: Mapping[str, str], python: str) -> list[list[str]]:
    """The command lines of a goal, to be run one after the other in the environment ``python``.

    Raises:
        UsageError: a variable is missing, or its value cannot be meant.
    """
    kind = _kind(goal)
    asked = variables.options(_OPTIONS[kind], given)
    folder = os.path.dirname(python)  # noqa: PTH120 - a path that must stay as it is written
    benchdl = [python, "-I", f"{folder}/benchdl"]
    pytest = [python, "-m", "pytest"]
    backends = given.get("BACKENDS", "").split()
    if kind == "bench":
        tools = [goal.partition("-")[2]] if goal != "bench" else ["tf", "theano"]
        return [[*benchdl, "run", "--make-base", *asked, "--", *tools]]
    if kind == "bench-thesis":
        epochs = variables.options({"EPOCHS": _RUN["EPOCHS"]}, given)
        shown = variables.options({"RESULTS": _RUN["RESULTS"]}, given)
        return thesis.programs(benchdl, asked, epochs, shown, backends)
    if kind == "resume":
        campaign = given.get("CAMPAIGN") or "latest"
        return [[*benchdl, "resume", "--make-base", *asked, "--", campaign]]
    if kind == "compare":
        if not (given.get("A") and given.get("B")):
            raise UsageError("compare needs two sides", "make compare A=tf B=theano")
        return [[*benchdl, "compare", *asked, "--", given["A"], given["B"]]]
    return {
        "report": [[*benchdl, "report", *asked]],
        "selftest": [[*benchdl, "selftest", "--make-base", *asked]],
        "images": [[*benchdl, "images", "build", "--make-base", *asked, "--", *backends]],
        "doctor": [[*benchdl, "doctor", *asked]],
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
    goals = [name for name in os.environ.get("BENCHDL_MAKE_GOALS", "").split() if _is(name)]
    goals = goals if goal in goals else [*goals, goal]
    given = variables.given(os.environ)
    variables.check(goals, set().union(*map(known, goals)), given)
    for name in variables.ignored(known(goal), given, os.environ):
        _say(f"{name} of the environment does not count: make {goal} {name}=...")
    if "--json" in variables.options(_OPTIONS[_kind(goal)], given) and _make_prints(os.environ):
        raise UsageError(
            "make itself prints what it does, which is no JSON", f"make -s -C FOLDER {goal} JSON=1"
        )
    environment = venv.Venv(ROOT, _say)
    if goal == "clean":
        environment.remove()
        return 0
    commands = programs(goal, given, environment.python)  # what is wrong is said before the work
    tools = _kind(goal) in _DEVELOPMENT or bool(_DEV("DEV", given.get("DEV", "0")))
    environment.ready(chosen=bool(given.get("PYTHON", "").strip()), tools=tools)
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
    if not _is(goal):
        raise UsageError(f"make knows no goal '{goal}'", f"goals: {', '.join(_OPTIONS)}")
    return goal if goal in _OPTIONS else "bench"


def _is(goal: str) -> bool:
    return goal in _OPTIONS or (goal.startswith("bench-") and goal != "bench-")


def _say(line: str) -> None:
    with contextlib.suppress(OSError, ValueError, AttributeError):  # nobody there to read it
        sys.stderr.write(f"benchdl: {printable.line(line)}\n")
        sys.stderr.flush()
