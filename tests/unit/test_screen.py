"""Tables and comparisons on a terminal: fitted, coloured, and closed by an answer."""

from __future__ import annotations

import io
import itertools

import pytest
from click.testing import CliRunner
from rich.console import Console

from harness.campaign import display
from harness.cli import compare, show, table
from harness.compare import fastest
from harness.tables import rows, screen
from harness.tables.sections import grouped

SUSPECT = {"code": "foreign-load", "severity": "suspect", "evidence": "40 s", "advice": "again"}
NOT_IDLE = {"code": "not-idle", "severity": "info", "evidence": "90 % busy", "advice": "wait"}
TOOLS = {
    "theano": {"backend": "theano", "title": "Keras (theano)"},
    "tf": {"backend": "tf", "title": "Keras (tensorflow)"},
    "mxnet": {"backend": "mxnet", "title": "Gluon (mxnet)"},
}


@pytest.fixture
def repeats(make_result):
    """Runs of a backend, one for each time in seconds, all backends of one campaign's blocks."""

    def made(backend, times, mode="as-written", framework=None, **changes):
        found = []
        for number, time_s in enumerate(times, 1):
            job = {**TOOLS[backend], "repeat": number, "settings": {"mode": mode}}
            measurement = {
                "phases": {"fit_s": time_s, "total_s": time_s + 5},
                "attestation": {"framework": framework or {}},
            }
            minute = f"2026-11-23T12:{number:02}:00+00:00"
            found.append(
                make_result(job=job, measurement=measurement, started_at=minute, **changes)
            )
        return found

    return made


TIMES = [100.0, 101.0, 99.0, 100.5, 99.5, 100.2, 99.8, 100.1]


def scaled(factor):
    return [time_s * factor for time_s in TIMES]


def answers(*results):
    (section,) = grouped([rows.row(result) for result in itertools.chain(*results)])
    return fastest.sentences(section)


def test_the_answer_names_the_fastest_with_the_interval_of_its_ratio(repeats):
    (said,) = answers(repeats("theano", scaled(1.3)), repeats("tf", TIMES))
    assert said.startswith("Keras (tensorflow), as-written: fastest; 1.30 (1.30 to 1.30) × as fast")
    assert said.endswith("as Keras (theano), as-written")


def test_what_is_not_settled_is_no_answer(repeats):
    (single,) = answers(repeats("theano", [130.0]), repeats("tf", [100.0]))
    assert "fastest" not in single
    assert "lowest time; 1.30 × as fast as Keras (theano)" in single
    assert "No verdict: too few samples" in single
    many = [*TIMES, *TIMES]
    (same,) = answers(repeats("theano", [t * 1.001 for t in many]), repeats("tf", many))
    assert same.endswith(" and Keras (theano), as-written: the same within 3 %")


def test_the_ratio_is_to_the_next_and_the_doubt_names_what_it_is_about(repeats):
    """A third tool of too few runs keeps the answer open; the sentence is of the second."""
    (said,) = answers(
        repeats("tf", TIMES), repeats("theano", scaled(1.3)), repeats("mxnet", [300.0, 301.0])
    )
    assert "lowest time; 1.30 (1.30 to 1.30) × as fast as Keras (theano), as-written. " in said
    assert "No verdict against Gluon (mxnet), as-written: too few samples" in said


def test_one_more_repeat_is_no_plural(repeats):
    (said,) = answers(repeats("tf", TIMES[:4]), repeats("theano", scaled(1.3)[:4]))
    assert "about 1 more repeat of each" in said


def test_other_operations_have_no_winner(repeats):
    layouts = {"theano": "channels_first", "tf": "channels_last"}
    theano, tf = (
        repeats(tool, scaled(factor), framework={"layout": layouts[tool]})
        for tool, factor in (("theano", 1.3), ("tf", 1.0))
    )
    (said,) = answers(theano, tf)
    assert "No winner is named: they differ in layout" in said


def test_modes_are_answered_apart(repeats):
    said = answers(
        repeats("theano", scaled(1.3)), repeats("tf", TIMES),
        repeats("theano", scaled(0.9), "tuned"), repeats("tf", scaled(0.5), "tuned"),
    )  # fmt: skip
    assert len(said) == 2
    assert not any("as-written" in words and "tuned" in words for words in said)


def drawn(results, width, **how):
    console = Console(width=width, record=True, file=io.StringIO(), force_terminal=True)
    for part in screen.to_screen([rows.row(result) for result in results], width, **how):
        console.print(part, markup=False, highlight=False)
    return console.export_text(clear=False), console.export_text(styles=True)


@pytest.mark.parametrize("width", [60, 80, 120])
def test_tables_fit_the_terminal_with_all_their_cells(repeats, width):
    results = [*repeats("theano", scaled(1.3)), *repeats("tf", TIMES, findings=[SUSPECT])]
    text, styled = drawn(results, width)
    assert max(len(line.rstrip()) for line in text.splitlines()) <= width
    flat = " ".join(text.split())
    for words in (
        "Keras (tensorflow)",
        "(suspect)",
        "(128.7 to 131.3)",
        "as-written",
        "1.30",
    ):
        assert words in flat
    assert "\x1b[33m" in styled


def test_every_block_names_its_lines_whole_and_runs_are_a_column(repeats):
    results = [run for mode in ("as-written", "tuned") for run in repeats("tf", TIMES, mode)]
    text, _ = drawn(results, 60, quiet=True)
    heads = [line for line in text.splitlines() if line.startswith("Tool")]
    assert len(heads) > 1
    assert all("Mode" in head for head in heads)
    assert "Runs" in heads[0]
    lines = [line.split() for line in text.splitlines() if line.startswith("Keras (tensorflow)")]
    assert {line[2] for line in lines} == {"as-written", "tuned"}
    assert "median of" not in text
    single, _ = drawn(repeats("tf", TIMES[:1]), 80, quiet=True)
    assert "Runs" not in single


def test_runs_with_one_reason_are_one_note(repeats):
    results = repeats("tf", TIMES[:6], findings=[SUSPECT, NOT_IDLE])
    text, _ = drawn(results, 120)
    assert text.count("foreign-load") == 1
    assert "and 2 more (benchdl runs --status suspect)" in " ".join(text.split())


def test_definitions_come_on_request_and_nothing_but_tables_where_that_is_asked(repeats):
    results = repeats("tf", TIMES, findings=[SUSPECT])
    plain, wordy, bare = (
        drawn(results, 100, **how)[0] for how in ({}, {"verbose": True}, {"quiet": True})
    )
    assert "median" in wordy
    assert "Columns are defined by -v" in plain
    assert "foreign-load" not in bare
    assert "Where the time goes" not in bare


def asked(command, folder, *words):
    done = CliRunner(env={"COLUMNS": "80"}).invoke(command, [*words, "--results", str(folder)])
    assert done.exception is None, done.exception
    return done.stdout


def test_a_verb_draws_where_it_is_asked_to_and_a_pipe_gets_markdown(repeats, stored, tmp_path):
    for result in [*repeats("theano", scaled(1.3)), *repeats("tf", TIMES)]:
        stored(tmp_path, result)
    shown = asked(table.command, tmp_path, "--format", "text")
    assert "|" not in shown
    assert "fastest; 1.30" in " ".join(shown.split())
    assert asked(table.command, tmp_path) == asked(table.command, tmp_path, "--format", "md")
    told = asked(compare.command, tmp_path, "tf", "theano", "--format", "text")
    assert "theano: slower than tf; its time is 1.300 (1.300 to 1.300) × that of tf" in told
    assert "| B against A" in asked(compare.command, tmp_path, "tf", "theano")


def test_show_begins_with_what_is_wrong(make_result, stored, tmp_path):
    result = make_result(findings=[NOT_IDLE, SUSPECT])
    stored(tmp_path, result)
    first, *others = asked(show.command, tmp_path, result.run_id).splitlines()
    assert first == f"{result.run_id}: suspect"
    assert others[:4] == [
        "  suspect foreign-load: 40 s", "    again", "  info not-idle: 90 % busy", "    wait",
    ]  # fmt: skip
    assert others[4] == "  figures"


def test_a_bar_moves_while_nothing_can_be_counted():
    bar = display.moving_bar()
    from rich.progress import Progress

    progress = Progress(bar, console=Console(file=io.StringIO()))
    task = progress.add_task("job", total=10, counted=False)
    assert bar.render(progress.tasks[0]).pulse
    progress.update(task, completed=1, counted=True)
    assert not bar.render(progress.tasks[0]).pulse
    progress.update(task, counted=False)
    assert bar.render(progress.tasks[0]).pulse


def test_a_notice_is_wrapped_at_words_on_a_terminal_and_one_line_in_a_pipe():
    words = " ".join(f"word{number}" for number in range(40))
    for terminal, lines in ((True, 4), (False, 1)):
        file = io.StringIO()
        console = Console(file=file, width=80, force_terminal=terminal)
        display.Display(console).say(words)
        told = file.getvalue().splitlines()
        assert len(told) == lines
        assert " ".join(" ".join(told).split()) == words


def test_a_quiet_display_tells_only_what_changes_a_number(make_result):
    file = io.StringIO()
    quiet = display.Display(Console(file=file, width=200), quiet=True)
    quiet.say("device: cpu")
    quiet.say("WARNING: synthetic data")
    quiet.job_ended(make_result())
    result = make_result(findings=[SUSPECT, NOT_IDLE])
    quiet.job_started(result.job, 1, 2)
    quiet.job_ended(result)
    said = file.getvalue()
    assert said.splitlines()[0] == "WARNING: synthetic data"
    assert "foreign-load" in said
    assert "not-idle" not in said
    assert len(said.splitlines()) == 3


def test_a_suspect_run_that_better_ones_replace_is_told_as_left_out(repeats):
    def told(*results):
        (section,) = grouped([rows.row(result) for result in itertools.chain(*results)])
        return screen._doubts(section)

    doubtful = repeats("tf", [300.0], findings=[SUSPECT])
    assert told(doubtful)[0].startswith("suspect (foreign-load): ")
    both = told(repeats("tf", [100.0]), doubtful)
    assert both[0].startswith("suspect, not in the table (foreign-load): ")
