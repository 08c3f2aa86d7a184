"""A composite GitHub Action, run as its file is written: every step of bash, in order.

What GitHub's runner does besides is done here: values of inputs and of outputs, files for the
summary and for outputs, and no further step after one that failed. Steps that use another action
are named and left out.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

_EXPRESSION = re.compile(r"\$\{\{ ([a-z-]+)\.([a-z.-]+) \}\}")


@dataclass
class Ran:
    """What came of an action.

    ``status`` is that of the step that failed, else 0; ``steps`` what each printed, by its name;
    ``left_out`` the actions that it uses; ``summary`` is Markdown.
    """

    status: int = 0
    steps: dict[str, str] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)
    summary: str = ""
    outputs: dict[str, str] = field(default_factory=dict)


def read(action: Path) -> dict[str, Any]:
    """The file of the action in this folder."""
    found: dict[str, Any] = yaml.safe_load((action / "action.yml").read_text(encoding="utf-8"))
    return found


def run(
    action: Path,
    workspace: Path,
    inputs: Mapping[str, str],
    more: Mapping[str, str] | None = None,
    only: str = "",
) -> Ran:
    """Run the action of this folder in ``workspace``, as a job's step that uses it would.

    Args:
        action: the folder of action.yml.
        workspace: where the job has its checkouts.
        inputs: by name; others have their default.
        more: further variables of the job's environment.
        only: the name of the one step to run.
    """
    defined = read(action)
    unknown = set(inputs) - set(defined["inputs"])
    assert not unknown, f"no such inputs: {unknown}"
    known = {f"inputs.{name}": inputs.get(name, asked.get("default", ""))
             for name, asked in defined["inputs"].items()}  # fmt: skip
    temp = workspace / "_temp"
    temp.mkdir(exist_ok=True)
    ran = Ran()
    for number, step in enumerate(defined["runs"]["steps"]):
        name = step.get("name", "")
        if "uses" in step:
            ran.left_out.append(step["uses"])
        elif only in ("", name):
            files = {kind: temp / f"{kind}-{number}" for kind in ("summary", "output")}
            env = _environment(action, workspace, temp, files) | dict(more or {})
            env |= {key: _filled(words, known) for key, words in step.get("env", {}).items()}
            ran.status, ran.steps[name] = _step(step, env, workspace)
            ran.summary += files["summary"].read_text()
            for line in files["output"].read_text().splitlines():
                key, _, value = line.partition("=")
                known[f"steps.{step.get('id')}.outputs.{key}"] = value
            if ran.status:
                break
    ran.outputs = {key: _filled(told["value"], known)
                   for key, told in defined.get("outputs", {}).items()}  # fmt: skip
    return ran


def _environment(
    action: Path, workspace: Path, temp: Path, files: Mapping[str, Path]
) -> dict[str, str]:
    for file in files.values():
        file.write_text("")
    ours = {name: value for name, value in os.environ.items()
            if not name.startswith(("BENCHDL_", "MAKE", "MFLAGS"))}  # fmt: skip
    return ours | {
        "GITHUB_ACTIONS": "true", "GITHUB_ACTION_PATH": str(action), "RUNNER_TEMP": str(temp),
        "GITHUB_WORKSPACE": str(workspace), "GITHUB_STEP_SUMMARY": str(files["summary"]),
        "GITHUB_OUTPUT": str(files["output"]),
    }  # fmt: skip


def _filled(words: str, known: Mapping[str, str]) -> str:
    """The text with the values of its expressions; one that is not there is empty."""
    return _EXPRESSION.sub(lambda found: known.get(f"{found[1]}.{found[2]}", ""), words)


def _step(step: Mapping[str, Any], env: dict[str, str], workspace: Path) -> tuple[int, str]:
    """Its exit status, and what it printed: as GitHub runs ``shell: bash``."""
    assert step["shell"] == "bash"
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]], env=env,
        cwd=workspace, text=True, check=False, timeout=1800, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )  # fmt: skip
    return done.returncode, done.stdout
