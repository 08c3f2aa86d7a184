"""``benchdl runs archive`` and ``rm``: a campaign goes whole or not at all."""

from __future__ import annotations

import pytest
from click.testing import CliRunner
from test_campaign import Launcher, Watcher, options, resume, run, store, watcher  # noqa: F401

from harness import checksums
from harness.campaign import records, retiring
from harness.cli import stored_runs
from harness.errors import BenchdlError, UsageError
from harness.store import Store


@pytest.fixture
def launcher(make_result):
    return Launcher(make_result)


@pytest.fixture
def two(launcher, store):  # noqa: F811
    """Two campaigns of two runs each."""
    return [run(launcher, store, repeat=1) for _ in range(2)]


def left(store):  # noqa: F811
    found, damaged = store.load()
    assert damaged == []
    return [result.run_id for result in found], records.names(store)


def asked(store, *words):  # noqa: F811
    done = CliRunner().invoke(stored_runs.command, [*words, "--results", str(store.directory)])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done


def contents(store, campaign):  # noqa: F811
    folders = [store.directory / result.run_id for result in campaign]
    found = {
        (path.parent.name, path.name): path.read_bytes() for f in folders for path in f.iterdir()
    }
    assert {name for _, name in found} >= {"result.json", checksums.NAME}
    return found


def whole(campaign):
    return campaign[0].job.campaign_id


@pytest.mark.parametrize("verb", [["archive"], ["rm", "--yes"]])
def test_a_run_that_a_campaign_needs_is_refused(two, store, verb):  # noqa: F811
    before = left(store)
    with pytest.raises(UsageError, match=f"take it whole: --campaign {whole(two[0])}"):
        asked(store, *verb, two[0][0].run_id)
    assert left(store) == before


def test_a_campaign_is_archived_whole_and_unchanged(two, store):  # noqa: F811
    before = contents(store, two[0])
    asked(store, "archive", "--campaign", whole(two[0]))
    assert left(store) == (sorted(result.run_id for result in two[1]), [whole(two[1])])
    archive = Store(store.directory / "archive")
    assert left(archive) == (sorted(result.run_id for result in two[0]), [whole(two[0])])
    record = records.find(archive, "latest")
    assert record.left(records.results_of(archive, record.campaign_id, print)) == []
    assert contents(archive, two[0]) == before


def test_all_runs_of_a_campaign_take_its_record_with_them(two, store):  # noqa: F811
    done = asked(store, "rm", "--yes", *(result.run_id for result in two[1]))
    assert "2 runs, 1 campaign whole: removed" in done.stderr
    assert left(store) == (sorted(result.run_id for result in two[0]), [whole(two[0])])
    assert list(store.staging().iterdir()) == []


def test_a_run_of_no_recorded_campaign_goes_alone(make_result, stored, tmp_path):
    folders = [stored(tmp_path, make_result()) for _ in range(2)]
    asked(Store(tmp_path), "archive", folders[0].name)
    assert left(Store(tmp_path)) == ([folders[1].name], [])


def test_a_damaged_run_belongs_to_its_campaign(two, store):  # noqa: F811
    (store.directory / two[0][0].run_id / "result.json").write_text("{")
    with pytest.raises(UsageError, match="take it whole"):
        asked(store, "archive", two[0][1].run_id)
    asked(store, "archive", "--campaign", whole(two[0]))
    assert left(store)[1] == [whole(two[1])]


def test_a_campaign_that_is_being_run_stays(two, store):  # noqa: F811
    with records.held(store, whole(two[0])), pytest.raises(BenchdlError, match="is being run"):
        asked(store, "rm", "--yes", "--campaign", whole(two[0]))
    assert len(left(store)[0]) == 4


def test_nothing_in_the_archive_is_replaced(make_result, stored, tmp_path):
    result = make_result()
    stored(tmp_path, result)
    stored(tmp_path / "archive", result)
    with pytest.raises(BenchdlError, match="exists already"):
        asked(Store(tmp_path), "archive", result.run_id)
    assert left(Store(tmp_path))[0] == [result.run_id]


def test_what_is_removed_is_asked_for_by_name(two, store):  # noqa: F811
    for words, expected in (
        (["rm"], "nothing to remove"),
        (["archive"], "nothing to archive"),
        (["rm", "--campaign", whole(two[0])], "say so: --yes"),
        (["archive", "--campaign", "campaign"], "fits 2 campaigns"),
        (["archive", "--campaign", "nothing"], "is no campaign here"),
        (["archive", "nothing"], "no run 'nothing'"),
    ):
        with pytest.raises(UsageError, match=expected):
            asked(store, *words)
    assert len(left(store)[0]) == 4


def test_options_before_the_word_are_refused(two, store):  # noqa: F811
    with pytest.raises(UsageError, match="options before 'archive'"):
        CliRunner().invoke(
            stored_runs.command, ["--status", "failed", "archive", "x"], catch_exceptions=False
        )


def test_a_resumed_campaign_is_whole_again_before_it_goes(launcher, store):  # noqa: F811
    launcher.script = {2: KeyboardInterrupt()}
    with pytest.raises(KeyboardInterrupt):
        run(launcher, store, repeat=1)
    resume(launcher, store, Watcher())
    chosen = retiring.choose(store, [], ["latest"], print)
    assert len(chosen.folders) == 3
    assert retiring.archive(store, chosen) == store.directory / "archive"
    assert left(store) == ([], [])
