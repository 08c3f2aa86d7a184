"""An engine that goes away at any step is nobody's failure, and is waited for. No engine needed."""

from __future__ import annotations

import functools
import os
import threading
from types import SimpleNamespace

import pytest
import requests
from docker.errors import APIError, NotFound
from urllib3.exceptions import ProtocolError

from harness import engine
from harness.errors import BenchdlError
from harness.launchers import recovery, room
from harness.launchers.docker import DockerLauncher
from harness.launchers.launcher import Order, Prepared
from harness.launchers.stream import Follower
from runner.contract.job import Pins

GONE = requests.ConnectionError("Connection refused")


def api_error(status, text):
    response = requests.Response()
    response.status_code = status
    return APIError("no", response=response, explanation=text)


class Stand:
    """A client and its container; ``fail`` says at which step and with what it fails."""

    def __init__(self, step=None, error=GONE, code=0):
        self.step, self.error = step, error
        self.api = SimpleNamespace(
            remove_container=self.removed, base_url="stand-in", close=lambda: None
        )
        self.containers = SimpleNamespace(create=self.create)
        self.id = "f" * 64
        self.attrs = {
            "State": {"ExitCode": code, "Pid": 0},
            "HostConfig": {},
            "Config": {},
        }
        self.asked = []

    def at(self, step):
        self.asked.append(step)
        if self.step == step:
            raise self.error

    def info(self):
        return {"MemTotal": 2**33, "Runtimes": {"runc": {}}}

    def version(self):
        return {"Version": "20.10.24", "ApiVersion": "1.41"}

    def ping(self):
        self.at("ping")
        return True

    def create(self, **_):
        self.at("create")
        return self

    def start(self):
        self.at("start")

    def reload(self):
        self.at("reload")

    def logs(self, **_):
        self.at("logs")
        return self.lines()

    def lines(self):
        yield b"a line\n"
        self.at("stream")

    def wait(self, **_):
        self.at("wait")

    def removed(self, *_, **__):
        self.at("remove")


@pytest.fixture
def started(make_result, tmp_path, monkeypatch):
    """Run a job on a stand-in; returns how it ended and the launcher."""
    monkeypatch.setattr("harness.launchers.containers.time.sleep", lambda _: None)

    def run(stand):
        result = make_result()
        launcher = DockerLauncher(stand)
        prepared = Prepared(result.job.provenance, Pins(), python="python")
        order = Order(result.job, prepared, tmp_path, {}, tmp_path / "cache", timeout_s=60.0)
        return launcher.start(order, lambda _: None), launcher

    return run


@pytest.mark.parametrize(
    "error",
    [
        GONE,
        ProtocolError("broken"),
        ConnectionResetError(104, "reset"),
        api_error(503, "busy"),
        api_error(500, "context canceled"),
    ],
)
@pytest.mark.parametrize("step", ["create", "start", "reload", "logs", "stream", "wait"])
def test_an_engine_that_goes_away_at_any_step_is_no_failure_of_the_job(started, step, error):
    exit_, launcher = started(Stand(step, error))
    assert exit_.ended == "engine-lost"
    assert exit_.detail
    said = []
    launcher.settle(said.append, None)
    assert "no job starts meanwhile" in said[0]


def test_a_container_that_could_not_be_removed_is_removed_before_the_next_job(started):
    stand = Stand("remove")
    exit_, launcher = started(stand)
    assert (exit_.ended, exit_.code) == ("exited", 0)
    stand.step = None
    stand.asked.clear()
    launcher.settle(lambda _: None, None)
    assert stand.asked == ["remove"]
    launcher.settle(pytest.fail, None)


@pytest.mark.parametrize("code", [137, 143])
def test_an_engine_that_stops_ends_containers_by_a_signal(started, code):
    assert started(Stand("ping", code=code))[0].ended == "engine-lost"
    assert started(Stand(code=code))[0].ended == "exited"


@pytest.mark.parametrize(
    "error",
    [
        api_error(400, "bind source path does not exist: /x"),
        api_error(404, "No such image: sha256:aaaa"),
        api_error(500, "OCI runtime create failed: exec: python: not found"),
    ],
)
def test_what_is_the_jobs_own_problem_stays_its_failure(started, error):
    exit_, launcher = started(Stand("start", error))
    assert exit_.ended == "not-started"
    launcher.settle(pytest.fail, None)


def test_an_engine_that_answers_again_is_asked_until_it_has_removed_all():
    answers = iter([GONE, api_error(500, "cannot connect to containerd.sock"),
                    api_error(409, "removal is in progress"), NotFound("gone")])  # fmt: skip

    def remove(*_, **__):
        raise next(answers)

    client = SimpleNamespace(api=SimpleNamespace(remove_container=remove, base_url="stand-in"))
    slept, said = [], []
    owed = recovery.Recovery(client, sleep=lambda seconds, stop: slept.append(seconds))
    owed.settle(pytest.fail)
    owed.note("benchdl-1", "image", engine.EngineLostError("gone"))
    owed.settle(said.append)
    assert len(slept) == 3
    assert "went away: waiting up to 300 s" in said[0]
    assert "well again" in said[1]
    owed.settle(pytest.fail)


def test_a_full_disk_is_waited_for_until_a_container_can_be_made():
    made = iter([api_error(500, "mkdir: no space left on device"), None])
    names = []

    def create(*_, name, **__):
        names.append(name)
        error = next(made)
        if error:
            raise error

    api = SimpleNamespace(
        remove_container=lambda name, **_: names.append(f"removed {name}"),
        create_container=create,
        base_url="stand-in",
    )
    said = []
    owed = recovery.Recovery(SimpleNamespace(api=api), sleep=lambda seconds, stop: None)
    owed.note("benchdl-1", "image", engine.explain(api_error(500, "no space left on device"), "x"))
    owed.settle(said.append)
    assert "has no room for a container" in said[0]
    assert names.count("benchdl-1-room") == names.count("removed benchdl-1-room") == 2


def test_an_engine_that_stays_away_is_not_waited_for_longer_than_said():
    def remove(*_, **__):
        raise GONE

    client = SimpleNamespace(api=SimpleNamespace(remove_container=remove, base_url="stand-in"))
    owed = recovery.Recovery(client, wait_s=0)
    owed.note("benchdl-1", "image", engine.EngineLostError("gone"))
    with pytest.raises(BenchdlError, match="went away and was waited for 0 s") as caught:
        owed.settle(lambda _: None)
    assert "--engine-wait" in caught.value.advice


@pytest.mark.parametrize("error", [ProtocolError("x"), RuntimeError("x"), OSError("x")])
def test_a_stream_that_breaks_is_not_waited_for_and_says_so(error):
    def chunks():
        yield b"one\n"
        raise error

    follower = Follower(chunks(), lambda _: None)
    assert follower.until(float("inf")) is True
    assert follower.broken is error
    assert follower.tail == "one"


def test_a_job_that_writes_too_much_is_ended_and_says_so(started, tmp_path, monkeypatch):
    class Filling(Stand):
        ended = threading.Event()

        def lines(self):
            (tmp_path / "much").write_bytes(os.urandom(2**20))
            yield b"more\n"
            assert self.ended.wait(20)

        def kill(self):
            self.ended.set()

    monkeypatch.setattr(room, "MAX_JOB_BYTES", 2**18)
    monkeypatch.setattr(room, "Room", functools.partial(room.Room, look_s=0.01))
    exit_, _ = started(Filling(code=137))
    assert exit_.ended == "too-big"
    assert "it wrote more than" in exit_.detail


def exceeded(folder, limit, seconds=60.0):
    """What is said of it; the looking ends with that, else after so many seconds."""
    ended = []
    with room.Room({folder: limit}, lambda: ended.append(1), look_s=0.01) as watched:
        watched._looking._thread.join(seconds)
    assert ended == [1] * bool(watched.problem)
    return watched.problem


def test_a_job_may_not_fill_the_disk_with_many_files(tmp_path):
    (tmp_path / "deep" / "er").mkdir(parents=True)
    for number in range(20):
        (tmp_path / "deep" / "er" / str(number)).write_bytes(os.urandom(2**16))
    assert exceeded(tmp_path, 2**30, 0.5) is None
    assert str(tmp_path) in exceeded(tmp_path, 2**20)


def test_holes_and_links_take_no_room(tmp_path):
    inside, outside = tmp_path / "in", tmp_path / "out"
    inside.mkdir()
    outside.write_bytes(os.urandom(2**21))
    (inside / "link").symlink_to(outside)
    (inside / "up").symlink_to(tmp_path)
    with (inside / "sparse").open("wb") as file:
        file.truncate(2**40)
    assert exceeded(inside, 2**20, 0.5) is None


def test_a_million_small_files_are_too_many(tmp_path, monkeypatch):
    monkeypatch.setattr(room, "_MAX_FILES", 10)
    for number in range(20):
        (tmp_path / str(number)).touch()
    assert "more than 10 files" in exceeded(tmp_path, 2**30)
