"""A cache that cannot be written keeps nothing; what is ready needs none."""

from __future__ import annotations

import tempfile

import pytest
from pretending import campaign
from test_campaign import Launcher, Watcher, options
from test_campaign import store as campaign_store  # noqa: F401

from harness.hosts import compiled
from harness.report import library


@pytest.fixture
def no_cache(campaign_store, tmp_path, monkeypatch):  # noqa: F811
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("BENCHDL_CACHE", str(tmp_path / "file" / "cache"))
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    return campaign_store


def test_jobs_compile_into_a_folder_that_goes_with_the_run(no_cache, make_result, tmp_path):
    launcher = Launcher(make_result)
    places = []
    start = launcher.start

    def noted(order, on_event):
        assert order.compile_cache.stat().st_mode & 0o777 == 0o777
        places.append(order.compile_cache)
        return start(order, on_event)

    launcher.start = noted
    assert compiled.kept() is False
    done = campaign(options(repeat=1), launcher, no_cache, Watcher())
    assert [result.status for result in done] == ["ok", "ok"]
    assert all(place.is_relative_to(tmp_path / "tmp") for place in places)
    assert len(places) == 2
    assert list((tmp_path / "tmp").iterdir()) == []


@pytest.mark.slow
def test_a_report_needs_no_cache(no_cache):
    assert "vegaEmbed" in library.script()
