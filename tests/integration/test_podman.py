"""Rootless podman as the engine: an ordinary user's socket, the images of docker, a real job."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import renamed
import rootless_podman
from rootless_podman import RootlessPodman

from harness.campaign.records import Environment
from harness.fleet import shipping
from harness.images import built
from harness.launchers import podman_words
from runner.contract.job import Pins

pytestmark = [pytest.mark.docker, pytest.mark.beside]
BENCHDL = Path(sys.executable).parent / "benchdl"
# Whoever else builds a backend of this name takes the image's name, under which it is saved.
NAME = renamed.unique()
IMAGE = f"benchdl/{NAME}:cpu"
IMAGES = ["debian:bullseye-slim", IMAGE]


@pytest.fixture(scope="module")
def checkout(dummy_root, tmp_path_factory):
    return renamed.copy(dummy_root, tmp_path_factory.mktemp("podman") / "root", NAME)


@pytest.fixture(scope="module")
def built_by_docker(engine, checkout, tmp_path_factory):
    cache = {"BENCHDL_CACHE": str(tmp_path_factory.mktemp("cache"))}
    subprocess.run(
        [BENCHDL, "images", "build", NAME, "--flavour", "cpu", "--make-base"],
        env={**os.environ, "BENCHDL_ROOT": str(checkout), **cache},
        check=True, capture_output=True, timeout=600,
    )  # fmt: skip
    yield {name: engine.images.get(name) for name in IMAGES}
    for image in engine.images.list(name=f"benchdl/{NAME}"):
        engine.images.remove(image.id, force=True)


@pytest.fixture(scope="module")
def podman():
    lacks = rootless_podman.lacking()
    if lacks:
        reason = f"no rootless podman: {lacks}"
        if os.environ.get("BENCHDL_REQUIRE_PODMAN") == "1":
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)
    user = RootlessPodman()
    try:
        user.start()
        yield user
    finally:
        user.close()


@pytest.fixture(scope="module")
def root(podman, checkout):
    """The checkout, where the user may read it."""
    place = podman.home / "root"
    shutil.copytree(checkout, place)
    podman.give(place)
    return place


def test_docker_s_images_keep_their_ids_and_a_job_runs(
    podman, root, built_by_docker, tmp_path, monkeypatch
):
    image = built_by_docker[IMAGE]
    with contextlib.closing(podman.client()) as client:
        for name in IMAGES:  # docker save | podman load
            client.images.load(built_by_docker[name].save(named=name))
            assert client.images.get(name).id == built_by_docker[name].id
    done = podman.run(
        sys.executable, "-m", "benchdl", "run", NAME, "--launcher", "docker", "--device", "cpu",
        "--dataset", "synthetic-mnist", "--epochs", "1", "--train-samples", "500",
        "--idle-wait", "0", "--results", podman.home / "results",
        PYTHONPATH=str(Path(__file__).parents[2]), BENCHDL_ROOT=str(root),
        BENCHDL_CACHE=str(podman.home / "cache"), BENCHDL_CONFORM="0",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (file,) = (podman.home / "results").glob("*/result.json")
    result = json.loads(file.read_text())
    assert result["status"] == "ok", result
    assert result["job"]["provenance"]["image_id"] == image.id
    assert result["launch"]["engine"].startswith("podman 4.")
    inside = result["measurement"]["isolation"]
    assert inside["uid"] == podman.user.pw_uid
    assert int(inside["capabilities_effective"], 16) == 0
    assert (inside["no_new_privileges"], inside["root_read_only"]) == (True, True)
    assert inside["network_interfaces"] == ["lo"]
    # What it does not apply, or does not say, and nothing else: told, and no suspicion.
    missing = set(result["launch"]["hardening"]["not_applied"])
    assert missing <= podman_words.UNSAID | {"LogConfig", "MemorySwap"}, missing
    (finding,) = [told for told in result["findings"] if told["code"] == "not-isolated"]
    assert finding["severity"] == "info"
    left = podman.run("podman", "ps", "--all", "--quiet")
    assert (left.returncode, left.stdout) == (0, "")


def test_data_that_only_its_owner_may_read_is_told_before_a_job_starts(podman, root):
    """A container's user is another one outside: the mode alone decides."""
    given = podman.home / "given"
    shutil.copytree(podman.home / "cache" / "datasets" / "synthetic-mnist-1", given)
    given.chmod(0o755)
    podman.give(given)
    for file in given.iterdir():
        file.chmod(0o600)
    script = (
        "import sys; from pathlib import Path; from harness import engine; "
        "from harness.launchers import data_access; client = engine.connect(); "
        "data_access.check(client, engine.info(client), None, list(Path(sys.argv[1]).iterdir()))"
    )
    done = podman.run(
        sys.executable, "-c", script, given, PYTHONPATH=str(Path(__file__).parents[2])
    )
    assert "cannot read the data" in done.stderr
    assert "its mode is 0600" in done.stderr


def test_an_image_of_podman_s_own_is_shipped_as_one_of_docker_s(podman, built_by_docker, tmp_path):
    """What podman saves is taken on other hosts, under the same id."""
    image = built_by_docker[IMAGE]
    made = Environment(
        backend=NAME, device="cpu", image_toml_sha256="",
        provenance=built.provenance(image, "cpu"), pins=Pins(python="3.9", packages={}),
    )  # fmt: skip
    with contextlib.closing(podman.client()) as client:
        shipping.save_images(client, [made], tmp_path, print)
    file = shipping.saved_file(tmp_path, image.id)
    with shipping._window(file) as tar:
        assert shipping.image_tar.read(tar, image.id).config_sha256 == image.id[7:]
