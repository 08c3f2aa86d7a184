"""Jobs of a campaign on GPUs of their own at once: real processes and samples, a stub driver."""

from __future__ import annotations

import json

import pytest

pytestmark = pytest.mark.alone


@pytest.fixture
def beside(benchdl, stub_nvml, dummy_root, tmp_path):
    """Run jobs of ``dummy`` side by side on so many stub GPUs: their results, and what was said."""

    def run(gpus, *words):
        host = {**stub_nvml(f"gpus = {gpus}\n"), "BENCHDL_ROOT": str(dummy_root)}
        script = f"environment.BENCHDL_STUB_SCRIPT={host['BENCHDL_STUB_SCRIPT']}"
        # In a stub nothing is busy: the rows are suspect or invalid, whoever is beside them.
        done = benchdl(
            "run", "dummy", "--launcher", "local", "--device", "gpu", "--parallel-gpus", *words,
            "--dataset", "synthetic-mnist", "--epochs", 2, "--train-samples", 2000,
            "--idle-wait", 0, "--cool-down", 0, "--allow-unpinned",
            "--set", script, env=host, timeout=400,
        )  # fmt: skip
        files = sorted((tmp_path / "results").glob("*/result.json"))
        return [json.loads(file.read_text()) for file in files], done.stderr

    return run


def test_a_neighbour_of_ones_own_is_named_and_no_stranger(beside):
    results, said = beside(2, "--gpus", "0,1", "--cores-per-gpu", 0, "--repeat", 2)
    first, second = results
    assert sorted(result["job"]["gpus"] for result in results) == [["0"], ["1"]], said
    for result, other in ((first, second), (second, first)):
        (device,) = result["measurement"]["gpu"]["devices"]
        assert [str(device["index"])] == result["job"]["gpus"]
        found = {finding["code"]: finding for finding in result["findings"]}
        assert f"beside it ran {other['run_id']} of the same" in found["own-neighbour"]["evidence"]
        # What is left for strangers is what neither of the two used.
        cpu = result["measurement"]["cpu"]
        strangers = found.get("foreign-load")
        if strangers:
            told_s = float(strangers["evidence"].split(" s ")[0])
            near_s = float(found["own-neighbour"]["evidence"].split(" used ")[1].split(" s ")[0])
            left_s = cpu["host_cpu_s"] - cpu["job_cpu_s"] - near_s
            assert told_s == pytest.approx(left_s, abs=0.5)


def test_with_cores_of_their_own_none_is_beside_another(beside):
    results, said = beside(2, "--gpus", "0,1", "--cores-per-gpu", 1, "--repeat", 2)
    assert "each GPU comes with 1 core that no other job has" in said
    cores = [result["launch"]["allotment"]["cores"] for result in results]
    assert len({core for own in cores for core in own}) == len(cores) == 2, said
    for result in results:
        assert result["measurement"]["cpu"]["visible_cores"] == 1
        assert "own-neighbour" not in {finding["code"] for finding in result["findings"]}


def test_jobs_of_one_and_of_two_gpus_share_three(beside):
    results, said = beside(
        3, "--gpus-axis", "1,2", "--strategy", "default", "--cores-per-gpu", 0
    )  # fmt: skip
    assert sorted(len(result["job"]["gpus"]) for result in results) == [1, 2], said
    assert sorted(gpu for result in results for gpu in result["job"]["gpus"]) == ["0", "1", "2"]
    for result, other in (results, results[::-1]):
        found = {finding["code"]: finding for finding in result["findings"]}
        assert other["run_id"] in found["own-neighbour"]["evidence"]
        assert len(result["measurement"]["gpu"]["devices"]) == len(result["job"]["gpus"])
    assert "on GPUs " in said
