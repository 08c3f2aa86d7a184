"""More of a stranger's ways in: settings of single jobs, and what an engine takes in any case."""

from __future__ import annotations

import json
import os

import bundled
import pytest
import saved_images
from pydantic import BaseModel
from saved_images import Saved
from test_bundle_image import refused

from harness import toml_models
from harness.bundle import archive, image_policy, plain, reading, sources
from harness.errors import BenchdlError, UsageError

EVIL = {"PYTHONWARNINGS": "all:0:antigravity.x:0:0", "BROWSER": "sh -c evil %s"}


def planned(record, **environment):
    """The record with settings of its own for its last job, as ``run --against`` makes them."""
    jobs = json.loads(record.model_dump_json())["jobs"]
    jobs[-1]["settings"] = {
        "memory_pool": {"mode": "off"},
        "environment": environment,
    }
    return record.model_validate({**json.loads(record.model_dump_json()), "jobs": jobs})


@pytest.fixture(autouse=True)
def _checkout(tmp_path, monkeypatch):
    bundled.as_root(bundled.checkout(tmp_path / "checkout"), monkeypatch)


@pytest.mark.parametrize("variables", [EVIL, {}])
def test_settings_of_one_job_are_no_way_around_those_of_all(variables):
    record = planned(bundled.campaign(), **variables)
    with pytest.raises(UsageError, match="runs an earlier build in job 2, with settings of its"):
        plain.check(record, plain.Limits())
    named = [f"environment.{name}" for name in variables]
    assert plain.doubtful(record) == named


def test_an_image_that_is_here_is_not_for_a_bundle_to_name():
    data = json.loads(bundled.campaign().model_dump_json())
    data["jobs"][0]["configuration"]["image"] = "sha256:" + 64 * "b"
    with pytest.raises(UsageError, match="runs an earlier build in job 1"):
        plain.check(bundled.campaign().model_validate(data), plain.Limits())


@pytest.mark.parametrize("launcher", ["local", "docker"])
def test_a_stranger_s_results_are_not_resumed_with_settings_of_one_job(benchdl, tmp_path, launcher):
    variables = EVIL if launcher == "local" else {"LD_PRELOAD": "/proc/self/cwd/evil.so"}
    record = planned(bundled.campaign(), **variables).model_copy(update={"launcher": launcher})
    campaigns = tmp_path / "theirs" / "campaigns"
    campaigns.mkdir(parents=True)
    (campaigns / f"{record.campaign_id}.json").write_text(record.model_dump_json())
    done = benchdl("resume", "--results", str(tmp_path / "theirs"))
    assert done.returncode == 2
    assert f"sets 'environment.{next(iter(variables))}' for programs on this host" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("config", "why"),
    [
        ({"volumes": {"/data": {}}}, "has Volumes"),
        ({"HEALTHCHECK": {"Test": ["CMD", "true"]}}, "has Healthcheck"),
        ({"onbuild": ["RUN true"]}, "has OnBuild"),
        ({"env": ["LD_PRELOAD=/x.so"]}, "it sets 'LD_PRELOAD'"),
        ({"Env": 5}, "are no list"),
        ({"Env": "PATH=/bin"}, "are no list"),
        ({"Env": {"LD_PRELOAD": "/x.so"}}, "are no list"),
        ({"Labels": ["benchdl.locks"]}, "labels are none"),
        ({"labels": {"benchdl.locks": "[]"}}, "no list of versions"),
    ],
)
def test_an_engine_takes_a_key_in_any_case(config, why):
    assert why in (image_policy.objection(config) or "")


@pytest.mark.parametrize("rootfs", [[1], "layers", 5, {"diff_ids": "sha256"}, {"DIFF_IDS": []}])
def test_layers_that_are_no_list(rootfs):
    class Odd(Saved):
        @property
        def raw_config(self):
            return json.dumps({"config": self.config, "rootfs": rootfs}).encode()

    saved = Odd()
    assert "its layers are not those" in refused(saved_images.tar(saved.members()), saved)


class Any(BaseModel):
    model_config = {"extra": "allow"}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a = " + 5000 * "[" + 5000 * "]", "nested too deep"),
        ("a = " + 5000 * "9", "is not valid TOML"),
        ("a" + 2**21 * " " + "= 1", "it is too large"),
        ("a = 2026-99-99", "is not valid TOML"),
    ],
)
def test_an_image_toml_that_came_in_a_bundle(tmp_path, text, why):
    (tmp_path / "image.toml").write_text(text)
    with pytest.raises(UsageError, match=why):
        toml_models.read(tmp_path / "image.toml", Any)


def test_an_image_toml_that_is_a_pipe(tmp_path):
    os.mkfifo(tmp_path / "image.toml")
    with pytest.raises(UsageError, match="it is a pipe"):
        toml_models.read(tmp_path / "image.toml", Any)


@pytest.mark.parametrize("name", ["apt-install.sh", "install-cuda.sh"])
def test_sources_that_are_not_whole(tmp_path, name):
    record, root = bundled.campaign(), bundled.checkout(tmp_path / "theirs")
    (root / "docker/base" / name).unlink()
    with pytest.raises(UsageError, match=f"{name} is missing"):
        sources.differing(record, root)


@pytest.mark.parametrize(
    ("path", "size_bytes"),
    [
        ("results/a/samples.csv", 20 * 2**30),
        ("manifest.json", 300 * 2**20),
        ("images/tf-cpu.tar", 2**42),
    ],
)
def test_a_member_of_holes_is_refused_unread(tmp_path, path, size_bytes):
    file = tmp_path / "a.tar"
    with file.open("wb") as stream:
        stream.write(archive.header(path, size_bytes))
        stream.truncate(3 * archive.BLOCK + size_bytes)
    with pytest.raises(BenchdlError, match=f"{path} has over"), reading.opened(file):
        pass
