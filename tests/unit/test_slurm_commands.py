"""What Slurm is asked, word by word, and what is made of its answers, without a Slurm."""

from __future__ import annotations

import json
import os
import sys

import pytest

from harness.errors import BenchdlError, UsageError
from harness.fleet import allocation, slurm_script
from harness.fleet.fleet_file import Hosts
from harness.fleet.scheduler import Seen, Submission
from harness.fleet.slurm import Slurm

STAND_IN = """#!{python}
import json, os, sys
from pathlib import Path
name = Path(sys.argv[0]).name
folder = Path({folder!r})
text = sys.stdin.read()
with (folder / "asked").open("a") as asked:
    command, surroundings = [name, *sys.argv[1:]], dict(os.environ)
    line = dict(command=command, text=text, environment=surroundings, at=os.getcwd())
    asked.write(json.dumps(line) + "\\n")
answers = json.loads((folder / "answers").read_text()).get(name) or [[0, "", ""]]
number = len(list(folder.glob(name + "-*")))
(folder / f"{{name}}-{{number}}").touch()
code, output, errors = answers[min(number, len(answers) - 1)]
sys.stdout.write(output)
sys.stderr.write(errors)
sys.exit(code)
"""


class StandIn:
    """Programs that note what they are asked and answer what a test says, the last answer again."""

    def __init__(self, folder):
        self.folder = folder

    def answers(self, **by_program):
        (self.folder / "answers").write_text(json.dumps(by_program))

    @property
    def asked(self):
        file = self.folder / "asked"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


@pytest.fixture
def stand_in(tmp_path, monkeypatch):
    folder = tmp_path / "stand-in"
    folder.mkdir()
    for name in ("sbatch", "squeue", "scancel", "sinfo"):
        (folder / name).write_text(STAND_IN.format(python=sys.executable, folder=str(folder)))
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    stand_in = StandIn(folder)
    stand_in.answers()
    return stand_in


def _submission(tmp_path, **hosts):
    return Submission(
        "benchdl-f-s-1", ["/bin/benchdl", "shard", "/a b"], tmp_path / "50%.txt", Hosts(**hosts), {}
    )


def test_what_sbatch_is_asked(stand_in, tmp_path, monkeypatch):
    for name in ("SLURM_JOB_ID", "SLURM_EXPORT_ENV", "SBATCH_PARTITION", "SBATCH_ACCOUNT"):
        monkeypatch.setenv(name, "x")
    stand_in.answers(sbatch=[[0, "17;cluster\n", ""]])
    wanted = _submission(
        tmp_path, partition="gpu", constraint="a&b", time="04:00:00", options=["--account=lab"]
    )
    assert Slurm().submit(wanted) == "17"
    looked, asked = stand_in.asked
    assert looked["command"] == [
        "squeue", "--noheader", "--states=all", "-o", "%i|%j", "--name=benchdl-f-s-1",
    ]  # fmt: skip
    assert asked["command"] == [
        "sbatch", "--parsable", "--no-requeue", "--export=NIL", "--propagate=NONE",
        "--open-mode=append", "--job-name=benchdl-f-s-1", f"--output={tmp_path}/50%%.txt",
        "--nodes=1", "--ntasks=1", "--exclusive", "--mem=0", "--signal=B:TERM@120",
        "--partition=gpu", "--constraint=a&b", "--time=04:00:00", "--account=lab",
    ]  # fmt: skip
    assert asked["at"] == str(tmp_path)
    assert asked["text"].startswith("#!/bin/bash\n")
    assert asked["text"].endswith("exec /bin/benchdl shard '/a b'\n")
    of_slurm = {name for name in asked["environment"] if name.startswith(("SLURM", "SBATCH"))}
    assert of_slurm == {"SBATCH_ACCOUNT"}


@pytest.mark.parametrize(
    ("time", "warning_s"), [("1", 10), ("5", 30), ("30", 120), ("1-0", 120), (None, 120)]
)
def test_how_long_before_its_limit_a_shard_is_warned(stand_in, tmp_path, time, warning_s):
    stand_in.answers(sbatch=[[0, "17\n", ""]])
    Slurm().submit(_submission(tmp_path, **({"time": time} if time else {})))
    assert f"--signal=B:TERM@{warning_s}" in stand_in.asked[-1]["command"]


def test_a_submission_that_slurm_has_is_not_made_again(stand_in, tmp_path):
    stand_in.answers(squeue=[[0, "9|benchdl-f-s-1\n", ""]])
    assert Slurm().submit(_submission(tmp_path)) == "9"
    assert [asked["command"][0] for asked in stand_in.asked] == ["squeue"]


def test_nothing_is_handed_in_where_it_cannot_be_looked_for(stand_in, tmp_path):
    errors = "slurm_load_jobs error: Unable to contact slurm controller (connect failure)\n"
    stand_in.answers(squeue=[[1, "", errors]])
    with pytest.raises(BenchdlError, match="controller does not answer"):
        Slurm().submit(_submission(tmp_path))
    assert [asked["command"][0] for asked in stand_in.asked] == ["squeue"]


def test_an_answer_that_was_lost_and_a_job_that_is_not_there(stand_in, tmp_path, monkeypatch):
    monkeypatch.setattr("harness.fleet.slurm._FOUND_WITHIN_S", 0.0)
    errors = "sbatch: error: Batch job submission failed: Socket timed out on send/recv operation"
    stand_in.answers(sbatch=[[1, "", errors]])
    with pytest.raises(BenchdlError, match="whether Slurm took it is unknown") as unknown:
        Slurm().submit(_submission(tmp_path))
    assert not isinstance(unknown.value, UsageError)
    commands = [asked["command"][0] for asked in stand_in.asked]
    assert commands == ["squeue", "sbatch", "squeue"]


def test_a_refusal_is_not_tried_again(stand_in, tmp_path):
    errors = "sbatch: error: Batch job submission failed: Invalid feature specification\n"
    stand_in.answers(sbatch=[[1, "", errors]])
    with pytest.raises(UsageError) as refused:
        Slurm().submit(_submission(tmp_path))
    assert str(refused.value) == (
        "benchdl-f-s-1: no host has these features: see sinfo -o '%N %f', and change the key "
        "constraint"
    )
    assert len(stand_in.asked) == 2


def test_what_squeue_says(stand_in):
    rows = [
        "1|RUNNING|fl1|None", "2|PENDING||Resources", "3|PENDING||PartitionDown",
        "4|COMPLETED|fl2|None", "5|NODE_FAIL|fl3|NodeDown", "6|COMPLETING|fl3|None",
        "7|TIMEOUT|fl1|TimeLimit", "8|FROZEN|fl1|None", "9|CONFIGURING|fl2|None",
    ]  # fmt: skip
    stand_in.answers(squeue=[[0, "\n".join(rows) + "\n", ""]])
    ids = [str(number) for number in range(1, 11)]
    assert Slurm().look(ids) == {
        "1": Seen("running", "fl1"),
        "2": Seen("waiting", reason="others have its hosts"),
        "3": Seen("waiting", reason="its partition is closed", hopeless=True),
        "4": Seen("ended", "fl2"),
        "5": Seen("unknown", "fl3", "Slurm lost its host, where it may still run"),
        "6": Seen("running", "fl3", "it is ending"),
        "7": Seen("ended", "fl1", "its time limit was reached"),
        "8": Seen("unknown", "fl1", "Slurm calls it FROZEN"),
        "9": Seen("waiting", reason="its host is being started"),
        "10": Seen("unknown", reason="Slurm has forgotten it, or never had it"),
    }
    assert stand_in.asked[0]["command"] == [
        "squeue", "--noheader", "--states=all", "-o", "%i|%T|%N|%r", "-j", "1,2,3,4,5,6,7,8,9,10",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ([1, "", "slurm_load_jobs error: Invalid job id specified\n"], "Slurm has forgotten it"),
        (
            [1, "", "slurm_load_jobs error: Unable to contact slurm controller (connect failure)"],
            "Slurm's controller does not answer (Unable to contact slurm controller)",
        ),
    ],
)
def test_without_an_answer_all_are_unknown(stand_in, answer, reason):
    stand_in.answers(squeue=[answer])
    for seen in Slurm().look(["1", "2"]).values():
        assert seen.state == "unknown"
        assert seen.reason.startswith(reason)


def test_a_squeue_that_hangs_is_ended(stand_in):
    (stand_in.folder / "squeue").write_text("#!/bin/sh\nexec sleep 60\n")
    assert Slurm(timeout_s=0.2).look(["1"]) == {
        "1": Seen("unknown", reason="squeue did not answer within 0.2 s")
    }


def test_without_slurm(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert Slurm().look(["1"])["1"] == Seen("unknown", reason="Slurm's squeue is not here")
    with pytest.raises(BenchdlError, match="Slurm's sinfo is not here: begin the fleet on a login"):
        Slurm().check({"lab": Hosts()})
    with pytest.raises(BenchdlError, match="Slurm's squeue is not here"):
        Slurm().submit(_submission(tmp_path))


@pytest.mark.parametrize("errors", ["", "Invalid job id specified", "Job/step already completing"])
def test_what_scancel_is_asked(stand_in, errors):
    errors = (
        f"scancel: error: Kill job error on job id 7: {errors} or completed\n" if errors else ""
    )
    stand_in.answers(scancel=[[1 if errors else 0, "", errors]])
    Slurm().cancel("7", running=False)
    assert [asked["command"] for asked in stand_in.asked] == [["scancel", "7"]]


@pytest.mark.parametrize(
    ("state", "words"),
    [("RUNNING", ["--full", "--signal=TERM"]), ("COMPLETING", ["--full", "--signal=TERM"]),
     ("PENDING", [])],
)  # fmt: skip
def test_only_what_runs_gets_a_signal(stand_in, state, words):
    stand_in.answers(squeue=[[0, f"7|{state}|fl1|None\n", ""]])
    Slurm().cancel("7", running=True)
    assert stand_in.asked[-1]["command"] == ["scancel", *words, "7"]


def test_a_cancel_that_slurm_refuses(stand_in):
    errors = "scancel: error: Kill job error on job id 7: Access/permission denied\n"
    stand_in.answers(scancel=[[1, "", errors]])
    with pytest.raises(BenchdlError, match="job 7: Slurm does not let this account do that"):
        Slurm().cancel("7", running=False)


def test_no_line_of_setup_and_no_value_changes_the_script(tmp_path):
    script = slurm_script.write(
        Submission(
            "n", ["/b", "it's"], tmp_path / "log",
            Hosts(setup=["#SBATCH --array=1-9", "server &"]), {"A": "$HOME `id`"},
        )
    ).splitlines()  # fmt: skip
    assert script[0] == "#!/bin/bash"
    assert not script[1].startswith("#")  # from here on sbatch reads no more options
    assert script[-2:] == ["export A='$HOME `id`'", "exec /b 'it'\"'\"'s'"]
    with pytest.raises(ValueError, match="no variable of a shell"):
        slurm_script.write(Submission("n", ["/b"], tmp_path, Hosts(), {"A B": ""}))


@pytest.mark.parametrize("name", ["", "a b", "a,b", "a/b", "x" * 300])
def test_a_name_that_squeue_would_take_apart(tmp_path, name):
    with pytest.raises(ValueError, match="no name of a submission"):
        Submission(name, ["/b"], tmp_path, Hosts())


def test_outside_of_any_engine_there_is_no_allocation(stand_in):
    assert allocation.here({}) is None
    assert stand_in.asked == []


def _here(stand_in, squeue, sinfo=(0, "gpu:2\n", ""), **environment):
    stand_in.answers(squeue=[list(squeue)], sinfo=[list(sinfo)])
    return allocation.here({"SLURM_JOB_ID": "5", "SLURMD_NODENAME": "fl1", **environment})


def test_a_host_that_is_ours_alone(stand_in):
    cpus = str(os.cpu_count())
    found = _here(
        stand_in, (0, "5|2026-11-26T12:00:00\n", ""),
        SLURM_CPUS_ON_NODE=cpus, CUDA_VISIBLE_DEVICES="0,1", SLURM_RESTART_COUNT="1",
    )  # fmt: skip
    assert (found.job_id, found.host, found.others, found.restarts) == ("5", "fl1", (), 1)
    assert (found.gpus, found.machine_gpus) == (("0", "1"), 2)
    assert found.ends_at is not None
    assert found.lacks() == []


@pytest.mark.parametrize(
    ("squeue", "environment", "line"),
    [
        (
            (0, "5|NONE\n6|NONE\n", ""),
            {"CUDA_VISIBLE_DEVICES": "0,1"},
            "job 6 of others on fl1: its partition shares hosts (OverSubscribe=FORCE), use another",
        ),
        (
            (1, "", "slurm_load_jobs error: Unable to contact slurm controller (connect failure)"),
            {"CUDA_VISIBLE_DEVICES": "0,1"},
            "who else is on fl1 is unknown: Slurm's controller does not answer "
            "(Unable to contact slurm controller)",
        ),
        ((0, "5|NONE\n", ""), {"CUDA_VISIBLE_DEVICES": "1"}, "1 of 2 GPUs of fl1 are visible"),
        ((0, "5|NONE\n", ""), {"SLURM_JOB_GPUS": "0"}, "1 of 2 GPUs of fl1 are visible"),
        (
            (0, "5|NONE\n", ""),
            {"CUDA_VISIBLE_DEVICES": "NoDevFiles"},
            "0 of 2 GPUs of fl1 are visible",
        ),
        ((0, "5|NONE\n", ""), {}, "0 of 2 GPUs of fl1 are visible"),
    ],
)
def test_a_host_that_is_not(stand_in, squeue, environment, line):
    assert _here(stand_in, squeue, **environment).lacks() == [line]


def test_a_part_of_the_cpus(stand_in):
    found = _here(stand_in, (0, "5|NONE\n", ""), (0, "(null)\n", ""), SLURM_CPUS_ON_NODE="1")
    machine = os.cpu_count()
    expected = [f"1 of {machine} CPUs of fl1 were allocated"] if machine > 1 else []
    assert found.lacks() == expected
    assert (found.gpus, found.machine_gpus, found.ends_at) == (None, 0, None)
