"""Theano with cuDNN 8, in its gpu image and without a GPU: the real headers, the real library.

Only the CUDA driver and cuBLAS are stand-ins (tests/cuda_stand_in), so that Theano makes a context.
Everything is compiled and linked as in a job; nothing is computed.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from checking import case
from docker.errors import ContainerError
from docker.types import Mount

from harness import catalog
from harness.checks import software
from harness.images import build
from runner.contract.job import Job
from runner.contract.measurement import Attestation

# The time is for a build of the image, where it is not here.
pytestmark = [pytest.mark.docker, pytest.mark.beside, pytest.mark.timeout(1900)]

STAND_IN = Path(__file__).resolve().parents[1] / "cuda_stand_in"
CUDA = "/usr/local/cuda"
REMOVED = (
    "g++ -shared -fPIC -Wall -Werror -Wl,-z,defs {} "
    f"-I{CUDA}/include -L{CUDA}/lib64 /stand-in/removed.cpp -lcudnn -o /scratch/removed.so"
)


@pytest.fixture(scope="module")
def image(engine):
    """The theano gpu image of this tree."""
    return build.build(engine, catalog.load("theano"), "gpu", make_base=True, say=print)


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    """A folder of the host that containers may write: stand-in libraries and the compile cache."""
    folder = tmp_path_factory.mktemp("work")
    folder.chmod(0o777)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def shell(engine, image, work):
    """Run a shell command in the image, hardened as a job; returns its standard output."""

    def run(command, **environment):
        return engine.containers.run(
            image.id,
            ["-ec", command],
            entrypoint="sh",
            environment={"BENCHDL_CACHE_DIR": "/scratch/cache", **environment},
            mounts=[
                Mount("/stand-in", str(STAND_IN), type="bind", read_only=True),
                Mount("/scratch", str(work), type="bind"),
            ],
            user=f"{os.getuid()}:{os.getgid()}" if os.getuid() else "1000:1000",
            network_mode="none",
            read_only=True,
            tmpfs={"/tmp": "rw,nosuid,nodev,size=1g,mode=1777"},
            cap_drop=["ALL"],
            remove=True,
        ).decode()

    return run


@pytest.fixture(scope="module")
def compiled(shell, work):
    """Compile the graphs of a job with these settings on the stand-in driver."""
    shell(
        "mkdir -p /scratch/lib /scratch/cache && cd /scratch/lib && "
        "gcc -shared -fPIC -O1 -o libcuda.so.1 /stand-in/cuda.c && "
        "ln -sf libcuda.so.1 libcuda.so && ln -sf libcuda.so.1 libcublas.so"
    )

    def run(**settings):
        (work / "job.json").write_text(job(**settings).model_dump_json())
        out = shell(
            "python /stand-in/compile_graph.py /scratch/job.json",
            LD_LIBRARY_PATH=f"/scratch/lib:{CUDA}/lib64",
            LD_BIND_NOW="1",  # every symbol of every compiled module is resolved when it is loaded
        )
        return json.loads(out.splitlines()[-1])

    return run


def job(**settings):
    spec = catalog.load("theano").spec
    pool = {"mode": spec.memory_pool.mode, "fraction": spec.memory_pool.fraction}
    return Job.model_validate(
        {
            "run_id": "20261123t120000z-theano-gpu-00000001",
            "campaign_id": "campaign",
            "backend": "theano",
            "title": "Keras (theano)",
            "workload": "cnn-mnist",
            "dataset": "mnist",
            "launcher": "docker",
            "device": "gpu",
            "budget": {"unit": "epochs", "count": 1},
            "data_dir": "/data",
            "dataset_sha256": {},
            "settings": {"memory_pool": pool, **settings},
            "pins": {"cuda": spec.cuda.version, "cudnn": spec.cudnn.version},
            "provenance": {"kind": "image", "reference": "benchdl/theano:gpu", "flavour": "gpu"},
        }
    )


def judged(make_result, found, **settings):
    """The codes that the harness finds in what this container attested of itself."""
    live = Attestation.model_validate(found["attestation"])
    result = make_result()
    measured = result.measurement.model_copy(update={"attestation": live})
    known = case(result.model_copy(update={"job": job(**settings), "measurement": measured}))
    return [(finding.code, finding.evidence) for finding in software.pinned(known)]


def test_what_cudnn_8_removed_compiles_and_links_with_our_header(shell):
    with pytest.raises(ContainerError, match=r"not declared|does not name a type"):
        shell(REMOVED.format(""))
    shell(REMOVED.format('-I"$BENCHDL_CUDNN_INCLUDE"'))


def test_the_libraries_report_the_pinned_versions(shell):
    """Without a GPU, too. Only CUDA's runtime wants a driver before it says anything."""
    cudart, files = "libcudart.so.11.0", ["libcublas.so.11", "libcudnn.so.8", "libnvrtc.so.11.2"]
    found = json.loads(shell(f"python /stand-in/versions.py {' '.join(files)}"))
    assert cudart not in found["mapped"]  # nothing is loaded for the asking
    found = json.loads(shell(f"python /stand-in/versions.py {cudart} {' '.join(files)}"))
    assert cudart in found["mapped"]
    spec = catalog.load("theano").spec
    assert set(found["versions"]) == set(files)
    cublas, cudnn, nvrtc = (found["versions"][name] for name in files)
    assert nvrtc == spec.cuda.version
    assert software.agree(spec.cuda.wheels["nvidia-cublas-cu11"], cublas)
    assert software.agree(spec.cudnn.version, cudnn)
    assert cudnn.count(".") == 2


def test_the_keras_graph_is_cudnn_and_the_pool_is_taken(compiled, make_result, shell):
    found = compiled()
    train, test, more = (set(found["operations"][name]) for name in ("train", "test", "more"))
    assert train >= {
        "GpuDnnConv",
        "GpuDnnConvGradI",
        "GpuDnnConvGradW",
        "GpuDnnPool",
        "GpuDnnPoolGrad",
        "GpuDnnReduction",
        "GpuDnnSoftmaxGrad",
    }
    assert test >= {"GpuDnnConv", "GpuDnnPool", "GpuDnnReduction"}
    assert more >= {
        "GpuDnnBatchNorm",
        "GpuDnnBatchNormGrad",
        "GpuDnnBatchNormInference",
        "GpuDnnSoftmax",
    }

    # Each module that reads cudnn.h was loaded with LD_BIND_NOW; by name as well:
    called = {name for names in found["calls"].values() for name in names}
    parts = f"{CUDA}/lib64/libcudnn.so.8"
    exported = set(shell(f"nm -D --defined-only {parts} | sed 's/.* //; s/@.*//'").split())
    assert len(found["calls"]) >= 12
    assert called >= {"cudnnConvolutionForward", "cudnnGetConvolutionForwardAlgorithm_v7"}
    assert called - exported == set()

    facts = found["attestation"]["framework"]
    assert facts["convolutions"] == {"GpuDnnConv": 2, "GpuDnnConvGradI": 1, "GpuDnnConvGradW": 2}
    assert facts["cudnn_version"] == found["attestation"]["library_versions"]["libcudnn.so.8"]
    assert 0.8 <= facts["gpu_memory_taken_bytes"] / facts["gpu_memory_bytes"] < 0.9
    assert judged(make_result, found) == []


def test_the_variants_no_pool_and_no_cudnn_are_what_they_say(compiled, make_result):
    settings = {"cudnn_enabled": False, "memory_pool": {"mode": "off"}, "precision": "tf32"}
    found = compiled(**settings)
    facts = found["attestation"]["framework"]
    # Theano picks the backward code for some forward convolutions, too.
    assert facts["convolutions"]
    assert all(name.startswith("GpuCorrMM") for name in facts["convolutions"])
    assert facts["cudnn_operations"] == {}
    assert facts["gpu_memory_taken_bytes"] / facts["gpu_memory_bytes"] < 0.1
    assert judged(make_result, found, **settings) == []
    # The same process, had the default been promised:
    findings = dict(judged(make_result, found))
    assert set(findings) == {"cudnn-mismatch", "pool-mismatch", "tf32-mismatch"}
    assert "pins cuDNN 8.6.0.163, loaded: none" in findings["cudnn-mismatch"]
    assert "the convolutions run as GpuCorrMM" in findings["cudnn-mismatch"]
