"""``benchdl list``: as text and as JSON, a broken backend among them."""

from __future__ import annotations

import json
import shutil

from click.testing import CliRunner

from harness import catalog
from harness.cli import listing
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
        assert all(f"{variant:<12} {why}" in text for variant, why in backend["variants"].items())


def test_a_broken_backend_hides_no_other(dummy_root, tmp_path, monkeypatch):
    root = tmp_path / "root"
    shutil.copytree(dummy_root, root)
    (root / "docker" / "dummy" / "image.toml").write_text("broken")
    monkeypatch.setenv("BENCHDL_ROOT", str(root))
    told = {backend["name"]: backend for backend in json.loads(asked("--json"))["backends"]}
    assert "not valid TOML" in told["dummy"]["broken"]
    assert told["tf"]["title"]
    assert "broken: " in asked()
