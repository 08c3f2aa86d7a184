"""benchdl as its users install it: built into a wheel, in an environment without a checkout."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from harness import uv_command

REPO = Path(__file__).resolve().parents[1]
PARTS = (
    "LICENSE", "README.md", "benchdl", "docker", "docs", "harness", "pyproject.toml", "runner",
    "setup.py",
)  # fmt: skip


def sources(folder: Path) -> Path:
    """What the package is made of, without what else lies in a checkout that is worked in."""
    folder.mkdir()
    skip = shutil.ignore_patterns("__pycache__", "*.egg-info")
    for name in PARTS:
        if (REPO / name).is_dir():
            shutil.copytree(REPO / name, folder / name, ignore=skip)
        else:
            shutil.copy(REPO / name, folder / name)
    return folder


def uv(*words: object) -> None:
    """Run uv as the harness does, and see that it does what it should."""
    done = uv_command.uv([str(word) for word in words])
    assert done.returncode == 0, done.stderr


def build(folder: Path, kind: str) -> Path:
    """The one distribution that uv makes of ``folder``; ``kind`` is ``wheel`` or ``sdist``."""
    out = folder.parent / f"{kind}-of-{folder.name}"
    # The tools are those of this environment, which are held to hashes.
    here = ["--python", sys.executable, "--no-build-isolation"]
    uv("build", "--quiet", *here, f"--{kind}", "--out-dir", out, folder)
    (made,) = (file for file in out.iterdir() if file.suffix in (".whl", ".gz"))
    return made


class Installed:
    """An environment with benchdl's wheel in it, and a home where nothing was done before."""

    def __init__(self, folder: Path, wheel: Path) -> None:
        self._home = folder / "home"
        self._home.mkdir(parents=True)
        self.bin = folder / "environment" / "bin"
        uv("venv", "--quiet", "--python", sys.executable, folder / "environment")
        uv("pip", "install", "--quiet", "--python", self.bin / "python",
           "--constraint", REPO / "harness" / "requirements.lock", wheel)  # fmt: skip
        (self.site,) = (folder / "environment" / "lib").glob("python3*/site-packages")

    @property
    def root(self) -> Path:
        """What it carries in the place of a checkout."""
        return self.site / "harness" / "_root"

    def run(
        self, *words: object, cwd: Path, timeout: float = 120, **more: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a program of the environment; its variables are the machine's alone, and ``more``."""
        known = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("BENCHDL_", "PYTHON", "XDG_", "VIRTUAL_ENV"))
        }
        program, *rest = map(str, words)
        return subprocess.run(
            [str(self.bin / program), *rest],
            cwd=cwd, env={**known, "HOME": str(self._home), **more},
            capture_output=True, text=True, timeout=timeout, check=False,
        )  # fmt: skip
