"""What was proven of an image, and what the harness saw itself: every answer, and no answer."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from checking import conformance

from harness.checks import conformity, recomputed, witness
from harness.checks.case import Case, Proof
from harness.checks.seen import Seen
from harness.checks.witness import Witness
from runner.contract.conformance import Check
from runner.contract.samples import Samples

HOLDS = Check(name="update", expected=0.0, seen=0.001, tolerance=0.02)
WRONG = Check(name="rate", expected=0.05, seen=0.25, tolerance=0.01, detail="too fast")
OPEN = Check(name="dropout", expected=0.0, detail="it crashed")
SKIPPED = Check(name="shuffle", expected=0.0, detail="two GPUs", skipped=True)


def found(proof):
    return list(conformity.image(SimpleNamespace(proof=proof)))


@pytest.mark.parametrize(
    ("checks", "code", "severity", "words"),
    [
        ([HOLDS], None, None, None),
        ([HOLDS, WRONG, OPEN, SKIPPED], "not-conformant", "invalid",
         "rate 0.25, expected 0.05 (within 0.01): too fast"),
        ([HOLDS, OPEN, SKIPPED], "unproven", "suspect",
         "that the image does the workload's updates is not proven: dropout it crashed"),
        ([HOLDS, SKIPPED], "unproven", "info",
         "that the image does the workload's updates is not proven: shuffle two GPUs"),
    ],
)  # fmt: skip
def test_the_worst_answer_of_all_checks_is_told(checks, code, severity, words):
    told = [
        (finding.code, finding.severity, finding.evidence)
        for finding in found(Proof(conformance(*checks)))
    ]
    assert told == ([(code, severity, words)] if code else [])


@pytest.mark.parametrize(("tried", "severity"), [(True, "suspect"), (False, "info")])
def test_a_proof_that_was_tried_in_vain_is_suspect(tried, severity):
    (finding,) = found(Proof(reason="no engine", tried=tried))
    assert (finding.code, finding.severity) == ("unproven", severity)
    assert finding.evidence.endswith("is not proven: no engine")
    (finding,) = found(Proof())
    assert (finding.severity, finding.evidence.rpartition(": ")[2]) == ("info", "nobody has tried")


@pytest.mark.parametrize(("count", "told", "more"), [(5, 5, False), (6, 5, True)])
def test_five_wrong_checks_are_told_and_that_there_are_more(count, told, more):
    (finding,) = found(Proof(conformance(*[WRONG] * count)))
    assert finding.evidence.count("rate 0.25") == told
    assert finding.evidence.endswith("; ...") is more


@pytest.mark.parametrize(
    ("check", "words"),
    [
        ({"seen": 1.5, "expected": 2.0, "detail": "d"}, "1.5, expected 2: d"),
        ({"seen": 0.0, "expected": 2.0, "tolerance": 0.25, "detail": "d"},
         "0, expected 2 (within 0.25): d"),
        ({"expected": 2.0}, "nothing was seen"),
        ({"expected": 2.0, "detail": "x" * 500}, "x" * 300),
        ({"seen": 1.0, "expected": 2.0, "detail": "x" * 500}, "1, expected 2: " + "x" * 300),
    ],
)  # fmt: skip
def test_a_check_in_words(check, words):
    assert conformity.in_words(Check(name="n", **check)) == words


TIMES = [0.0, 1.0, 2.0, 3.0, 4.0]
MARKS = {"fit": 1.0, "fit_end": 3.0, "proof": 9.0}
SAMPLES = Samples(
    columns={
        "job_cpu_s": [0.0, 1.0, 3.0, 6.0, 10.0],
        "gpu0_util_percent": [0.0, 50.0, 100.0, 50.0, 0.0],
        "gpu3_util_percent": [10.0] * 5,
        "gpu4_util_percent": [None] * 5,
        "gpu5_util_percent": [100.0] * 5,
        "gpu5_period_end_s": [1.0, 3.0, 4.0, None, None],
        "gpu5_period_percent": [10.0, 80.0, 20.0, None, None],
    },
    times=TIMES,
)


def measured(*gpus, marks=MARKS):
    cards = [SimpleNamespace(index=index) for index in gpus]
    return SimpleNamespace(marks=marks, gpu=SimpleNamespace(devices=cards))


@pytest.mark.parametrize(
    ("ends", "seconds"),
    [
        (("fit", "fit_end"), 5.0),
        (("fit", "build"), None),
        (("build", "fit"), None),
        (("fit", "proof"), None),  # it was not sampled so long
    ],
)
def test_cpu_seconds_between_two_marks(ends, seconds):
    assert Seen(Witness(), SAMPLES).job_cpu_s(measured(), *ends) == seconds


@pytest.mark.parametrize(
    ("ends", "gpus", "seconds"),
    [
        (("fit", "fit_end"), [0], 1.5),
        (("fit", "fit_end"), [0, 3], 1.7),
        (("fit", "fit_end"), [0, 3, 4], 1.7),
        (("fit", "fit_end"), [5], 1.6),  # NVML's periods, and not its readings
        (("fit", "fit_end"), [0, 5], 3.1),
        (("fit", "fit_end"), [], None),
        (("fit", "proof"), [0], None),
        (("fit", "build"), [0], None),
        (("build", "fit"), [0], None),
    ],
)
def test_seconds_of_kernels_between_two_marks(ends, gpus, seconds):
    found = Seen(Witness(), SAMPLES).gpu_busy_s(measured(*gpus), *ends)
    assert found == (None if seconds is None else pytest.approx(seconds))


@pytest.fixture
def clock(monkeypatch):
    """The harness's clock, which goes on by a second at every look."""
    state = SimpleNamespace(now=100.0)

    def look():
        state.now += 1
        return state.now

    monkeypatch.setattr(witness, "time", SimpleNamespace(monotonic=look))
    return state


def test_phases_are_stamped_at_their_first_arrival(clock):
    seen = Witness()
    for event in (
        {"event": "phase", "phase": "fit"},
        {"event": "phase", "phase": "fit"},
        {"event": "lap", "phase": "fit"},
        {"event": "phase", "phase": 7},
        {"event": "phase"},
        {"event": "phase", "phase": "x" * 99},
        {"event": "done"},
    ):
        seen.event(event)
    assert seen.phases == {"fit": 101.0, "lap": 103.0, "x" * 40: 106.0, "done": 107.0}
    assert seen.between("fit", "done") == 6.0
    assert seen.between("fit", "proof") is None
    assert seen.between("proof", "fit") is None
    assert seen.wall_s == 0.0


def test_no_job_fills_the_memory_with_phases():
    seen = Witness()
    for number in range(100_001):
        seen.event({"event": "phase", "phase": str(number)})
    assert list(seen.phases)[-1] == "99999"


def test_a_case_without_a_measurement_says_so(make_result):
    result = make_result()
    asked = Case(result.job, result.launch, "", "", Seen(Witness(), Samples()))
    with pytest.raises(ValueError, match=f"{result.job.run_id} has no measurement"):
        _ = asked.measured
    assert asked.workload.name == "cnn-mnist"


def test_files_of_samples_have_a_size_that_is_read_at_the_most(monkeypatch, tmp_path):
    asked = {}
    monkeypatch.setattr(
        recomputed.files, "read_plain", lambda file, most: asked.update({file.name: most}) or b""
    )
    recomputed.read(tmp_path / "samples.csv")
    assert asked == {"samples.csv": 256 * 2**20, "samples.json": 4 * 2**20}
