"""``benchdl list``: as text and as JSON, a broken backend among them."""

from __future__ import annotations

import json
import shutil

from click.testing import CliRunner

from harness import catalog
from harness.cli import listing, out
from runner.workloads import lookup


def asked(*words):
    done = CliRunner().invoke(listing.command, list(words))
    assert done.exception is None
    return done.stdout


def test_json_has_all_that_the_text_has():
    told = json.loads(asked("--json"))
    assert [backend["name"] for backend in told["backends"]] == catalog.names()
    assert [workload["name"] for workload in told["workloads"]] == lookup.names()
    text = asked()
    for backend in told["backends"]:
        assert f"{backend['title']}: {backend['description']}" in text
        assert all(f"{variant:<19} {why}" in text for variant, why in backend["variants"].items())
    for workload in told["workloads"]:
        assert f"  {workload['name']:<21} {workload['title']} (" in text
        assert f"    {'backends':<19} {', '.join(workload['backends'])}" in text
        assert f"    {'datasets':<19} {', '.join(workload['datasets'])}" in text


def test_large_numbers_can_be_read():
    assert "(132,179 parameters, 200,000 steps)" in asked()


def test_no_name_is_longer_than_its_column():
    assert max(map(len, [*catalog.names(), *lookup.names()])) <= 21


def test_a_terminal_gets_texts_in_one_column(monkeypatch):
    """80 characters wide, wrapped at words; a name begins its line, and nothing else does."""
    monkeypatch.setattr(out, "on_screen", lambda: True)
    monkeypatch.setenv("COLUMNS", "80")
    lines = asked().splitlines()
    assert max(map(len, lines)) <= 80
    named = {line[2:23].strip() for line in lines if line.startswith("  ") and line[2] != " "}
    assert named == {*catalog.names(), *lookup.names()}
    assert all(line[:24].strip() == "" or line[23] == " " for line in lines if line[:1] == " ")


def test_a_broken_backend_hides_no_other(dummy_root, tmp_path, monkeypatch):
    root = tmp_path / "root"
    shutil.copytree(dummy_root, root)
    (root / "docker" / "dummy" / "image.toml").write_text("broken")
    monkeypatch.setenv("BENCHDL_ROOT", str(root))
    told = {backend["name"]: backend for backend in json.loads(asked("--json"))["backends"]}
    assert "not valid TOML" in told["dummy"]["broken"]
    assert told["tf"]["title"]
    assert "broken: " in asked()
