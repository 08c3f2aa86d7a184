"""What a shell completes, asked for as click's scripts do; and a page that is opened."""

from __future__ import annotations

import webbrowser

import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner

from harness import catalog
from harness import store as stores
from harness.cli import command, report
from harness.errors import UsageError
from runner.workloads import lookup


def completed(words, incomplete=""):
    shell = ShellComplete(command.benchdl, {}, "benchdl", "_BENCHDL_COMPLETE")
    return [item.value for item in shell.get_completions(words, incomplete)]


def test_names_are_those_that_there_are(monkeypatch, tmp_path):
    monkeypatch.setenv("BENCHDL_RESULTS", str(tmp_path))
    assert completed(["run"]) == [*catalog.names(), "all"]
    assert completed(["run"], "keras3-t") == ["keras3-tf", "keras3-torch"]
    assert completed(["table", "--backend"]) == catalog.names()
    assert completed(["runs", "--workload"]) == lookup.names()
    variants = completed(["run", "theano", "--variant"])
    assert {"default", *catalog.load("theano").spec.variants} <= set(variants)


def test_ids_of_runs_are_completed_the_newest_first(make_result, stored, tmp_path, monkeypatch):
    monkeypatch.setenv("BENCHDL_RESULTS", str(tmp_path))
    assert completed(["show"]) == []
    names = sorted((stored(tmp_path, make_result()).name for _ in range(2)), reverse=True)
    assert completed(["show"]) == ["latest", *names]
    assert completed(["runs", "archive"], names[0][:-1])[0] == names[0]


def test_what_lies_beside_the_runs_is_none(make_result, stored, tmp_path, monkeypatch):
    monkeypatch.setenv("BENCHDL_RESULTS", str(tmp_path))
    for name in (stores.ARCHIVE, stores.CAMPAIGNS, stores.FLEETS):
        (tmp_path / name).mkdir()
    assert completed(["show"]) == []
    run = stored(tmp_path, make_result()).name
    assert completed(["show"]) == ["latest", run]


def test_what_cannot_be_read_completes_nothing(monkeypatch, tmp_path):
    monkeypatch.setenv("BENCHDL_RESULTS", str(tmp_path / "file"))
    (tmp_path / "file").write_text("no folder")
    assert completed(["show"]) == []


def test_a_page_is_opened_once_it_is_written(make_result, stored, tmp_path, monkeypatch):
    stored(tmp_path / "results", make_result())
    seen = []
    monkeypatch.setattr(webbrowser, "open", lambda address: seen.append(address) or False)
    page = tmp_path / "page.html"
    words = ["--open", "-o", str(page), "--results", str(tmp_path / "results")]
    done = CliRunner().invoke(report.command, words)
    assert seen == [page.as_uri()]
    assert page.stat().st_size > 10_000
    assert "no browser opens here" in done.stderr
    with pytest.raises(UsageError, match="--open without a page"):
        CliRunner().invoke(report.command, [*words, "--format", "md"], catch_exceptions=False)
