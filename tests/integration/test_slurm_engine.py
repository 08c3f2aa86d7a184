"""The engine of fleets on a real Slurm of three hosts: what it starts, sees, loses and ends."""

from __future__ import annotations

import json
import resource
import shlex
import sys
import time
from pathlib import Path

import pytest
from own_engine import until

from harness.errors import BenchdlError, UsageError
from harness.fleet.fleet_file import Hosts
from harness.fleet.scheduler import Submission
from harness.fleet.slurm import Slurm

REPO = Path(__file__).resolve().parents[2]
PATIENT = "trap 'echo asked to end; exit 0' TERM; echo begun; while :; do sleep 0.1; done"
ALLOCATION = """
import dataclasses, json
from harness.fleet import allocation
found = allocation.here()
print(json.dumps({**dataclasses.asdict(found), "lacks": found.lacks()}), flush=True)
"""


@pytest.fixture
def engine_of_fleets(slurm):
    """Slurm, as benchdl uses it."""
    return Slurm(timeout_s=15)


@pytest.fixture
def handed_in(tmp_path, engine_of_fleets):
    """Submit a line of shell; returns the id and the log, of which the line is the last process."""
    numbers = iter(range(1, 100))

    def submit(line=PATIENT, name=None, environment=None, **hosts):
        name = name or f"benchdl-{tmp_path.name}-{next(numbers)}"
        log = tmp_path / f"{name}.log"
        wanted = Submission(name, ["/bin/sh", "-c", line], log, Hosts(**hosts), environment or {})
        return engine_of_fleets.submit(wanted), log

    return submit


@pytest.fixture
def seen(engine_of_fleets):
    """Wait until the engine says ``state`` of a job; returns all that it says."""

    def look(job_id, state, seconds=60.0):
        deadline = time.monotonic() + seconds
        while (found := engine_of_fleets.look([job_id])[job_id]).state != state:
            assert time.monotonic() < deadline, found
            time.sleep(0.2)
        return found

    return look


def _says(log, words, seconds=60.0):
    return until(lambda: log.exists() and words in log.read_text(), seconds, lambda: str(log))


def test_a_job_is_started_seen_and_asked_to_end(engine_of_fleets, handed_in, seen):
    assert engine_of_fleets.check({"lab": Hosts(), "big": Hosts(constraint="large")}) == []
    job_id, log = handed_in(constraint="large")
    _says(log, "begun")
    running = seen(job_id, "running")
    assert (running.host, running.reason, running.hopeless) == ("fl3", "", False)
    engine_of_fleets.cancel(job_id, running=True)
    _says(log, "asked to end")
    ended = seen(job_id, "ended")
    assert (ended.host, ended.reason) == ("fl3", "")
    engine_of_fleets.cancel(job_id, running=True)
    engine_of_fleets.cancel(job_id, running=False)
    engine_of_fleets.cancel("999999", running=False)


def test_a_job_that_waits_leaves_the_queue(engine_of_fleets, handed_in, seen):
    first, log = handed_in(partition="large")
    _says(log, "begun")
    second, never = handed_in(partition="large")
    waits = seen(second, "waiting")
    until(lambda: engine_of_fleets.look([second])[second].reason == "others have its hosts", 60)
    assert not waits.hopeless
    both = engine_of_fleets.look([first, second, "999999"])
    assert {job_id: both[job_id].state for job_id in both} == {
        first: "running", second: "waiting", "999999": "unknown",
    }  # fmt: skip
    engine_of_fleets.cancel(second, running=True)  # it had not begun after all
    assert seen(second, "ended").reason == "it was cancelled"
    assert not never.exists()
    assert engine_of_fleets.look([first])[first].state == "running"


def test_an_id_that_slurm_does_not_know_is_not_ended(engine_of_fleets):
    for ids in (["999999"], ["999999", "999998"]):
        found = engine_of_fleets.look(ids)
        assert {job_id: found[job_id].state for job_id in ids} == dict.fromkeys(ids, "unknown")
        assert found["999999"].reason == "Slurm has forgotten it, or never had it"
    assert engine_of_fleets.look([]) == {}


def test_how_it_failed_is_told(handed_in, seen):
    job_id, log = handed_in("echo no; exit 3", partition="small")
    ended = seen(job_id, "ended")
    assert ended.reason == "its command failed"
    job_id, log = handed_in("echo not here", setup=["true", "false", "true"])
    assert seen(job_id, "ended").reason == "its command failed"
    assert log.read_text() == "benchdl: line 2 of setup failed with status 1\n"


@pytest.mark.parametrize(
    ("hosts", "said"),
    [
        (Hosts(partition="nope"), "Slurm has no partition 'nope': there are: all, brief, large"),
        (
            Hosts(constraint="huge"),
            "no host has the constraint 'huge': features there are: large, small",
        ),
        (Hosts(partition="small", constraint="large"), "no host of the partition has all that is"),
        (Hosts(options=["--nodelist=fl9"]), "Slurm has no host of that name"),
        (Hosts(options=["--gres=gpu:9"]), "no host of the partition has all that is asked for"),
        (Hosts(options=["--gres=disk:1"]), "Slurm knows no such GPUs or other gres"),
        (Hosts(options=["--acount=lab"]), "sbatch has no such option"),
    ],
)
def test_what_there_is_not_is_refused_before_and_when_it_is_handed_in(
    engine_of_fleets, handed_in, hosts, said
):
    with pytest.raises(UsageError) as refused:
        engine_of_fleets.check({"lab": hosts})
    assert str(refused.value).startswith("hosts.lab: ")
    assert said in str(refused.value)
    with pytest.raises(UsageError) as refused:
        handed_in(**hosts.model_dump(exclude_unset=True))
    assert "\n" not in str(refused.value)


def test_what_works_but_deserves_a_word(engine_of_fleets, slurm):
    notes = engine_of_fleets.check(
        {"many": Hosts(count=4, constraint="small"), "shared": Hosts(partition="shared")}
    )
    assert notes == [
        "hosts.many: 4 shards at once, but only 2 hosts",
        "hosts.shared: partition shared shares its hosts (OverSubscribe=FORCE), whatever a job "
        "asks for: a shard refuses a host that it is not alone on",
    ]


def test_a_wait_that_cannot_end_is_hopeless(engine_of_fleets, handed_in, seen, slurm):
    for host, state in (("fl1", "down"), ("fl2", "drain")):
        slurm.command("scontrol", "update", f"nodename={host}", f"state={state}", "reason=test")
    notes = engine_of_fleets.check({"lab": Hosts(partition="small")})
    assert notes == ["hosts.lab: 0 of 2 hosts are up: fl1 is down, fl2 is drain"]
    down, _ = handed_in(partition="small")
    slow, _ = handed_in(partition="brief", time="02:00:00")
    for job_id, reason in (
        (down, "no host that it could run on is up"),
        (slow, "its time is longer than its partition allows"),
    ):
        until(lambda job_id=job_id: engine_of_fleets.look([job_id])[job_id].hopeless, 60)
        found = seen(job_id, "waiting")
        assert found.reason.startswith(reason)


def test_nothing_of_the_submitter_gets_into_a_measurement(handed_in, seen, monkeypatch):
    for name, value in {
        "CUDA_VISIBLE_DEVICES": "7", "OMP_NUM_THREADS": "1", "SLURM_JOB_ID": "42",
        "SBATCH_PARTITION": "nope", "SBATCH_ARRAY_INX": "1-9", "SQUEUE_FORMAT": "%u",
        "SQUEUE_STATES": "CD", "SLURM_HINT": "nomultithread",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, 333), hard))
    try:
        job_id, log = handed_in(
            "ulimit -n; env", partition="small", environment={"BENCHDL_SAID": "it's $HOME"}
        )
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    seen(job_id, "ended")
    limit, *lines = log.read_text().splitlines()
    there = dict(line.split("=", 1) for line in lines)
    assert limit != "333"
    assert there["BENCHDL_SAID"] == "it's $HOME"
    assert there["SLURM_JOB_ID"] == job_id
    assert there["HOME"] and there["USER"] and there["PATH"].startswith("/usr/local/sbin:")
    assert not {"OMP_NUM_THREADS", "CUDA_VISIBLE_DEVICES", "SLURM_HINT"} & set(there)


def _allocated(handed_in, seen, more="", **hosts):
    line = f"{shlex.quote(sys.executable)} -c {shlex.quote(ALLOCATION)}; {more}"
    job_id, log = handed_in(line, environment={"PYTHONPATH": str(REPO)}, **hosts)
    seen(job_id, "ended", 120)
    return json.loads(log.read_text())


def test_a_whole_host_is_ours_alone(handed_in, seen, slurm):
    found = _allocated(handed_in, seen, partition="large", time="00:30:00")
    assert found["lacks"] == []
    assert (found["host"], found["others"], found["restarts"]) == ("fl3", [], 0)
    assert found["cpus"] == found["machine_cpus"]
    assert len(found["gpus"]) == found["machine_gpus"] == 2
    assert 1500 < found["ends_at"] - time.time() < 1801


def test_a_partition_that_shares_its_hosts_is_found_out(handed_in, seen, slurm):
    other = slurm.command(
        "sbatch", "--parsable", "-p", "shared", "-w", "fl1", "-o", "/dev/null", "--wrap=sleep 600"
    ).strip()
    seen(other, "running")
    found = _allocated(handed_in, seen, partition="shared", options=["--nodelist=fl1"])
    assert found["others"] == [other]
    assert f"job {other} of others on fl1" in found["lacks"][0]


def test_a_part_of_a_host_is_found_out(slurm, tmp_path, seen):
    log = tmp_path / "part"
    line = f"{shlex.quote(sys.executable)} -c {shlex.quote(ALLOCATION)}"
    options = ("-p", "large", "--gres=gpu:1", "-n1", "-c1", f"--export=NIL,PYTHONPATH={REPO}")
    job_id = slurm.command(
        "sbatch", "--parsable", *options, "-o", str(log), f"--wrap={line}"
    ).strip()
    seen(job_id, "ended", 120)
    found = json.loads(log.read_text())
    assert found["cpus"] == 1
    assert "1 of 2 GPUs of fl3 are visible" in found["lacks"]


def _shim(slurm, tmp_path, monkeypatch, then):
    """An sbatch that hands the job in, and of which no answer comes."""
    folder = tmp_path / "shim"
    folder.mkdir()
    (folder / "sbatch").write_text(f'#!/bin/sh\n{slurm.bin}/sbatch "$@" >/dev/null\n{then}\n')
    (folder / "sbatch").chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")


@pytest.mark.parametrize(
    "then",
    [
        "echo 'sbatch: error: Batch job submission failed: Socket timed out on send/recv "
        "operation' >&2; exit 1",
        "exec sleep 60",
        "echo something else",
    ],
)
def test_a_submission_whose_answer_was_lost_is_found_by_its_name(
    slurm, tmp_path, monkeypatch, handed_in, engine_of_fleets, then
):
    # Longer than a busy machine takes for sbatch itself: the job has to be handed in.
    monkeypatch.setattr(engine_of_fleets, "_timeout_s", 8.0)
    _shim(slurm, tmp_path, monkeypatch, then)
    name = f"benchdl-{tmp_path.name}-lost"  # an ended job of this name would be found as well
    job_id, log = handed_in(name=name)
    _says(log, "begun")
    assert slurm.command("squeue", "-h", "-o", "%i|%j").split() == [f"{job_id}|{name}"]
    assert handed_in(name=name) == (job_id, log)
    assert log.read_text().count("begun") == 1


def test_a_controller_that_is_killed_after_it_took_a_job(slurm, handed_in, engine_of_fleets, seen):
    job_id, log = handed_in(name="benchdl-killed-1", partition="small")
    _says(log, "begun")
    saved = slurm.folder / "state" / "job_state"
    until(lambda: saved.exists() and b"benchdl-killed-1" in saved.read_bytes(), 60, slurm.logs)
    slurm.kill_controller()
    with pytest.raises(BenchdlError, match="controller does not answer"):
        handed_in(name="benchdl-killed-1", partition="small")
    unknown = engine_of_fleets.look([job_id])[job_id]
    assert unknown.state == "unknown"
    assert "controller does not answer" in unknown.reason
    slurm.start_controller()
    assert handed_in(name="benchdl-killed-1", partition="small") == (job_id, log)
    listed = slurm.command("squeue", "-h", "--states=all", "--name=benchdl-killed-1", "-o", "%i")
    assert listed.split() == [job_id]
    # Whether it starts this very job once more depends on when it saved what; it is one id.
    assert seen(job_id, "running", 120).host in ("fl1", "fl2")


def test_a_host_that_went_off_and_on(slurm, handed_in, seen):
    job_id, log = handed_in(constraint="large")
    _says(log, "begun")
    slurm.power_off("fl3")
    assert slurm.processes("fl3") == []
    assert seen(job_id, "unknown", 120).reason == "Slurm lost its host, where it may still run"
    slurm.power_on("fl3")
    slurm.wait_idle()
    assert seen(job_id, "unknown").host == "fl3"
    assert log.read_text() == "begun\n"  # --no-requeue: no second time


@pytest.fixture(scope="module")
def half_a_minute(slurm_session, tmp_path_factory):
    """What takes Slurm half a minute, all at once: a dead slurmd, a cut host, a time limit."""
    with pytest.MonkeyPatch.context() as patch:
        slurm_session.settle()
        patch.setenv("PATH", str(slurm_session.bin), prepend=":")
        folder, engine_here = tmp_path_factory.mktemp("minute"), Slurm()
        ids, logs = {}, {}
        for name, more in (("killed", {}), ("cut", {}), ("timed", {"time": "1"})):
            logs[name] = folder / name
            host = {"killed": "fl1", "cut": "fl2", "timed": "fl3"}[name]
            hosts = Hosts(options=[f"--nodelist={host}"], **more)
            line = ["/bin/sh", "-c", f"{PATIENT}"]
            ids[name] = engine_here.submit(
                Submission(f"benchdl-{folder.name}-{name}", line, logs[name], hosts)
            )
        for log in logs.values():
            _says(log, "begun")
        slurm_session.kill_slurmd("fl1")
        slurm_session.cut("fl2")
        states = {name: set() for name in ids}
        deadline = time.monotonic() + 180
        while time.monotonic() < deadline:
            found = engine_here.look(list(ids.values()))
            for name, job_id in ids.items():
                states[name].add(found[job_id].state)
            if "ended" in states["timed"] and all(
                "unknown" in states[n] for n in ("killed", "cut")
            ):
                break
            time.sleep(0.5)
        alive = {
            host: [process.name() for process in slurm_session.processes(host)]
            for host in ("fl1", "fl2", "fl3")
        }
        yield states, alive, {name: log.read_text() for name, log in logs.items()}
        slurm_session.settle()


def test_a_killed_slurmd_does_not_end_its_job(half_a_minute):
    states, alive, logs = half_a_minute
    assert states["killed"] == {"running", "unknown"}
    assert "slurmd" not in alive["fl1"]
    assert "sh" in alive["fl1"]
    assert logs["killed"] == "begun\n"


def test_a_host_that_is_cut_off_is_unknown_and_not_ended(half_a_minute):
    states, alive, logs = half_a_minute
    assert states["cut"] == {"running", "unknown"}
    assert "sh" in alive["fl2"]
    assert logs["cut"] == "begun\n"


def test_a_time_limit_asks_what_the_script_became_to_end(half_a_minute):
    states, alive, logs = half_a_minute
    assert states["timed"] == {"running", "ended"}
    assert "sh" not in alive["fl3"]
    ours = [line for line in logs["timed"].splitlines() if not line.startswith("slurmstepd")]
    assert ours == ["begun", "asked to end"]
