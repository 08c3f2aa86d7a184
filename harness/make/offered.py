"""The goals of the Makefile and the variables that each takes: meaning, and words of a program.

``test_make.py`` holds it to the options of the command.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from harness.make import thesis, tools
from harness.make.variables import Options, flag, free, joined, pairs, repeated, setting, single


@dataclass(frozen=True)
class Variable:
    """A variable of the command line; without ``words`` it is no option: its goal reads it."""

    meaning: str
    words: Options | None = None


@dataclass(frozen=True)
class Goal:
    """What a goal does; ``development`` ones take more than users need: pytest, mypy, ruff, ..."""

    meaning: str
    takes: Mapping[str, Variable]
    development: bool = False

    @property
    def options(self) -> dict[str, Options]:
        """The variables that are options of its program."""
        return {name: taken.words for name, taken in self.takes.items() if taken.words}


_PYTHON = Variable("the Python to use, as in PYTHON=python3.11")
_TOOLS = Variable('tools, as in BACKENDS="tf torch" or BACKENDS=tf,torch')
_RESULTS = Variable("folder of the results (default: results)", single("--results"))
_DATA_DIR = Variable("folder with the files of the data", single("--data-dir"))
_DEVICE = Variable("cpu or gpu (default: a GPU if there is one)", single("--device"))
_LAUNCHER = Variable(
    "docker, local or python (default: docker where it answers)", single("--launcher")
)
_JOB_PYTHON = Variable("with LAUNCHER=python, what jobs run in: a path", single("--python"))
_INJECTION = Variable("how a container gets its GPUs: cdi, request, runtime", single("--injection"))
_ENGINE_WAIT = Variable("seconds to wait for an engine that went away", single("--engine-wait"))
_STOP_AFTER = Variable("seconds after which no further job begins", single("--stop-after"))
_JSON = Variable("1: print only results, as JSON", flag("--json"))
_ARGS = Variable("further words of the program's command line", free)

_RUN = {
    "BACKENDS": _TOOLS,
    "WORKLOAD": Variable("what to train (default: cnn-mnist)", single("--workload")),
    "EPOCHS": Variable("times over the data (default: the workload's)", single("--epochs")),
    "BUDGET": Variable("length of training in the workload's unit, as rounds", single("--budget")),
    "MODE": Variable('as-written, tuned, or a list: MODE="as-written tuned"', repeated("--mode")),
    "PRECISION": Variable("float32, tf32, bfloat16, float16, or a list", repeated("--precision")),
    "VARIANT": Variable("variants of the tool, a list: benchdl list", repeated("--variant")),
    "REPEAT": Variable("starts of each configuration", single("--repeat")),
    "DEVICE": _DEVICE,
    "GPUS": Variable("a list of indices or UUIDs: GPUS=0,2 (default: all)", joined("--gpus")),
    "GPUS_AXIS": Variable("the first N GPUs, a list: GPUS_AXIS=1,2,4", joined("--gpus-axis")),
    "STRATEGY": Variable("data-parallel: all GPUs share every batch", single("--strategy")),
    "RANKS": Variable("N parts of a CPU that share every batch: a list", joined("--ranks")),
    "PARALLEL_GPUS": Variable("1: jobs side by side, GPUs apart", flag("--parallel-gpus")),
    "CORES_PER_GPU": Variable("cores that a GPU's job has to itself", single("--cores-per-gpu")),
    "THREADS": Variable("CPU threads (default: the tool's own)", single("--threads")),
    "BATCH_SIZE": Variable("samples of an update", single("--batch-size")),
    "BATCH_PER_GPU": Variable("samples of an update for each GPU", single("--batch-per-gpu")),
    "TRAIN_SAMPLES": Variable("only the first N samples for training", single("--train-samples")),
    "DATASET": Variable("auto, or a dataset by name", single("--dataset")),
    "DATA_DIR": _DATA_DIR,
    "RESULTS": _RESULTS,
    "LAUNCHER": _LAUNCHER,
    "JOB_PYTHON": _JOB_PYTHON,
    "SET": Variable("settings of image.toml, a list of KEY=VALUE", pairs),
    "CNMEM": Variable("theano: share of GPU memory for the pool, or off", setting("lib.cnmem")),
    "CUDNN": Variable("theano: on or off", setting("cudnn.enabled")),
    "SEED": Variable("seed of the first start; each further one adds 1", single("--seed")),
    "ORDER_SEED": Variable("seed of the order of jobs", single("--order-seed")),
    "COOL_DOWN": Variable("seconds between two jobs", single("--cool-down")),
    "IDLE_WAIT": Variable("seconds to wait for a machine that is busy", single("--idle-wait")),
    "STOP_AFTER": _STOP_AFTER,
    "TIMEOUT": Variable("seconds after which a job is ended", single("--timeout")),
    "MEMORY": Variable("GiB that a container may take", single("--memory")),
    "UNSUPPORTED": Variable("refuse or skip what a tool does not have", single("--unsupported")),
    "AGAINST": Variable("a campaign or image to compare with", single("--against")),
    "MACHINE": Variable("what tables call this machine", single("--machine")),
    "INJECTION": _INJECTION,
    "ENGINE_WAIT": _ENGINE_WAIT,
    "ALLOW_UNPINNED": Variable("1: other versions are suspect only", flag("--allow-unpinned")),
    "NO_CONFORM": Variable("1: leave out the proof of each build", flag("--no-conform")),
    "TAG": Variable("words to find the runs again, a list", repeated("--tag")),
    "NOTE": Variable("a remark that is kept with the runs", single("--note")),
    "DRY_RUN": Variable("1: only show what would run, build, download", flag("--dry-run")),
    "JSON": _JSON,
}  # fmt: skip


def _without(*names: str) -> dict[str, Variable]:
    return {name: taken for name, taken in _RUN.items() if name not in names}


_WHICH = {
    "BACKENDS": Variable("only runs of these tools, a list", repeated("--backend")),
    "WORKLOAD": Variable("only runs of these workloads, a list", repeated("--workload")),
    "MACHINE": Variable("only runs of this machine", single("--machine")),  # its name has blanks
    "CAMPAIGN": Variable("only runs of this campaign", single("--campaign")),
    "SINCE": Variable("only runs since then, as in SINCE=7d", single("--since")),
    "STATUS": Variable("only runs that ended so, a list", repeated("--status")),
    "TAG": Variable("only runs with this word of TAG=, a list", repeated("--tag")),
}
_COMPARE = {
    **_WHICH,
    "A": Variable("one side: a backend, tf:gpu:no-pool, a campaign, a run, a folder"),
    "B": Variable("the other side"),
    "FIGURE": Variable("what to compare (default: time)", single("--figure")),
    "MARGIN": Variable("per cent within which two are the same", single("--margin")),
    "FORCE": Variable("1: compare what differs in more than was asked", flag("--force")),
    "FAIL_ON": Variable("regression, ambiguous, or a list: exit with 1", repeated("--fail-on")),
    "FORMAT": Variable("text, md or json", single("--format")),
    "RESULTS": _RESULTS,
}
_HISTORY = {
    **_WHICH,
    "FIGURE": Variable("what to follow (default: time)", single("--figure")),
    "MARGIN": Variable("per cent within which two levels are one", single("--margin")),
    "FAIL_ON": Variable("regression or change: exit with 1", single("--fail-on")),
    "CHANGED_SINCE": Variable("of FAIL_ON, only changes since then", single("--changed-since")),
    "FORMAT": Variable("text, md, csv or json", single("--format")),
    "RESULTS": _RESULTS,
}
_RESUME = {
    "CAMPAIGN": Variable("which (default: the newest)"),
    "ACCEPT_CHANGES": Variable("1: although images or machine changed", flag("--accept-changes")),
    "OWN_SETTINGS": Variable("1: its variables are your own", flag("--own-settings")),
    "JOB_PYTHON": _JOB_PYTHON,
    "ENGINE_WAIT": _ENGINE_WAIT,
    "STOP_AFTER": _STOP_AFTER,
    "INJECTION": _INJECTION,
    "RESULTS": _RESULTS,
    "JSON": _JSON,
}
_REPORT = {
    **_WHICH,
    "REPORT": Variable("file to write (default: report.html)", single("--output")),
    "OPEN": Variable("1: open the page in your browser", flag("--open")),
    "TIMELINES": Variable("how many runs get a timeline, or all", single("--timelines")),
    "PRICES": Variable("file of what an hour of each machine costs", single("--prices")),
    "PRICE": Variable("an hour's, a list, as in PRICE=p3.2xlarge=3.06USD", repeated("--price")),
    "TO_LOSS": Variable("loss to whose first lap time and cost are told", single("--to-loss")),
    "RESULTS": _RESULTS,
}
_IMAGES = {
    "BACKENDS": _TOOLS,
    "FLAVOUR": Variable("cpu or gpu", single("--flavour")),
}
_PYTEST = {"PYTEST_ARGS": Variable("words for pytest, as in PYTEST_ARGS='-k resume -x'", free)}

GOALS = {
    "bench-BACKEND": Goal("train with one tool, and print its table", _without("BACKENDS")),
    "bench-WORKLOAD": Goal(
        "train one workload with BACKENDS (default: torch if it can, else all that can)",
        _without("WORKLOAD"),
    ),
    "bench": Goal("train with BACKENDS (default: tf theano), in one table", _RUN),
    "bench-all": Goal("train with every backend of a workload", _without("BACKENDS")),
    "bench-thesis": Goal(
        "networks, boosting, a forest and a regression on one table of data",
        {"BACKENDS": _TOOLS, **_without("BACKENDS", *thesis.SETTLED), "EPOCHS": _RUN["EPOCHS"]},
    ),
    "resume": Goal("go on with a campaign that was stopped", _RESUME),
    "report": Goal("report.html of all results: one file, no network", _REPORT),
    "compare": Goal("which of two is faster: make compare A=tf B=theano", _COMPARE),
    "history": Goal("each configuration over days, versions and images", _HISTORY),
    "doctor": Goal(
        "examine this machine: ok, made on first use, or broken with the fix",
        {
            "JOB_PYTHON": Variable("also what this Python could run: a path", single("--python")),
            **{"DATA_DIR": _DATA_DIR, "RESULTS": _RESULTS, "JSON": _JSON},
        },
    ),
    "peak": Goal(
        "how fast does this machine multiply matrices",
        {"DEVICE": _DEVICE, "PRECISION": _RUN["PRECISION"],
         "THREADS": Variable("of the CPU (default: one for each core)", single("--threads")),
         "JSON": _JSON},
    ),
    "selftest": Goal(
        "does the instrument work here: clock, meters, sampler, A against A",
        {"LAUNCHER": _LAUNCHER, "JOB_PYTHON": _JOB_PYTHON, "ARGS": _ARGS},
    ),
    "images": Goal("build images ahead", _IMAGES),
    "setup": Goal(
        "make .venv ahead", {"DEV": Variable("1: with the tools for changing benchdl", None)}
    ),
    "clean": Goal("remove .venv and the caches of its tools", {}),
    "help": Goal("this page; make help ABOUT=bench explains all variables", {
        "ABOUT": Variable("the goal to explain"),
    }),
    "test-fast": Goal("the quick tests: about a minute", _PYTEST, development=True),
    "test": Goal("all tests: under an hour with a Docker engine", _PYTEST, development=True),
    "test-gpu": Goal("tests on a real NVIDIA GPU", _PYTEST, development=True),
    "lint": Goal("ruff and mypy", {}, development=True),
    "format": Goal("format the code", {}, development=True),
    "mutants": Goal("is there a test that fails?", {"ARGS": _ARGS}, development=True),
    "perf": Goal(
        "what benchdl costs beside scripts by hand",
        {"BACKENDS": _TOOLS, "DEVICE": _DEVICE, "DATA_DIR": _DATA_DIR, "ARGS": _ARGS},
    ),
    "lock": Goal("lock the versions of benchdl's own environment again", {}),
}  # fmt: skip
"""By kind: ``bench-BACKEND`` and ``bench-WORKLOAD`` are patterns, all others are names."""

_PATTERNS: dict[str, Callable[[], list[str]]] = {
    "bench-BACKEND": lambda: [f"bench-{name}" for name in tools.backends()],
    "bench-WORKLOAD": lambda: [f"bench-{name}" for name in tools.workloads()],
}
_ANY = {"PYTHON": _PYTHON}


def kind(goal: str) -> str:
    """The key of :data:`GOALS` under which a goal is found; empty if there is none."""
    if goal in GOALS and goal not in _PATTERNS:
        return goal
    return next((pattern for pattern, named in _PATTERNS.items() if goal in named()), "")


def names() -> list[str]:
    """Every goal by its name."""
    plain = [goal for goal in GOALS if goal not in _PATTERNS]
    return plain + [goal for named in _PATTERNS.values() for goal in named()]


def taken(kind: str) -> dict[str, Variable]:
    """The variables of a kind of goal."""
    return {**GOALS[kind].takes, **_ANY}


def takers() -> dict[str, list[str]]:
    """Of every variable, the goals that take it."""
    found: dict[str, list[str]] = {}
    for name, goal in GOALS.items():
        for variable in goal.takes:
            found.setdefault(variable, []).append(name)
    return found
