"""Every backend's update is the recipe's: three of them against NumPy, to 1e-5."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from harness import catalog, settings
from harness.images import build
from harness.launchers import environments
from runner.contract.job import Job, Provenance
from runner.contract.work_and_score import Budget

REPO = Path(__file__).resolve().parents[2]
STEP = REPO / "tests" / "update_step" / "step.py"
NETWORK = REPO / "tests" / "dummy" / "runner" / "backends" / "numpy_network.py"
CASES = [(name, mode) for name in catalog.names() for mode in catalog.load(name).modes]
UPDATES = 3
LOCALLY = (
    "tf",
    "keras3-tf",
    "keras3-jax",
    "jax",
    "mxnet",
)  # environments that are not too large for CI


def job_of(backend, mode, launcher, environment=None, variant="default"):
    return Job(
        run_id="20261124t000000z-step-cpu-00000000",
        campaign_id="step",
        backend=backend.name,
        title=backend.spec.title,
        workload="cnn-mnist",
        dataset="random",
        launcher=launcher,
        device="cpu",
        budget=Budget(unit="epochs", count=UPDATES),
        data_dir="none",
        dataset_sha256={},
        settings=settings.resolve(backend, variant, {}, environment, mode),
        provenance=Provenance(kind="image", reference="step", flavour="cpu"),
    )


def check(printed):
    found = json.loads(printed.strip().splitlines()[-1])
    assert found["updates"] == UPDATES
    assert found["moved"] > 1e-3, found  # else the comparison would say nothing
    assert found["difference"] < 1e-5, found
    assert found["losses"] == pytest.approx(found["losses_in_numpy"], abs=1e-4)
    return found


@pytest.mark.docker
@pytest.mark.parametrize(("name", "mode"), CASES)
def test_update_in_the_image(engine, tmp_path, name, mode):
    backend = catalog.load(name)
    image = build.build(engine, backend, "cpu", make_base=True, say=print)
    job = job_of(backend, mode, "docker")
    check_dir = tmp_path / "check"
    check_dir.mkdir()
    check_dir.chmod(0o755)
    tmp_path.chmod(0o755)
    for file in (STEP, NETWORK):
        (check_dir / file.name).write_text(file.read_text())
    (check_dir / "job.json").write_text(job.model_dump_json())
    printed = engine.containers.run(
        image.id,
        entrypoint=["python", "/check/step.py", "/check/job.json"],
        command=[],
        environment={**job.settings.environment, "PYTHONPATH": "/opt/benchdl:/check"},
        volumes={str(check_dir): {"bind": "/check", "mode": "ro"}},
        tmpfs={"/tmp": "exec"},
        network_mode="none",
        remove=True,
        stdout=True,
        stderr=False,
    )
    check(printed.decode())


@pytest.mark.parametrize(("name", "mode"), [case for case in CASES if case[0] in LOCALLY])
def test_update_in_a_local_environment(tmp_path, name, mode):
    found = locally(tmp_path, name, mode, "default")
    assert found["replicas"] == 1


def test_two_replicas_make_the_same_update(tmp_path):
    """MirroredStrategy splits the recipe's batch: over two devices it is the same work."""
    found = locally(tmp_path, "tf", "as-written", "mirrored")
    assert found["replicas"] == 2


def locally(tmp_path, name, mode, variant):
    backend = catalog.load(name)
    prepared = environments.prepare(backend, "cpu", print)
    job = job_of(backend, mode, "local", prepared.environment, variant)
    (tmp_path / "job.json").write_text(job.model_dump_json())
    done = subprocess.run(
        [prepared.python, str(STEP), str(tmp_path / "job.json")],
        env={
            **os.environ,
            **job.settings.environment,
            "PYTHONPATH": f"{REPO}{os.pathsep}{NETWORK.parent}",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return check(done.stdout)
