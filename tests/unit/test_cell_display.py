"""Progress in a notebook: one output that is updated, escaped; plain lines where there is none."""

from __future__ import annotations

import sys
import types

import nbclient
import nbformat
import pytest

from harness.campaign import cell_display
from harness.campaign.cell_display import CellDisplay
from harness.campaign.outlook import Standing
from harness.campaign.plan import Configuration

NASTY = "<script>1</script>\x1b[31m"
TF, THEANO = (Configuration(backend=name, device="cpu") for name in ("tf", "theano"))


@pytest.fixture
def shown():
    return []


@pytest.fixture
def clock():
    return types.SimpleNamespace(now=0.0)


@pytest.fixture
def cell(shown, clock):
    return CellDisplay(shown.append, lambda: clock.now)


def lap(number):
    return {"event": "lap", "lap": number, "loss": 0.25, "elapsed_s": 2.0 * number}


def test_a_cell_shows_the_campaign_the_running_job_and_what_was_said(cell, shown, make_result):
    result = make_result()
    cell.say("building")
    cell.standing(Standing({TF: ["done", "running"], THEANO: ["left", "left"]}, 60.0))
    cell.job_started(result.job, 2, 4)
    assert "1 of 4 done, 1 running, 2 left" in shown[-1]["text/html"]
    assert "tf, cpu" in shown[-1]["text/html"]
    assert "●▶" in shown[-1]["text/html"]
    assert '<progress max="1" aria-label' in shown[-1]["text/html"]
    cell.event(result.job, {"event": "phase", "phase": "train"})
    assert "[2/4] tf, cpu, docker: train" in shown[-1]["text/plain"]
    cell.job_ended(result)
    assert "progress" not in shown[-1]["text/html"]
    assert shown[-1]["text/plain"].splitlines() == [
        "building", f"tf ok: 176.4 s, error rate 0.83%  ({result.run_id})",
    ]  # fmt: skip


def test_laps_move_the_bar_and_do_not_flood_the_notebook(cell, shown, clock, make_result):
    job = make_result().job
    cell.job_started(job, 1, 1)
    before = len(shown)
    for number in range(1, 11):
        clock.now += 0.0625  # exact in binary
        cell.event(job, lap(number))
    assert len(shown) - before == 2
    assert 'value="0.800"' in shown[-1]["text/html"]
    assert "epoch 8/10  loss 0.2500  about 4 s left" in shown[-1]["text/plain"]
    cell.event(job, {"event": "phase", "phase": "evaluate"})
    assert "evaluate" in shown[-1]["text/plain"]


def test_a_download_has_a_bar(cell, shown, clock):
    with cell.download("mnist.gz", 20 * 2**20) as advance:
        clock.now = 1.0
        advance(5 * 2**20)
        assert 'value="0.250"' in shown[-1]["text/html"]
        assert shown[-1]["text/plain"] == "mnist.gz: 5 MiB of about 20 MiB"
    assert shown[-1]["text/plain"] == ""


def test_texts_from_elsewhere_are_texts(cell, shown, make_result):
    result = make_result(job={"backend": NASTY})
    cell.say(NASTY)
    cell.job_started(result.job, 1, 1)
    cell.job_ended(result)
    for bundle in shown:
        assert "<script>" not in bundle["text/html"]
        assert "\x1b" not in "".join(bundle.values())


def test_a_long_campaign_keeps_the_last_lines(cell, shown):
    for number in range(500):
        cell.say(f"line {number}")
    lines = shown[-1]["text/plain"].splitlines()
    assert (lines[0], lines[-1], len(lines)) == ("line 300", "line 499", 200)


@pytest.mark.parametrize("shell", [None, types.SimpleNamespace()])
def test_without_a_notebook_there_is_no_cell(monkeypatch, shell):
    monkeypatch.delitem(sys.modules, "IPython", raising=False)
    assert cell_display.here() is None
    stand_in = types.SimpleNamespace(get_ipython=lambda: shell)  # outside, and in a terminal
    monkeypatch.setitem(sys.modules, "IPython", stand_in)
    assert cell_display.here() is None


NOTEBOOK = """
from harness.campaign import cell_display
from harness.campaign.outlook import Standing
from harness.campaign.plan import Configuration

tf = Configuration(backend="tf", device="cpu")
cell = cell_display.here()
for states in (["running", "left"], ["done", "running"], ["done", "done"]):
    cell.standing(Standing({tf: states}, None))
cell.say("both <b>done</b>")
"""


@pytest.mark.slow
def test_a_real_notebook_has_one_output_that_was_updated(tmp_path):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(NOTEBOOK)])
    nbclient.NotebookClient(
        notebook, timeout=120, resources={"metadata": {"path": tmp_path}}
    ).execute()
    (output,) = notebook.cells[0].outputs
    assert output.output_type == "display_data"
    assert "2 of 2 done, 0 left" in output.data["text/html"]
    assert "both &lt;b&gt;done&lt;/b&gt;" in output.data["text/html"]
    assert output.data["text/plain"] == "both <b>done</b>"
