"""A workload that is judged by no error rate and counts no epochs: a module more, and all verbs."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
import subprocess
import sys

import pytest

# The installed command is that of one checkout; this one is of any.
BENCHDL = (sys.executable, "-c", "from harness.cli.main import main; main()")
LOCAL = ["--launcher", "local", "--device", "cpu", "--train-samples", "2000", "--idle-wait", "0"]
RUN = ["run", "dummy", "--workload", "least-squares", *LOCAL]


@pytest.fixture(scope="module")
def verb(tmp_path_factory, repo):
    """The command of a checkout that has the files of tests/dummy as well, in one folder."""
    folder = tmp_path_factory.mktemp("added")
    root, skip = folder / "checkout", shutil.ignore_patterns("__pycache__")
    for part in ("benchdl", "docker", "docs", "harness", "runner"):
        shutil.copytree(repo / part, root / part, ignore=skip)
    shutil.copy(repo / "LICENSE", root)
    for part in ("docker", "runner"):
        added = repo / "tests" / "dummy" / part
        shutil.copytree(added, root / part, ignore=skip, dirs_exist_ok=True)
    environment = {**os.environ, "PYTHONPATH": str(root)}
    environment |= {"BENCHDL_CACHE": str(folder / "cache"), "BENCHDL_RESULTS": str(folder / "runs")}
    environment |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

    def call(*words, expect=0):
        done = subprocess.run(
            [*BENCHDL, *words],
            env=environment,
            capture_output=True,
            text=True,
            timeout=600,
            cwd=folder,
            check=False,
        )
        assert "Traceback" not in done.stderr, done.stderr
        assert done.returncode == expect, done.stderr
        return done

    call.folder = folder
    return call


@pytest.fixture(scope="module")
def runs(verb):
    """Two runs of each of two variants, as rows."""
    variants = ["--variant", "default", "--variant", "quiet", "--repeat", "2"]
    return json.loads(verb(*RUN, *variants, "--json").stdout)


def test_it_is_listed(verb):
    (line,) = [
        printed
        for printed in verb("list").stdout.splitlines()
        if printed.startswith("  least-squares")
    ]
    assert "(785 parameters, 60 rounds)" in line


def test_its_row_has_its_score_and_its_work(runs):
    assert len(runs) == 4
    for row in runs:
        assert row["status"] in ("ok", "suspect"), row["findings"]
        assert not [finding for finding in row["findings"] if finding.startswith("invalid")]
        assert (row["metric"], row["score_better"]) == ("r2", "higher")
        assert 0.2 < row["score"] < 0.9
        assert 0 < row["score_error"] < 0.05
        assert (row["work"], row["work_unit"]) == (60, "rounds")
        assert (row["budget"], row["budget_unit"]) == (60, "rounds")
        assert row["parameters"] == 785
        assert row["images_per_s"] > 0
        absent = ("error_rate_percent", "epochs", "batch_size", "first_epoch_s", "steady_epoch_s")
        assert {row[key] for key in absent} == {None}


def test_its_result_has_laps_and_proofs(verb, runs):
    file = verb.folder / "runs" / runs[0]["run_id"] / "result.json"
    measured = json.loads(file.read_text())["measurement"]
    assert [lap["number"] for lap in measured["laps"]] == [1, 2, 3]
    assert measured["score"]["verified"]
    proofs = {proof["name"]: proof for proof in measured["proofs"]}
    assert proofs["tensors_moved"]["value"] == proofs["tensors_moved"]["expected"] == 1
    assert proofs["test_loss"]["value"] == pytest.approx(proofs["test_loss"]["claimed"], rel=1e-3)


def test_the_table_names_the_score_and_has_no_error_rate(verb, runs):
    shown = verb("table").stdout
    assert "2,000 samples, 60 rounds" in shown
    assert "Error rate" not in shown
    assert f"{runs[0]['score']:.4f} ±" in shown
    (header,) = {
        line for line in shown.splitlines() if line.startswith("| Tool") and "CPU1" in line
    }
    assert "| R2 |" in re.sub(" +", " ", header)


def test_csv_and_show_have_it(verb, runs):
    lines = list(csv.DictReader(io.StringIO(verb("report", "--format", "csv").stdout)))
    assert {line["Metric"] for line in lines} == {"r2"}
    shown = verb("show", runs[0]["run_id"]).stdout
    assert "lap   3" in shown
    assert "R2 " in shown
    assert "tensors_moved" in shown


def test_two_variants_of_it_are_compared(verb, runs):
    shown = verb("compare", "dummy:default", "dummy:quiet").stdout
    assert "60 rounds" in shown


def test_the_report_has_it(verb, runs):
    page = verb.folder / "report.html"
    verb("report", "--output", page)
    assert page.stat().st_size > 10_000
    assert f"{runs[0]['score']:.4f} ±" in verb("report", "--format", "md").stdout


def test_a_bundle_holds_it(verb, runs):
    bundle = verb.folder / "runs.tar"
    verb("bundle", "create", runs[0]["campaign_id"], "--output", bundle)
    verb("bundle", "verify", bundle)
    verb("bundle", "replay", bundle, "--output", verb.folder / "again")
    again = (verb.folder / "again" / "report.md").read_text()
    assert f"{runs[0]['score']:.4f} ±" in again


def test_epochs_are_refused_in_one_line(verb):
    refused = verb(*RUN, "--epochs", "2", expect=2)
    assert "has no epochs: it is trained for 60 rounds" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_budget_of_its_own_is_its_work(verb):
    (row,) = json.loads(verb(*RUN, "--budget", "50", "--json").stdout)
    assert (row["work"], row["budget"]) == (50, 50)
    assert not [finding for finding in row["findings"] if finding.startswith("invalid")]


def test_a_diverging_run_ends_with_one_line(verb):
    """The loss overflows within a few rounds; nothing that follows is trained or judged."""
    ended = verb("run", "dummy", "--workload", "runaway", *LOCAL, "--json", expect=1)
    (row,) = json.loads(ended.stdout)
    assert row["status"] == "failed"
    result = json.loads((verb.folder / "runs" / row["run_id"] / "result.json").read_text())
    assert result["failure"]["reason"] == "diverged"
    assert re.fullmatch(
        r"DivergenceError: the loss of lap [1-3] is (nan|inf)", result["failure"]["message"]
    )
    assert result["measurement"] is None
    (said,) = [line for line in ended.stderr.splitlines() if "DivergenceError" in line]
    assert "the loss of lap" in said


GAME = ["run", "dummy", "--workload", "dqn-bricks", "--launcher", "local", "--device", "cpu",
        "--budget", "5500", "--idle-wait", "0"]  # fmt: skip


@pytest.fixture(scope="module")
def game(verb):
    """One run of a game, which needs no data, as a row."""
    (row,) = json.loads(verb(*GAME, "--json").stdout)
    return row


def test_a_game_is_played_and_judged(verb, game):
    assert not [finding for finding in game["findings"] if finding.startswith("invalid")]
    assert (game["dataset"], game["metric"], game["score_better"]) == (
        "bricks", "mean_return", "higher",
    )  # fmt: skip
    assert (game["work"], game["work_unit"], game["train_samples"]) == (5504, "steps", None)
    assert game["parameters"] == 132_179
    assert game["images_per_s"] == pytest.approx(5504 / game["time_s"])
    parts = [game[key] for key in ("env_s", "act_s", "learn_s")]
    assert all(seconds > 0 for seconds in parts)
    assert 0.8 * game["time_s"] < sum(parts) <= game["time_s"]


def test_a_game_is_in_tables_reports_and_bundles(verb, game):
    assert "dqn-bricks · dataset bricks · played, 5,500 steps" in verb("table").stdout
    shown = verb("show", game["run_id"]).stdout
    assert "Learning (s)" in shown
    assert "state_value" in shown
    bundle = verb.folder / "game.tar"
    verb("bundle", "create", game["campaign_id"], "--output", bundle)
    verb("bundle", "verify", bundle)
    verb("bundle", "replay", bundle, "--output", verb.folder / "played")
    assert "Mean return" in (verb.folder / "played" / "report.md").read_text()


def test_a_game_that_would_teach_nothing_is_refused_in_one_line(verb):
    refused = verb(*GAME[:-3], "100", expect=2)
    assert refused.stderr.splitlines()[-1] == (
        "benchdl: a budget of 100 steps with workload dqn-bricks: it learns from step 5,000 on: "
        "ask for more"
    )
