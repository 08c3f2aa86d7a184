"""What only GPUs run by default, tried on a CPU in the images that hold it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from conftest import BENCHDL
from docker.types import Mount

from harness.images.built import reference
from runner.contract.job import job_text
from runner.contract.result import load_result

INSIDE = Path(__file__).resolve().parents[1] / "inside"
BRIEFLY = ["cnn-mnist", "gpt-shakespeare-small"]
BY_SGD = ["cnn-mnist", "resnet20-cifar10"]
"""PyTorch has no AdamW for a capture on a CPU."""

pytestmark = [pytest.mark.docker, pytest.mark.beside, pytest.mark.timeout(1500)]


@pytest.fixture
def inside(engine):
    """Run a script of tests/inside in the cpu image of a backend; what it prints."""

    def run(backend, script, *words, job=None):
        build = [BENCHDL, "images", "build", backend, "--flavour", "cpu", "--make-base"]
        subprocess.run(build, check=True, capture_output=True, timeout=1200)
        mounts = [Mount("/inside", str(INSIDE), type="bind", read_only=True)]
        mounts += [Mount("/job", str(job), type="bind")] if job else []
        told = engine.containers.run(
            reference(backend, "cpu"),
            [f"/inside/{script}", *words],
            entrypoint=["python"],
            environment={"OMP_NUM_THREADS": "1"},
            mounts=mounts,
            network_mode="none",
            stderr=False,
            remove=True,
        )
        return told.decode()

    return run


def test_copies_that_devices_of_jax_computed_by_themselves_are_made_equal(inside):
    found = json.loads(inside("jax", "jax_copies.py").splitlines()[-1])
    assert found["even"] == [[[1.5, float("inf")], 3], [[2.5, 0.0], 4]], "nothing to be done"
    assert found["uneven"] == [[[1.5, float("inf")], 3]] * 2, "those of the first device"


def test_gradients_are_scaled_against_float16_whatever_the_rate(inside):
    """They were as small as the learning rate made them: 1,024 times, and then 0.001 times."""
    wrong = json.loads(inside("torch", "torch_small_gradients.py").splitlines()[-1])
    assert wrong == [pytest.approx(0, abs=1e-3)] * 2  # float16 itself: 2**-11


def test_keras_on_jax_adds_gradients_of_an_embedding_in_float32_if_tuned(inside):
    found = json.loads(inside("keras3-jax", "keras_jax_scatter.py", "bfloat16").splitlines()[-1])
    assert found["as_written"]["scattered"] == {"bfloat16": 1}, "what its users get"
    assert found["tuned"]["scattered"] == {"float32": 1}
    assert set(found["tuned"]["products"]) == set(found["as_written"]["products"]) == {"bfloat16"}
    assert found["of_float32"] == [{"float32": 1}, {"bfloat16": 1}]


def test_ranks_that_replay_their_steps_train_as_those_that_take_them(inside):
    for found in json.loads(inside("torch", "graphed_ranks.py").splitlines()[-1]):
        assert [rank["compiled"] for rank in found["told"]] == [True, True]
        assert [rank["compiled"] for rank in found["plain"]] == [False, False]
        assert [rank["untouched"] for rank in found["told"]] == [True, True]
        assert {rank["updates"] for rank in (*found["told"], *found["plain"])} == {6}
        assert found["between_ranks"] == 0.0
        assert found["from_plain"] < 1e-5 < found["moved"]
        first, second = (rank["losses"] for rank in found["told"])
        assert first == second == pytest.approx(found["plain"][0]["losses"], abs=1e-5)


def test_each_rank_of_keras_on_pytorch_drops_other_values(inside):
    first, second = json.loads(inside("keras3-torch", "dropped_apart.py").splitlines()[-1])
    assert first["digest"] == second["digest"]
    masks = [tuple(mask) for rank in (first, second) for mask in rank["left"]]
    assert len(set(masks)) == 4
    assert all(30 < sum(mask) < 64 for mask in masks)  # a fifth of 64 is dropped


def test_keras_layers_with_branches_and_texts_are_one_graph_on_pytorch(inside):
    """One more graph, and all layers after it are compiled apart, or not at all."""
    lines = inside("keras3-torch", "keras_traced_whole.py", "dscnn-speech", "conv1d-imdb")
    for found in map(json.loads, lines.splitlines()[-2:]):
        assert found["graphs"] == 1
        assert found["traceable"] == pytest.approx(found["plain"], rel=1e-6)
        assert found["whole"] == pytest.approx(found["plain"], rel=1e-5)


def proof(inside, make_result, folder, backend, script, *words, **job):
    """The checks of a job's proof that saw something, by the script that stands in for a GPU."""
    job = make_result(
        job={"backend": backend, "purpose": "prove", "launcher": "local",
             "pins": {"packages": {}, "python": None}, **job}
    ).job  # fmt: skip
    folder = folder / "job"
    folder.mkdir()
    folder.chmod(0o777)  # the image's user is another
    (folder / "job.json").write_text(job_text(job))
    inside(backend, script, "/job", *words, job=folder)
    result = load_result((folder / "result.json").read_text())
    assert result.failure is None
    return [check for check in result.conformance.checks if not check.skipped]


@pytest.mark.parametrize("words", [[], ["refused"]])
def test_ranks_of_keras_in_pytorchs_loop_make_the_updates_of_one(
    inside, make_result, tmp_path, words
):
    settings = {"mode": "tuned", "strategy": "data-parallel"}
    checks = proof(
        inside, make_result, tmp_path, "keras3-torch", "keras_in_torchs_loop.py", *words,
        ranks=2, settings=settings,
    )  # fmt: skip
    assert [check for check in checks if not check.ok] == []
    names = {check.name for check in checks}
    assert {"update", "ranks-alike", "one-rank"} <= names
    log = (tmp_path / "job" / "log.txt").read_text()
    assert ("no kernel for that" in log) == (words == ["refused"]), "or nothing was refused"


@pytest.mark.parametrize(
    ("backend", "script", "words", "workloads"),
    [
        ("keras3-torch", "compiled_on_cpu.py", ["aot_eager"], BRIEFLY),
        ("keras3-torch", "keras_in_torchs_loop.py", [], BY_SGD),
        ("keras3-torch", "keras_in_torchs_loop.py", ["plain"], BY_SGD),
        ("torch", "compiled_torch_on_cpu.py", [], BRIEFLY),
    ],
)
def test_what_pytorch_compiled_makes_numpys_updates(
    inside, make_result, tmp_path, backend, script, words, workloads
):
    checks = proof(
        inside, make_result, tmp_path, backend, script, *words,
        briefly=workloads, settings={"mode": "tuned"},
    )  # fmt: skip
    assert [check for check in checks if not check.ok] == []
    names = {check.name for check in checks}
    wanted = {f"{of} of {name}" for name in workloads for of in ("update", "loss")}
    assert names - wanted <= {"float32", "statistics of resnet20-cifar10"}
    assert wanted <= names
