"""The Makefile: what is typed arrives as it was typed, and nothing else has a say."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import click
import make_checkout
import pytest

from harness import catalog
from harness.cli import compare, history, report, resume
from harness.cli import run as run_verb
from harness.make import help_page, offered, tools
from runner.workloads import lookup

BASE = ["-I", "benchdl", "run", "--make-base"]


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    root = make_checkout.make(tmp_path_factory.mktemp("make") / "check out")
    make_checkout.give_environment(root)
    return root


@pytest.fixture
def make(checkout):
    """Run make; returns what its last program was asked to do."""

    def call(*words, **environment):
        done = make_checkout.run(checkout, *words, **environment)
        assert done.returncode == 0, done.stderr
        return asked(done)

    return call


def asked(done):
    argv, _ = json.loads(done.stdout)
    return [Path(word).name if word.endswith("/benchdl") else word for word in argv]


def refused(checkout, *words, **environment):
    """The line that names the fault; make adds its own."""
    done = make_checkout.run(checkout, *words, **environment)
    assert done.returncode == 2
    assert done.stdout == ""
    ours, makes = done.stderr.splitlines()
    assert makes.startswith("make: *** ")
    assert ours.startswith("benchdl: ")
    return ours


@pytest.mark.parametrize(
    ("word", "options"),
    [
        ("SEED=1; touch hurt", ["--seed=1; touch hurt"]),
        ("SEED=$(shell touch hurt)", ["--seed=$(shell touch hurt)"]),
        ("SEED=`touch hurt`", ["--seed=`touch hurt`"]),
        ("SEED=$(touch hurt)", ["--seed=$(touch hurt)"]),
        ("SEED=--json", ["--seed=--json"]),
        ("SET=a'b", ["--set=a'b"]),
        ('SET=a"b', ['--set=a"b']),
        ("DATA_DIR=a b$$c", ["--data-dir=a b$c"]),
        ("DATA_DIR=a b$c", ["--data-dir=a b$c"]),
        ("DATA_DIR=/x/${HOME}", ["--data-dir=/x/${HOME}"]),
        ("DATA_DIR=back\\slash\\", ["--data-dir=back\\slash\\"]),
        ("DATA_DIR=trailing  ", ["--data-dir=trailing  "]),
        ("DATA_DIR=leading and trailing ", ["--data-dir=leading and trailing "]),
        ("DATA_DIR=two\nlines", ["--data-dir=two\nlines"]),
        ("DATA_DIR=#no comment", ["--data-dir=#no comment"]),
        ("DATA_DIR=a=b:c%d*", ["--data-dir=a=b:c%d*"]),
        ("DATA_DIR=Daten für später", ["--data-dir=Daten für später"]),
        ("DATA_DIR=a,b)(c", ["--data-dir=a,b)(c"]),
        ("SET=environment.A=x y lib.cnmem=0.5", ["--set=environment.A=x y", "--set=lib.cnmem=0.5"]),
        ("MODE=as-written tuned", ["--mode=as-written", "--mode=tuned"]),
        ("CNMEM=0.9", ["--set=lib.cnmem=0.9"]),
        ("CUDNN=off", ["--set=cudnn.enabled=off"]),
        ("JSON=1", ["--json"]),
        ("JSON=0", []),
        ("EPOCHS=", []),
    ],
)
def test_a_value_arrives_as_it_was_typed(checkout, make, word, options):
    assert make("bench-tf", word) == [*BASE, *options, "--", "tf"]
    assert not list(checkout.rglob("hurt"))


@pytest.mark.parametrize("goal", ["bench-a'b; touch hurt'", 'bench-a"b', "bench-a`touch hurt`"])
def test_a_goals_name_is_no_command_either(checkout, goal):
    assert f"make knows no goal '{goal}'" in refused(checkout, goal)
    assert not list(checkout.rglob("hurt"))


@pytest.mark.parametrize(
    ("words", "argv"),
    [
        (["bench"], [*BASE, "--", "tf", "theano"]),
        (["bench", "BACKENDS=tf torch"], [*BASE, "--", "tf", "torch"]),
        (["bench", "BACKENDS=tf,torch, jax"], [*BASE, "--", "tf", "torch", "jax"]),
        (["bench-mlp-flights", "BACKENDS=tf,jax"],
         [*BASE, "--workload=mlp-flights", "--", "tf", "jax"]),
        (["bench-mlp-flights"], [*BASE, "--workload=mlp-flights", "--", "torch"]),
        (["bench-boosting-flights", "MODE=as-written,tuned"],
         [*BASE, "--mode=as-written", "--mode=tuned", "--workload=boosting-flights", "--",
          "lightgbm", "sklearn", "xgboost"]),
        (["bench-tf", "VARIANT=pool, mirrored", "GPUS=0 2"],
         [*BASE, "--variant=pool", "--variant=mirrored", "--gpus=0,2", "--", "tf"]),
        (["bench-all", "EPOCHS=2"], [*BASE, "--epochs=2", "--", "all"]),
        (["resume"], ["-I", "benchdl", "resume", "--make-base", "--", "latest"]),
        (["compare", "A=tf", "B=a b"], ["-I", "benchdl", "compare", "--", "tf", "a b"]),
        (["history", "BACKENDS=tf jax", "FAIL_ON=regression", "CHANGED_SINCE=14d"],
         ["-I", "benchdl", "history", "--backend=tf", "--backend=jax", "--fail-on=regression",
          "--changed-since=14d"]),
        (["report", "REPORT=my report.html"],
         ["-I", "benchdl", "report", "--output=my report.html"]),
        (["selftest", "ARGS=--quick --keep 'a b'"],
         ["-I", "benchdl", "selftest", "--make-base", "--quick", "--keep", "a b"]),
        (["images", "FLAVOUR=cpu", "BACKENDS=tf jax"],
         ["-I", "benchdl", "images", "build", "--make-base", "--flavour=cpu", "--", "tf", "jax"]),
        (["images", "BACKENDS=tf,jax"],
         ["-I", "benchdl", "images", "build", "--make-base", "--", "tf", "jax"]),
        (["compare", "A=tf", "B=jax", "FAIL_ON=regression,ambiguous"],
         ["-I", "benchdl", "compare", "--fail-on=regression", "--fail-on=ambiguous", "--", "tf",
          "jax"]),
        (["mutants", "ARGS=harness/stats/medians.py"],
         ["-m", "tests.mutants", "harness/stats/medians.py"]),
        (["perf", "ARGS=--blocks 5", "BACKENDS=tf"],
         ["-m", "benchmarks.perf", "--blocks", "5", "tf"]),
        (["test", "PYTEST_ARGS=-k 'a or b'"], ["-m", "pytest", "-k", "a or b"]),
        (["doctor"], ["-I", "benchdl", "doctor"]),
        (["doctor", "JSON=1"], ["-I", "benchdl", "doctor", "--json"]),
    ],
)  # fmt: skip
def test_goals_and_their_programs(make, words, argv):
    assert make(*words) == argv


def of_thesis(checkout, *words):
    """Backends by workload and dataset, the words that all have, and the last program."""
    done = make_checkout.run(checkout, "bench-thesis", *words)
    assert done.returncode == 0, done.stderr
    *runs, last = [json.loads(line)[0] for line in done.stdout.splitlines()]
    asked_for = {}
    for argv in runs:
        assert [Path(word).name for word in argv[:4]] == BASE
        *options, workload, dataset = argv[4 : argv.index("--")]
        key = workload.removeprefix("--workload="), dataset.removeprefix("--dataset=")
        asked_for[key] = (argv[argv.index("--") + 1 :], options)
    return asked_for, [Path(word).name for word in last[:3]] + last[3:]


def test_the_thesis_is_every_model_on_both_splits_and_one_table(checkout):
    runs, last = of_thesis(checkout, "EPOCHS=3", "REPEAT=2", "RESULTS=here")
    assert last == ["-I", "benchdl", "table", "--by=dataset", "--results=here"]
    common = ["--repeat=2", "--results=here"]
    for dataset in ("flights", "flights-days"):
        assert runs.pop(("mlp-flights", dataset)) == (["torch"], [*common, "--epochs=3"])
        trees = ["xgboost", "lightgbm", "sklearn"]
        assert runs.pop(("boosting-flights", dataset)) == (trees, common)
        assert runs.pop(("forest-flights", dataset)) == (["sklearn"], common)
        assert runs.pop(("logistic-flights", dataset)) == (["sklearn"], common)
    assert runs == {}


def test_the_thesis_of_some_tools_is_of_what_they_have(checkout):
    runs, _ = of_thesis(checkout, "BACKENDS=jax lightgbm")
    assert {workload: tools for (workload, _), (tools, _) in runs.items()} == {
        "mlp-flights": ["jax"], "boosting-flights": ["lightgbm"],
    }  # fmt: skip
    misspelt = refused(checkout, "bench-thesis", "BACKENDS=lightbgm")
    assert misspelt.endswith("names 'lightbgm', which is no backend: did you mean lightgbm?")
    assert "knows no variable WORKLOAD" in refused(checkout, "bench-thesis", "WORKLOAD=x")


def test_all_tests_are_two_runs_that_leave_nothing_out(checkout):
    done = make_checkout.run(checkout, "test")
    assert done.returncode == 0, done.stderr
    beside, after = (json.loads(line)[0] for line in done.stdout.splitlines())
    assert beside[:4] == ["-m", "pytest", "-n", "logical"]
    assert beside[-2:] == ["-m", "not alone"]
    assert after == ["-m", "pytest", "-m", "alone"]


def test_the_fast_tests_are_those_that_are_neither_slow_nor_alone(make):
    command = make("test-fast", "PYTEST_ARGS=-x")
    assert command[:4] == ["-m", "pytest", "-n", "logical"]
    assert command[-3:] == ["-m", "not (slow or alone)", "-x"]


def test_what_fails_ends_it(checkout):
    done = make_checkout.run(checkout, "test", FAKE_EXIT="3")
    assert len(done.stdout.splitlines()) == 1
    assert done.returncode == 2  # make's own


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ["bench-tf", "EPOCH=1"],
            "make bench-tf knows no variable EPOCH: did you mean EPOCHS? "
            "bench-BACKEND, bench-WORKLOAD, bench, bench-all and bench-thesis take it",
        ),
        (["bench-tf", "epochs=1"], "did you mean EPOCHS? "),
        (
            ["bench-tf", "CFLAGS=-O3"],
            "knows no variable CFLAGS: make help ABOUT=bench-tf explains all that it takes",
        ),
        (
            ["doctor", "EPOCHS=1"],
            "make doctor knows no variable EPOCHS: bench-BACKEND, bench-WORKLOAD, bench, bench-all "
            "and bench-thesis take it; make doctor takes DATA_DIR",
        ),
        (["doctor", "FLAVOR=cpu"], "did you mean FLAVOUR? images takes it"),
        (
            ["bench-tf", "BACKENDS=jax"],
            "no variable BACKENDS: bench-WORKLOAD, bench, bench-thesis",
        ),
        (["bench-mlp-flights", "WORKLOAD=x"], "make bench-mlp-flights knows no variable WORKLOAD"),
        (["bench", "BACKENDS=tf,tourch"], "'tourch', which is no backend: did you mean torch?"),
        (["EPOCHS=1"], "make help knows no variable EPOCHS"),
        (["help", "ABOUT=bensch"], "ABOUT=bensch: make knows no such goal"),
        (["tests"], "make knows no goal 'tests': did you mean test?"),
        (["bench-torhc"], "make knows no goal 'bench-torhc': did you mean bench-torch?"),
        (["bench-"], "make knows no goal 'bench-': did you mean bench?"),
        (["docker"], "make knows no goal 'docker'"),  # a folder of this name is there
        (["setup", "SEED=1"], "make setup knows no variable SEED"),
        (["clean", "SEED=1"], "make clean knows no variable SEED"),
        (["compare", "A=tf"], "compare needs two sides: make compare A=tf B=theano"),
        (["bench-tf", "JSON=maybe"], "JSON=maybe: expected 1 or 0"),
        (["selftest", "ARGS='"], "ARGS=': no closing quotation"),
    ],
)
def test_what_cannot_be_meant_is_one_line(checkout, words, said):
    assert said in refused(checkout, *words)


def test_a_variable_of_another_goal_of_the_same_call_is_none_too_many(checkout):
    done = make_checkout.run(checkout, "doctor", "report", "REPORT=x.html")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("--output=x.html") == 1


def test_variables_of_the_environment_change_nothing_and_are_named(checkout, make):
    env = {"SEED": "7", "EPOCHS": "1", "THREADS": "1", "DEVICE": "gpu", "JSON": "1", "A": "x"}
    done = make_checkout.run(checkout, "bench-tf", "THREADS=2", **env)
    assert asked(done) == [*BASE, "--threads=2", "--", "tf"]
    said = done.stderr.splitlines()
    assert "benchdl: SEED of the environment does not count: make bench-tf SEED=..." in said
    assert [line.split()[1] for line in said] == ["DEVICE", "EPOCHS", "JSON", "SEED"]


def test_standard_output_holds_only_what_the_program_says(checkout):
    done = make_checkout.run(checkout, "-s", "-C", str(checkout), "bench-tf", "JSON=1")
    assert len(json.loads(done.stdout)) == 2
    done = make_checkout.run(checkout, "-C", str(checkout), "bench-tf", "JSON=1")
    assert "make -s -C FOLDER bench-tf JSON=1" in done.stderr  # make's own lines would be in it


def test_variables_that_steer_a_python_do_not_reach_the_program(checkout, make, tmp_path):
    (tmp_path / "harness").mkdir()
    (tmp_path / "json.py").write_text("raise SystemExit('another json')")
    hostile = {
        "PYTHONPATH": str(tmp_path),
        "PYTHONSTARTUP": str(tmp_path / "json.py"),
        "PYTHONINSPECT": "1",
        "PYTHONOPTIMIZE": "2",
        "PYTHONUNBUFFERED": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    done = make_checkout.run(checkout, "bench-tf", **hostile)
    assert asked(done) == [*BASE, "--", "tf"]
    env = json.loads(done.stdout)[1]
    assert {name for name in env if name.startswith("PYTHON")} == {
        "PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED",
    }  # fmt: skip
    assert not [name for name in env if name.startswith(("MAKE", "MFLAGS", "BENCHDL_MAKE"))]
    done = make_checkout.run(checkout, "bench-tf", PYTHONHOME=str(tmp_path))
    assert asked(done) == [*BASE, "--", "tf"]


@pytest.mark.parametrize("name", ["docker.py", "click.py", "json.py", "runner.py"])
def test_a_module_in_the_current_folder_is_not_imported(checkout, make, name):
    (checkout / name).write_text("raise SystemExit('not this one')")
    try:
        assert make("bench-tf") == [*BASE, "--", "tf"]
    finally:
        (checkout / name).unlink()


def test_a_python_that_is_not_there_or_too_old_is_one_line(checkout, tmp_path):
    done = make_checkout.run(checkout, "setup", "PYTHON=no such python")
    assert done.stderr.splitlines()[0] == (
        "benchdl: no program no such python: choose a Python with make PYTHON=python3.11"
    )
    old = "import sys; sys.version_info = (3, 9, 2); sys.argv = ['x']; exec(open({!r}).read())"
    main = checkout / "harness" / "make" / "__main__.py"
    told = subprocess.run(
        [sys.executable, "-c", old.format(str(main))], capture_output=True, text=True, check=False
    )
    assert told.returncode == 1
    assert told.stderr.startswith("benchdl: needs Python 3.10 or newer")


def test_a_folder_that_is_no_checkout_is_one_line(checkout, tmp_path):
    done = subprocess.run(
        ["make", "-f", str(checkout / "Makefile"), "setup"], cwd=tmp_path,
        env=make_checkout.environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "run make in the folder of benchdl: make -C FOLDER" in done.stderr
    assert not list(tmp_path.iterdir())


LOUD = {"quiet", "verbose"}  # make itself prints what it does


@pytest.mark.parametrize(
    ("command", "goal", "elsewhere"),
    [
        (
            run_verb.command,
            "bench",
            {"file", *LOUD},
        ),  # a campaign's file names backends, as bench does
        (resume.command, "resume", LOUD),
        (compare.command, "compare", LOUD),
        (history.command, "history", LOUD),
        (report.command, "report", {"form"}),  # the goal makes a page
    ],
)
def test_every_option_of_a_verb_has_its_variable(command, goal, elsewhere):
    given = offered.GOALS[goal].options
    with_option = {word.partition("=")[0] for name in given for word in given[name](name, "1")}
    options = [parameter for parameter in command.params if isinstance(parameter, click.Option)]
    missing = [
        option.name for option in options
        if not {*option.opts, *option.secondary_opts} & {*with_option, "--make-base", "--help"}
        and option.name not in elsewhere
    ]  # fmt: skip
    assert missing == []


def test_make_alone_explains_every_goal_and_makes_nothing(tmp_path):
    root = make_checkout.make(tmp_path / "fresh")
    done = make_checkout.run(root)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == make_checkout.run(root, "help").stdout
    assert [goal for goal in offered.GOALS if f"make {goal} " not in done.stdout] == []
    assert [name for name in tools.backends() + tools.workloads() if name not in done.stdout] == []
    assert "make bench-tf EPOCHS=1" in done.stdout
    assert not (root / ".venv").exists()


@pytest.mark.parametrize("goal", [*offered.GOALS, "bench-tf", "bench-mlp-flights"])
def test_help_about_a_goal_explains_all_of_its_variables_and_no_other(goal):
    page = help_page.text(goal)
    explained = set(re.findall("^  ([A-Z_]+) ", page, re.MULTILINE))
    assert explained == set(offered.taken(offered.kind(goal) or goal))
    assert max(map(len, page.splitlines())) <= 80


def test_users_get_no_tools_for_development():
    """Only tests, lint and what changes the code; `make setup DEV=1` has its own switch."""
    assert {name for name, goal in offered.GOALS.items() if goal.development} == {
        "test", "test-fast", "test-gpu", "mutants", "lint", "format",
    }  # fmt: skip


def test_the_workloads_of_make_are_those_of_the_runner():
    assert set(tools.workloads()) <= set(lookup.names())
    with_backend = [name for name in lookup.names() if catalog_has(name)]
    assert tools.workloads() == with_backend


def catalog_has(workload):
    return any(catalog.load(name).runs(workload) for name in catalog.names())
