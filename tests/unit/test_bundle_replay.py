"""Tables made again from a bundle's raw results, by the real command, without an engine."""

from __future__ import annotations

import bundled
import pytest
from bundled import contents, rewritten

from harness.store import Store

pytestmark = pytest.mark.slow


@pytest.fixture
def bundle(benchdl, tmp_path, monkeypatch, make_result):
    """A bundle that the real command made."""
    bundled.as_root(bundled.checkout(tmp_path / "checkout"), monkeypatch)
    bundled.put(Store(tmp_path / "results"), bundled.campaign(), make_result)
    done = benchdl("bundle", "create", env={"DOCKER_HOST": "unix:///nonexistent"})
    assert done.returncode == 0, done.stderr
    assert "Dockerfiles are not compared with the images: no Docker engine answers" in done.stderr
    file = tmp_path / f"{bundled.CAMPAIGN_ID}.tar"
    assert done.stdout.startswith(f"{file.name}: {file.stat().st_size:,} bytes, campaign ")
    return file


def test_the_same_benchdl_makes_the_same_tables(bundle, benchdl, tmp_path):
    no_engine = {"DOCKER_HOST": "unix:///nonexistent", "BENCHDL_ROOT": None}
    done = benchdl("bundle", "replay", bundle, "-o", "again", env=no_engine)
    assert done.returncode == 0, done.stderr
    told = dict(line.split(": ") for line in done.stdout.splitlines())
    assert told.pop("again/report.html") == "made"
    assert set(told.values()) == {"identical"}
    made = {file.name: file.read_bytes() for file in (tmp_path / "again").iterdir()}
    assert {"report.md", "runs.csv", "runs.json"} <= set(made)
    page = made.pop("report.html")
    assert page.startswith(b"<!doctype html>")
    benchdl("bundle", "replay", bundle, "-o", "third", env=no_engine)
    assert (tmp_path / "third" / "report.html").read_bytes() == page
    for name, content in made.items():
        assert content == contents(bundle)[f"tables/{name}"]
    assert made["runs.csv"].count(b"\n") == 3
    table = benchdl("table").stdout
    assert table in made["report.md"].decode()  # the store holds nothing else


def test_another_table_in_the_bundle_is_told(bundle, benchdl, tmp_path):
    members = contents(bundle)
    csv = members["tables/runs.csv"].replace(b"101.0", b"99.0", 1)
    assert csv != members["tables/runs.csv"]
    members = {**members, "tables/runs.csv": csv, "tables/old.txt": b"of another version"}
    rewritten(bundle, members)
    done = benchdl("bundle", "replay", bundle, "-o", "again")
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert "again/report.md: identical" in lines
    assert any(line.startswith("again/runs.csv: line 2 was '") for line in lines)
    assert "again/old.txt: this benchdl does not make it" in lines
    assert "the bundle's tables were made by benchdl 0.1.0 of code" in done.stderr
    assert b"101.0" in (tmp_path / "again" / "runs.csv").read_bytes()


def test_a_folder_with_something_in_it(bundle, benchdl, tmp_path):
    (tmp_path / "again").mkdir()
    (tmp_path / "again" / "mine.txt").write_text("mine")
    done = benchdl("bundle", "replay", bundle, "-o", "again")
    assert done.returncode == 2
    assert done.stderr == "benchdl: again is not empty: name another with -o, or use --force\n"
    assert [file.name for file in (tmp_path / "again").iterdir()] == ["mine.txt"]
    assert benchdl("bundle", "replay", bundle, "-o", "again", "--force").returncode == 0
    assert (tmp_path / "again" / "mine.txt").read_text() == "mine"


def test_a_changed_bundle_is_not_replayed(bundle, benchdl, tmp_path):
    raw = bytearray(bundle.read_bytes())
    raw[raw.index(b"line of run 1")] ^= 1
    bundle.write_bytes(raw)
    done = benchdl("bundle", "replay", bundle, "-o", "again")
    assert done.returncode == 1
    (line,) = [printed for printed in done.stderr.splitlines() if printed.startswith("benchdl: ")]
    assert "log.txt was changed: its SHA-256 is not its manifest's" in line
    assert not (tmp_path / "again").exists()
