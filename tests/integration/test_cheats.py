"""Backends that did other work than they claim get no good row: each is run, and found out."""

from __future__ import annotations

import gzip
import os
import sys
from pathlib import Path

import pytest

from harness.provision import discovery

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "cheats"))
from table import outcome, overlay, proven

REAL = Path(os.environ.get("BENCHDL_DATA") or Path(__file__).parents[3] / "shared/data/mnist")


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return overlay(tmp_path_factory.mktemp("root"))


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Raw files: of the real set where it is, else of the stand-in."""
    folder = tmp_path_factory.mktemp("data")
    if REAL.is_dir():
        for name in discovery.load("mnist").sha256:
            (folder / name).write_bytes(gzip.decompress((REAL / f"{name}.gz").read_bytes()))
        return folder, "mnist"
    for name, content in discovery.load("synthetic-mnist").generate():
        (folder / name).write_bytes(content)
    return folder, "synthetic-mnist"


@pytest.fixture
def tried(root, data, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "1")

    def call(cheat, samples=2000, seed=1, **more):
        folder, name = data
        return outcome(
            cheat, root, folder, name, train_samples=samples, epochs=2, seed=seed, **more
        )

    return call


def test_an_honest_backend_has_nothing_to_fear(tried):
    status, found = tried("")
    assert status in ("ok", "suspect")
    assert not [code for code, severity in found if severity == "invalid"]


@pytest.mark.parametrize(
    ("cheat", "code"),
    [
        ("returns-at-once", "too-fast"),
        ("trains-in-prepare", "too-fast"),
        ("epochs-at-the-end", "too-fast"),
        ("sleeps-in-fit", "training-idle"),
        ("patches-the-clock", "clock"),
        ("stops-the-judge", "clock"),
        ("overwrites-the-test", "other-network"),
        ("smaller-network", "other-network"),
        ("freezes-convolutions", "frozen-weights"),
        ("half-precision", "other-precision"),
        ("claims-more-updates", "other-work"),
        ("forges-samples", "sampler-late"),
    ],
)
def test_other_work_is_found(tried, cheat, code):
    # Of more images, so that a moment of another program's between two laps is still too short.
    status, found = tried(cheat, samples=6000 if cheat == "epochs-at-the-end" else 2000)
    assert status in ("invalid", "suspect")
    assert code in [found_code for found_code, _ in found]


def test_a_recipe_that_learns_too_little_is_found(tried):
    _, found = tried("no-momentum", samples=6000)
    assert ("not-learned", "invalid") in found


@pytest.mark.parametrize(
    ("cheat", "wrong"),
    [
        ("", []),
        ("skips-batches", ["updates", "update", "every-picture-once"]),
        ("larger-batches", ["updates", "every-picture-once"]),
        ("repeats-a-quarter", ["update"]),
        ("a-fifth-of-the-rate", ["updates", "update", "every-picture-once", "dropout"]),
        ("no-shuffle", ["shuffle", "reshuffle"]),
        ("shuffles-once", ["reshuffle"]),
        ("no-dropout", ["dropout", "dropout-rate", "dropout-scale"]),
        ("weaker-dropout", ["dropout-rate"]),
        ("another-seed", ["other-seed"]),
        ("coarse-products", ["updates", "update", "every-picture-once", "dropout"]),
    ],
)
def test_other_updates_are_found_by_a_proof(root, monkeypatch, cheat, wrong):
    """Nothing of these shows in a job: they change its result by less than seeds do."""
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "1")
    found = proven(cheat, root).conformance
    assert [check.name for check in found.wrong()] == wrong
    assert [check.name for check in found.unsettled() if not wrong] == []


@pytest.mark.parametrize(
    ("cheat", "wrong"),
    [
        ("", []),
        ("a-fifth-of-the-rate", ["update of cnn-mnist"] * 2),
        ("freezes-convolutions", ["update of cnn-mnist"] * 2),
        ("coarse-products", ["update of cnn-mnist", "loss of cnn-mnist"] * 2),
    ],
)
def test_other_updates_are_found_by_a_brief_proof(root, monkeypatch, cheat, wrong):
    """Of two workloads in one process: here of one, twice."""
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "1")
    found = proven(cheat, root, briefly=["cnn-mnist", "cnn-mnist"]).conformance
    assert [check.name for check in found.wrong()] == wrong
    assert found.unsettled() == []
    assert len(found.checks) == 5


@pytest.mark.parametrize(
    ("cheat", "wrong"),
    [
        ("", []),
        ("skips-updates", ["update", "updates", "act"]),
        ("never-copies", ["update", "updates", "act"]),
        ("acts-by-chance", ["act"]),
    ],
)
def test_other_learning_of_a_game_is_found_by_a_proof(root, monkeypatch, cheat, wrong):
    """tests/unit/test_game_proof.py has more of these, without a process."""
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "1")
    found = proven(cheat, root, workload="dqn-bricks").conformance
    assert [check.name for check in found.wrong()] == wrong
    assert found.unsettled() == []


def test_what_is_wrong_with_the_image_makes_a_row_invalid(tried, root):
    status, found = tried("no-dropout", proof=proven("no-dropout", root))
    assert status == "invalid"
    assert ("not-conformant", "invalid") in found


@pytest.mark.parametrize(
    ("cheat", "status"),
    [
        ("writes-its-result", "failed: no-result"),
        ("ends-the-judge", "failed: invalid-result"),
        ("fakes-events", "failed: runner-error"),
    ],
)
def test_nobody_speaks_for_the_judge(tried, cheat, status):
    assert tried(cheat) == (status, [])


def test_what_the_trainer_leaves_behind_ends_before_the_result_is_written(tried):
    status, found = tried("leaves-a-writer")
    assert status in ("ok", "suspect")
    assert not [code for code, severity in found if severity == "invalid"]
