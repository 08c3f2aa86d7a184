"""A small checkout for tests of the Makefile: its environment is a program that tells what it was
asked to do, so that a test needs no installation."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

REPO = Path(__file__).resolve().parents[1]
NEEDED = (
    "Makefile", "pyproject.toml", "harness/__init__.py", "harness/errors.py",
    "harness/addresses.py", "harness/package_settings.py", "harness/printable.py",
    "harness/requirements.lock", "harness/development.lock", "setup.py",
    "docker/base/build-constraints.lock",
)  # fmt: skip

# It answers what harness/make/venv.py asks of an environment, and tells everything else.
PYTHON = """#!{real} -I
import json, os, sys
if "-c" in sys.argv:
    print("{root}/harness/__init__.py")
    print("{root}/.venv")
else:
    print(json.dumps([sys.argv[1:], dict(os.environ)]))
    sys.exit(int(os.environ.get("FAKE_EXIT", "0")))
"""


def make(root: Path) -> Path:
    """Copy what the Makefile needs to ``root``."""
    backends = [str(file.relative_to(REPO)) for file in REPO.glob("docker/*/image.toml")]
    for name in (*NEEDED, *backends):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(REPO / name, root / name)
    skip = shutil.ignore_patterns("__pycache__")
    shutil.copytree(REPO / "harness" / "make", root / "harness" / "make", ignore=skip)
    return root


def clone(root: Path) -> Path:
    """Copy what is tracked, or about to be, to ``root``; nothing that was made here."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=REPO, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    for name in filter(None, listed.split("\0")):
        if (REPO / name).is_file():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(REPO / name, root / name)
    return root


def give_environment(root: Path, *, tools: bool = True) -> None:
    """Put the program that tells in the place of an environment that is ready."""
    from harness.make import venv

    python = root / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(PYTHON.format(real=sys.executable, root=root))
    python.chmod(0o755)
    environment = venv.Venv(root, print)
    stamp = {
        "folder": str(root),
        "made_of": environment._made_of(venv._MADE_OF),
        "python": platform.python_version(),
    }
    (root / ".venv" / ".ready").write_text(json.dumps(stamp))
    if tools:
        (root / ".venv" / "bin" / "pytest").touch()
        (root / ".venv" / ".ready-tools").write_text(environment._made_of((venv._TOOLS_LOCK,)))


def environment(**more: str) -> dict[str, str]:
    """This process's, without what an outer make has put there."""
    plain = {k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "MFLAGS", "BENCHDL"))}
    return {**plain, **more}


def run(root: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    """``make WORDS`` there, with the Python of the tests."""
    return subprocess.run(
        ["make", f"PYTHON={sys.executable}", *words],
        cwd=root,
        env=environment(**more),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
