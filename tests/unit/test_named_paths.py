"""Paths that a user names: `~`, empty names and empty variables, wherever they come from."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness import cache, named_paths, paths
from harness.errors import UsageError
from harness.provision import obtain

OPTIONS = [
    ["run", "tf", "--results", "{}"],
    ["run", "tf", "--data-dir", "{}"],
    ["run", "--campaign", "{}"],
    ["resume", "--results", "{}"],
    ["table", "--results", "{}"],
    ["show", "latest", "--results", "{}"],
    ["compare", "tf", "theano", "--results", "{}"],
    ["compare", "{}", "."],
    ["report", "--results", "{}"],
    ["report", "-o", "{}"],
    ["doctor", "--data-dir", "{}"],
    ["doctor", "--results", "{}"],
    ["data", "list", "--data-dir", "{}"],
    ["selftest", "--data-dir", "{}"],
    ["selftest", "--keep", "{}"],
    ["bundle", "create", "--results", "{}"],
    ["bundle", "create", "-o", "{}"],
    ["bundle", "verify", "{}"],
    ["bundle", "replay", "x.tar", "-o", "{}"],
    ["bundle", "rerun", "{}"],
    ["gallery", "{}", "-o", "site"],
    ["gallery", "x.tar", "-o", "{}"],
    ["gallery", "x.tar", "-o", "site", "--prices", "{}"],
    ["import", "{}"],
    ["import", ".", "--results", "{}"],
]
WORDS = {"": "empty name", "~nobody-of-that-name/x": "no such home folder", "a\0b": "NUL"}


@pytest.fixture
def call(tmp_path, monkeypatch, capsys):
    """Run the command in this process; returns its exit status and what it wrote."""
    from harness.cli.main import main

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BENCHDL_RESULTS", str(tmp_path / "results"))
    monkeypatch.setenv("BENCHDL_CACHE", str(tmp_path / "cache"))

    def run(*arguments):
        with pytest.raises(SystemExit) as ended:
            main(list(arguments))
        return ended.value.code, capsys.readouterr()

    return run


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("verb", OPTIONS, ids=" ".join)
def test_a_name_that_names_nothing_is_refused_in_one_line(call, tmp_path, verb, word):
    before = set(tmp_path.iterdir())
    code, said = call(*(word if part == "{}" else part for part in verb))
    assert (code, said.out) == (2, "")
    assert WORDS[word] in said.err
    assert said.err.count("\n") == 1
    assert set(tmp_path.iterdir()) == before


def test_a_tilde_is_the_home_folder(call, tmp_path, monkeypatch):
    home = tmp_path / "home"
    (home / "r").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("BENCHDL_RESULTS")
    assert call("report", "--results=~/r", "-o", "~/report.csv", "--format", "csv")[0] == 0
    assert (home / "report.csv").is_file()
    assert not (tmp_path / "~").exists()


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("BENCHDL_RESULTS", paths.results_dir),
        ("BENCHDL_CACHE", cache.cache_dir),
        ("BENCHDL_DATA", lambda: obtain.named_directory(None)[0]),
    ],
)
def test_a_variable_may_begin_with_a_tilde(monkeypatch, name, read):
    monkeypatch.setenv("HOME", "/home/somebody")
    monkeypatch.setenv(name, "~/x")
    assert read() == Path("/home/somebody/x")


def test_a_root_may_begin_with_a_tilde(monkeypatch, tmp_path):
    for part in ("docker", "runner"):
        (tmp_path / "checkout" / part).mkdir(parents=True)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("BENCHDL_ROOT", "~/checkout")
    assert paths.root() == tmp_path / "checkout"


def test_an_empty_variable_is_not_set(monkeypatch):
    for name in ("BENCHDL_RESULTS", "BENCHDL_CACHE", "BENCHDL_DATA", "BENCHDL_ROOT"):
        monkeypatch.setenv(name, "")
    monkeypatch.setenv("XDG_CACHE_HOME", "")
    monkeypatch.setenv("HOME", "/home/somebody")
    assert paths.results_dir() == Path("results")
    assert cache.cache_dir() == Path("/home/somebody/.cache/benchdl")
    assert obtain.named_directory(None) is None
    assert (paths.root() / "docker").is_dir()


def test_an_empty_home_is_that_of_the_user_database(monkeypatch):
    monkeypatch.setenv("HOME", "")
    assert named_paths.home().is_absolute()
    assert named_paths.named("~/x", "here") == named_paths.home() / "x"


def test_a_user_without_a_home_is_told(monkeypatch):
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.setattr(named_paths.os, "getuid", lambda: 4_000_000_000)
    with pytest.raises(UsageError, match="no such home folder"):
        named_paths.named("~", "--results")


NO_UTF8 = b"\xff\xfe".decode("utf-8", "surrogateescape")


@pytest.mark.parametrize(
    "words",
    [
        ["run", "tf", "--launcher", "local", "--device", "cpu", "--results", NO_UTF8],
        ["run", "tf", "--launcher", "local", "--device", "cpu", "--data-dir", NO_UTF8],
        ["run", "tf", "--set", f"environment.A={NO_UTF8}"],
        ["run", NO_UTF8],
        ["run", "tf", "--variant", NO_UTF8],
        ["run", "--campaign", NO_UTF8],
        ["show", NO_UTF8],
        ["resume", NO_UTF8],
        ["compare", NO_UTF8, "tf"],
        ["images", "list", NO_UTF8],
        [NO_UTF8],
        ["table", f"--{NO_UTF8}"],
    ],
    ids=ascii,
)
def test_words_that_are_no_unicode_are_one_line(call, words, tmp_path):
    (tmp_path / NO_UTF8).mkdir()
    code, said = call(*words)
    assert (code, said.out) == (2, "")
    assert "\\udcff\\udcfe" in said.err
    assert said.err.isascii()
    assert "Traceback" not in said.err


def test_results_may_be_read_wherever_they_are(call, tmp_path):
    (tmp_path / NO_UTF8).mkdir()
    assert call("table", "--results", NO_UTF8)[0] == 0
    assert call("report", "--format", "md", "-o", f"{NO_UTF8}.md")[0] == 0
    assert (tmp_path / f"{NO_UTF8}.md").is_file()
