"""Every tool that has bfloat16 on a CPU multiplies in it, and nothing else, and learns as well.

In the mode in which the tool's step is compiled, where it has such a one: the other does no more.
That its updates are those of NumPy, as far as the format goes, test_ranks.py holds: the proof of
ranks in bfloat16 has those of one alone in it. One tool is proven here as a user's run proves it.
"""

from __future__ import annotations

import json
import os
import subprocess

import pytest
from avx512 import LACKING, lacks_kernels
from conftest import BENCHDL

from harness import catalog

CASES = [  # XLA's threads spin: beside other tests they take five times as long
    pytest.param(
        name, catalog.load(name).modes[-1], marks=() if "jax" in name else pytest.mark.beside
    )
    for name in catalog.names()
    if "bfloat16" in catalog.load(name).precisions("cpu")
]


PROVEN = "torch"  # its proof takes the least time


@pytest.mark.docker
@pytest.mark.timeout(1900)
@pytest.mark.parametrize(("name", "mode"), CASES)
def test_bfloat16_is_what_runs(engine, tmp_path, name, mode):
    proof = "--conform" if name == PROVEN else "--no-conform"
    done = subprocess.run(
        [str(BENCHDL), "run", name, "--mode", mode, "--precision", "bfloat16", "--device", "cpu",
         "--launcher", "docker", "--dataset", "synthetic-mnist", "--epochs", "1",
         "--train-samples", "2000", "--threads", "1", "--idle-wait", "0", proof, "--json"],
        env={**os.environ, "BENCHDL_RESULTS": str(tmp_path)},
        capture_output=True, text=True, timeout=1800, check=False,
    )  # fmt: skip
    (file,) = tmp_path.glob("*/result.json")
    result = json.loads(file.read_text())
    if lacks_kernels(name):
        assert done.returncode == 1
        assert LACKING in result["failure"]["message"]
        return
    assert done.returncode == 0, done.stderr
    codes = {(found["code"], found["severity"]) for found in result["findings"]}
    assert result["job"]["settings"]["precision"] == "bfloat16"
    counted = result["measurement"]["attestation"]["framework"]["products_in"]
    assert set(counted) == {"bfloat16"}, counted
    assert not {code for code, severity in codes if severity == "invalid"}, result["findings"]
    assert (("unproven", "info") in codes) == (name != PROVEN)
    if name == PROVEN:
        checks = {check["name"]: check for check in result["conformance"]["checks"]}
        assert checks["update-in-bfloat16"]["seen"] <= checks["update-in-bfloat16"]["tolerance"]
