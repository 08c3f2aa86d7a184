"""``import benchdl``: verbs whose answers and errors are those of the command."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
import sys
import types
import warnings
from pathlib import Path

import pytest
from pretending import Launcher

import benchdl
from harness.history import written
from harness.hosts import idle
from harness.launchers import choice
from harness.provision import discovery, obtain
from harness.provision.verified import Dataset
from harness.store import Store
from harness.tables import rows
from runner.contract.result import Idle

REPO = Path(__file__).parents[2]
RUN = {"devices": ["cpu"], "idle_wait_s": 0}


@pytest.fixture(autouse=True)
def surroundings(tmp_path, monkeypatch):
    """A current folder and a cache of this test's own; nothing is downloaded, nobody waits."""
    data = Dataset(discovery.load("mnist"), tmp_path)
    monkeypatch.setattr(obtain, "resolve", lambda *asked: data)
    monkeypatch.setattr(idle, "wait", lambda **asked: Idle(reached=True, waited_s=0.5))
    monkeypatch.setenv("BENCHDL_CACHE", str(tmp_path / "cache"))
    for name in ("BENCHDL_RESULTS", "BENCHDL_MACHINE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def launched(monkeypatch, make_result):
    """What the launcher was asked for; its jobs leave a result at once."""
    asked = []

    def launcher(word, **more):
        asked.append((word, more["injection"]))
        return Launcher(make_result, [])

    monkeypatch.setattr(choice, "launcher", launcher)
    return asked


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_run_returns_a_row_a_run_and_stores_it(launched, tmp_path, capsys):
    runs = benchdl.run("tf", epochs=10, repeat=2, seed=5, launcher="local", **RUN)
    assert [row.seed for row in runs] == [5, 6]
    assert {row.backend for row in runs} == {"tf"}
    assert launched == [("local", "auto")]
    assert {row.run_id for row in runs} == {
        result.run_id for result in Store(Path("results")).load()[0]
    }
    assert capsys.readouterr() == ("", "")
    elsewhere = benchdl.run(["tf"], results=tmp_path / "others", **RUN)
    assert [result.run_id for result in Store(tmp_path / "others").load()[0]] == [
        elsewhere[0].run_id
    ]


@pytest.mark.usefixtures("launched")
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_progress_is_told_on_standard_error(capsys):
    benchdl.run(["tf"], progress=True, **RUN)
    out, err = capsys.readouterr()
    assert out == ""
    assert "[1/1] tf, cpu, local: started" in err


@pytest.mark.usefixtures("launched")
def test_a_warning_names_the_line_of_the_program(launched):
    with pytest.warns(RuntimeWarning, match="tf invalid") as caught:
        benchdl.run(["tf"], train_samples=1000, **RUN)  # not what the results say
    assert {warning.filename for warning in caught} == {__file__}


@pytest.mark.usefixtures("launched")
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_preview_says_what_run_would_do_and_does_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("BENCHDL_MIRRORS", "none")
    found = benchdl.preview(["tf", "theano"], repeat=2, order_seed=5, **RUN)
    assert list(tmp_path.iterdir()) == []
    assert found._repr_markdown_() == f"```text\n{found}\n```"
    assert "jobs: 4 in 2 blocks" in str(found)
    runs = benchdl.run(["tf", "theano"], repeat=2, order_seed=5, **RUN)
    assert [job.configuration.backend for job in found.found.jobs] == [row.backend for row in runs]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: benchdl.preview(["teano"], **RUN), "did you mean 'theano'?"),
        (lambda: benchdl.run(["teano"], **RUN), "did you mean 'theano'?"),
        (lambda: benchdl.run([], **RUN), "no backend given: backends: "),
        (lambda: benchdl.run(["tf"], epoch=1, **RUN), "unknown key 'epoch': allowed keys there: "),
        (lambda: benchdl.run(["tf"], epochs=0, **RUN), "key 'epochs': "),
        (lambda: benchdl.run(["tf"], variants=["pol"], **RUN), "did you mean 'pool'?"),
        (lambda: benchdl.run(["tf"], overrides={"lib.cnmem": 2.0}, **RUN), "0 is off"),
        (
            lambda: benchdl.run(["tf"], launcher="local", memory_limit_bytes=2**30, **RUN),
            "only a container has such a limit",
        ),
        (lambda: benchdl.run(["tf"], machine="\n", **RUN), "is no name for a machine"),
        (lambda: benchdl.compare("tf", "tf"), "A and B are both 'tf'"),
        (lambda: benchdl.compare("tf", "theano", figure="tme"), "did you mean 'time'?"),
        (lambda: benchdl.compare("tf", "theano", figure="cost"), "cost has no verdict: it is a "),
        (lambda: benchdl.compare("tf", "theano", margin=3), "margin 3 is no share above 0"),
        (lambda: benchdl.history(figure="job_cost"), "compare its time (figure total); benchdl"),
        (lambda: benchdl.history(margin=0), "margin 0 is no share above 0 and up to 1: 0.03 is"),
        (lambda: benchdl.compare("tf", "theano"), "no results of tf in results"),
        (lambda: benchdl.load(""), "an empty name is no file or folder"),
        (lambda: benchdl.report("."), "is a folder: name a file"),
        (lambda: benchdl.report("no/folder/report.md", form="md"), "cannot write no/folder"),
    ],
)
def test_what_is_wrong_is_one_line(call, words):
    with pytest.raises(benchdl.Error) as caught:
        call()
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_place_that_cannot_be_used_is_one_line():
    Path("results").write_text("a file")
    with pytest.raises(benchdl.Error, match="results"):
        benchdl.load()


def test_load_is_a_data_frame_where_pandas_is(make_result, stored, monkeypatch):
    result = make_result()
    stored(Path("results"), result)
    monkeypatch.setitem(sys.modules, "pandas", None)  # as where it is not installed
    (row,) = benchdl.load()
    assert (row.run_id, row.time_s) == (result.run_id, 176.4)

    made = types.ModuleType("pandas")
    made.DataFrame = lambda lines, columns: (lines, columns)
    monkeypatch.setitem(sys.modules, "pandas", made)
    ((line,), columns) = benchdl.load("results")
    assert line["run_id"] == result.run_id
    assert columns == list(line)


def test_load_warns_of_what_it_leaves_out(make_result, stored, monkeypatch):
    stored(Path("results"), make_result())
    Path("results", "20261126t000000z-tf-cpu-00000001").mkdir()
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.warns(RuntimeWarning, match="result.json is missing") as caught:
        assert len(benchdl.load()) == 1
    assert {warning.filename for warning in caught} == {__file__}


@pytest.fixture
def nights(make_result, stored):
    """A campaign a night of one tool in ./results, the last six slower than the first twelve."""
    for night in range(1, 19):
        at = f"202610{night:02}t030000z"
        result = make_result(
            run_id=f"{at}-tf-cpu-{night:08x}",
            started_at=f"2026-10-{night:02}T03:00:00+00:00",
            job={"campaign_id": f"{at}-campaign-cpu-00c0ffee"},
            measurement={"phases": {"fit_s": (100 if night < 13 else 120) + night % 3 / 10}},
        )
        stored(Path("results"), result)


@pytest.mark.usefixtures("nights")
def test_history_has_a_line_a_campaign_of_each_configuration(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)  # as where it is not installed
    points = benchdl.history()
    assert [point["median"] for point in points[:3]] == [100.1, 100.2, 100.0]
    assert [(n, point["change"]) for n, point in enumerate(points) if point["change"]] == [
        (12, "slower")
    ]
    assert points[0]["begun_at"] == "2026-10-01T03:00:00+00:00"
    assert not any(point["change"] for point in benchdl.history(margin=0.3))
    first = benchdl.history(figure="first-epoch")
    assert {point["median"] for point in first} == {18.6}
    assert points._repr_markdown_() == str(points)
    assert "1 slower than before" in str(points)
    shown = points._repr_html_()
    assert shown.count("<table>") == 1
    assert "slower since 2026-10-13" in shown


@pytest.mark.usefixtures("nights")
def test_history_is_a_data_frame_where_pandas_is(monkeypatch):
    made = types.ModuleType("pandas")
    made.DataFrame = lambda lines, columns: {
        name: [line[name] for line in lines] for name in columns
    }
    made.to_datetime = lambda texts, utc: [("a time", utc, text) for text in texts]
    monkeypatch.setitem(sys.modules, "pandas", made)
    frame = benchdl.history("results")
    assert list(frame) == list(written.COLUMNS)
    assert frame["begun_at"][0] == ("a time", True, "2026-10-01T03:00:00+00:00")
    assert len(frame["median"]) == 18


@pytest.fixture
def six_of_each(make_result, stored):
    """Sound results of two tools in ./results."""
    for backend, title in (("tf", "Keras (tensorflow)"), ("theano", "Keras (theano)")):
        for repeat in range(1, 7):
            job = {"backend": backend, "title": title, "repeat": repeat}
            stored(Path("results"), make_result(job=job))


@pytest.mark.slow
@pytest.mark.usefixtures("six_of_each")
def test_answers_are_those_of_the_command(request, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    command = request.getfixturevalue("benchdl")
    compared = benchdl.compare("tf", "theano", margin=0.05)
    words = ["compare", "tf", "theano", "--margin", "5"]
    assert str(compared) + "\n" == command(*words).stdout
    lines = json.loads(command(*words, "--format", "json").stdout)["comparisons"]
    assert compared.verdicts == [line["verdict"] for line in lines] == ["ambiguous"]
    assert compared.ratios == [line["ratio"] for line in lines] == [1.0]
    assert compared._repr_markdown_() == str(compared)

    runs = benchdl.load()
    assert str(runs) + "\n" == command("table").stdout
    assert runs._repr_markdown_() == str(runs)

    lines = csv.DictReader(io.StringIO(command("history", "--format", "csv").stdout))
    assert [line["begun_at"] for line in lines] == [line["begun_at"] for line in benchdl.history()]

    assert benchdl.report("made.csv", form="csv") == Path("made.csv")
    assert Path("made.csv").read_text() == command("report", "--format", "csv").stdout


@pytest.mark.slow
@pytest.mark.usefixtures("launched", "six_of_each")
def test_the_notebook_of_the_documents_runs_as_written():
    blocks = re.findall(
        r"(?:^    .*\n|^\n)+", (REPO / "docs/notebook.md").read_text(), re.MULTILINE
    )
    (example,) = [block for block in blocks if "import benchdl" in block]
    lines = "".join(line[4:] or "\n" for line in example.splitlines(keepends=True))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(compile(lines, "docs/notebook.md", "exec"), {})
    assert len(Store(Path("results")).load()[0]) == 12 + 6
    assert Path("report.html").read_text().startswith("<!")


def test_python_m_benchdl_is_the_command():
    done = subprocess.run(
        [sys.executable, "-m", "benchdl", "show", "no-such-run"],
        cwd=REPO,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("benchdl: no run 'no-such-run' in results")


def test_importing_it_imports_neither_the_command_line_nor_the_engine():
    code = "import benchdl, sys; print({'click', 'docker', 'scipy', 'pandas'} & {*sys.modules})"
    assert subprocess.check_output([sys.executable, "-c", code], cwd=REPO, text=True) == "set()\n"


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_the_example_notebook_runs_as_it_is_written(launched, capsys):
    notebook = json.loads((REPO / "examples" / "first-steps.ipynb").read_text(encoding="utf-8"))
    cells = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert len(cells) == 5
    names: dict[str, object] = {}
    for number, cell in enumerate(cells):
        exec(compile(cell, f"cell {number}", "exec"), names)
    assert [row.tags for row in names["runs"]] == [["notebook"]] * 2
    assert len(names["results"]) == 2
    assert names["compared"].startswith("no results of tf:tuned")
    assert "in a notebook" in notebook["cells"][0]["source"][0]


def test_a_notebook_shows_tables_and_verdicts_whose_texts_are_escaped(
    make_result, stored, tmp_path
):
    hostile = "<script>alert(1)</script>\x1b[31m"
    for backend in ("tf", "theano"):
        stored(tmp_path, make_result(job={"backend": backend, "title": f"{backend} {hostile}"}))
    runs = benchdl.Runs(rows.row(result) for result in Store(tmp_path).load()[0])
    shown = runs._repr_html_()
    assert shown.count("<table>") == 1
    assert "<td" in shown
    for text in (shown, benchdl.compare("tf", "theano", results=tmp_path)._repr_html_()):
        assert "<script" not in text
        assert "\x1b" not in text
    assert "withheld" in text or "ambiguous" in text
    assert benchdl.Runs()._repr_html_() == "<p>no results yet: make bench</p>"
