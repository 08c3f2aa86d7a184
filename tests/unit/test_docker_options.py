"""What a container is started with, where a test needs no engine to see it."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from harness.launchers.docker import DockerLauncher
from harness.launchers.launcher import Order, Prepared
from runner.contract.job import Pins


@pytest.fixture
def environment(make_result, tmp_path):
    """The variables of a job's container."""
    client = SimpleNamespace(
        info=lambda: {"MemTotal": 2**34, "Runtimes": {"runc": {}}},
        version=lambda: {"Version": "28.5.2", "ApiVersion": "1.51"},
    )

    def of(**job):
        result = make_result(job=job)
        prepared = Prepared(result.job.provenance, Pins(), python="python")
        order = Order(result.job, prepared, tmp_path, {}, tmp_path, timeout_s=1.0)
        way = "request" if result.job.device == "gpu" else None
        return DockerLauncher(client)._options(order, way)["environment"]

    return of


def test_what_the_driver_compiles_outlives_the_container(environment):
    """Its own place is in HOME, which ends with the container."""
    variables = environment(device="gpu")
    assert Path(variables["CUDA_CACHE_PATH"]).is_relative_to(variables["BENCHDL_CACHE_DIR"])
    assert not Path(variables["CUDA_CACHE_PATH"]).is_relative_to(variables["HOME"])
    assert int(variables["CUDA_CACHE_MAXSIZE"]) == 4 * 2**30
    assert "CUDA_CACHE_PATH" not in environment()


def test_a_user_may_say_otherwise(environment):
    settings = {"environment": {"CUDA_CACHE_PATH": "/tmp/mine"}}
    assert environment(device="gpu", settings=settings)["CUDA_CACHE_PATH"] == "/tmp/mine"
