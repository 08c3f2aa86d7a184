"""Pins and settings against the attestation: every mismatch of a GPU job, and none without one."""

from __future__ import annotations

import pytest
from checking import case
from conftest import merged

from harness.checks import registry, software
from harness.checks.verdict import verdict

THEANO = {
    "cudnn_version": "8.6.0",
    "cudnn_convolutions": True,
    "cudnn_operations": {"GpuDnnConv": 2, "GpuDnnPool": 2},
    "convolutions": {"GpuDnnConv": 2, "GpuDnnConvGradI": 1, "GpuDnnConvGradW": 2},
    "dnn_message": None,
    "pool_mode": "fraction",
    "gpu_memory_bytes": 1000,
    "gpu_memory_taken_bytes": 830,
    "tf32": False,
}
LIBRARIES = {
    "libcuda.so.1": None,
    "libcudart.so.11.0": "11.8",
    "libcublas.so.11": "11.11.3",
    "libcudnn.so.8": "8.6.0",
    "libcudnn_ops_infer.so.8": None,
    "libnvrtc.so.11.2": "11.8",
    "libnvrtc-builtins.so.11.8": None,
}
GPU = {"index": 0, "uuid": "GPU-1", "name": "a GPU", "memory_total_bytes": 1000, "used": True}


@pytest.fixture
def gpu_result(make_result):
    """A sound GPU job of Theano; ``without`` unmaps libraries, ``versions`` changes reports."""

    def make(*, framework=None, without="-", versions=None, peak=840, before=20, **changes):
        files = {
            name: (versions or {}).get(name, version)
            for name, version in LIBRARIES.items()
            if not name.startswith(without)
        }
        attestation = {
            "device": "gpu",
            "libraries": {name: f"/usr/local/cuda/lib64/{name}" for name in files},
            "library_versions": {name: version for name, version in files.items() if version},
            "framework": {**THEANO, **(framework or {})},
        }
        device = {**GPU, "memory_peak_bytes": peak, "memory_before_bytes": before}
        measurement = {
            "attestation": attestation,
            "gpu": {"state": "ok", "devices": [device]},
        }
        job = {
            "device": "gpu",
            "pins": {"cuda": "11.8", "cudnn": "8.6.0.163"},
            "settings": {"memory_pool": {"mode": "fraction", "fraction": 0.8}},
        }
        return make_result(**merged({"job": job, "measurement": measurement}, changes))

    return make


def found(result):
    return list(software.pinned(case(result)))


def settings(**changes):
    return {"job": {"settings": changes}}


GROWTH = {"mode": "growth", "fraction": None}
GEMM = {
    "cudnn_version": None,
    "cudnn_convolutions": False,
    "cudnn_operations": {},
    "convolutions": {"GpuCorrMM": 2},
}
UNTOLD = dict.fromkeys(THEANO)

MISMATCHES = [
    (
        "none loaded",
        {"framework": GEMM, "without": "libcudnn"},
        "cudnn-mismatch",
        "the image pins cuDNN 8.6.0.163, loaded: none; the convolutions run as GpuCorrMM",
    ),
    (
        "none loaded, and nothing told",
        {"framework": UNTOLD, "without": "libcudnn"},
        "cudnn-mismatch",
        "pins cuDNN 8.6.0.163, loaded: none",
    ),
    (
        "another one loaded",
        {"versions": {"libcudnn.so.8": "8.9.6"}},
        "cudnn-mismatch",
        "pins cuDNN 8.6.0.163, loaded: /usr/local/cuda/lib64/libcudnn.so.8 8.9.6, "
        "the framework says 8.6.0; the convolutions run as",
    ),
    (
        "the framework says another one",
        {"framework": {"cudnn_version": "8.5.0"}},
        "cudnn-mismatch",
        "the framework says 8.5.0",
    ),
    (
        "loaded, not used",
        {"framework": {**GEMM, "dnn_message": "cannot compile\n with cuDNN"}},
        "cudnn-mismatch",
        "run as GpuCorrMM (cannot compile with cuDNN)",
    ),
    (
        "pooling is cuDNN, a convolution is not",
        {"framework": {"cudnn_convolutions": False, "convolutions": {"GpuCorrMM": 1}}},
        "cudnn-mismatch",
        "run as GpuCorrMM",
    ),
    (
        "not pinned, switched on, not used",
        {"framework": GEMM, "job": {"pins": {"cudnn": None}}},
        "cudnn-mismatch",
        "cuDNN is switched on, ",
    ),
    (
        "switched off, used",
        settings(cudnn_enabled=False),
        "cudnn-mismatch",
        "cuDNN is switched off, loaded: /usr/local/cuda/lib64/libcudnn.so.8 8.6.0; "
        "the convolutions run as GpuDnnConv, GpuDnnConvGradI, GpuDnnConvGradW",
    ),
    (
        "switched off, used for pooling",
        {"framework": {"cudnn_convolutions": False}, **settings(cudnn_enabled=False)},
        "cudnn-mismatch",
        "switched off",
    ),
    (
        "switched off, loaded by a tool that does not tell",
        {"framework": UNTOLD, **settings(cudnn_enabled=False)},
        "cudnn-mismatch",
        "switched off",
    ),
    (
        "another CUDA",
        {"versions": {"libcudart.so.11.0": "11.2"}},
        "cuda-mismatch",
        "pins CUDA 11.8, loaded: /usr/local/cuda/lib64/libcudart.so.11.0 11.2, "
        "/usr/local/cuda/lib64/libnvrtc.so.11.2 11.8",
    ),
    (
        "no CUDA",
        {"without": ("libcudart", "libnvrtc")},
        "cuda-mismatch",
        "pins CUDA 11.8, loaded: none",
    ),
    (
        "a pool that was not taken",
        {"framework": {"gpu_memory_taken_bytes": 100}, "peak": 110},
        "pool-mismatch",
        "memory pool 'fraction' of 0.8 was set, of the GPU's memory was taken: "
        "9.0% by NVML's, 10.0% by the framework's count",
    ),
    ("not taken, says NVML", {"framework": UNTOLD, "peak": 520}, "pool-mismatch", "50.0%"),
    ("others had it", {"before": 300}, "pool-mismatch", "54.0% by NVML"),
    (
        "not taken, says the framework",
        {"framework": {"gpu_memory_taken_bytes": 700}, "peak": None},
        "pool-mismatch",
        "70.0% by the framework",
    ),
    (
        "another kind of pool",
        {"framework": {"pool_mode": "growth"}},
        "pool-mismatch",
        "memory pool 'fraction' of 0.8 was set, the process has 'growth'",
    ),
    (
        "a pool where none was wanted",
        settings(memory_pool={"mode": "off", "fraction": None}),
        "pool-mismatch",
        "memory pool 'off' was set, the process has 'fraction'",
    ),
    (
        "TensorFlow's own way instead of growth",
        {"framework": {"pool_mode": "all"}, **settings(memory_pool=GROWTH)},
        "pool-mismatch",
        "memory pool 'growth' was set, the process has 'all'",
    ),
    (
        "nothing is known of what was there before",
        {"before": None, "peak": 775},
        "pool-mismatch",
        "77.5% by NVML",
    ),
    (
        "a compiler of another CUDA, as a wheel names it",
        {
            "measurement": {
                "attestation": {
                    "libraries": {"libnvrtc-672ee683.so.11.2": "/wheel/libnvrtc"},
                    "library_versions": {"libnvrtc-672ee683.so.11.2": "11.2"},
                }
            }
        },
        "cuda-mismatch",
        "/wheel/libnvrtc 11.2",
    ),
    (
        "TF32 on",
        {"framework": {"tf32": True}},
        "tf32-mismatch",
        "TF32 was to be off (float32), in the process it is on",
    ),
    (
        "TF32 off",
        settings(precision="tf32"),
        "tf32-mismatch",
        "TF32 was to be on (tf32), in the process it is off",
    ),
]


def test_a_sound_gpu_job_has_no_findings(gpu_result):
    result = gpu_result()
    assert found(result) == []
    assert registry.findings(case(result)) == []


@pytest.mark.parametrize(
    ("changes", "code", "evidence"), [m[1:] for m in MISMATCHES], ids=[m[0] for m in MISMATCHES]
)
def test_each_mismatch_is_one_invalid_finding(gpu_result, changes, code, evidence):
    (finding,) = found(gpu_result(**changes))
    assert (finding.code, finding.severity) == (code, "invalid")
    assert evidence in finding.evidence
    assert finding.advice


@pytest.mark.parametrize("changes", [m[1] for m in MISMATCHES], ids=[m[0] for m in MISMATCHES])
def test_allow_unpinned_makes_it_suspect_and_says_so(gpu_result, changes):
    result = gpu_result(**merged(changes, {"job": {"allow_unpinned": True}}))
    (finding,) = found(result)
    assert finding.severity == "suspect"
    assert finding.evidence.endswith("(allowed by --allow-unpinned)")
    whole = registry.findings(case(result))
    assert verdict("ok", whole) == "suspect"


@pytest.mark.parametrize(
    ("changes", "advice"),
    [
        ({"versions": {"libcudnn.so.8": "8.9.6"}}, "LD_LIBRARY_PATH"),
        ({"framework": {"cudnn_version": "8.5.0"}, "without": "libcudnn"}, "LD_LIBRARY_PATH"),
        ({"framework": GEMM}, "log.txt"),
        ({"framework": GEMM, "without": "libcudnn"}, "not taken; if the image lacks it, rebuild"),
        ({"versions": {"libcudart.so.11.0": "11.2"}}, "LD_LIBRARY_PATH"),
        ({"without": ("libcudart", "libnvrtc")}, "images verify"),
    ],
)
def test_the_advice_is_for_what_is_wrong(gpu_result, changes, advice):
    (finding,) = found(gpu_result(**changes))
    assert advice in finding.advice


def test_allow_unpinned_is_for_versions_as_well_and_for_nothing_else(make_result):
    job = {"allow_unpinned": True}
    result = make_result(job=job, measurement={"attestation": {"packages": {"keras": "2.12.0"}}})
    assert [(f.code, f.severity) for f in found(result)] == [("pin-mismatch", "suspect")]
    result = make_result(job=job, measurement={"work": {"parameters": 1}})
    whole = registry.findings(case(result))
    assert [(f.code, f.severity) for f in whole] == [("other-network", "invalid")]


@pytest.mark.parametrize(
    "changes",
    [
        {"versions": {"libcudnn.so.8": None}},
        {"framework": UNTOLD},
        {"framework": {"pool_mode": 7, "tf32": "yes", "convolutions": [], "cudnn_version": 8}},
        {"framework": {"gpu_memory_bytes": 0}, "peak": None},
        {"framework": {"gpu_memory_taken_bytes": 776}, "peak": 776, "before": None},
        {"framework": {"pool_mode": "growth", "gpu_memory_taken_bytes": 100}, "peak": 110,
         **settings(memory_pool={"mode": "growth", "fraction": 0.8})},
        {"framework": {**GEMM, "pool_mode": "fraction"}, **settings(cudnn_enabled=False)},
        {"framework": UNTOLD, "without": "libcudnn", **settings(cudnn_enabled=False)},
        {"job": {"pins": {"cudnn": None, "cuda": None}}, "without": "libcud", "framework": UNTOLD},
        {"framework": {**GEMM, "pool_mode": "off"}, "without": "libcudnn",
         **settings(cudnn_enabled=False, memory_pool={"mode": "off", "fraction": None})},
    ],
    ids=["reports no version", "nothing told", "nonsense told", "no memory", "just enough memory",
         "growth", "cuDNN loaded and not used", "switched off, nothing told", "no pins",
         "no-cudnn"],
)  # fmt: skip
def test_only_what_both_sides_state_is_compared(gpu_result, changes):
    assert found(gpu_result(**changes)) == []


def test_why_cudnn_was_not_taken_is_told_as_far_as_there_is_room(gpu_result):
    (finding,) = found(gpu_result(framework={**GEMM, "dnn_message": "x" * 300}))
    assert finding.evidence.endswith(f"GpuCorrMM ({'x' * 200})")


def test_theano_takes_no_more_than_95_percent(gpu_result):
    pool = settings(memory_pool={"mode": "fraction", "fraction": 1.0})
    taken = {"gpu_memory_taken_bytes": 950}
    assert found(gpu_result(framework=taken, peak=960, **pool)) == []
    assert found(gpu_result(framework={"gpu_memory_taken_bytes": 900}, peak=900, **pool)) != []


def test_a_job_that_ran_on_the_cpu_is_told_once(gpu_result):
    result = gpu_result(
        without="libcud", framework=GEMM, measurement={"attestation": {"device": "cpu"}}
    )
    whole = registry.findings(case(result))
    assert [finding.code for finding in whole] == ["other-device"]


@pytest.mark.parametrize(
    ("pinned", "version", "same"),
    [
        ("8.6.0.163", "8.6.0", True),
        ("8.6", "8.6.0", True),
        ("8.6.0.163", "8.6.1", False),
        ("8.6.0.163", "8.60", False),
        ("11.8", "11.8", True),
        ("11.8", "12.0", False),
    ],
)
def test_versions_agree_in_the_parts_that_both_state(pinned, version, same):
    assert software.agree(pinned, version) is same
