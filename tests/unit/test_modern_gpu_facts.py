"""What backends on current releases say of a GPU, on stand-ins of the frameworks' answers."""

from __future__ import annotations

import os
from types import SimpleNamespace

import pytest

from runner.backends.jax import jax_device
from runner.backends.torch import torch as backend_torch
from runner.backends.torch import torch_device
from runner.contract.job import MemoryPool


@pytest.mark.parametrize(
    ("pool", "variables"),
    [
        (MemoryPool(mode="growth"), {"XLA_PYTHON_CLIENT_PREALLOCATE": "false"}),
        (MemoryPool(mode="off"), {"XLA_PYTHON_CLIENT_ALLOCATOR": "platform"}),
        (
            MemoryPool(mode="fraction", fraction=0.9),
            {
                "XLA_PYTHON_CLIENT_PREALLOCATE": "true",
                "XLA_PYTHON_CLIENT_MEM_FRACTION": "0.9",
            },
        ),
    ],
)
def test_jax_is_told_of_the_pool(pool, variables):
    assert jax_device.pool_variables(pool) == variables


@pytest.mark.parametrize(
    ("stats", "mode"),
    [
        (None, "off"),
        ({}, "off"),
        ({"bytes_limit": 100, "pool_bytes": 100}, "fraction"),
        ({"bytes_limit": 100, "pool_bytes": 8}, "growth"),
        ({"bytes_limit": 100}, None),
    ],
)
def test_jax_tells_its_pool(stats, mode):
    assert jax_device.pool_mode(stats) == mode


def jax(precision, **stats):
    device = SimpleNamespace(platform="gpu", device_kind="H100", memory_stats=lambda: stats)
    return SimpleNamespace(
        devices=lambda: [device], config=SimpleNamespace(jax_default_matmul_precision=precision)
    )


@pytest.mark.parametrize(
    ("precision", "override", "allowed"),
    [
        ("highest", None, False),
        ("float32", None, False),
        (None, None, True),
        ("tensorfloat32", None, True),
        ("tensorfloat32", "0", False),
    ],
)
def test_jax_tells_whether_tf32_is_allowed(monkeypatch, precision, override, allowed):
    monkeypatch.delenv("NVIDIA_TF32_OVERRIDE", raising=False)
    if override:
        monkeypatch.setenv("NVIDIA_TF32_OVERRIDE", override)
    assert jax_device.facts(jax(precision, bytes_limit=9, pool_bytes=1))["tf32"] is allowed


def torch(products, convolutions):
    return SimpleNamespace(
        get_num_threads=lambda: 2,
        version=SimpleNamespace(cuda="13.0"),
        backends=SimpleNamespace(
            cuda=SimpleNamespace(matmul=SimpleNamespace(allow_tf32=products)),
            cudnn=SimpleNamespace(allow_tf32=convolutions, version=lambda: 92400, benchmark=False),
        ),
        cuda=SimpleNamespace(
            is_available=lambda: True,
            mem_get_info=lambda: (70, 80),
            get_device_name=lambda: "H100",
            memory=SimpleNamespace(get_allocator_backend=lambda: "native"),
        ),
    )


@pytest.mark.parametrize(
    ("products", "convolutions", "tf32"),
    [(False, False, False), (False, True, True), (True, False, True)],
)
def test_torch_tells_of_tf32_in_either_place(monkeypatch, products, convolutions, tf32):
    for name in ("NVIDIA_TF32_OVERRIDE", "PYTORCH_NO_CUDA_MEMORY_CACHING"):
        monkeypatch.delenv(name, raising=False)
    facts = torch_device.facts(torch(products, convolutions))
    assert facts["tf32"] is tf32
    assert facts["cudnn_version"] == "9.24.0"
    assert (facts["gpu_memory_bytes"], facts["gpu_memory_taken_bytes"]) == (80, 10)
    assert facts["pool_mode"] == "growth"
    monkeypatch.setenv("PYTORCH_NO_CUDA_MEMORY_CACHING", "1")
    assert torch_device.facts(torch(products, convolutions))["pool_mode"] == "off"


@pytest.mark.parametrize(
    ("mode", "device", "pool", "graphed"),
    [
        ("tuned", "gpu", "growth", True),
        ("tuned", "gpu", "off", False),
        ("tuned", "cpu", "growth", False),
        ("as-written", "gpu", "growth", False),
    ],
)
def test_graphs_of_pytorch_need_the_memory_pool(mode, device, pool, graphed):
    settings = SimpleNamespace(mode=mode, memory_pool=MemoryPool(mode=pool))
    assert torch_device.can_graph(SimpleNamespace(device=device, settings=settings)) is graphed


@pytest.mark.parametrize(("mode", "timed"), [("tuned", True), ("as-written", False)])
def test_cudnn_times_its_algorithms_where_a_job_is_tuned(mode, timed):
    settings = SimpleNamespace(mode=mode, precision="float32")
    stand_in = torch(False, False)
    torch_device.start(stand_in, SimpleNamespace(device="cpu", settings=settings, threads=None))
    assert torch_device.facts(stand_in)["cudnn_benchmark"] is timed


def test_jax_without_its_platform_says_which(monkeypatch):
    def devices():
        raise AssertionError  # what JAX 0.10 does when its CUDA plugin cannot start

    job = SimpleNamespace(device="gpu", settings=SimpleNamespace(precision="float32"))
    broken = SimpleNamespace(
        devices=devices, config=SimpleNamespace(update=lambda name, value: None)
    )
    with pytest.raises(RuntimeError, match=r"finds no gpu: .*log\.txt"):
        jax_device.start(broken, job)


@pytest.mark.parametrize(
    ("mode", "pool", "allowed"),
    [("tuned", "growth", True), ("tuned", "off", False), ("as-written", "growth", False)],
)
def test_graphs_of_ranks_may_hold_what_they_exchange(
    make_result, monkeypatch, tmp_path, mode, pool, allowed
):
    monkeypatch.setattr(os, "environ", {"TMPDIR": str(tmp_path)})
    settings = {"mode": mode, "strategy": "data-parallel", "memory_pool": {"mode": pool}}
    job = {"backend": "torch", "device": "gpu", "ranks": 2, "settings": settings}
    backend_torch.create().configure(make_result(job=job).job)
    assert (os.environ.get("TORCH_NCCL_ASYNC_ERROR_HANDLING") == "0") is allowed
