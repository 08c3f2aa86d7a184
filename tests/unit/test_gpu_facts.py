"""What the GPU halves of the backends configure and tell, without their frameworks."""

from __future__ import annotations

import os
import tempfile
from types import SimpleNamespace

import pytest

from runner.backends.keras import theano
from runner.backends.tensorflow import tf_gpu
from runner.backends.theano import theano_gpu


@pytest.fixture
def gpu_job(make_result):
    def make(**settings):
        job = {"device": "gpu", "backend": "theano", "settings": settings}
        return make_result(job=job).job

    return make


@pytest.fixture
def environ(monkeypatch, tmp_path):
    """An environment that a test may change, without any variable of ours."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))  # folders that a backend makes
    monkeypatch.setattr(os, "environ", {"CUDA_ROOT": "/usr/local/cuda"})
    return os.environ


def test_theano_finds_our_header_first_and_the_library_of_the_image(gpu_job, environ):
    environ["BENCHDL_CUDNN_INCLUDE"] = "/compat"
    backend = theano.Theano()
    backend.configure(gpu_job())
    flags = environ["THEANO_FLAGS"].split(",")
    assert "device=cuda" in flags
    assert "dnn.include_path=/compat" in flags
    assert "dnn.library_path=/usr/local/cuda/lib64" in flags
    assert "dnn.base_path=/usr/local/cuda" in flags
    assert "dnn.enabled=auto" in flags


def test_theano_on_a_cpu_is_told_nothing_of_cudnn(make_result, environ):
    environ["BENCHDL_CUDNN_INCLUDE"] = "/compat"
    theano.Theano().configure(make_result().job)
    assert "/compat" not in environ["THEANO_FLAGS"]
    assert "NVIDIA_TF32_OVERRIDE" not in environ


def test_no_cudnn_and_no_pool_become_flags(gpu_job, environ):
    job = gpu_job(cudnn_enabled=False, memory_pool={"mode": "off", "fraction": None})
    theano.Theano().configure(job)
    flags = environ["THEANO_FLAGS"].split(",")
    assert "dnn.enabled=False" in flags
    assert "gpuarray.preallocate=-1.0" in flags


@pytest.mark.parametrize(("precision", "override"), [("float32", "0"), ("tf32", None)])
def test_tf32_is_what_the_job_says_whatever_was_set(gpu_job, environ, precision, override):
    environ["NVIDIA_TF32_OVERRIDE"] = "1" if precision == "float32" else "0"
    theano_gpu.flags(gpu_job(precision=precision))
    assert environ.get("NVIDIA_TF32_OVERRIDE") == override


def test_convolutions_are_counted_by_implementation():
    nodes = ["GpuDnnConv", "GpuDnnConvDesc", "GpuElemwise", "GpuDnnConv", "GpuCorrMM_gradWeights"]
    assert theano_gpu.convolutions(nodes) == {"GpuCorrMM_gradWeights": 1, "GpuDnnConv": 2}
    assert theano_gpu.convolutions(["Elemwise", "CorrMM"]) == {"CorrMM": 1}
    assert theano_gpu.cudnn_operations([*nodes, "GpuDnnPool"]) == {"GpuDnnConv": 2, "GpuDnnPool": 1}


def tensorflow(growth, limits, tf32=True):
    """A stand-in of tensorflow and its config; a limit is in MiB, None is no limit."""
    gpus = [SimpleNamespace(name=f"/physical_device:GPU:{n}") for n in range(len(growth))]
    by_name = {
        gpu.name: (grows, limit) for gpu, grows, limit in zip(gpus, growth, limits, strict=True)
    }

    def logical(gpu):
        limit = by_name[gpu.name][1]
        return None if limit is None else [SimpleNamespace(memory_limit=limit)]

    return SimpleNamespace(
        config=SimpleNamespace(
            get_visible_devices=lambda kind=None: gpus if kind in (None, "GPU") else [],
            threading=SimpleNamespace(get_intra_op_parallelism_threads=lambda: 0),
            get_logical_device_configuration=logical,
            experimental=SimpleNamespace(
                get_memory_growth=lambda gpu: by_name[gpu.name][0],
                tensor_float_32_execution_enabled=lambda: tf32,
            ),
        ),
        sysconfig=SimpleNamespace(get_build_info=dict),
    )


@pytest.mark.parametrize(
    ("growth", "limits", "variable", "mode"),
    [
        ([True], [None], None, "growth"),
        ([None], [None], None, "all"),
        ([None], [None], "true", "growth"),
        ([True], [None], "false", "all"),
        ([None], [9000], None, "fraction"),
        ([None, None], [9000, None], None, "all"),
        ([True, None], [None, None], None, "all"),
    ],
)
def test_tensorflows_pool(environ, growth, limits, variable, mode):
    if variable:
        environ["TF_FORCE_GPU_ALLOW_GROWTH"] = variable
    facts = tf_gpu.facts(tensorflow(growth, limits))
    assert facts["pool_mode"] == mode
    expected = limits[0] * 2**20 if limits[0] else None
    assert facts["memory_limit_bytes"]["/physical_device:GPU:0"] == expected


def test_what_tensorflow_was_built_for_is_in_nvidias_words(environ):
    built = tensorflow([True], [None])
    names = ["sm_35", "sm_75", "compute_80", "sm_120"]
    built.sysconfig.get_build_info = lambda: {"cuda_compute_capabilities": names}
    assert tf_gpu.facts(built)["native_capabilities"] == ["3.5", "7.5", "8.0", "12.0"]
    assert "native_capabilities" not in tf_gpu.facts(tensorflow([True], [None]))


def test_tensorflow_without_a_gpu_has_no_pool_to_tell_of(environ):
    facts = tf_gpu.facts(tensorflow([], []))
    assert "pool_mode" not in facts
    assert facts["tf32"] is True


def test_the_variable_overrules_tensorflows_tf32(environ):
    environ["NVIDIA_TF32_OVERRIDE"] = "0"
    assert tf_gpu.facts(tensorflow([], [], tf32=True))["tf32"] is False
