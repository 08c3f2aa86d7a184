"""``benchdl runs`` and the filters that it shares with table, report, compare and bundle."""

from __future__ import annotations

import io
import json
from datetime import datetime, timedelta, timezone

import click
import pytest
from click.testing import CliRunner
from rich.console import Console

from harness.cli import compare, filters, report, stored_runs, table
from harness.errors import UsageError
from harness.tables import fitted

HOSTILE = "\x1b[31mred\x1b[0m|<b>"


@pytest.fixture
def store(make_result, stored, tmp_path):
    """Two runs of tf and one of theano, in a folder."""
    folder = tmp_path / "results"
    for changes in ({}, {}, {"job": {"backend": "theano", "title": "Keras (theano)"}}):
        stored(folder, make_result(**changes))
    return folder


def asked(command, *words):
    done = CliRunner().invoke(command, [str(word) for word in words])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done


def test_ids_alone_have_no_other_form(store):
    with pytest.raises(UsageError, match="--quiet together with --format: "):
        asked(stored_runs.command, "-q", "--format", "csv", "--results", store)


def test_the_newest_is_first_and_a_pipe_gets_markdown_with_whole_ids(store):
    ids = sorted((folder.name for folder in store.iterdir() if folder.name[0] != "."), reverse=True)
    lines = asked(stored_runs.command, "--results", store).stdout.splitlines()
    assert [line.split()[1] for line in lines[2:]] == ids
    quiet = asked(stored_runs.command, "-q", "--results", store).stdout
    assert quiet.split() == ids


def test_json_is_that_of_the_table(store):
    words = ["--format", "json", "--results", store, "--backend", "theano"]
    ours, tables = (asked(verb, *words).stdout for verb in (stored_runs.command, table.command))
    assert ours == tables
    assert [row["backend"] for row in json.loads(ours)] == ["theano"]


def test_the_same_filters_choose_everywhere(store):
    shown = asked(table.command, "--results", store, "--backend", "theano").stdout
    assert "Keras (theano)" in shown
    assert "tensorflow" not in shown
    made = asked(report.command, "--results", store, "--backend", "theano", "--format", "csv")
    assert "tensorflow" not in made.stdout
    with pytest.raises(Exception, match="no results of tf"):
        asked(compare.command, "tf", "theano", "--results", store, "--backend", "theano")


def test_nothing_that_fits_is_said_and_no_error(store):
    done = asked(stored_runs.command, "--results", store, "--status", "failed")
    assert (done.exit_code, done.stdout) == (0, "")
    assert done.stderr == "none of 3 stored runs fits: benchdl runs lists them\n"
    none = asked(stored_runs.command, "--results", store, "--status", "failed", "--format", "json")
    assert json.loads(none.stdout) == []


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("2026-11-20", datetime(2026, 11, 20, tzinfo=timezone.utc)),
        ("2026-11-20T12:30Z", datetime(2026, 11, 20, 12, 30, tzinfo=timezone.utc)),
        ("2026-11-20T14:30+02:00", datetime(2026, 11, 20, 12, 30, tzinfo=timezone.utc)),
    ],
)
def test_since_is_a_moment(word, expected):
    assert filters.Since().convert(word, None, None) == expected


def test_since_is_an_age():
    for word, age in (("90m", timedelta(minutes=90)), ("2w", timedelta(weeks=2))):
        begin = filters.Since().convert(word, None, None)
        assert abs(datetime.now(timezone.utc) - age - begin) < timedelta(minutes=1)


@pytest.mark.parametrize(
    "word", ["", "yesterday", "7", "d", "-3d", "999999w", "2026-13-01", "\uff17d"]
)
def test_since_is_nothing_else(word):
    with pytest.raises(click.BadParameter, match="expected a date"):
        filters.Since().convert(word, None, None)


def drawn(heads, lines, width):
    console = Console(width=width, record=True, file=io.StringIO())
    for block in fitted.tables(heads, lines, width):
        console.print(block)
    return console.export_text().splitlines()


@pytest.mark.parametrize("width", [40, 80, 120])
def test_a_fitted_table_breaks_no_word_and_is_no_wider_than_asked(width):
    heads = [fitted.Head("Tool"), *(fitted.Head(f"Figure number {i} (s)") for i in range(9))]
    cells = [f"12.3 (11.{i} to 13.{i})" for i in range(9)]
    lines = drawn(heads, [["Keras 3 (tensorflow), no-pool", *cells], ["tf", *cells]], width)
    assert max(len(line.rstrip()) for line in lines) <= width
    text = " ".join(lines)
    assert all(cell in text for cell in cells)
    assert "(tensorflow)," in text


def test_a_fitted_table_obeys_no_cell():
    text = "\n".join(drawn([fitted.Head("Run")], [[HOSTILE + "[bold]"]], 80))
    assert "\x1b" not in text
    assert "\\x1b[31mred" in text
    assert "[bold]" in text
