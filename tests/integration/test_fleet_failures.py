"""What goes wrong with fleets, on a real Slurm of three hosts: nothing is lost, and all is said."""

from __future__ import annotations

import contextlib
import json
import resource
import shutil
import sys
import time

import psutil
import pytest
from conftest import REPO
from own_engine import until

HOST = """
[hosts.lab]
benchdl = "{benchdl}"
setup = {setup}
"""


def _began(bench, process, count=1):
    """Wait until so many jobs started; returns the host of the first."""
    bench.until(lambda: len(bench.started()) >= count, process)
    return _begins(bench)[0]["host"]


def _begins(bench):
    files = bench.shared.glob("*/*/begin-*.json")
    return sorted((json.loads(file.read_text()) for file in files), key=lambda each: each["at"])


def _submitted(bench):
    return len(list(bench.shared.glob("*/*/submitted-*.json")))


FAILED = "failed", "no-result"
"""How a job ends that only sleeps: that takes the cores which the hosts share for a second only."""


def _told(results):
    """What each result says: its attempt, how it ended and, if that is a failure, why."""
    return sorted(
        (each["job"]["attempt"], each["status"], (each.get("failure") or {}).get("reason"))
        for each in results
    )


def test_a_killed_slurmd_loses_nothing(fleet_bench):
    fleet_bench.write(HOST, repeat=1, sleep=4, trains=True)
    process = fleet_bench.start(run=True)
    fleet_bench.cluster.kill_slurmd(_began(fleet_bench, process))
    fleet_bench.finish(process)
    assert _told(fleet_bench.results()) == [(1, "ok", None)]
    assert _submitted(fleet_bench) == len(fleet_bench.started()) == 1


def test_a_cable_that_is_out_for_a_while_loses_nothing(fleet_bench):
    fleet_bench.write(HOST, repeat=1, sleep=6)
    process = fleet_bench.start(run=True)
    host = _began(fleet_bench, process)
    fleet_bench.cluster.cut(host)
    time.sleep(4)  # Slurm asks a host every 5 s, and takes it for down after 15
    fleet_bench.cluster.restore(host)
    fleet_bench.finish(process, expect=1)
    assert _told(fleet_bench.results()) == [(1, *FAILED)]
    assert _submitted(fleet_bench) == 1


def test_a_host_that_was_taken_for_lost_and_was_not(fleet_bench):
    """Both end the same job: one counts, the other is kept, marked and not averaged."""
    cluster = fleet_bench.cluster
    fleet_bench.write(HOST + 'partition = "small"\n', repeat=1, sleep=8)
    process = fleet_bench.start(run=True)
    host = _began(fleet_bench, process)
    cluster.cut(host)
    frozen = []
    for each in cluster.processes(host):
        with contextlib.suppress(psutil.NoSuchProcess):  # it was of a moment
            if not each.name().startswith("slurm"):
                each.suspend()
                frozen.append(each)
    # On a file system of the network a lock ends with the connection of who held it.
    (folder,) = fleet_bench.shards()
    (folder / "lock").unlink()
    fleet_bench.until(lambda: len(fleet_bench.started()) == 2, process)
    for each in frozen:
        with contextlib.suppress(psutil.NoSuchProcess):
            each.resume()
    fleet_bench.finish(process, expect=1)
    # One of them is late: it is collected when one asks.
    until(lambda: len(fleet_bench.ends()) == 2, 300, fleet_bench.logs)
    fleet_bench.call("fleet", "resume", expect=1)
    results = fleet_bench.results()
    assert _told(results) == [(1, *FAILED), (2, *FAILED)]
    codes = [{finding["code"] for finding in each["findings"]} for each in results]
    assert sum("position-twice" in found for found in codes) == 1
    assert {each["job"]["seed"] for each in results} == {123}


def test_a_host_that_went_off_in_the_middle_of_a_training(fleet_bench):
    fleet_bench.write(HOST + 'partition = "small"\n', repeat=2, hold=1, trains=True)
    process = fleet_bench.start(run=True)
    host = _began(fleet_bench, process)
    fleet_bench.cluster.power_off(host)
    fleet_bench.let_go()
    _, err = fleet_bench.finish(process)
    assert "submitted again as job" in err
    assert _told(fleet_bench.results()) == [
        (1, "interrupted", "host-lost"), (1, "ok", None), (2, "ok", None),
    ]  # fmt: skip
    assert len({each["host"] for each in _begins(fleet_bench)}) == 2


def test_a_controller_that_is_killed_right_after_it_took_a_shard(fleet_bench):
    fleet_bench.write(HOST, repeat=1, sleep=3)
    process = fleet_bench.start(run=True)
    fleet_bench.until(lambda: fleet_bench.cluster.command("squeue", "-h", check=False), process)
    fleet_bench.cluster.kill_controller()
    time.sleep(2)
    fleet_bench.cluster.start_controller()
    fleet_bench.finish(process, expect=1)
    results = fleet_bench.results()
    ends = [each for each in results if each["status"] == "failed"]
    assert len(ends) == 1
    assert len({each["job"]["campaign_id"] for each in results}) == 1
    lost = [each["failure"] for each in results if each not in ends]
    # Of a shard that Slurm forgot and ended: told by the driver, or by the next one on its host.
    reasons = ("host-lost", "harness-died")
    assert [failure for failure in lost if failure["reason"] not in reasons] == []


def test_a_killed_driver_is_followed_by_another(fleet_bench):
    fleet_bench.write(HOST, repeat=2, sleep=3)
    process = fleet_bench.start(run=True)
    _began(fleet_bench, process)
    process.kill()
    process.communicate()
    fleet_bench.call("fleet", "resume", expect=1)
    assert _told(fleet_bench.results()) == [(1, *FAILED)] * 2
    assert _submitted(fleet_bench) == 1


def _limit_is_near(bench, process, count):
    """What Slurm does ahead of a time limit; that takes it half a minute."""
    bench.until(lambda: len(bench.started()) == count, process)
    jobs = bench.cluster.command("squeue", "-h", "-t", "R", "-o", "%i").split()
    bench.cluster.command("scancel", "--full", "--signal=TERM", *jobs)


def test_a_time_limit_in_the_middle_of_a_job(fleet_bench):
    fleet_bench.write(HOST + 'time = "3"\n', repeat=2, hold=2)
    process = fleet_bench.start(run=True)
    _limit_is_near(fleet_bench, process, 2)
    fleet_bench.until(fleet_bench.ends, process)
    fleet_bench.let_go()
    _, err = fleet_bench.finish(process, expect=1)
    assert "out of time" in err
    first, *others = _told(fleet_bench.results())
    assert first[:2] == (1, "failed")
    assert [each[:2] for each in others] == [(1, "interrupted"), (2, "failed")]


def test_a_job_that_no_limit_is_long_enough_for(fleet_bench):
    fleet_bench.write(HOST + 'time = "3"\n', repeat=1, sleep=60)
    process = fleet_bench.start(run=True)
    for number in (1, 2, 3):
        _limit_is_near(fleet_bench, process, number)
        fleet_bench.until(lambda n=number: len(fleet_bench.ends()) == n, process)
    _, err = fleet_bench.finish(process, expect=1)
    assert "out of time 3 times without a new" in err
    assert [each["status"] for each in fleet_bench.results()] == ["interrupted"] * 3


def test_a_host_that_is_shared_against_ones_will(fleet_bench):
    other = fleet_bench.cluster.command(
        "sbatch", "--parsable", "-p", "shared", "-w", "fl1", "-o", "/dev/null", "--wrap=sleep 600"
    ).strip()
    listed = ("squeue", "-h", "-t", "R", "-j", other)
    until(lambda: fleet_bench.cluster.command(*listed), 60, fleet_bench.cluster.logs)
    shared = HOST + 'partition = "shared"\noptions = ["--nodelist=fl1"]\n'
    fleet_bench.write(shared, repeat=1, trains=True)
    _, err = fleet_bench.run(expect=1)
    assert "partition shared shares its hosts" in err
    assert f"job {other} of others on fl1" in err
    assert fleet_bench.results() == []
    fleet_bench.call("fleet", "resume", "--accept-changes")
    (result,) = fleet_bench.results()
    assert result["status"] == "ok"
    assert "host-differs" in {finding["code"] for finding in result["findings"]}


def test_nothing_of_the_driver_reaches_a_job(fleet_bench, tmp_path, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "7")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    fleet_bench.write(HOST, repeat=1)
    file = tmp_path / "fleet.toml"
    there = tmp_path / "there"
    file.write_text(
        file.read_text().replace("setup = [", f'setup = ["(env; ulimit -n) >{there}", ')
    )
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, 777), hard))
    try:
        fleet_bench.run(expect=1)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    text = there.read_text()
    assert "SLURM_JOB_ID=" in text
    assert not [word for word in ("CUDA_VISIBLE", "OMP_NUM", "\n777\n") if word in text]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('partition = "nope"', "hosts.lab: Slurm has no partition 'nope': there are: all, brief"),
        ('constraint = "huge"', "hosts.lab: no host has the constraint 'huge': features there"),
        ('time = "soon"', "key 'hosts.lab.time': expected a time"),
    ],
)
def test_what_there_is_not_leaves_nothing_behind(fleet_bench, line, said):
    fleet_bench.write(HOST + line)
    _, err = fleet_bench.run(expect=2)
    assert said in err
    assert len(err.strip().splitlines()) == 1
    assert not fleet_bench.shared.exists()
    assert not fleet_bench.store.exists()


def test_all_hosts_are_down_and_up_again(fleet_bench):
    for state in ("down", "resume"):
        why = ["reason=test"] if state == "down" else []
        fleet_bench.cluster.command("scontrol", "update", "nodename=fl3", f"state={state}", *why)
        if state == "down":
            fleet_bench.write(HOST + 'partition = "large"\n', repeat=1, trains=True, patience_s=3)
            _, err = fleet_bench.run(expect=1)
            assert "hosts.lab: 0 of 1 hosts are up: fl3 is down" in err
            assert "waited 3 s for what does not come: no host that it could run on is up" in err
            assert fleet_bench.cluster.command("squeue", "-h") == ""
    # The host answers: until Slurm has asked it, a job's wait counts as hopeless still.
    fleet_bench.cluster.wait_idle()
    fleet_bench.call("fleet", "resume")
    assert _told(fleet_bench.results()) == [(1, "ok", None)]


def test_a_host_with_another_benchdl(fleet_bench, tmp_path):
    copy = tmp_path / "other"
    for name in ("harness", "runner", "benchdl"):
        shutil.copytree(REPO / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "harness" / "errors.py").open("a").write("# another\n")
    command = tmp_path / "benchdl"
    code = (
        f"import sys; sys.path.insert(0, {str(copy)!r}); from harness.cli import main; main.main()"
    )
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -I -c "{code}" "$@"\n')
    command.chmod(0o755)
    fleet_bench.write(HOST.replace("{benchdl}", str(command)), repeat=1)
    _, err = fleet_bench.run(expect=1)
    assert "the code of its benchdl is another than the fleet was planned by" in err
    assert fleet_bench.started() == []


def test_words_that_name_nothing(fleet_bench, tmp_path):
    for verb in ("status", "resume", "cancel"):
        _, err = fleet_bench.call("fleet", verb, "nope", expect=2)
        assert "no fleet 'nope'" in err
    (tmp_path / "campaign.toml").write_text("")
    (tmp_path / "fleet.toml").write_text('folder = "/shared"\n')
    _, err = fleet_bench.run(expect=2)
    assert "key 'hosts' is missing" in err
    fleet_bench.shared = tmp_path / "campaign.toml" / "below"
    fleet_bench.write(HOST, repeat=1)
    _, err = fleet_bench.run(expect=1)
    assert "cannot write to" in err
    _, err = fleet_bench.call("shard", str(tmp_path), expect=1)
    assert "shard.json" in err


def test_a_copy_of_a_fleets_folder_is_not_the_fleets(fleet_bench):
    fleet_bench.write(HOST, repeat=1)
    fleet_bench.run(expect=1)
    (folder,) = fleet_bench.shards()
    copy = folder.parent.with_name("copy")
    shutil.copytree(folder.parent, copy)
    (copy / "nonce").write_text("another\n")
    _, err = fleet_bench.call("shard", str(copy / folder.name), expect=1)
    assert "is not the folder of fleet" in err
    (copy / "nonce").unlink()
    _, err = fleet_bench.call("shard", str(copy / folder.name), expect=1)
    assert "nonce" in err
    assert len(err.strip().splitlines()) == 1
