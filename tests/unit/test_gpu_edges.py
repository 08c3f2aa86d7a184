"""What is found of the GPUs of a job, at the very figure from which on it is found."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from harness.checks import gpu_access, gpu_conditions

GIB = 2**30


def card(index=0, used=True, **figures):
    """A GPU of which nothing is known but what is said."""
    unknown = dict.fromkeys(
        (
            "utilisation_percent", "utilisation_before_percent", "throttle", "temperature_max_c",
            "sm_clock_busy_mhz", "sm_clock_max_mhz", "foreign_processes", "foreign_memory_bytes",
            "memory_before_bytes", "memory_total_bytes", "compute_capability",
        )
    )  # fmt: skip
    uuid = f"GPU-{index}"
    return SimpleNamespace(index=index, uuid=uuid, used=used, **{**unknown, **figures})


def case(*cards, device="gpu", state="ok", gpus=None, laps=(), neighbours=None, built=None):
    measured = SimpleNamespace(
        gpu=SimpleNamespace(devices=list(cards), state=state, detail="d"),
        sampler=SimpleNamespace(problem=None),
        laps=[SimpleNamespace(duration_s=seconds) for seconds in laps],
        attestation=SimpleNamespace(device="gpu", framework={"native_capabilities": built}),
    )
    return SimpleNamespace(
        job=SimpleNamespace(device=device, gpus=gpus),
        measured=measured,
        launch=SimpleNamespace(gpu_neighbours=neighbours),
    )


def told(check, *asked):
    return [(finding.code, finding.severity) for finding in check(*asked)]


def evidence(check, asked):
    (finding,) = check(asked)
    return finding.evidence


@pytest.mark.parametrize(("percent", "words"), [(0.9, "0.9 %"), (1.0, "1.0 % by others")])
def test_one_percent_of_a_gpu_that_was_not_used_is_of_others(percent, words):
    idle = card(used=False, utilisation_percent=percent)
    assert f"GPU 0 {words} in the window" in evidence(gpu_access.idle, case(idle))


@pytest.mark.parametrize(
    ("percents", "more", "found"),
    [
        ([0.2, 0.2], {}, True),
        ([0.2, None], {}, False),  # one of MIG may have been busy
        ([], {}, False),
        ([0.2], {"device": "cpu"}, False),
        ([0.2], {"state": "lost"}, False),
    ],
)
def test_idle_is_said_of_a_gpu_job_all_of_whose_gpus_are_known(percents, more, found):
    cards = [card(n, False, utilisation_percent=percent) for n, percent in enumerate(percents)]
    expected = [("gpu-idle", "invalid")] if found else []
    assert told(gpu_access.idle, case(*cards, **more)) == expected


def test_a_gpu_that_was_lost_is_not_said_to_be_missing_as_well():
    assert told(gpu_access.given, case(card(), state="lost", gpus=["0", "1"])) == []
    assert told(gpu_access.given, case(card(), gpus=["0", "1"])) == [("gpu-missing", "invalid")]


def test_a_part_of_a_gpu_is_asked_for_by_its_name():
    absent = case(card(), gpus=["MIG-7"])
    assert evidence(gpu_access.given, absent) == "MIG-7 was asked for, NVML shows GPU-0"


@pytest.mark.parametrize(
    ("throttle", "severity"),
    [
        ({"SW power cap": 0.05}, "suspect"),
        ({"SW power cap": 0.049}, None),
        ({"SW power cap": 0.5, "sync boost": 0.5, "unknown": 0.5}, "suspect"),
        ({"SW power cap": 0.5, "HW slowdown": 0.05}, "invalid"),
        ({"SW power cap": 0.5, "HW slowdown": 0.049}, "suspect"),
        ({"idle": 1.0, "applications clocks setting": 1.0, "display clock setting": 1.0}, None),
        (None, None),
    ],
)
def test_a_gpu_is_slowed_in_five_percent_of_the_samples(throttle, severity):
    found = told(gpu_conditions.throttled, case(card(throttle=throttle)))
    assert found == ([("gpu-throttled", severity)] if severity else [])


@pytest.mark.parametrize(
    ("clock", "top", "found"),
    [(600.0, 1000.0, False), (599.0, 1000.0, True), (599.0, None, False), (None, 1000.0, False)],
)
def test_a_clock_is_low_below_six_tenths(clock, top, found):
    slow = case(card(sm_clock_busy_mhz=clock, sm_clock_max_mhz=top))
    assert told(gpu_conditions.clocks, slow) == ([("gpu-clocks-low", "suspect")] if found else [])


@pytest.mark.parametrize(
    ("before", "total", "found"),
    [
        (GIB, 8 * GIB, False),
        (GIB + 1, 8 * GIB, True),
        (GIB, None, False),
        (GIB + 1, None, True),
        (3 * GIB, 100 * GIB, False),  # 3 %
        (3 * GIB + 1, 100 * GIB, True),
        (None, 8 * GIB, False),
    ],
)
def test_a_gpu_is_taken_by_more_than_a_gigabyte_and_three_percent(before, total, found):
    taken = case(card(memory_before_bytes=before, memory_total_bytes=total))
    assert told(gpu_conditions.shared, taken) == ([("gpu-shared", "suspect")] if found else [])


def test_others_on_a_gpu_are_counted_and_what_they_hold_is_told():
    shared = case(card(foreign_processes=1, foreign_memory_bytes=3 * GIB // 2))
    assert evidence(gpu_conditions.shared, shared) == (
        "GPU 0: 1 process of others in the window, holding 1.5 GiB at the start"
    )
    shared = case(card(foreign_processes=2))
    assert evidence(gpu_conditions.shared, shared) == ("GPU 0: 2 processes of others in the window")
    for count, words in ((1, "1 process of others"), (2, "2 processes of others")):
        seen = case(card(), neighbours={"GPU-0": count})
        assert evidence(gpu_conditions.shared_by_the_host, seen) == (
            f"GPU 0: {words} while it trained, seen from the host"
        )


@pytest.mark.parametrize(
    ("laps", "seconds"),
    [
        ([30.0, 5.0], "the first epoch took 30.0 s, the others 5.0 s"),
        ([30.0, 5.0, 3.0, 4.0], "the first epoch took 30.0 s, the others 4.0 s"),
        ([22.0, 2.0], None),  # 20 s more, and no more than that
        ([22.1, 2.0], "the first epoch took 22.1 s, the others 2.0 s"),
        ([20.0, 0.5], None),
        ([30.0, 6.0], None),  # five times as long, and no longer
        ([30.1, 6.0], "the first epoch took 30.1 s, the others 6.0 s"),
        ([99.0], None),
    ],
)
def test_code_is_compiled_in_a_first_epoch_of_twenty_seconds_and_five_times_more(laps, seconds):
    found = [finding.evidence for finding in gpu_conditions.compiled_first(case(laps=laps))]
    assert found == ([seconds] if seconds else [])


def test_what_a_framework_was_built_without_is_said_to_lack():
    here = card(compute_capability="9.0")
    slow = {"laps": [30.0, 5.0]}
    (finding,) = gpu_conditions.compiled_first(case(here, **slow, built=["7.5"]))
    assert finding.advice.startswith("the framework lacks code for this GPU, so that the driver")
    (finding,) = gpu_conditions.compiled_first(case(here, **slow))
    assert finding.advice.startswith("the framework may lack code for this GPU, so that the driv")
