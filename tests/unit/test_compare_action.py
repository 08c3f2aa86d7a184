"""The GitHub Action: each of its shell steps, run as GitHub would, and the example workflows.

Nothing is trained: a stub stands in for benchdl, and writes down what it was asked; two folders of
results are compared by benchdl itself.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import make_checkout
import pytest
import yaml

from harness.cli.command import benchdl
from harness.store import Store

REPO = Path(__file__).resolve().parents[2]
ACTION = REPO / ".github" / "actions" / "benchdl-compare"
EXAMPLES = sorted((REPO / "examples" / "github").glob("*.yml"))
DEFINED = yaml.safe_load((ACTION / "action.yml").read_text(encoding="utf-8"))
STEPS = {step.get("name", step.get("uses")): step for step in DEFINED["runs"]["steps"]}

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


def environment(folder, action, **inputs):
    """What GitHub sets for the step of these inputs, and the defaults of all others."""
    known = {name: asked.get("default", "") for name, asked in DEFINED["inputs"].items()}
    known |= {name.replace("_", "-"): value for name, value in inputs.items()}
    step = {}
    for name, words in STEPS["Compare"]["env"].items():
        (word,) = re.fullmatch(r"\$\{\{ inputs\.([a-z-]+) \}\}", words).groups()
        step[name] = known[word]
    ours = {name: value for name, value in os.environ.items() if not name.startswith("BENCHDL_")}
    return {
        **ours, **step, "GITHUB_ACTION_PATH": str(action), "RUNNER_TEMP": str(folder),
        "GITHUB_STEP_SUMMARY": str(folder / "step-summary.md"),
        "GITHUB_OUTPUT": str(folder / "output"), "CALLS": str(folder / "calls"),
    }  # fmt: skip


def shell(step, env, cwd):
    """A step of ``shell: bash`` as GitHub runs it."""
    assert STEPS[step]["shell"] == "bash"
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", STEPS[step]["run"]],
        env=env, cwd=cwd, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip


@pytest.fixture
def stub(tmp_path):
    """A checkout whose benchdl is the stub; returns the folder of the action in it."""
    root = tmp_path / "action's checkout"
    action = root / ".github" / "actions" / "benchdl-compare"
    action.mkdir(parents=True)
    (action / "compare.sh").write_text((ACTION / "compare.sh").read_text())
    (root / "benchdl").mkdir()
    (root / "benchdl" / "__main__.py").write_text(STUB)
    (root / ".venv" / "bin").mkdir(parents=True)
    (root / ".venv" / "bin" / "python").symlink_to(sys.executable)
    for name in ("base", "head"):
        (tmp_path / name).mkdir()
    return action


def compared(tmp_path, stub, more=None, **inputs):
    env = {**environment(tmp_path, stub, **inputs), **(more or {})}
    done = shell("Compare", env, tmp_path)
    calls = tmp_path / "calls"
    made = (
        [yaml.safe_load(line) for line in calls.read_text().splitlines()] if calls.exists() else []
    )
    return done, made


def test_the_action_is_sound():
    assert DEFINED["runs"]["using"] == "composite"
    assert all("description" in asked for asked in DEFINED["inputs"].values())
    assert {name for name, asked in DEFINED["inputs"].items() if asked.get("required")} == {"base"}
    used = set(re.findall(r"inputs\.([a-z-]+)", (ACTION / "action.yml").read_text()))
    assert used == set(DEFINED["inputs"])
    for step in STEPS.values():
        assert "${{" not in step.get("run", ""), "a value of an input would be read as shell"
        assert "uses" in step or step["shell"] == "bash"


@pytest.mark.slow
def test_the_install_step_sets_up_the_checkout_of_the_action(tmp_path):
    root = make_checkout.make(tmp_path / "checkout")
    make_checkout.give_environment(root)
    action = root / ".github" / "actions" / "benchdl-compare"
    action.mkdir(parents=True)
    env = {
        **environment(tmp_path, action),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    done = shell("Install benchdl, held to its lock", env, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"directory '{root}'" in done.stdout


@pytest.mark.slow
def test_both_builds_run_and_their_images_are_compared(tmp_path, stub):
    done, made = compared(
        tmp_path, stub, backends="tf", base="base", head="head", repeat="6", margin="5",
        run_arguments="--epochs 1  --device cpu", fail_on="regression ambiguous",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (base, base_root), _, (head, head_root), _, (compare, _) = made
    results = ["--launcher", "docker", "--results", str(tmp_path / "benchdl-results")]
    assert base == ["run", "tf", "--repeat", "1", "--epochs", "1", "--device", "cpu", *results]
    assert head == ["run", "tf", "--repeat", "6", "--against", "latest", "--epochs", "1",
                    "--device", "cpu", *results]  # fmt: skip
    assert (base_root, head_root) == (str(tmp_path / "base"), str(tmp_path / "head"))
    assert compare[:3] == ["compare", f"tf:image={12 * 'a'}", f"tf:image={12 * 'b'}"]
    assert compare[3:] == [
        "--campaign", "latest", "--results", str(tmp_path / "benchdl-results"), "--figure", "time",
        "--margin", "5", "--fail-on", "regression", "--fail-on", "ambiguous", "--format", "md",
    ]  # fmt: skip
    summary = (tmp_path / "step-summary.md").read_text()
    assert summary.startswith("## benchdl compare\n\n### tf\n\n| B against A | ratio |\n")
    (output,) = (tmp_path / "output").read_text().splitlines()
    assert Path(output.removeprefix("summary=")).read_text() == summary


@pytest.mark.slow
@pytest.mark.parametrize("status", [1, 2])
def test_a_verdict_and_a_problem_fail_the_step_once_all_is_told(tmp_path, stub, status):
    done, made = compared(tmp_path, stub, {"VERDICT": str(status)}, backends="tf torch",
                          base="base", head="head")  # fmt: skip
    assert done.returncode == status
    assert [words[0] for words, _ in made].count("compare") == 2
    assert "Failed; the log of the step says why." in (tmp_path / "step-summary.md").read_text()


@pytest.mark.slow
def test_the_same_image_is_nothing_to_compare_and_no_failure(tmp_path, stub):
    done, made = compared(tmp_path, stub, {"SAME": "1"}, backends="tf", base="base", head="head")
    assert done.returncode == 0, done.stderr
    assert "is still the same" in done.stderr
    assert "nothing to compare" in (tmp_path / "step-summary.md").read_text()
    assert [words[0] for words, _ in made] == ["run", "runs", "run"]


@pytest.mark.slow
def test_a_run_that_fails_is_compared_with_nothing(tmp_path, stub):
    done, made = compared(tmp_path, stub, {"LOST": "1"}, backends="tf", base="base", head="head")
    assert done.returncode == 1
    assert [words[0] for words, _ in made] == ["run"]
    assert "Failed" in (tmp_path / "step-summary.md").read_text()


@pytest.mark.slow
def test_words_of_inputs_are_never_read_as_shell(tmp_path, stub):
    done, made = compared(
        tmp_path, stub, backends="tf", base="base", head="head",
        run_arguments="$(touch gone) `touch gone` ; touch gone *",
    )  # fmt: skip
    assert done.returncode == 0
    assert not (tmp_path / "gone").exists()
    assert made[0][0][4:-4] == ["$(touch", "gone)", "`touch", "gone`", ";", "touch", "gone", "*"]


@pytest.mark.slow
@pytest.mark.parametrize(("factor", "code"), [(1.3, 1), (0.8, 0)])
def test_two_folders_of_results_are_compared_by_benchdl_itself(tmp_path, make_result, factor, code):
    for folder, times in (("then", 1.0), ("now", factor)):
        for number in range(1, 9):
            measured = {"phases": {"fit_s": times * (100 + number % 3), "total_s": 200}}
            job = {"repeat": number, "campaign_id": "20261123t115900z-campaign-cpu-00c0ffee"}
            Store(tmp_path / folder).add(make_result(job=job, measurement=measured))
    env = environment(tmp_path, ACTION, base="then", head="now")
    done = shell("Compare", env, tmp_path)
    assert done.returncode == code, done.stderr
    summary = (tmp_path / "step-summary.md").read_text()
    assert "| B against A" in summary
    assert ("slower" if code else "faster") in summary


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
