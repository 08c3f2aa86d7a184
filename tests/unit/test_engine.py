"""The engine's error texts in words that say what to do. Real texts; no engine is needed."""

from __future__ import annotations

import os
import socket
import tempfile
from pathlib import Path

import pytest
import requests
from docker.errors import APIError, DockerException

from harness import engine
from harness.errors import BenchdlError

VENDOR = 'could not select device driver "" with capabilities: [[gpu]]'
CDI = 'could not select device driver "cdi" with capabilities: []'
UNRESOLVABLE = (
    "failed to create task for container: CDI device injection failed: unresolvable CDI devices "
    "nvidia.com/gpu=7"
)
REQUIRE = (
    "failed to create shim task: OCI runtime create failed: runc create failed: unable to start "
    "container process: error during container init: error running hook #0: exit status 1, "
    "stderr: nvidia-container-cli: requirement error: unsatisfied condition: cuda>=11.8"
)


@pytest.mark.parametrize(
    ("text", "message", "advice"),
    [
        ("Unknown runtime specified nvidia", "no NVIDIA runtime", "nvidia-ctk runtime configure"),
        (
            "unknown or invalid runtime name: nvidia",
            "no NVIDIA runtime",
            "nvidia-container-toolkit",
        ),
        (VENDOR, "cannot give a GPU to a container", "nvidia-container-toolkit"),
        (
            "failed to discover GPU vendor from CDI: no known GPU vendor found",
            "cannot give a GPU",
            "nvidia-container-toolkit",
        ),
        (CDI, "does not support CDI", "nvidia-ctk cdi generate"),
        (UNRESOLVABLE, "does not name that GPU", "nvidia-ctk cdi generate"),
        (REQUIRE, "driver is older", "update the NVIDIA driver"),
        ("mkdir /var/lib/docker/overlay2/x: no space left on device", "disk is full", "make room"),
    ],
)
def test_known_texts_become_one_line_with_the_fix(text, message, advice):
    error = engine.explain(APIError("500 Server Error", explanation=text), "starting theano")
    said = str(error)
    assert said.startswith("starting theano: ")
    assert message in said
    assert advice in error.advice
    assert "\n" not in said


def test_unknown_texts_are_passed_on_in_one_line():
    error = engine.explain(APIError("500", explanation="the\n moon is\tfull"), "starting tf")
    assert str(error) == "starting tf: the Docker engine says: the moon is full"


def test_an_error_without_explanation_is_still_told():
    assert "409 Conflict" in str(engine.explain(APIError("409 Conflict"), "starting tf"))


def unreachable(monkeypatch, host):
    monkeypatch.setenv("DOCKER_HOST", host)
    with pytest.raises(BenchdlError) as caught:
        engine.connect()
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("host", ["unix:///nonexistent", "tcp://127.0.0.1:9", "tcp://[::1]:9"])
def test_a_dead_socket_is_named_with_the_way_out(monkeypatch, host):
    said = unreachable(monkeypatch, host)
    assert said.startswith(f"no Docker engine answers at {host} ($DOCKER_HOST): ")
    assert "systemctl start docker" in said
    assert "--launcher local" in said


def test_permission_denied_says_which_group(monkeypatch):
    def refuse(*_, **__):
        raise DockerException(
            "Error while fetching server API version: ('Connection aborted.', "
            "PermissionError(13, 'Permission denied'))"
        )

    monkeypatch.setattr(engine, "Client", refuse)
    said = unreachable(monkeypatch, "unix:///var/run/docker.sock")
    assert "permission denied on the Docker engine's socket" in said
    assert "usermod -aG docker" in said


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become nobody")
def test_permission_denied_on_a_real_socket(monkeypatch):
    unreachable(monkeypatch, "unix:///nonexistent")  # everything is imported before root is left
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as listener:
        path = Path(folder) / "docker.sock"
        Path(folder).chmod(0o755)
        listener.bind(str(path))
        listener.listen()
        path.chmod(0o600)
        os.seteuid(65534)
        try:
            said = unreachable(monkeypatch, f"unix://{path}")
        finally:
            os.seteuid(0)
    assert "permission denied" in said
    assert "usermod -aG docker" in said


@pytest.mark.parametrize(
    ("status", "text", "kind"),
    [
        (500, "write /var/lib/docker: no space left on device", engine.EngineFullError),
        (500, "mkdir /x: disk quota exceeded", engine.EngineFullError),
        (503, "Service Unavailable", engine.EngineLostError),
        (502, "Bad Gateway", engine.EngineLostError),
        (500, "context canceled", engine.EngineLostError),
        (500, 'connection error: "dial unix /run/containerd/containerd.sock: connect: connection '
         'refused": unavailable', engine.EngineLostError),
        (500, "OCI runtime create failed: no such file or directory", BenchdlError),
        (404, "No such image: sha256:0123", BenchdlError),
        (409, "Conflict. The container name is already in use", BenchdlError),
    ],
)  # fmt: skip
def test_an_engine_that_goes_or_is_full_is_told_from_one_that_says_no(status, text, kind):
    response = requests.Response()
    response.status_code = status
    error = engine.explain(APIError("no", response=response, explanation=text), "starting tf")
    assert type(error) is kind
