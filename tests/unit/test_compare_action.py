"""The GitHub Action: each of its shell steps, run as GitHub would, and the example workflows.

Nothing is trained: a stub stands in for benchdl, and writes down what it was asked. All of it, with
benchdl itself: tests/integration/test_action_whole.py.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path

import composite
import make_checkout
import pytest
import yaml

from harness.cli.command import benchdl

REPO = Path(__file__).resolve().parents[2]
ACTION = REPO / ".github" / "actions" / "benchdl-compare"
EXAMPLES = sorted((REPO / "examples" / "github").glob("*.yml"))
DEFINED = composite.read(ACTION)
INSTALL, COMPARE = "Install benchdl, held to its lock", "Compare"

# A stub of benchdl: each call is one line of $CALLS. The second run of a backend is of a new image,
# unless $SAME says that it is the old one; $VERDICT is what compare exits with.
STUB = """
import json, os, sys
words, calls = sys.argv[1:], open(os.environ["CALLS"], "a+")
calls.seek(0)
runs = sum(json.loads(line)[0][0] == "run" for line in calls)
calls.write(json.dumps([words, os.environ.get("BENCHDL_ROOT", "")]) + "\\n")
calls.close()
if words[0] == "run" and "--against" in words and os.environ.get("SAME"):
    sys.exit("benchdl: the image of tf is still the same (1a2b), so there is nothing to compare")
if words[0] == "run" and os.environ.get("LOST"):
    sys.exit(1)
if words[0] == "runs":
    ids = [64 * "a", 64 * "b"][: 1 if runs == 1 else 2]
    print(json.dumps([{"image_id": f"sha256:{i}"} for i in ids]))
if words[0] == "compare":
    print("| B against A | ratio |")
    sys.exit(int(os.environ.get("VERDICT", "0")))
"""


@pytest.fixture
def stub(tmp_path):
    """A checkout whose benchdl is the stub; returns the folder of the action in it."""
    root = tmp_path / "action's checkout"
    action = root / ".github" / "actions" / "benchdl-compare"
    action.mkdir(parents=True)
    for name in ("action.yml", "compare.sh"):
        shutil.copy(ACTION / name, action)
    (root / "benchdl").mkdir()
    (root / "benchdl" / "__main__.py").write_text(STUB)
    (root / ".venv" / "bin").mkdir(parents=True)
    (root / ".venv" / "bin" / "python").symlink_to(sys.executable)
    for name in ("base", "head"):
        (tmp_path / name).mkdir()
    return action


def compared(tmp_path, stub, more=None, **inputs):
    """What came of the step, and the words of each call of the stub."""
    given = {name.replace("_", "-"): value for name, value in inputs.items()}
    calls = tmp_path / "calls"
    ran = composite.run(stub, tmp_path, given, {"CALLS": str(calls), **(more or {})}, COMPARE)
    lines = calls.read_text().splitlines() if calls.exists() else []
    return ran, [yaml.safe_load(line) for line in lines]


def test_the_action_is_sound():
    assert DEFINED["runs"]["using"] == "composite"
    assert all("description" in asked for asked in DEFINED["inputs"].values())
    assert {name for name, asked in DEFINED["inputs"].items() if asked.get("required")} == {"base"}
    used = set(re.findall(r"inputs\.([a-z-]+)", (ACTION / "action.yml").read_text()))
    assert used == set(DEFINED["inputs"])
    for step in DEFINED["runs"]["steps"]:
        assert "${{" not in step.get("run", ""), "a value of an input would be read as shell"
        assert "uses" in step or step["shell"] == "bash"


@pytest.mark.slow
def test_the_install_step_sets_up_the_checkout_of_the_action(tmp_path):
    root = make_checkout.make(tmp_path / "checkout")
    make_checkout.give_environment(root)
    action = root / ".github" / "actions" / "benchdl-compare"
    action.mkdir(parents=True)
    shutil.copy(ACTION / "action.yml", action)
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    ran = composite.run(action, tmp_path, {"base": "."}, {"PATH": path}, INSTALL)
    assert ran.status == 0, ran.steps
    assert f"directory '{root}'" in ran.steps[INSTALL]


@pytest.mark.slow
def test_both_builds_run_and_their_images_are_compared(tmp_path, stub):
    ran, made = compared(
        tmp_path, stub, backends="tf", base="base", head="head", repeat="6", margin="5",
        run_arguments="--epochs 1  --device cpu", fail_on="regression ambiguous",
    )  # fmt: skip
    assert ran.status == 0, ran.steps
    (base, base_root), _, (head, head_root), _, (compare, _) = made
    results = ["--launcher", "docker", "--results", str(tmp_path / "_temp" / "benchdl-results")]
    assert base == ["run", "tf", "--repeat", "1", "--epochs", "1", "--device", "cpu", *results]
    assert head == ["run", "tf", "--repeat", "6", "--against", "latest", "--epochs", "1",
                    "--device", "cpu", *results]  # fmt: skip
    assert (base_root, head_root) == (str(tmp_path / "base"), str(tmp_path / "head"))
    assert compare[:3] == ["compare", f"tf:image={12 * 'a'}", f"tf:image={12 * 'b'}"]
    assert compare[3:] == [
        "--campaign", "latest", "--results", str(tmp_path / "_temp" / "benchdl-results"),
        "--figure", "time", "--margin", "5", "--fail-on", "regression",
        "--fail-on", "ambiguous", "--format", "md",
    ]  # fmt: skip
    assert ran.summary.startswith("## benchdl compare\n\n### tf\n\n| B against A | ratio |\n")
    assert Path(ran.outputs["summary"]).read_text() == ran.summary


@pytest.mark.slow
@pytest.mark.parametrize("status", [1, 2])
def test_a_verdict_and_a_problem_fail_the_step_once_all_is_told(tmp_path, stub, status):
    ran, made = compared(tmp_path, stub, {"VERDICT": str(status)}, backends="tf torch",
                          base="base", head="head")  # fmt: skip
    assert ran.status == status
    assert [words[0] for words, _ in made].count("compare") == 2
    assert "Failed; the log of the step says why." in ran.summary


@pytest.mark.slow
def test_the_same_image_is_nothing_to_compare_and_no_failure(tmp_path, stub):
    ran, made = compared(tmp_path, stub, {"SAME": "1"}, backends="tf", base="base", head="head")
    assert ran.status == 0, ran.steps
    assert "is still the same" in ran.steps[COMPARE]
    assert "nothing to compare" in ran.summary
    assert [words[0] for words, _ in made] == ["run", "runs", "run"]


@pytest.mark.slow
def test_a_run_that_fails_is_compared_with_nothing(tmp_path, stub):
    ran, made = compared(tmp_path, stub, {"LOST": "1"}, backends="tf", base="base", head="head")
    assert ran.status == 1
    assert [words[0] for words, _ in made] == ["run"]
    assert "Failed" in ran.summary


@pytest.mark.slow
def test_words_of_inputs_are_never_read_as_shell(tmp_path, stub):
    ran, made = compared(
        tmp_path, stub, backends="tf", base="base", head="head",
        run_arguments="$(touch gone) `touch gone` ; touch gone *",
    )  # fmt: skip
    assert ran.status == 0
    assert not (tmp_path / "gone").exists()
    assert made[0][0][4:-4] == ["$(touch", "gone)", "`touch", "gone`", ";", "touch", "gone", "*"]


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_an_example_workflow_names_what_there_is(file):
    text = file.read_text(encoding="utf-8")
    (job,) = yaml.safe_load(text)["jobs"].values()
    for step in job["steps"]:
        uses = step.get("uses", "")
        if "benchdl-compare" in uses:
            assert (REPO / uses.split("/", 2)[2] / "action.yml").is_file()
            assert set(step["with"]) <= set(DEFINED["inputs"])
    words = [line.split() for line in re.findall(r"bin/benchdl ((?:.*\\\n)*.*)", text)]
    for verb, *rest in words:
        command = benchdl.get_command(None, verb)
        known = {option for parameter in command.params for option in parameter.opts}
        assert {word for word in rest if word.startswith("--")} <= known
    assert "permissions:\n  contents: read\n" in text


def test_there_are_examples_of_both():
    assert [file.stem for file in EXAMPLES] == ["compare-on-pull-request", "nightly-history"]
