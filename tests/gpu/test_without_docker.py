"""Our backends on a real GPU without a container, on whatever frameworks a Python here has.

Not the pinned stack, but the same runner, meters, proof and checks. ``BENCHDL_TEST_PYTHON`` names
the Python; without it that is the one of the tests.
"""

from __future__ import annotations

import os
import sys

import pytest

from harness import catalog
from harness.checks.verdict import verdict
from harness.errors import UsageError
from harness.launchers import interpreter
from harness.launchers.python_launcher import PythonLauncher
from harness.nvidia import host_driver
from harness.store import Store

pytestmark = pytest.mark.gpu
DRIVER = host_driver.examine()
PYTHON = os.environ.get("BENCHDL_TEST_PYTHON") or sys.executable


def found():
    """The tools of networks that the Python has; it is not asked where there is no GPU."""
    if not DRIVER.gpus:
        return []
    launcher, names = PythonLauncher(interpreter.examine(interpreter.find(PYTHON))), []
    for name in catalog.having("cnn-mnist"):
        try:
            launcher.refuse(catalog.load(name))
        except UsageError:
            continue
        names.append(name)
    return names


FOUND = found()


@pytest.mark.skipif(not DRIVER.gpus, reason=f"no real GPU here: {DRIVER.problem}")
@pytest.mark.skipif(not FOUND, reason="this Python has none of the frameworks")
@pytest.mark.timeout(3000)
@pytest.mark.parametrize("name", FOUND or ["none"])
def test_a_backend_trains_on_the_gpu(benchdl, tmp_path, mnist_dir, name):
    gpu = DRIVER.gpus[0].uuid
    asked = ["--launcher", "python", "--python", PYTHON, "--device", "gpu", "--gpus", gpu]
    done = benchdl("run", name, *asked, "--epochs", "2", "--data-dir", mnist_dir, timeout=2900)
    (result,), _ = Store(tmp_path / "results").load()
    assert result.failure is None, done.stderr + done.stdout
    measured = result.measurement
    assert measured.attestation.device == "gpu"
    (used,) = [device for device in measured.gpu.devices if device.used]
    assert used.uuid == gpu
    assert used.energy_j > 0
    assert verdict(result.status, result.findings) != "invalid", result.findings
