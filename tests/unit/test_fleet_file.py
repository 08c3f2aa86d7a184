"""Fleet files: what they say, and one clear line for each thing that they may not."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import UsageError
from harness.fleet import fleet_file
from harness.fleet.fleet_file import FleetFile, Hosts

WHOLE = """
engine = "slurm"
folder = "/shared/benchdl"
scratch = "/local"
heartbeat_s = 2
patience_s = 30
[hosts.p3-2xlarge]
count = 3
blocks = 2
partition = "gpu"
constraint = "v100|a100"
options = ["--account=lab", "--gres=gpu:1"]
time = "04:00:00"
setup = ["module load cuda"]
benchdl = "/shared/bin/benchdl"
[hosts."g5.xlarge"]
"""


def _read(tmp_path, text):
    file = tmp_path / "fleet.toml"
    file.write_text(text)
    return fleet_file.read(file)


def test_a_fleet_file_is_read(tmp_path):
    fleet = _read(tmp_path, WHOLE)
    assert (fleet.engine, fleet.folder, fleet.scratch) == (
        "slurm", Path("/shared/benchdl"), Path("/local"),
    )  # fmt: skip
    assert (fleet.heartbeat_s, fleet.patience_s) == (2.0, 30.0)
    assert fleet.hosts["p3-2xlarge"] == Hosts(
        count=3,
        blocks=2,
        partition="gpu",
        constraint="v100|a100",
        options=["--account=lab", "--gres=gpu:1"],
        time="04:00:00",
        setup=["module load cuda"],
        benchdl=Path("/shared/bin/benchdl"),
    )
    assert fleet.hosts["g5.xlarge"] == Hosts()
    assert fleet.hosts["g5.xlarge"].limit_s is None
    assert fleet.hosts["p3-2xlarge"].limit_s == 14_400.0


def test_what_may_be_left_out(tmp_path):
    fleet = _read(tmp_path, 'folder = "/s"\n[hosts.lab]\n')
    assert (fleet.engine, fleet.scratch) == ("slurm", Path("/tmp"))
    assert (fleet.heartbeat_s, fleet.patience_s) == (10.0, 600.0)


@pytest.mark.parametrize("text", [WHOLE, 'folder = "/s"\n[hosts.lab]\n'])
def test_it_survives_a_record(tmp_path, text):
    fleet = _read(tmp_path, text)
    assert FleetFile.model_validate_json(fleet.model_dump_json()) == fleet
    assert FleetFile.model_validate(fleet.model_dump()) == fleet


@pytest.mark.parametrize(
    ("time", "limit_s"),
    [
        ('"90"', 5400), ("90", 5400), ('"90:30"', 5430), ('"1:30:05"', 5405), ("01:30:05", 5405),
        ('"2-1"', 176_400), ('"2-1:30"', 178_200), ('"2-1:30:05"', 178_205),
    ],
)  # fmt: skip
def test_times_as_sbatch_reads_them(tmp_path, time, limit_s):
    fleet = _read(tmp_path, f'folder = "/s"\n[hosts.lab]\ntime = {time}\n')
    assert fleet.hosts["lab"].limit_s == limit_s


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "key 'folder' is missing"),
        ('folder = "/s"', "key 'hosts' is missing"),
        ('folder = "/s"\nhosts = 3', "key 'hosts'"),
        ('folder = "/s"\n[hosts]', "key 'hosts'"),
        ('folder = "/s"\n[hosts]\nlab = 3', "key 'hosts.lab'"),
        ('folder = "s"\n[hosts.lab]', "key 'folder': expected an absolute path"),
        ('folder = "/s"\nscratch = 3\n[hosts.lab]', "key 'scratch': expected an absolute path"),
        ('folder = "/s"\nengine = "ray"\n[hosts.lab]', "key 'engine'"),
        ('folder = "/s"\nheartbeat_s = 0\n[hosts.lab]', "key 'heartbeat_s'"),
        ('folder = "/s"\npatience_s = nan\n[hosts.lab]', "key 'patience_s'"),
        ('folder = "/s"\n[hosts."a/b"]', "'a/b' is no name for a machine"),
        ('folder = "/s"\n[hosts.g5.xlarge]', 'needs quotes, as in [hosts."g5.xlarge"]'),
    ],
)
def test_a_bad_fleet_is_refused_in_one_line(tmp_path, text, said):
    with pytest.raises(UsageError) as refused:
        _read(tmp_path, text)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)
    assert "Value error" not in str(refused.value)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("cout = 3", "allowed keys there: benchdl, blocks, constraint, count"),
        ("count = 0", "key 'hosts.lab.count'"),
        ("count = 1001", "key 'hosts.lab.count'"),
        ('blocks = "2"', "key 'hosts.lab.blocks'"),
        ('partition = " "', "key 'hosts.lab.partition': expected printable words"),
        ('constraint = "a\\nb"', "key 'hosts.lab.constraint': expected printable words"),
        ('benchdl = "benchdl"', "key 'hosts.lab.benchdl': expected an absolute path"),
        ('setup = "module load cuda"', "key 'hosts.lab.setup'"),
        ('setup = ["a\\u0000b"]', "key 'hosts.lab.setup.0': expected a line of shell"),
        ('time = "0"', "key 'hosts.lab.time': expected a time above 0"),
        ('time = "4h"', "key 'hosts.lab.time': expected a time above 0"),
        ("time = 1.5", "key 'hosts.lab.time': expected a time above 0"),
        ("time = true", "key 'hosts.lab.time': expected a time above 0"),
        ('options = ["-A lab"]', "in its long form"),
        ('options = ["--account", "lab"]', "key 'hosts.lab.options.1'"),
        ('options = ["--time=1"]', "has a key of its own here: time"),
        ('options = ["--part=x"]', "has a key of its own here: partition"),
        *[
            (f'options = ["{option}"]', "is set by benchdl itself")
            for option in ("--exclusive", "--excl", "--no-requeue", "--export=ALL", "--wrap=x")
        ],
        *[
            (f'options = ["{option}"]', "is set by benchdl itself")
            for option in ("--output=x", "--job-name=x", "--array=1-9", "--test-only", "--mem=1G")
        ],
    ],
)
def test_bad_hosts_are_refused_in_one_line(tmp_path, line, said):
    with pytest.raises(UsageError) as refused:
        _read(tmp_path, f'folder = "/s"\n[hosts.lab]\n{line}\n')
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_options_that_only_begin_alike_are_taken(tmp_path):
    taken = ["--time-min=10", "--exclude=n1", "--nodelist=n2", "--mem-bind=local"]
    text = f'folder = "/s"\n[hosts.lab]\noptions = {taken}\n'
    assert _read(tmp_path, text).hosts["lab"].options == taken
