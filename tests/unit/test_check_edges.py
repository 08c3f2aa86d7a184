"""Clocks, instrument and learning at the very figure from which on a check speaks."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from harness.checks import clocks, instrument, learning
from runner.contract.work_and_score import Lap, Proof


def told(check, case):
    return [(finding.code, finding.severity) for finding in check(case)]


def sampled(asked_s=0.1, samples=10, median_s=0.1, problem=None):
    facts = SimpleNamespace(
        samples=samples, interval_median_s=median_s, interval_target_s=0.1, problem=problem
    )
    return SimpleNamespace(
        job=SimpleNamespace(sample_interval_s=asked_s), measured=SimpleNamespace(sampler=facts)
    )


@pytest.mark.parametrize(
    ("case", "findings"),
    [
        (sampled(), []),
        (sampled(median_s=0.2), []),
        (sampled(median_s=0.201), [("sampler-late", "info")]),
        (sampled(median_s=None), []),
        (sampled(samples=0, median_s=None), [("sampler-late", "suspect")]),
        (sampled(problem="killed"), [("sampler-broke", "suspect")]),
        (sampled(problem="killed", median_s=9.0), [("sampler-broke", "suspect")]),
        (sampled(asked_s=None, problem="switched off"), [("sampler-off", "invalid")]),
    ],
)
def test_the_sampler_is_late_from_twice_its_interval_on(case, findings):
    assert told(instrument.sampler, case) == findings


def trained(fit_s=10.0, laps=(), marks=None, total_s=20.0, proof_s=None, **more):
    return SimpleNamespace(
        phases=SimpleNamespace(fit_s=fit_s, total_s=total_s, proof_s=proof_s),
        laps=[
            Lap(number=number, duration_s=duration_s, heard_s=heard_s)
            for number, (duration_s, heard_s) in enumerate(laps, 1)
        ],
        marks=marks or {},
        **more,
    )


def timed(measured, wall_s=100.0, between=None, passed_s=100):
    witness = SimpleNamespace(wall_s=wall_s, between=lambda *ends: (between or {}).get(ends))
    return SimpleNamespace(
        measured=measured,
        seen=SimpleNamespace(witness=witness),
        started_at="2026-11-23T12:00:00+00:00",
        finished_at=f"2026-11-23T12:{passed_s // 60:02}:{passed_s % 60:02}+00:00",
    )


@pytest.mark.parametrize(
    ("fit_s", "laps", "late"),
    [(10.0, [9.0], False), (10.0, [8.9], True), (4.0, [3.5], False), (4.0, [3.4], True),
     (10.0, [], False)],
)  # fmt: skip
def test_a_late_return_is_a_tenth_and_half_a_second(fit_s, laps, late):
    found = told(instrument.late_return, timed(trained(fit_s, [(s, None) for s in laps])))
    assert found == ([("late-return", "info")] if late else [])


def test_a_late_return_says_how_late():
    (finding,) = instrument.late_return(timed(trained(10.0, [(4.0, None), (4.0, None)])))
    assert "2.0 s after its last epoch, 20% of Time (s)" in finding.evidence


ENDS = ("fit", "evaluate")


@pytest.mark.parametrize(
    ("case", "wrong"),
    [
        # A twentieth of a second is what clocks may differ by.
        (timed(trained(10.0), wall_s=9.96), False),
        (timed(trained(10.0), wall_s=9.94), True),
        (timed(trained(10.05), wall_s=10.0), False),
        (timed(trained(10.0, [(10.05, None)])), False),
        (timed(trained(10.0, [(6.0, None), (4.04, None)])), False),
        (timed(trained(10.0, [(6.0, None), (4.06, None)])), True),
        # The judge hears: 0.3 s and 5 % of the longer.
        (timed(trained(10.0, marks={"fit": 5.0, "fit_end": 15.8})), False),
        (timed(trained(10.0, marks={"fit": 5.0, "fit_end": 15.9})), True),
        (timed(trained(10.0, marks={"fit": 5.0, "fit_end": 14.25})), False),
        (timed(trained(10.0, marks={"fit": 5.0, "fit_end": 14.15})), True),
        (timed(trained(10.0, [(10.0, 10.8)])), False),
        (timed(trained(10.0, [(4.0, 3.5)])), False),
        (timed(trained(10.0, [(10.0, 10.9)])), True),
        (timed(trained(10.0, [(10.0, 9.15)])), True),
        # The engine passes on: 1 s and 5 %.
        (timed(trained(20.0, marks={"fit": 5.0, "evaluate": 25.0}), between={ENDS: 22.0}), False),
        (timed(trained(20.0, marks={"fit": 5.0, "evaluate": 25.0}), between={ENDS: 22.2}), True),
        (timed(trained(20.0, marks={"fit": 5.0, "evaluate": 25.0}), between={ENDS: 17.9}), True),
        (timed(trained(20.0, marks={"fit": 5.0, "evaluate": 25.0})), False),
        (timed(trained(20.0, marks={"evaluate": 25.0}), between={ENDS: 1.0}), False),
    ],
)
def test_clocks_contradict_each_other_beyond_their_slack(case, wrong):
    assert told(clocks.contradictions, case) == ([("clock", "invalid")] if wrong else [])


def test_three_contradictions_are_enough():
    case = timed(trained(100.0, [(10.0, 99.0)] * 5), wall_s=1.0)
    (finding,) = clocks.contradictions(case)
    assert finding.evidence == (
        "the job took 1.00 s from outside, says 100.00 s for fit and 50.00 s for its laps; the "
        "trainer says 10.00 s for lap 1, the judge's clock 99.00 s; the trainer says 10.00 s for "
        "lap 2, the judge's clock 99.00 s"
    )


WHOLE = ("import", "done")


@pytest.mark.parametrize(
    ("span_s", "proof_s", "marks", "found"),
    [
        (25.0, None, {"begin": 0.0}, False),
        (25.1, None, {"begin": 0.0}, True),
        (36.0, 10.0, {"begin": 0.0}, False),
        (36.1, 10.0, {"begin": 0.0}, True),
        (99.0, None, {}, False),
        (None, None, {"begin": 0.0}, False),
    ],
)
def test_time_is_unexplained_from_three_seconds_and_a_tenth_on(span_s, proof_s, marks, found):
    case = timed(trained(marks=marks, proof_s=proof_s), between={WHOLE: span_s})
    assert told(clocks.unexplained, case) == ([("time-unexplained", "suspect")] if found else [])


@pytest.mark.parametrize(
    ("passed_s", "wall_s", "code", "words"),
    [
        (15, 10.0, None, ""),
        (15, 9.9, "clock-set-forward", "set forward by about 5 s"),
        (5, 10.0, None, ""),
        (5, 11.0, "clock-set-back", "set back by about 6 s"),
    ],
)
def test_a_wall_clock_may_be_five_seconds_off(passed_s, wall_s, code, words):
    found = list(clocks.wall_clock(timed(None, wall_s, passed_s=passed_s)))
    assert [(finding.code, finding.severity) for finding in found] == (
        [(code, "info")] if code else []
    )
    assert all(words in finding.evidence for finding in found)


def learned(
    *proofs, score=None, marks=None, precision="float32", start=None, margins=None, most=10_000
):
    known = {proof.name: proof for proof in proofs}
    return SimpleNamespace(
        measured=SimpleNamespace(
            proof=known.get, proofs=list(proofs), score=score, marks=marks or {}
        ),
        job=SimpleNamespace(settings=SimpleNamespace(precision=precision), dataset="mnist"),
        workload=SimpleNamespace(
            start=start, margins=margins or {}, test_samples_of=lambda count: min(count, most)
        ),
        test_samples=10_000,
    )


START = SimpleNamespace(proof="initial_loss", value=2.0, margin=0.25)


@pytest.mark.parametrize(
    ("value", "wanted", "found"),
    [(2.25, START, False), (2.26, START, True), (1.75, START, False), (1.74, START, True),
     (None, START, False), (9.0, None, False)],
)  # fmt: skip
def test_another_start_is_beyond_its_margin(value, wanted, found):
    case = learned(Proof(name="initial_loss", value=value), start=wanted)
    assert told(learning.start, case) == ([("other-start", "invalid")] if found else [])


@pytest.mark.parametrize(
    ("expected", "value", "found"),
    [(8, 8, False), (8, 7, True), (8, None, False), (None, 7, False)],
)
def test_one_tensor_that_stays_is_enough(expected, value, found):
    proof = Proof(name="tensors_moved", value=value, expected=expected, detail="number 3")
    found_codes = told(learning.moved, learned(proof))
    assert found_codes == ([("frozen-weights", "invalid")] if found else [])
    if found:
        (finding,) = learning.moved(learned(proof))
        assert "1 of 8 trained tensors" in finding.evidence
    assert told(learning.moved, learned()) == []


def test_what_did_not_move_is_named_as_far_as_there_is_room():
    proof = Proof(name="tensors_moved", value=7, expected=8, detail="x" * 90)
    (finding,) = learning.moved(learned(proof))
    assert finding.evidence.endswith(f"before training ({'x' * 80})")


@pytest.mark.parametrize(
    ("bits", "precision", "found"),
    [
        (16, "float32", False),
        (15, "float32", True),
        (15, "bfloat16", True),
        (None, "float32", False),
    ],
)
def test_float32_takes_sixteen_bits(bits, precision, found):
    case = learned(Proof(name="weight_bits", value=bits), precision=precision)
    assert told(learning.precision, case) == ([("other-precision", "invalid")] if found else [])
    words = "the trained weights take 15 of the 23 bits of a float32's mantissa"
    assert [finding.evidence for finding in learning.precision(case)] == [words] * found


def rated(value=0.25, claimed=0.25, verified=True, samples=10_000):
    return SimpleNamespace(
        metric="error_rate", unit="", value=value, claimed=claimed, verified=verified,
        samples=samples,
    )  # fmt: skip


MARGINS = {
    "error_rate": SimpleNamespace(plain=0.125, share=0.0),
    "test_loss": SimpleNamespace(plain=0.0, share=0.25),
}


@pytest.mark.parametrize(
    ("score", "proof", "apart"),
    [
        (rated(claimed=0.375), None, 0),
        (rated(claimed=0.376), None, 1),
        (rated(claimed=0.124), None, 1),
        (rated(claimed=None), None, 0),
        (rated(claimed=0.9, verified=False), None, 0),
        (rated(), {"name": "test_loss", "value": 4.0, "claimed": 5.0}, 0),
        (rated(), {"name": "test_loss", "value": 4.0, "claimed": 5.1}, 1),
        (rated(), {"name": "test_loss", "value": -4.0, "claimed": -5.0}, 0),
        (rated(), {"name": "other", "value": 4.0, "claimed": 4.0}, 0),
        (rated(), {"name": "other", "value": 4.0, "claimed": 4.001}, 1),
        (rated(), {"name": "other", "value": None, "claimed": 4.0}, 0),
        (rated(claimed=0.9), {"name": "test_loss", "value": 4.0, "claimed": 9.0}, 2),
        (rated(claimed=None), {"name": "test_loss", "value": 4.0, "claimed": 9.0}, 1),
    ],
)
def test_a_second_opinion_is_apart_beyond_the_margin_of_its_figure(score, proof, apart):
    case = learned(*([Proof(**proof)] if proof else []), score=score, margins=MARGINS)
    found = list(learning.second_opinion(case))
    assert [finding.code for finding in found] == ["other-network"] * bool(apart)
    assert all(finding.evidence.count("in NumPy") == apart for finding in found)


@pytest.mark.parametrize(
    ("marks", "verified", "found"),
    [({"fit": 1.0}, False, True), ({"fit": 1.0}, True, False), ({}, False, False)],
)
def test_no_second_opinion_is_unproven(marks, verified, found):
    case = learned(score=rated(verified=verified), marks=marks)
    assert told(learning.proven, case) == ([("unproven", "suspect")] if found else [])


@pytest.mark.parametrize(
    ("samples", "most", "found"),
    [(10_000, 10_000, False), (9_999, 10_000, True), (None, 10_000, False), (2000, 2000, False),
     (10_000, 2000, True)],
)  # fmt: skip
def test_a_score_is_of_every_test_sample_that_is_judged(samples, most, found):
    case = learned(score=rated(samples=samples), most=most)
    assert told(learning.proven, case) == ([("unproven", "suspect")] if found else [])
