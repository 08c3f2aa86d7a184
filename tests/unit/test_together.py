"""Several folders of results as one: in tables, lists, the report and comparisons."""

from __future__ import annotations

import json

import pytest

import benchdl as public
from harness import together
from harness.cli import command
from harness.errors import BenchdlError, UsageError
from harness.store import Store


@pytest.fixture
def hosts(tmp_path, monkeypatch, make_result, stored):
    """Two stores with six runs each, in all that is told of it on one type of machine."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BENCHDL_RESULTS", str(tmp_path / "results"))
    for host in ("a", "b"):
        campaign = f"20261123t115900z-campaign-cpu-{ord(host):08x}"
        for number in range(6):
            job = {"campaign_id": campaign, "repeat": number + 1}
            time = {"phases": {"fit_s": 100.0 + number}}
            stored(tmp_path / host, make_result(job=job, measurement=time))
    return Store(tmp_path / "a"), Store(tmp_path / "b")


@pytest.fixture
def printed(capfd):
    def run(*words, status=0):
        assert command.run(list(words)) == status
        return capfd.readouterr()

    return run


def test_a_run_that_both_have_is_one_and_each_has_its_folder(hosts, tmp_path):
    a, b = hosts
    shared = a.load()[0][0]
    b.add(shared)
    held = together.load([a, b])
    ids = [result.run_id for result in held.results]
    assert len(ids) == 12
    assert ids == sorted(ids)
    assert held.folders[shared.run_id] == tmp_path / "a" / shared.run_id
    assert set(held.origins.values()) == {str(a.directory), str(b.directory)}
    assert together.load([a]).origins == {}


def test_two_results_of_one_id_that_differ_are_refused(hosts, printed, make_result):
    a, b = hosts
    run_id = a.load()[0][0].run_id
    b.add(make_result(run_id=run_id, job={"seed": 7}))
    with pytest.raises(BenchdlError, match=f"two results of the id {run_id} differ"):
        together.load(hosts)
    for words in (["table"], ["report", "--format", "md"], ["runs"], ["compare", "tf", "tf:tuned"]):
        said = printed(
            *words, "--results", "a", "--results", "b", status=1 + (words[0] == "compare")
        )
        assert f"two results of the id {run_id} differ" in said.err
        assert said.out == ""


def test_a_damaged_copy_does_not_hide_the_sound_one(hosts):
    a, b = hosts
    shared = a.load()[0][0]
    (b.add(shared) / "result.json").write_text("{")
    for order in ([a, b], [b, a]):
        held = together.load(order)
        assert len(held.results) == 12
        assert [damage.name for damage in held.damaged] == [shared.run_id]


def test_a_folder_that_is_not_there_is_no_empty_one(hosts):
    with pytest.raises(UsageError, match="there is no folder nowhere"):
        together.load([hosts[0], Store(hosts[0].directory.__class__("nowhere"))])


@pytest.mark.usefixtures("hosts")
def test_verbs_take_several(printed, tmp_path):
    both = ("--results", "a", "--results", "b", "--results", "./a")
    table = printed("table", *both).out
    assert "(median of 12)" in table
    assert "its 12 runs were made in 2 places (a, b)" in table
    assert "speaks of these hosts" in table
    assert "made in" not in printed("table", "--results", "a").out
    assert len(printed("runs", "-q", *both).out.splitlines()) == 12
    rows = json.loads(printed("table", "--format", "json", *both).out)
    assert {row["origin"] for row in rows} == {"a", "b"}
    assert "made in 2 places" in printed("report", "--format", "md", *both).out
    printed("report", "-o", "page.html", *both)
    assert (tmp_path / "page.html").stat().st_size > 10_000
    compared = printed("compare", "a", "b", *both).out
    assert "same" in compared or "ambiguous" in compared
    assert len(public.load(["a", "b"])) == 12


def test_ids_of_several_are_completed(hosts):
    from click.shell_completion import ShellComplete

    shell = ShellComplete(command.benchdl, {}, "benchdl", "_BENCHDL_COMPLETE")
    words = ["table", "--results", "a", "--results", "b", "--campaign"]
    assert len(shell.get_completions(words, "2026")) == 0
    campaigns = [store.directory / "campaigns" for store in hosts]
    for number, folder in enumerate(campaigns):
        folder.mkdir()
        (folder / f"20261123t115900z-campaign-cpu-{number:08x}.json").write_text("{}")
    assert len(shell.get_completions(words, "2026")) == 2


@pytest.mark.usefixtures("hosts")
def test_imported_runs_are_told_apart_from_those_of_here(printed):
    printed("import", "b", "--from", "host b", "--results", "a")
    rows = json.loads(printed("table", "--format", "json", "--results", "a").out)
    assert [row["origin"] for row in rows].count("host b") == 6
    assert [row["origin"] for row in rows].count(None) == 6
    table = printed("table", "--results", "a").out
    assert "its 12 runs were made in 2 places (here, host b)" in table or (
        "its 12 runs were made in 2 places (host b, here)" in table
    )
