"""What JAX is told of the devices that share a job, before it looks for them."""

from __future__ import annotations

import pytest

from runner.backends.jax import jax_device


@pytest.fixture
def configured(make_result, monkeypatch):
    """Configure for a job; the variables that XLA reads."""

    def variables(**words):
        job = make_result(job={"backend": "jax", "launcher": "local", **words}).job
        told = {"XLA_FLAGS": "--already=there"}
        monkeypatch.setattr(jax_device.os, "environ", told)
        jax_device.configure(job)
        return told

    return variables


@pytest.mark.parametrize("threads", [None, 1, 4])
def test_parts_of_a_cpu_get_workers_that_may_wait_beside_those_that_compute(
    configured, monkeypatch, threads
):
    monkeypatch.setattr(jax_device.os, "sched_getaffinity", lambda _: {0, 1})
    told = configured(threads=threads, ranks=3, settings={"strategy": "data-parallel"})
    assert told["XLA_FLAGS"] == "--already=there --xla_force_host_platform_device_count=3"
    assert int(told["NPROC"]) >= (threads or 2) + 3 * 8


def test_one_device_has_the_threads_that_were_asked_for(configured):
    assert configured(threads=3)["NPROC"] == "3"
    assert "NPROC" not in configured(threads=None)
