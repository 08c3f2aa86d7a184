"""The GPU meters on what NVML said on an H100: a job of theano in its container, driver 580.159.

tests/golden/h100 holds the sampler's own files of that job (docs/measurements/2026-11-24-h100.md),
cut to its first 6 and last 17 seconds and to one core; tests/golden/schema-1 its result.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from checking import case

from harness.checks import registry
from runner.contract.result import load_result
from runner.contract.samples import read_samples
from runner.meters.gpu_figures import gpu_use

GOLDEN = Path(__file__).parent.parent / "golden"
EVALUATED_S = 0.12
"""From the end of the training to the last sample."""


@pytest.fixture(scope="module")
def result():
    return load_result((GOLDEN / "schema-1" / "theano-docker-h100.json").read_text())


def test_the_trace_gives_the_figures_of_the_result(result):
    samples = read_samples(GOLDEN / "h100" / "samples.csv")
    end = samples.times[-1] - EVALUATED_S
    use = gpu_use(samples, end - result.measurement.phases.fit_s, end)
    (now,), (then,) = use.devices, result.measurement.gpu.devices
    assert (use.state, use.driver, now.name) == ("ok", "580.159.04", "NVIDIA H100 80GB HBM3")
    assert now.used
    assert now.utilisation_percent == pytest.approx(then.utilisation_percent, abs=0.3)
    assert now.utilisation_before_percent == 0
    assert now.energy_source == "counter"
    assert now.energy_j == pytest.approx(then.energy_j, rel=0.01)
    assert now.energy_j == pytest.approx(
        now.power_mean_w * result.measurement.phases.fit_s, rel=0.02
    )
    assert now.sm_clock_busy_mhz == now.sm_clock_max_mhz == 1980
    assert now.throttle == {}
    # The driver keeps 480 MiB; the pool is 0.8 of what it shows a process.
    assert now.memory_before_bytes == 480 * 2**20
    taken = now.memory_peak_bytes - now.memory_before_bytes
    assert taken / now.memory_total_bytes == pytest.approx(0.8, abs=0.02)


def test_the_result_is_sound_still(result):
    """cuDNN 8.6 in all convolutions and the pool in use: what the image promises."""
    assert registry.findings(case(result)) == []
    facts = result.measurement.attestation.framework
    assert facts["convolutions"] == {"GpuDnnConv": 2, "GpuDnnConvGradI": 1, "GpuDnnConvGradW": 2}
    assert facts["cudnn_version"] == "8.6.0"
    assert result.launch.injection == "cdi"


def test_without_cudnn_it_would_be_invalid(result):
    """The same process, had its convolutions been those of the variant no-cudnn."""
    live = result.measurement.attestation
    facts = {**live.framework, "cudnn_convolutions": False, "cudnn_version": None}
    facts["convolutions"] = {"GpuCorrMM_gradInputs": 1, "GpuCorrMM_gradWeights": 4}
    libraries = {name: path for name, path in live.libraries.items() if "cudnn" not in name}
    versions = {name: said for name, said in live.library_versions.items() if "cudnn" not in name}
    attested = {"framework": facts, "libraries": libraries, "library_versions": versions}
    measured = result.measurement.model_copy(
        update={"attestation": live.model_copy(update=attested)}
    )
    changed = result.model_copy(update={"measurement": measured})
    (finding,) = registry.findings(case(changed))
    assert (finding.code, finding.severity) == ("cudnn-mismatch", "invalid")
    assert "GpuCorrMM" in finding.evidence
