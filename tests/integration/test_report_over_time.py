"""The tab over time in a browser: a chart a configuration, whose marks open their runs."""

from __future__ import annotations

import axe
import pytest
from browser import report_of, watching
from conftest import merged, tf_on_cpu

from runner.contract.result import Result

pytestmark = pytest.mark.browser


def test_a_change_is_drawn_and_a_mark_opens_its_run(browser, stored, tmp_path):
    for night in range(1, 17):
        run_id = f"202610{night:02}t030000z-tf-cpu-{night:08x}"
        campaign = f"202610{night:02}t030000z-campaign-cpu-00c0ffee"
        time_s = (100 if night < 11 else 120) + night % 3 / 10
        made = {
            "run_id": run_id,
            "started_at": f"2026-10-{night:02}T03:00:00+00:00",
            "job": {"run_id": run_id, "campaign_id": campaign},
            "measurement": {"phases": {"fit_s": time_s}},
        }
        stored(tmp_path / "results", Result.model_validate(merged(tf_on_cpu(), made)))
    with watching(browser, report_of(tmp_path / "results")) as watched:
        page = watched.open("view=history")
        page.locator(".chart[data-drawn] svg").wait_for()
        assert "1 slower than before" in page.locator("#view").inner_text()
        assert "slower since 2026-10-11" in page.locator("article.card").inner_text()
        assert axe.violations(page) == []
        marks = page.locator(".chart svg [role=link]")
        assert marks.count() == 16
        marks.nth(15).focus()
        page.keyboard.press("Enter")
        assert "20261016t030000z-tf-cpu-00000010" in page.locator("#drawer[open]").inner_text()
