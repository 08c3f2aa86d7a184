"""The proof of an image: tried after its first good job, kept, found again, told in findings."""

from __future__ import annotations

import json
import threading
from dataclasses import replace

import pytest
from checking import case, conformance
from pretending import campaign
from test_campaign import Launcher, Watcher, options, store  # noqa: F401

from harness.campaign import leftovers, side_by_side
from harness.campaign.conforming import Proving
from harness.checks import conformity
from harness.checks.case import Proof
from harness.launchers.exchange import Exchange
from harness.launchers.launcher import Exit
from runner.contract.conformance import Check
from runner.contract.job import load_job
from runner.contract.result import Result, load_result

WRONG = Check(name="updates", expected=0.0, seen=0.49, tolerance=0.005, detail="nearest to 2")
OPEN = Check(name="dropout", expected=0.0, detail="TrainingError: it crashed")
GOOD = Check(name="update", expected=0.0, seen=1e-5, tolerance=0.03)


class Proven(Launcher):
    """Answers a job that proves with ``checks``, or as ``script`` says by number of such a job."""

    def __init__(self, make_result, *checks):
        super().__init__(make_result)
        self.checks, self.proofs, self.ends = checks, [], {}

    def start(self, order, on_event):
        if order.job.purpose == "measure":
            return super().start(order, on_event)
        self.proofs.append(order.job)
        how = self.ends.get(len(self.proofs), "ok")
        if isinstance(how, BaseException):
            raise how
        if how != "ok":
            return how
        job = load_job((order.job_dir / "job.json").read_text())
        result = Result(
            run_id=job.run_id, status="ok", started_at="", finished_at="", job=job,
            conformance=conformance(*self.checks).model_copy(update={"image_id": "sha256:forged"}),
        )  # fmt: skip
        (order.job_dir / "result.json").write_text(result.model_dump_json())
        return Exit("exited", 0)


@pytest.fixture(autouse=True)
def proves(real_proof, monkeypatch):
    monkeypatch.setattr(Proving, "of", real_proof)


def run(launcher, store, **changes):  # noqa: F811
    asked = {"backends": ["tf"], "repeat": 2, **changes}
    return campaign(options(**asked), launcher, store, Watcher())


def of_the_image(result):
    codes = ("unproven", "not-conformant")
    return [
        (finding.code, finding.severity) for finding in result.findings if finding.code in codes
    ]


def test_it_is_proven_once_and_kept(make_result, store):  # noqa: F811
    launcher = Proven(make_result, GOOD)
    results = run(launcher, store) + run(launcher, store)
    assert len(launcher.proofs) == 1
    assert [of_the_image(result) for result in results] == [[]] * 4
    assert [result.conformance.checks for result in results] == [[GOOD]] * 4
    # Whose proof it is, is not for the job to say.
    assert {result.conformance.image_id for result in results} == {None}
    assert results[0].conformance.locks_sha256 == {"local.lock": "a" * 64}
    assert list(store.staging().iterdir()) == []


FIT_S = 20.0


def sampled(file, cores, job, others=0.0):
    """A sampler's files: of a machine on which a job and others use so many cores each."""
    times = [number / 10 for number in range(int(FIT_S * 10) + 1)]
    head = ["t_s", *(f"cpu{core}_busy_s" for core in range(cores)), "job_cpu_s"]
    rows = [[moment, *[moment * (job + others) / cores] * cores, moment * job] for moment in times]
    file.write_text("".join(",".join(map(str, row)) + "\n" for row in [head, *rows]))
    facts = {"interval_target_s": 0.1, "cores": list(range(cores))}
    file.with_suffix(".json").write_text(json.dumps(facts))


class SideBySide(Proven):
    """Two GPUs: the proof of the first job's build runs while the second job trains."""

    def __init__(self, make_result, others):
        super().__init__(make_result, GOOD)
        self.others, self.proven, self.lock_of_counts = others, threading.Event(), threading.Lock()
        self.began = threading.Barrier(2)

    def start(self, order, on_event):
        samples = order.job_dir / "samples.csv"
        if order.job.purpose == "prove":
            sampled(samples, 8, 3.0)
            done = super().start(order, on_event)
            self.proven.set()
            return done
        with self.lock_of_counts:
            done = super().start(order, on_event)
            number = len(self.started)
        self.began.wait(20)
        if number == 2:
            assert self.proven.wait(20)
            said = load_result((order.job_dir / "result.json").read_text()).model_dump()
            measured = said["measurement"]
            measured |= {"marks": {"fit": 0.0, "fit_end": FIT_S}}
            measured["phases"]["fit_s"] = FIT_S
            result = Result.model_validate(said)
            (order.job_dir / "result.json").write_text(result.model_dump_json())
            sampled(samples, 8, 2.0, self.others)
        return done


@pytest.mark.parametrize(
    ("others", "expected"),
    [
        (3.0, [("own-neighbour", "info")]),
        (5.5, [("foreign-load", "suspect"), ("own-neighbour", "suspect")]),
        (5.0, [("foreign-load", "info"), ("own-neighbour", "info")]),
    ],
)
def test_a_proof_beside_a_job_is_no_strangers_load(
    make_result,
    store,  # noqa: F811
    monkeypatch,
    others,
    expected,
):
    monkeypatch.setattr(side_by_side, "gpus", lambda asked: ["0", "1"])
    launcher = SideBySide(make_result, others)
    results = run(launcher, store, devices=["gpu"], parallel_gpus=True, cores_per_gpu=0)
    (job,) = [told for told in results if told.run_id == launcher.started[1].run_id]
    (proof,) = launcher.proofs
    load = [told for told in job.findings if told.code in ("foreign-load", "own-neighbour")]
    assert [(told.code, told.severity) for told in load] == expected
    evidence = load[-1].evidence
    assert (
        f"beside it ran {proof.run_id} (a proof) of the same campaign and used 60.0 s" in evidence
    )


def test_what_is_proven_is_what_trains(make_result, store):  # noqa: F811
    launcher = Proven(make_result, GOOD)
    run(launcher, store, modes=["as-written", "tuned"], threads=[1, None], batch_sizes=[64])
    assert sorted(job.settings.mode for job in launcher.proofs) == ["as-written", "tuned"]
    assert {(job.threads, job.batch_size, job.seed) for job in launcher.proofs} == {
        (None, None, 123)
    }
    run(launcher, store, overrides={"environment.TF_X": "1"})
    assert launcher.proofs[2].settings.environment["TF_X"] == "1"
    launcher.lock = "b" * 64
    run(launcher, store)
    assert len(launcher.proofs) == 4


def test_tf32_is_off_while_it_is_proven(make_result, store):  # noqa: F811
    launcher = Proven(make_result, GOOD)
    run(launcher, store, devices=["gpu"], precisions=["tf32"])
    run(launcher, store, devices=["gpu"])
    assert [job.settings.precision for job in launcher.proofs] == ["float32"]


def test_mixed_precision_is_proven_beside_float32(make_result, store):  # noqa: F811
    launcher = Proven(make_result, GOOD, GOOD)
    run(launcher, store, backends=["torch"], precisions=["float32", "bfloat16"])
    found = {job.settings.precision for job in launcher.proofs}
    assert found == {"float32", "bfloat16"}


def test_what_is_wrong_makes_every_row_invalid(make_result, store):  # noqa: F811
    launcher = Proven(make_result, GOOD, WRONG, OPEN)
    for result in run(launcher, store):
        assert of_the_image(result) == [("not-conformant", "invalid")]
        (finding,) = [found for found in result.findings if found.code == "not-conformant"]
        assert finding.evidence == "updates 0.49, expected 0 (within 0.005): nearest to 2"


@pytest.mark.parametrize(
    ("end", "reason"),
    [
        (Exit("exited", 3, tail="no module named runner"), "exit code 3"),
        (Exit("timeout"), "time limit"),
        (Exit("out-of-memory", 137), "more memory"),
    ],
)
def test_what_was_tried_and_came_to_nothing_is_suspect(make_result, store, end, reason):  # noqa: F811
    launcher = Proven(make_result)
    launcher.ends = {1: end}
    results = run(launcher, store)
    assert len(launcher.proofs) == 1  # not before each job of the campaign
    assert [of_the_image(result) for result in results] == [[("unproven", "suspect")]] * 2
    told = next(finding for finding in results[0].findings if finding.code == "unproven")
    assert reason in told.evidence
    run(launcher, store)
    assert len(launcher.proofs) == 2  # it was not kept


def test_a_check_without_an_answer_is_suspect_and_not_kept(make_result, store):  # noqa: F811
    launcher = Proven(make_result, GOOD, OPEN)
    results = run(launcher, store)
    assert of_the_image(results[0]) == [("unproven", "suspect")]
    assert "dropout TrainingError: it crashed" in results[0].findings[0].evidence
    run(launcher, store)
    assert len(launcher.proofs) == 2


def test_what_the_engine_took_was_not_tried(make_result, store):  # noqa: F811
    launcher = Proven(make_result)
    launcher.ends = {1: Exit("engine-lost", detail="lost the Docker engine")}
    (result,) = run(launcher, store, repeat=1)
    assert of_the_image(result) == [("unproven", "info")]


def test_an_interrupt_meanwhile_keeps_the_job(make_result, store):  # noqa: F811
    launcher = Proven(make_result)
    launcher.ends = {1: KeyboardInterrupt()}
    with pytest.raises(KeyboardInterrupt):
        run(launcher, store)
    ((result,), _) = store.load()
    assert result.status == "ok"
    assert of_the_image(result) == [("unproven", "info")]
    assert list(store.staging().iterdir()) == []


def test_a_job_that_failed_proves_nothing(make_result, store):  # noqa: F811
    launcher = Proven(make_result)
    launcher.script = {1: "failed", 2: "failed"}
    run(launcher, store)
    assert launcher.proofs == []


def test_a_proof_that_was_cut_off_is_no_result(make_result, store):  # noqa: F811
    launcher = Proven(make_result, GOOD)
    run(launcher, store, repeat=1)
    Exchange(store.staging(), launcher.proofs[0])  # its harness was killed
    campaign_id = launcher.proofs[0].campaign_id
    assert leftovers.clear(campaign_id, "here", launcher, store, print) == []
    assert list(store.staging().iterdir()) == []


def test_without_a_try_it_is_told(make_result):
    def found(proof):
        asked = case(make_result())
        return list(conformity.image(replace(asked, proof=proof)))

    (finding,) = found(Proof())
    assert (finding.code, finding.severity) == ("unproven", "info")
    assert "nobody has tried" in finding.evidence
    assert found(Proof(conformance(GOOD))) == []


def test_show_tells_every_check(make_result, stored, tmp_path, benchdl):
    result = make_result(conformance=conformance(GOOD, WRONG).model_dump())
    stored(tmp_path / "results", result)
    said = benchdl("show", "latest", "-v").stdout
    assert "conformance" in said
    assert "0.49, expected 0 (within 0.005): nearest to 2" in said


def test_what_was_skipped_is_told(make_result):
    skipped = Check(name="shuffle", expected=0.0, detail="two GPUs", skipped=True)
    asked = case(make_result())
    told = conformity.image(replace(asked, proof=Proof(conformance(GOOD, skipped))))
    assert [(finding.code, finding.severity) for finding in told] == [("unproven", "info")]


def test_a_check_holds_within_its_tolerance():
    assert Check(name="x", expected=1.25, seen=1.26, tolerance=0.02).ok
    assert Check(name="x", expected=1.25, seen=1.28, tolerance=0.02).ok is False
    assert Check(name="x", expected=1.25, tolerance=0.02).ok is None
