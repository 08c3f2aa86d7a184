"""Every backend does each of its workloads' updates: ``benchdl conform`` finds nothing wrong.

The whole proof of the first workload, in which a backend shows how it takes samples, drops inputs
and begins; a brief one of each workload that it has. A proof is of an image, and kept in the user's
cache: it is made here after each change of the runner or of an image, and read else. Nothing of it
is timed, so two are made at once.
"""

from __future__ import annotations

import json
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest
import stand_in_data
from conftest import BENCHDL

from harness import catalog
from harness.campaign import conform_builds
from runner.proving import brief as brief_proof
from runner.workloads import lookup

WHOLE = [(name, mode) for name in catalog.having("cnn-mnist") for mode in catalog.load(name).modes]
BRIEF = [
    (name, mode)
    for name in catalog.names()
    for mode in catalog.load(name).modes
    if conform_builds.networks_of(catalog.load(name))
]
SLOWEST = "theano"  # it compiles each network in C++: what takes longest begins first
LOCALLY = ("jax", "tf")  # tuned: all else takes longer, and the images are proven in it
DUMMY = ("dummy", "--launcher", "local", "--device", "cpu", "--mode", "as-written")
SMALL = ("--dataset", "synthetic-mnist", "--epochs", "1", "--train-samples", "200",
         "--idle-wait", "0", "--json")  # fmt: skip


@pytest.fixture(scope="module")
def proofs(request, tmp_path_factory):
    """What ``benchdl conform`` prints of a case, (name, mode, launcher, brief): a future."""
    here = [item for item in request.session.items if item.path == request.node.path]
    asked = [item.callspec.params for item in here if "proofs" in item.fixturenames]
    words = ("name", "mode", "launcher", "brief")
    cases = [tuple(parameters[word] for word in words) for parameters in asked]
    cases.sort(key=lambda case: case[0] != SLOWEST)
    tmp_path_factory.getbasetemp()  # two threads that are the first to ask would both make it
    with ThreadPoolExecutor(2) as pool:
        found = {case: pool.submit(proven, tmp_path_factory, *case) for case in cases}
        yield found
        for future in found.values():
            future.cancel()


def proven(tmp_path_factory, name, mode, launcher, brief):
    surroundings = {key: value for key, value in os.environ.items() if key != "BENCHDL_CACHE"}
    done = subprocess.run(
        [str(BENCHDL), "conform", name, "--mode", mode, "--launcher", launcher, "--device", "cpu",
         "--json", *(["--brief"] if brief else [])],
        env={**surroundings, "BENCHDL_RESULTS": str(tmp_path_factory.mktemp("results"))},
        capture_output=True, text=True, timeout=1800, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr + done.stdout
    (found,) = json.loads(done.stdout)
    assert (found["backend"], found["mode"], found["device"]) == (name, mode, "cpu")
    return found


@pytest.mark.docker
@pytest.mark.beside
@pytest.mark.timeout(1900)
@pytest.mark.parametrize(("launcher", "brief"), [("docker", False)])
@pytest.mark.parametrize(("name", "mode"), WHOLE)
def test_an_image_does_the_workloads_updates(engine, proofs, name, mode, launcher, brief):
    found = proofs[name, mode, launcher, brief].result()
    assert found["image_id"].startswith("sha256:")
    assert found["versions"]
    assert len(found["checks"]) == 11


@pytest.mark.docker
@pytest.mark.beside
@pytest.mark.timeout(1900)
@pytest.mark.parametrize(("launcher", "brief"), [("docker", True)])
@pytest.mark.parametrize(("name", "mode"), BRIEF)
def test_an_image_does_the_updates_of_each_workload(engine, proofs, name, mode, launcher, brief):
    found = proofs[name, mode, launcher, brief].result()
    each = [
        tuple(f"{check} of {workload}" for check in brief_proof.names_of(lookup.load(workload)))
        for workload in conform_builds.networks_of(catalog.load(name))
    ]
    assert [check["name"] for check in found["checks"]] == [*sum(each, ()), "float32"]


@pytest.mark.timeout(1900)
@pytest.mark.parametrize(("launcher", "brief"), [("local", True)])
@pytest.mark.parametrize(("name", "mode"), [(name, "tuned") for name in LOCALLY])
def test_a_local_environment_does_the_workloads_updates(proofs, name, mode, launcher, brief):
    found = proofs[name, mode, launcher, brief].result()
    assert found["locks_sha256"]
    assert len(found["checks"]) > 4


def test_a_run_proves_its_build_once_and_says_so(benchdl, whole_root, tmp_path):
    stand_in_data.given(tmp_path / "cache")
    env = {"BENCHDL_ROOT": str(whole_root), "BENCHDL_CONFORM": None}
    first = benchdl("run", *DUMMY, *SMALL, env=env, timeout=600)
    again = benchdl("run", *DUMMY, *SMALL, env=env, timeout=600)
    asked = benchdl("conform", *DUMMY, env=env, timeout=600)
    assert first.stderr.count("proving dummy as-written cpu") == 1
    assert "proving" not in again.stderr + asked.stderr
    assert asked.stdout.startswith("ok dummy cpu: 11 of 11 checks hold")
    for done in (first, again):
        (row,) = json.loads(done.stdout)
        assert "unproven" not in str(row["findings"])


def test_what_nobody_proves_is_told(benchdl, whole_root, tmp_path):
    stand_in_data.given(tmp_path / "cache")
    env = {"BENCHDL_ROOT": str(whole_root), "BENCHDL_CONFORM": None}
    done = benchdl("run", *DUMMY, *SMALL, "--no-conform", env=env, timeout=600)
    assert "proving" not in done.stderr
    (row,) = json.loads(done.stdout)
    assert "unproven" in str(row["findings"])


def test_an_image_that_trains_otherwise_is_named(benchdl, whole_root):
    done = benchdl(
        "conform", *DUMMY, "--set", "environment.DUMMY_CHEAT=no-dropout",
        env={"BENCHDL_ROOT": str(whole_root)}, timeout=600,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stdout.startswith("not ok dummy cpu: 8 of 11 checks hold")
    assert "dropout-rate 0, expected 0.2" in done.stdout
