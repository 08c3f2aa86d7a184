"""A base image that is made: two who make it at once build on one."""

from __future__ import annotations

import subprocess
from types import SimpleNamespace

import pytest
from docker.errors import ImageNotFound

from harness.errors import BenchdlError
from harness.images import baseimage

BASE = "debian:bullseye-slim"


class Engine:
    """Names of images; ``other`` is made by somebody else while ours is imported."""

    def __init__(self, other=None):
        self.names, self.other, self.imports = {}, other, 0
        self.api = SimpleNamespace(import_image_from_file=self._import, tag=self._tag)
        self.images = SimpleNamespace(get=self._get, pull=self._pull, remove=self.names.pop)

    def _import(self, file, repository, tag):
        self.imports += 1
        self.names[f"{repository}:{tag}"] = f"ours {self.imports}"
        if self.other:
            self.names[BASE] = self.other

    def _tag(self, image, repository, tag):
        self.names[f"{repository}:{tag}"] = self.names[image]

    def _get(self, name):
        if name not in self.names:
            raise ImageNotFound(name)
        return SimpleNamespace(id=self.names[name])

    def _pull(self, name, auth_config):
        raise OSError("no network here")


@pytest.fixture(autouse=True)
def made(monkeypatch):
    done = subprocess.CompletedProcess([], 0, "", "")
    monkeypatch.setattr(baseimage.subprocess, "run", lambda *_, **__: done)
    monkeypatch.setattr(baseimage.credentials, "find", lambda *_: None)


def ensured(engine):
    return baseimage.ensure(engine, BASE, make=True, say=lambda line: None)


def test_it_is_made_once_under_its_name_alone():
    engine = Engine()
    assert ensured(engine) == ensured(engine) == "ours 1"
    assert engine.names == {BASE: "ours 1"}


def test_one_that_came_meanwhile_keeps_its_name_and_is_taken():
    engine = Engine(other="theirs")
    assert ensured(engine) == "theirs"
    assert engine.names == {BASE: "theirs"}


def test_an_engine_that_cannot_say_leaves_no_name_of_ours(monkeypatch):
    engine = Engine()

    def fails(client, reference):
        if engine.imports:
            raise BenchdlError("the engine cannot say")

    monkeypatch.setattr(baseimage.engine, "find_image", fails)
    with pytest.raises(BenchdlError, match="cannot say"):
        ensured(engine)
    assert engine.names == {}
