"""Containers of ours, on a stand-in for the engine: which are removed, and what is said."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import requests
from docker.errors import APIError, NotFound

from harness import marks
from harness.errors import BenchdlError
from harness.launchers import containers


class Engine:
    """A client; ``answers`` are what removing and looking meet, one after another."""

    def __init__(self, *answers, listed=()):
        self.answers, self.listed = list(answers), listed
        self.removed, self.asked, self.created, self.looked = [], None, [], []
        self.api = SimpleNamespace(
            remove_container=self.remove, get_archive=self.look, base_url="stand-in"
        )
        self.containers = SimpleNamespace(list=self.list, create=self.create)

    def remove(self, name, **options):
        self.removed.append((name, options))
        answer = self.answers.pop(0) if self.answers else None
        if answer:
            raise answer

    def list(self, **asked):
        self.asked = asked
        return self.listed

    def create(self, *words, **options):
        self.created.append((words, options))

    def look(self, name, path):
        self.looked.append((name, path))
        if self.answers:
            raise self.answers.pop(0)


@pytest.fixture
def slept(monkeypatch):
    seconds = []
    monkeypatch.setattr(containers.time, "sleep", seconds.append)
    return seconds


GONE = requests.ConnectionError("refused")
ALL = {"force": True, "v": True}


@pytest.mark.parametrize(
    ("answers", "done", "tries"),
    [
        ([], True, 1),
        ([NotFound("no")], True, 1),
        ([GONE, GONE], True, 3),
        ([GONE, NotFound("no")], True, 2),
        ([GONE, GONE, GONE], False, 3),
    ],
)
def test_a_busy_engine_is_asked_three_times(slept, answers, done, tries):
    engine = Engine(*answers)
    assert containers.remove(engine, "mine") is done
    assert engine.removed == [("mine", ALL)] * tries
    assert slept == [1] * sum(answer is GONE for answer in answers)


@pytest.fixture
def listed(monkeypatch):
    """Containers by the state of their harness."""
    states = {"": "dead"}
    monkeypatch.setattr(marks, "state", states.__getitem__)

    def make(**by_name):
        states.update({f"of {name}": state for name, state in by_name.items()})
        return [
            SimpleNamespace(name=name, labels={marks.HARNESS_LABEL: f"of {name}"})
            for name in by_name
        ]

    return make


def test_only_what_a_dead_harness_left_is_removed(listed):
    engine = Engine(listed=listed(a="dead", b="alive", c="elsewhere", d="dead"))
    said = []
    containers.clear(engine, None, said.append)
    assert [name for name, _ in engine.removed] == ["a", "d"]
    assert said == [f"removed container {name}: its harness had died" for name in "ad"]
    assert engine.asked == {
        "all": True, "filters": {"label": marks.HARNESS_LABEL}, "ignore_removed": True,
    }  # fmt: skip


def test_a_container_without_a_mark_is_taken_for_a_dead_harness(listed):
    listed()
    engine = Engine(listed=[SimpleNamespace(name="old", labels={})])
    containers.clear(engine, None, lambda _: None)
    assert [name for name, _ in engine.removed] == ["old"]


def test_of_one_campaign_another_machines_is_left_alone_and_named(listed):
    engine = Engine(listed=listed(a="elsewhere", b="dead"))
    said = []
    containers.clear(engine, "c1", said.append)
    assert engine.asked["filters"] == {"label": f"{marks.CAMPAIGN_LABEL}=c1"}
    assert [name for name, _ in engine.removed] == ["b"]
    assert said[0].startswith("left alone: container a, started by a benchdl on another machine")
    assert said[0].endswith("docker rm --force a")


def test_a_campaign_whose_harness_runs_is_refused(listed):
    engine = Engine(listed=listed(a="alive", b="dead"))
    with pytest.raises(BenchdlError, match="container a belongs to a benchdl that runs"):
        containers.clear(engine, "c1", lambda _: None)
    assert engine.removed == []


def test_what_cannot_be_removed_is_an_error_with_the_command(slept, listed):
    engine = Engine(GONE, GONE, GONE, listed=listed(a="dead"))
    with pytest.raises(BenchdlError) as caught:
        containers.clear(engine, None, lambda _: None)
    assert "container a of a killed benchdl cannot be removed" in caught.value.message
    assert caught.value.advice == "remove it: docker rm --force a"


def test_the_look_for_our_files_is_a_container_that_never_starts(tmp_path):
    engine = Engine()
    containers.see_our_files(engine, "image", tmp_path)
    ((words, options),) = engine.created
    ((name, path),) = engine.looked
    (mount,) = options.pop("mounts")
    assert words == ("image", ["true"])
    assert options == {
        "name": name,
        "network_mode": "none",
        "labels": {marks.HARNESS_LABEL: marks.own()},
        "use_config_proxy": False,
    }
    assert (mount["Target"], mount["Type"], mount["ReadOnly"]) == ("/look", "bind", True)
    assert mount["Source"].startswith(f"{tmp_path}/look-")
    assert path.startswith(f"/look/{name.removeprefix('benchdl-look-')}")
    assert len(path.removeprefix("/look/")) == 32
    assert len(name) == len("benchdl-look-") + 12
    assert [name for name, _ in engine.removed] == [name]
    assert list(tmp_path.iterdir()) == []


def test_the_file_is_there_while_the_engine_looks(tmp_path):
    there = []

    class Looking(Engine):
        def look(self, name, path):
            there.extend(tmp_path.glob(f"look-*/{path.removeprefix('/look/')}"))

    containers.see_our_files(Looking(), "image", tmp_path)
    assert len(there) == 1


@pytest.mark.parametrize("error", [NotFound("no file"), APIError("no image")])
def test_an_engine_with_other_files_is_told_and_its_container_removed(tmp_path, error):
    engine = Engine(error)
    with pytest.raises(BenchdlError) as caught:
        containers.see_our_files(engine, "image", tmp_path)
    assert (f"{tmp_path} is another folder there" in caught.value.message) == isinstance(
        error, NotFound
    )
    if isinstance(error, NotFound):
        assert "does not see this machine's files" in caught.value.message
        assert "use --launcher local" in caught.value.advice
    assert len(engine.removed) == 1


def test_the_facts_are_what_inspect_says():
    host = {
        "NetworkMode": "none", "ReadonlyRootfs": True, "Privileged": False, "CapDrop": ["ALL"],
        "SecurityOpt": ["a"], "PidsLimit": 9, "Memory": 8, "CpusetCpus": "0,1", "NanoCpus": 7,
        "Tmpfs": {"/tmp": "rw"}, "Ulimits": [{"Name": "core"}], "CgroupnsMode": "private",
        "IpcMode": "none", "Runtime": "runc", "DeviceRequests": [{"Count": 1}],
    }  # fmt: skip
    mounts = [{"Destination": "/data", "RW": False}, {"Destination": "/job", "RW": True}]
    attrs = {"Config": {"User": "5:6"}, "HostConfig": host, "Mounts": mounts}
    assert containers.facts(SimpleNamespace(attrs=attrs)) == {
        "user": "5:6", "network_mode": "none", "read_only_root": True, "privileged": False,
        "cap_drop": ["ALL"], "security_opt": ["a"], "pids_limit": 9, "memory_limit_bytes": 8,
        "cpuset_cpus": "0,1", "nano_cpus": 7, "tmpfs": {"/tmp": "rw"},
        "ulimits": [{"Name": "core"}], "cgroup_namespace": "private", "ipc_namespace": "none",
        "runtime": "runc", "device_requests": [{"Count": 1}],
        "mounts": {"/data": "ro", "/job": "rw"},
    }  # fmt: skip
    bare = {"Config": {}, "HostConfig": {"CpusetCpus": "", "NanoCpus": 0}}
    facts = containers.facts(SimpleNamespace(attrs=bare))
    assert (facts["cpuset_cpus"], facts["nano_cpus"], facts["mounts"]) == (None, None, {})
