"""Findings: none on a clean result, and each on exactly the figure that it is about."""

from __future__ import annotations

import inspect
import sys

import pytest
from checking import case

from harness.checks import clocks, instrument, registry
from harness.checks.verdict import verdict
from runner.contract.result import Finding, Idle


def found(result):
    return registry.findings(case(result))


def work(**changes):
    return {"measurement": {"work": changes}}


def score(value):
    return {"measurement": {"score": {"value": value}}}


def budget(epochs):
    return {"budget": {"count": epochs}}


def isolation(**changes):
    return {"measurement": {"isolation": changes}}


def attestation(**changes):
    return {"measurement": {"attestation": changes}}


def sampler(**changes):
    return {"measurement": {"sampler": changes}}


def laps_of(seconds):
    laps = [{"number": n, "duration_s": seconds, "loss": 1 / n} for n in range(1, 11)]
    return {"measurement": {"laps": laps}}


def test_a_clean_result_has_no_findings(make_result):
    assert found(make_result()) == []


@pytest.mark.parametrize(
    ("code", "severity", "changes", "evidence"),
    [
        ("other-network", "invalid", work(parameters=65_401), "65402 parameters"),
        ("other-work", "invalid", work(count=4680), "4680 updates instead of 4690"),
        ("other-work", "invalid", work(batch_size=256), "batches of 256 instead of 128"),
        (
            "other-work",
            "invalid",
            {"measurement": {"laps": []}},
            "0 epochs reported instead of 10",
        ),
        ("other-work", "invalid", {"job": budget(5)}, "10 epochs reported instead of 5"),
        (
            "other-work",
            "invalid",
            {"job": {"train_samples": 1000}},
            "60000 samples instead of",
        ),
        ("not-learned", "invalid", score(0.9), "error rate 90.00%"),
        ("not-learned", "invalid", score(0.03), "error rate 3.00%"),
        ("not-learned", "invalid", score(0.0), "error rate 0.00%"),
        (
            "pin-mismatch",
            "invalid",
            attestation(python="3.11.2"),
            "Python 3.9 is pinned, 3.11.2 ran",
        ),
        ("pin-mismatch", "invalid", attestation(python="3.90.1"), "3.90.1 ran"),
        (
            "pin-mismatch",
            "invalid",
            attestation(packages={"keras": "2.12.0"}),
            "keras 2.11.0 is pinned, 2.12.0",
        ),
        (
            "pin-mismatch",
            "invalid",
            {"job": {"pins": {"packages": {"absent": "1.0"}}}},
            "none was loaded",
        ),
        ("other-device", "invalid", attestation(device="gpu"), "asked for cpu"),
        ("other-device", "invalid", attestation(device=""), "asked for cpu"),
        ("gpu-visible", "invalid", isolation(nvidia_device_files=["nvidia0"]), "nvidia0"),
        ("not-isolated", "suspect", isolation(uid=0), "root"),
        (
            "not-isolated",
            "suspect",
            isolation(capabilities_effective="00000000a80425fb"),
            "capabilities",
        ),
        ("not-isolated", "suspect", isolation(no_new_privileges=False), "privileges"),
        ("not-isolated", "suspect", isolation(root_read_only=False), "writable"),
        ("not-isolated", "suspect", isolation(network_interfaces=["eth0", "lo"]), "network"),
        ("not-isolated", "suspect", isolation(network_interfaces=["lo", "wlan7"]), "wlan7"),
        ("not-isolated", "suspect", isolation(seccomp=False), "system calls"),
        ("foreign-load", "suspect", {"measurement": {"cpu": {"host_cpu_s": 360.0}}}, "40.0 s"),
        ("sampler-broke", "suspect", sampler(problem="it ended with exit code 1"), "exit code 1"),
        ("late-return", "info", laps_of(15.0), "26.4 s after its last epoch, 15% of Time"),
        ("sampler-late", "info", sampler(interval_median_s=0.3), "0.3 s"),
        ("sampler-late", "suspect", sampler(samples=0, interval_median_s=None), "0 samples"),
    ],
)
def test_each_check_fires_on_its_own_figure(make_result, code, severity, changes, evidence):
    findings = found(make_result(**changes))
    assert {finding.code for finding in findings} == {code}
    (finding,) = findings
    assert finding.severity == severity
    assert evidence in finding.evidence
    assert finding.advice


@pytest.mark.parametrize(("code", "codes"), [(None, []), (0, []), (137, ["bad-exit"])])
def test_a_good_result_with_a_bad_exit(make_result, code, codes):
    said = list(instrument.exit_status(case(make_result(), exit_code=code)))
    assert [finding.code for finding in said] == codes
    assert all(f"status {code}" in finding.evidence for finding in said)


def test_a_job_that_says_longer_than_it_took(make_result):
    (finding,) = clocks.contradictions(case(make_result(), wall_s=100.0))
    assert (finding.code, finding.severity) == ("clock", "invalid")


def test_a_fit_shorter_than_its_epochs(make_result):
    findings = found(make_result(measurement={"phases": {"fit_s": 170.0}}))
    assert [finding.code for finding in findings] == ["clock"]


def test_a_net_that_did_not_learn_and_told_no_epochs_is_two_findings(make_result):
    result = make_result(measurement={"laps": [], "score": {"value": 0.9}})
    assert {finding.code for finding in found(result)} == {"other-work", "not-learned"}


@pytest.mark.parametrize(("rate", "codes"), [(0.0180, []), (0.0190, ["not-learned"])])
def test_the_test_set_is_a_sample(make_result, rate, codes):
    """1.5 % plus three standard deviations of 10,000 images are 1.86 %."""
    result = make_result(**score(rate))
    assert [finding.code for finding in found(result)] == codes


@pytest.mark.parametrize(("loss", "codes"), [(0.028, []), (0.029, ["not-learned"])])
def test_ten_epochs_of_the_seeds_network_end_with_a_loss_of_0028_at_the_most(
    make_result, loss, codes
):
    proofs = [{"name": "train_loss", "unit": "nats", "value": loss}]
    assert [finding.code for finding in found(make_result(measurement={"proofs": proofs}))] == codes


def test_a_short_run_may_err_more(make_result):
    epochs = [{"number": 1, "duration_s": 176.0, "loss": 2.2}]
    done = {"train_samples": 1000, "count": 8}
    result = make_result(
        job={**budget(1), "train_samples": 1000},
        measurement={"laps": epochs, "work": done, "score": {"value": 0.6}},
    )
    assert found(result) == []


def test_a_local_job_need_not_be_isolated(make_result):
    result = make_result(
        job={"launcher": "local"},
        **isolation(
            uid=0,
            root_read_only=False,
            network_interfaces=["eth0"],
            nvidia_device_files=["nvidia0"],
        ),
    )
    assert found(result) == []


def test_what_was_not_measured_is_no_finding(make_result):
    cpu = {"job_cpu_s": None, "host_cpu_s": None}
    assert found(make_result(measurement={"cpu": cpu})) == []


@pytest.mark.parametrize(
    "fact", ["no_new_privileges", "root_read_only", "capabilities_effective", "seccomp"]
)
def test_a_door_that_nobody_looked_at_is_not_taken_for_shut(make_result, fact):
    result = make_result(**isolation(**{fact: None}))
    assert [(finding.code, finding.severity) for finding in found(result)] == [
        ("not-isolated", "suspect")
    ]
    assert "not known" in found(result)[0].evidence


def test_a_dataset_that_the_workload_does_not_know_has_no_range(make_result):
    result = make_result(job={"dataset": "fashion"}, **score(0.9))
    assert found(result) == []


def test_debians_suffix_is_the_same_version(make_result):
    pins = {"pins": {"packages": {"theano": "1.0.5"}}}
    assert found(make_result(job=pins, **attestation(packages={"theano": "1.0.5+dfsg"}))) == []
    (finding,) = found(make_result(job=pins, **attestation(packages={"theano": "1.0.50"})))
    assert finding.code == "pin-mismatch"


@pytest.mark.parametrize(
    ("status", "severities", "expected"),
    [
        ("ok", [], "ok"),
        ("ok", ["info"], "ok"),
        ("ok", ["info", "suspect"], "suspect"),
        ("ok", ["suspect", "invalid", "info"], "invalid"),
        ("failed", ["invalid"], "failed"),
        ("interrupted", [], "interrupted"),
    ],
)
def test_the_worst_finding_is_the_verdict(status, severities, expected):
    findings = [Finding(code="x", severity=s, evidence="e", advice="a") for s in severities]
    assert verdict(status, findings) == expected


def with_batch(make_result, asked, used=None, **figures):
    """A result of the full workload with a batch size of its own, in every figure as it should."""
    used = used or asked
    told = {"batch_size": used, "count": 10 * -(-60_000 // used), **figures}
    return make_result(job={"batch_size": asked}, measurement={"work": told})


@pytest.mark.parametrize("size", [32, 64, 512, 1000])
def test_a_batch_size_of_the_job_is_its_work(make_result, size):
    assert found(with_batch(make_result, size)) == []


def test_another_batch_size_than_asked_is_other_work(make_result):
    (finding,) = found(with_batch(make_result, 64, used=128))
    assert (finding.code, finding.severity) == ("other-work", "invalid")
    assert "4690 updates instead of 9380, batches of 128 instead of 64" in finding.evidence


@pytest.mark.parametrize(
    ("size", "epochs", "samples", "rate", "codes"),
    [
        (32, 1, 10_240, 0.10, []),  # 320 updates, but no more images than 80 of the recipe's
        (32, 1, 10_240, 0.30, ["not-learned"]),
        (32, 1, 9_000, 0.60, []),
        (1024, 2, 40_960, 0.20, []),  # many images, but 80 updates
        (1024, 2, 40_960, 0.30, ["not-learned"]),
    ],
)
def test_the_ceiling_counts_images_or_updates_whichever_is_less(
    make_result, size, epochs, samples, rate, codes
):
    result = make_result(
        job={"batch_size": size, **budget(epochs), "train_samples": samples},
        measurement={
            "laps": [
                {"number": n + 1, "duration_s": 176.0 / epochs, "loss": 1.0} for n in range(epochs)
            ],
            "work": {
                "batch_size": size,
                "train_samples": samples,
                "count": epochs * -(-samples // size),
            },
            "score": {"value": rate},
        },
    )
    assert [finding.code for finding in found(result)] == codes


def test_no_check_is_listed_twice_and_none_is_forgotten():
    listed = [*registry.OF_A_MEASUREMENT, *registry.OF_EVERY_START]
    assert len(listed) == len(set(listed))
    public = {
        function
        for module in {sys.modules[check.__module__] for check in listed}
        for name, function in vars(module).items()
        if inspect.isgeneratorfunction(function) and not name.startswith("_")
        if function.__module__ == module.__name__
    }
    assert public == set(listed)


def test_a_job_that_failed_is_checked_by_what_the_harness_saw(make_result):
    quiet = Idle(reached=False, waited_s=60.0, cpu_percent=90.0)
    failed = make_result(measurement=None, status="failed")
    found = registry.findings(case(failed, exit_code=1, idle=quiet))
    assert [finding.code for finding in found] == ["not-idle"]
