"""Where compiled code goes: the folder that the launcher names; a container may load it there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from runner.backends.common import compile_cache

REPO = Path(__file__).resolve().parents[2]

COMPILED = """
import os
from runner.backends.torch import torch_compiler
torch_compiler.configure()
print(os.environ["TRITON_CACHE_DIR"], os.environ["TORCHINDUCTOR_CACHE_DIR"])
open(os.path.join(os.path.dirname(os.environ["TRITON_CACHE_DIR"]), "kept"), "w").close()
"""


def test_it_is_the_launchers_or_a_new_one(monkeypatch, tmp_path):
    monkeypatch.setenv("BENCHDL_CACHE_DIR", str(tmp_path))
    assert compile_cache.folder("any-") == tmp_path
    monkeypatch.delenv("BENCHDL_CACHE_DIR")
    monkeypatch.setattr(compile_cache.tempfile, "tempdir", str(tmp_path))
    assert compile_cache.folder("any-").parent == tmp_path


def test_what_one_job_compiled_is_in_the_launchers_folder_and_gone_with_it(tmp_path):
    told = subprocess.run(
        [sys.executable, "-c", COMPILED],
        env={**os.environ, "BENCHDL_CACHE_DIR": str(tmp_path), "PYTHONPATH": str(REPO)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert [Path(word).parent.parent for word in told] == [tmp_path, tmp_path]
    assert len(set(told)) == 2
    assert list(tmp_path.iterdir()) == []
