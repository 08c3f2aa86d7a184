"""The recorder on meters of ours: what stands in samples.csv and in the facts beside it."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest

from runner.contract.samples import read_samples
from runner.meters import recorder
from runner.meters.cpu import CoreTimes
from runner.meters.gpu_meter import GpuReading
from runner.meters.memory import TreeUse
from runner.meters.recorder import Recorder


@dataclass
class Device:
    index: int


@dataclass
class Facts:
    state: str = "ok"
    devices: list = field(default_factory=list)


class Gpus:
    def __init__(self, count):
        self.facts = Facts(devices=[Device(number) for number in range(count)])

    def read(self):
        fields = len(GpuReading._fields)
        return [
            range(10 * device.index, 10 * device.index + fields) for device in self.facts.devices
        ]


@pytest.fixture
def recording(monkeypatch, tmp_path):
    """A recorder of process 7, whose meters say what is written here."""
    asked = {}

    class Cpu:
        def __init__(self, cores):
            self.cores = cores

        def read(self):
            return CoreTimes([1.5, None], 0.25)

    class Tree:
        def __init__(self, pid, exclude):
            asked["tree"] = (pid, exclude)

        def read(self):
            return TreeUse(3.0, 4096)

        def pids(self):
            return {7, 8}

    class Processes:
        at_start = ["before"]

        def __init__(self, gpus):
            asked["gpus"] = gpus

        def foreign(self, pids):
            assert pids == {7, 8}
            return [0, 2]

    monkeypatch.setattr(recorder, "CpuReader", Cpu)
    monkeypatch.setattr(recorder, "ProcessTree", Tree)
    monkeypatch.setattr(recorder, "GpuProcesses", Processes)
    monkeypatch.setattr(
        recorder, "ThrottleReader", lambda: SimpleNamespace(read=lambda: (9, 4, 0.5))
    )
    monkeypatch.setattr(recorder, "quota_cores", lambda: 1.25)
    cores = {7: [0, 3], 0: [5, 6]}
    monkeypatch.setattr(recorder, "visible_cores", lambda pid: cores[pid])
    monkeypatch.setattr(recorder, "time", SimpleNamespace(monotonic=lambda: 12.3456789))
    times = SimpleNamespace(user=0.5, system=0.25)
    monkeypatch.setattr(recorder.os, "times", lambda: times)

    def make(count=0, hidden=False):
        cores[7] = [] if hidden else [0, 3]
        gpus = Gpus(count)
        made = Recorder(7, 0.1, tmp_path / "samples.csv", gpus)
        assert asked == {"tree": (7, os.getpid()), "gpus": gpus}
        return made, gpus

    return make


def facts(tmp_path):
    return json.loads((tmp_path / "samples.json").read_text())


def test_a_row_has_a_field_for_each_name_of_the_first_line(recording, tmp_path):
    made, _ = recording(2)
    made.sample()
    lines = (tmp_path / "samples.csv").read_bytes().decode().split("\n")
    names, fields, rest = lines[0].split(","), lines[1].split(","), lines[2:]
    assert rest == [""]  # flushed, though the file is open
    row = dict(zip(names, fields, strict=True))
    first = [
        "t_s", "cpu0_busy_s", "cpu3_busy_s", "steal_s", "job_cpu_s", "rss_bytes", "periods",
        "throttled_periods", "throttled_s",
    ]  # fmt: skip
    assert names[:9] == first
    assert fields[:9] == ["12.345679", "1.5", "", "0.25", "3", "4096", "9", "4", "0.5"]
    for index in (0, 1):
        gpu = {name: row[f"gpu{index}_{name}"] for name in GpuReading._fields}
        assert list(gpu.values()) == [str(10 * index + n) for n in range(len(gpu))]
        assert row[f"gpu{index}_foreign_processes"] == str(2 * index)
    made.close("stopped")
    assert read_samples(tmp_path / "samples.csv").times == [12.345679]


def test_the_facts_are_there_from_the_start_and_say_how_it_ended(recording, tmp_path):
    made, _ = recording(1)
    gpu = {"state": "ok", "devices": [{"index": 0}], "foreign_at_start": ["before"]}
    expected = {
        "interval_target_s": 0.1, "cores": [0, 3], "quota_cores": 1.25, "gpu": gpu, "ended": None,
        "samples": 0, "sampler_cpu_s": 0.75,
    }  # fmt: skip
    assert facts(tmp_path) == expected
    # For people as well: a line each.
    lines = (tmp_path / "samples.json").read_text().splitlines()
    assert lines[:2] == ["{", '  "interval_target_s": 0.1,']
    made.sample()
    made.sample()
    made.close("stopped")
    assert facts(tmp_path) == {**expected, "ended": "stopped", "samples": 2}
    assert made._file.closed
    assert sorted(file.name for file in tmp_path.iterdir()) == ["samples.csv", "samples.json"]


def test_a_gpu_that_is_lost_is_written_down_at_once_and_once(recording, tmp_path):
    made, gpus = recording(1)
    made.sample()
    assert facts(tmp_path)["samples"] == 0  # nothing new to say
    gpus.facts.state = "lost"
    made.sample()
    assert (facts(tmp_path)["gpu"]["state"], facts(tmp_path)["samples"]) == ("lost", 2)
    made.sample()
    assert facts(tmp_path)["samples"] == 2


def test_cores_of_a_process_that_cannot_be_told_are_our_own(recording, tmp_path):
    recording(hidden=True)
    assert facts(tmp_path)["cores"] == [5, 6]


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, ""), (0, "0"), (0.0, "0"), (100, "100"), (100.0, "100"), (1.25, "1.25"), (0.0004, "0")],
)
def test_a_field_is_short_and_nothing_is_no_zero(value, text):
    assert recorder._field(value) == text
