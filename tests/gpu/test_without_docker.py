"""Our backends on a real GPU without a container, on whatever frameworks this Python has.

For machines where no engine runs and nothing can be installed: not the pinned stack, but the same
runner, meters, proof and checks. benchmarks/frameworks_here.py does it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec

import pytest

from harness import catalog
from harness.checks.verdict import verdict
from harness.nvidia import host_driver
from harness.store import Store

pytestmark = pytest.mark.gpu
DRIVER = host_driver.examine()
NEEDS = {
    "jax": ("jax",),
    "keras3-jax": ("keras", "jax"),
    "keras3-tf": ("keras", "tensorflow"),
    "keras3-torch": ("keras", "torch"),
    "tf": ("tensorflow",),
    "torch": ("torch",),
}
FOUND = [
    name for name in catalog.names() if name in NEEDS and all(find_spec(m) for m in NEEDS[name])
]


@pytest.mark.skipif(not DRIVER.gpus, reason=f"no real GPU here: {DRIVER.problem}")
@pytest.mark.skipif(not FOUND, reason="this Python has none of the frameworks")
@pytest.mark.timeout(3000)
@pytest.mark.parametrize("name", FOUND or ["none"])
def test_a_backend_trains_on_the_gpu(tmp_path, mnist_dir, repo, name):
    gpu = DRIVER.gpus[0].uuid
    command = [sys.executable, repo / "benchmarks" / "frameworks_here.py", name, "--device", "gpu"]
    command += ["--gpus", gpu, "--epochs", "2", "--data-dir", mnist_dir]
    done = subprocess.run(
        [*command, "--results", tmp_path / "results"],
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(repo), os.environ.get("PYTHONPATH", "")]),
        },
        capture_output=True,
        text=True,
        timeout=2900,
        check=False,
    )
    (result,), _ = Store(tmp_path / "results").load()
    assert result.failure is None, done.stderr + done.stdout
    measured = result.measurement
    assert measured.attestation.device == "gpu"
    (used,) = [device for device in measured.gpu.devices if device.used]
    assert used.uuid == gpu
    assert used.energy_j > 0
    assert verdict(result.status, result.findings) != "invalid", result.findings
