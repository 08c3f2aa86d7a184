"""The runner itself on a real GPU, without a container, on whatever framework this Python has.

For machines where no engine runs and nothing can be installed: not the pinned stack, so versions
are not compared, but the same runner, meters, proof and checks.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from importlib.util import find_spec

import pytest

from harness import catalog, checks, datasets, nvidia, settings
from runner.contract import Job, Pins, Provenance, load_result

pytestmark = pytest.mark.gpu
DRIVER = nvidia.examine()
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


def job_of(name, mnist_dir):
    backend = catalog.load(name)
    return Job(
        run_id=f"20261124t000000z-{name}-gpu-00000000",
        campaign_id="without-docker",
        backend=name,
        title=backend.spec.title,
        workload="cnn-mnist",
        dataset=datasets.MNIST,
        launcher="local",
        device="gpu",
        gpus=[DRIVER.gpus[0].uuid],
        epochs=2,
        data_dir=str(mnist_dir),
        dataset_sha256=datasets.SHA256[datasets.MNIST],
        settings=settings.resolve(backend, "default", {}, None, "as-written"),
        pins=Pins(),
        allow_unpinned=True,
        provenance=Provenance(kind="environment", reference=sys.prefix, flavour="gpu"),
    )


@pytest.mark.skipif(not DRIVER.gpus, reason=f"no real GPU here: {DRIVER.problem}")
@pytest.mark.skipif(not FOUND, reason="this Python has none of the frameworks")
@pytest.mark.timeout(3000)
@pytest.mark.parametrize("name", FOUND or ["none"])
def test_the_runner_trains_on_the_gpu(tmp_path, mnist_dir, repo, name):
    job = job_of(name, mnist_dir)
    (tmp_path / "job.json").write_text(job.model_dump_json())
    begin = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "runner", tmp_path],
        env={
            **os.environ,
            **job.settings.environment,
            "PYTHONPATH": os.pathsep.join([str(repo), os.environ.get("PYTHONPATH", "")]),
            "CUDA_VISIBLE_DEVICES": DRIVER.gpus[0].uuid,
        },
        capture_output=True,
        text=True,
        timeout=2900,
        check=False,
    )
    result = load_result((tmp_path / "result.json").read_text())
    assert result.failure is None, done.stderr + done.stdout
    measured = result.measurement
    assert measured.attestation.device == "gpu"
    assert [device.uuid for device in measured.gpu.devices] == job.gpus
    assert measured.gpu.devices[0].used
    assert measured.gpu.devices[0].energy_j > 0
    findings = checks.findings(job, measured, time.monotonic() - begin)
    invalid = [finding for finding in findings if finding.severity == "invalid"]
    assert not invalid, invalid
