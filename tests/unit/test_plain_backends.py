"""What the backends mxnet, torch and jax, and Theano's tuned mode, do before any framework."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from types import SimpleNamespace

import numpy as np
import pytest

from runner.backends.common import malloc, nvidia
from runner.backends.keras import theano
from runner.backends.mxnet import mxnet, mxnet_gpu
from runner.networks.layers import Conv, Dense, Flatten
from runner.networks.layout import from_outputs_first
from runner.networks.network import Network


@pytest.fixture
def environ(monkeypatch, tmp_path):
    """An environment that a test may change, without any variable of ours."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))  # folders that a backend makes
    monkeypatch.setattr(os, "environ", {})
    return os.environ


def job(make_result, mode="as-written", device="cpu", threads=None, **settings):
    return make_result(
        job={"device": device, "threads": threads, "settings": {"mode": mode, **settings}}
    ).job


def test_weights_with_outputs_first_give_the_same_pictures_in_the_reference():
    """A network of one convolution and one dense layer, by hand in both orders."""
    network = Network((5, 6, 2), (Conv(3, (2, 3), "relu"), Flatten(), Dense(4, "softmax")))
    rng = np.random.RandomState(0)
    filters, units = rng.rand(3, 2, 2, 3), rng.rand(4, 3 * 4 * 4)  # outputs, inputs, ...
    kernel, bias, dense, last = from_outputs_first(
        network, [filters, rng.rand(3), units, rng.rand(4)]
    )
    assert kernel.shape == (2, 3, 2, 3)
    picture = rng.rand(5, 6, 2)
    first = np.array(
        [
            [
                [(picture[y : y + 2, x : x + 3].transpose(2, 0, 1) * filters[f]).sum()
                 for x in range(4)] for y in range(4)
            ]
            for f in range(3)
        ]
    )  # fmt: skip
    ours = np.array(
        [[np.tensordot(picture[y : y + 2, x : x + 3], kernel, 3) for x in range(4)]
         for y in range(4)]
    )  # fmt: skip
    assert np.allclose(ours, first.transpose(1, 2, 0))
    assert np.allclose(ours.reshape(-1) @ dense, units @ first.reshape(-1))
    assert bias.shape == (3,)
    assert last.shape == (4,)


@pytest.mark.parametrize(("allowed", "before"), [(True, "0"), (False, "1"), (False, None)])
def test_tf32_is_allowed_or_not_whatever_was_set(environ, allowed, before):
    if before:
        environ["NVIDIA_TF32_OVERRIDE"] = before
    nvidia.allow_tf32(allowed)
    assert nvidia.tf32_allowed() is allowed


def test_mxnet_chooses_engine_and_threads_only_when_tuned_on_a_cpu(environ, make_result):
    mxnet.MXNet().configure(job(make_result))
    assert environ["CUDA_VISIBLE_DEVICES"] == "-1"
    assert not {"MXNET_ENGINE_TYPE", "OMP_NUM_THREADS"} & set(environ)
    mxnet.MXNet().configure(job(make_result, "tuned"))
    assert environ["MXNET_ENGINE_TYPE"] == "NaiveEngine"
    assert 1 <= int(environ["OMP_NUM_THREADS"]) <= len(os.sched_getaffinity(0))


def test_mxnet_keeps_its_engine_on_a_gpu(environ, make_result):
    mxnet.MXNet().configure(job(make_result, "tuned", "gpu"))
    assert "MXNET_ENGINE_TYPE" not in environ
    assert "OMP_NUM_THREADS" not in environ
    assert environ["NVIDIA_TF32_OVERRIDE"] == "0"


def test_mxnets_threads_are_the_jobs(environ, make_result):
    mxnet.MXNet().configure(job(make_result, "tuned", threads=7))
    assert environ["OMP_NUM_THREADS"] == "7"


@pytest.mark.parametrize(("mode", "kind"), [("growth", "Naive"), ("off", "Unpooled")])
def test_mxnets_pool_is_set_and_told(environ, make_result, mode, kind):
    mxnet_gpu.configure(job(make_result, device="gpu", memory_pool={"mode": mode}))
    assert environ["MXNET_GPU_MEM_POOL_TYPE"] == kind
    told = mxnet_gpu.facts(
        SimpleNamespace(context=SimpleNamespace(gpu_memory_info=lambda _: (30, 100)))
    )
    assert told == {
        "pool_mode": mode,
        "gpu_memory_bytes": 100,
        "gpu_memory_taken_bytes": 70,
        "tf32": False,
    }


class NoGpuError(Exception):
    """Stands for mxnet.base.MXNetError."""


def gluon(found, computes):
    """As much of MXNet as the search for a GPU calls."""

    def count():
        if isinstance(found, Exception):
            raise found
        return found

    def ones(*_, **__):
        if computes is not True:
            raise NoGpuError(computes)
        return SimpleNamespace(asnumpy=list)

    return SimpleNamespace(
        context=SimpleNamespace(num_gpus=count),
        base=SimpleNamespace(MXNetError=NoGpuError),
        nd=SimpleNamespace(ones=ones),
        gpu=lambda number: f"gpu({number})",
    )


def test_mxnet_takes_the_first_gpu():
    assert mxnet_gpu.first(gluon(2, True)) == "gpu(0)"


@pytest.mark.parametrize(
    ("found", "computes", "words"),
    [
        (0, True, "sees no GPU"),
        (NoGpuError("CUDA: no driver\nStack"), True, "cannot use CUDA: CUDA: no driver"),
        (1, "Traceback:\n  CUDA: no kernel image is available", "no kernel image is available"),
    ],
)
def test_a_gpu_that_mxnet_cannot_use_is_one_clear_sentence(found, computes, words):
    with pytest.raises(RuntimeError, match=words) as told:
        mxnet_gpu.first(gluon(found, computes))
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("device", ["cpu", "gpu"])
@pytest.mark.parametrize("mode", ["as-written", "tuned"])
def test_tuned_theano_keeps_memory(environ, make_result, monkeypatch, mode, device):
    asked = []
    monkeypatch.setattr(malloc, "keep_freed", lambda: asked.append(device) or True)
    theano.Theano().configure(job(make_result, mode, device))
    assert ("allow_gc=False" in environ["THEANO_FLAGS"].split(",")) is (mode == "tuned")
    assert bool(asked) is (mode == "tuned" and device == "cpu")


@pytest.mark.parametrize("mode", ["as-written", "tuned"])
def test_threads_of_a_job_are_those_of_theanos_blas(environ, make_result, monkeypatch, mode):
    monkeypatch.setattr(malloc, "keep_freed", lambda: True)
    theano.Theano().configure(job(make_result, mode, threads=2))
    assert environ["OPENBLAS_NUM_THREADS"] == "2"


STEPS = """
import ctypes, resource, sys
from runner.backends.common import malloc

if sys.argv[1] == "kept" and not malloc.keep_freed():
    sys.exit("this C library has no mallopt")
c = ctypes.CDLL(None)
c.malloc.restype, c.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
c.free.argtypes = [ctypes.c_void_p]
c.memset.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t]
size = 20 << 20

def step():
    blocks = [c.malloc(size) for _ in range(4)]
    for block in blocks:
        c.memset(block, 1, size)
    for block in blocks:
        c.free(block)

step()
step()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(5):
    step()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.alone
def test_kept_memory_is_not_faulted_in_again(repo):
    faults = {}
    for way in ("default", "kept"):
        done = subprocess.run(
            [sys.executable, "-c", STEPS, way], cwd=repo, capture_output=True, text=True, check=True
        )
        faults[way] = int(done.stdout)
    assert faults["kept"] * 10 < faults["default"], faults
