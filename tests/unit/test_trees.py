"""Whatever a job made of its folder, the folder can be removed, and nothing outside of it."""

from __future__ import annotations

import os
import resource

import pytest

from harness import trees
from harness.launchers.exchange import Exchange
from harness.store import Store


def deep(folder, depth, name="d"):
    """Folders within each other, deeper than a path can say."""
    handle = os.open(folder, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir(name, dir_fd=handle)
        inner = os.open(name, os.O_RDONLY, dir_fd=handle)
        os.close(handle)
        handle = inner
    os.close(os.open("file", os.O_CREAT | os.O_WRONLY, dir_fd=handle))
    os.close(handle)


@pytest.mark.parametrize(
    ("depth", "name"),
    [(1200, "d"), (1200, "n" * 250), pytest.param(5000, "d", marks=pytest.mark.slow)],
)
def test_folders_deeper_than_a_path_can_say(tmp_path, depth, name):
    top = tmp_path / "top"
    top.mkdir()
    deep(top, depth, name)
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, before + 20), hard))
    try:
        assert trees.remove(top) is True
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert not top.exists()


def test_special_files_links_and_modes(tmp_path):
    top, outside = tmp_path / "top", tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").write_text("mine")
    (top / "a" / "b").mkdir(parents=True)
    os.mkfifo(top / "pipe")
    os.mkfifo(top / "a" / "pipe")
    (top / "link").symlink_to(outside)
    (top / "a" / "link").symlink_to(outside / "kept")
    (top / "a" / "loop").symlink_to("loop")
    os.link(outside / "kept", top / "a" / "b" / "name")
    for number in range(3000):
        (top / f"many{number}").mkdir()
    (top / "a" / "b").chmod(0)
    (top / "a").chmod(0)
    assert trees.remove(top) is True
    assert (outside / "kept").read_text() == "mine"


def test_a_link_in_its_place_is_removed_and_not_followed(tmp_path):
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "kept").write_text("mine")
    (tmp_path / "top").symlink_to("outside")
    assert trees.remove(tmp_path / "top") is True
    assert (tmp_path / "outside" / "kept").exists()
    assert trees.remove(tmp_path / "nothing") is True


def test_a_job_that_nested_its_folder_is_stored_and_cleared(tmp_path, make_result):
    store = Store(tmp_path / "results")
    result = make_result()
    exchange = Exchange(store.staging(), result.job)
    deep(exchange.job_dir, 1200)
    for name in ("samples.csv", "log.txt"):
        deep_one = exchange.job_dir / name
        deep_one.mkdir()
        deep(deep_one, 1200)
    store.add(result, exchange)
    exchange.remove()
    assert list(store.staging().iterdir()) == []
    assert store.load() == ([result], [])
