"""Below the table by tool: where the time goes, how the rows differ, and when ranks flip."""

from __future__ import annotations

from harness.tables import phases, rows
from harness.tables.kinds import Configuration
from harness.tables.markdown import phase_cells, phase_header, to_markdown
from harness.tables.sections import grouped


def timed(make_result, title, *, steady, total, epochs=10, **changes):
    seconds = [{"number": n, "duration_s": steady, "loss": 0.1} for n in range(1, epochs + 1)]
    measurement = {
        "laps": seconds,
        "phases": {"fit_s": steady * epochs, "total_s": total},
    }
    job = {"title": title, "budget": {"count": epochs}, **changes.pop("job", {})}
    measurement.update(changes)
    return rows.row(make_result(job=job, measurement=measurement))


def flip(*table):
    return phases.rank_flip({Configuration(row.tool, row.mode): [row] for row in table})


def test_the_second_table_has_every_phase(make_result):
    (section,) = grouped([rows.row(make_result())])
    line = phase_cells(section.lines[0])
    assert line[:2] == ("Keras (tensorflow)", "as-written")
    assert len(line) == len(phase_header())
    markdown = to_markdown([rows.row(make_result())])
    for word in ("Import", "Build", "Compile", "First epoch", "Steady epoch", "Total"):
        assert word in markdown


def test_what_was_not_told_apart_is_a_dash(make_result):
    (section,) = grouped([rows.row(make_result())])
    assert phase_cells(section.lines[0])[phase_header().index("Compile")] == "-"


def test_a_rank_that_flips_is_told_with_the_epoch(make_result):
    # quick: 10 s ahead, then 2 s an epoch; slow: 1 s ahead, then 3 s: equal after 9 epochs
    quick = timed(make_result, "quick", steady=2.0, total=30.0)
    slow = timed(make_result, "slow", steady=3.0, total=31.0)
    (note,) = flip(quick, slow)
    assert "lowest per steady epoch is quick" in note
    assert "lowest in total is slow, as-written up to epoch 9" in note


def test_every_tool_that_is_lowest_for_a_while_is_named(make_result):
    # In total 12.2, 13.4 and 15.1 s of one epoch, and 21.8, 19.9 and 21.2 s of two.
    first = timed(make_result, "first", steady=9.6, total=21.8, epochs=2)
    then = timed(make_result, "then", steady=6.5, total=19.9, epochs=2)
    last = timed(make_result, "last", steady=6.1, total=21.2, epochs=2)
    (note,) = flip(first, then, last)
    assert "lowest per steady epoch is last, as-written (6.10 s)" in note
    assert note.endswith("first, as-written up to epoch 1, then, as-written up to epoch 5")


def test_a_training_call_that_goes_on_after_its_last_lap_is_told(make_result):
    late = timed(
        make_result, "a", steady=2.0, total=30.0, epochs=2, phases={"fit_s": 5.5, "total_s": 30.0}
    )
    late = late.with_values({"findings": ["info: late-return"]})
    there = {Configuration(row.tool, row.mode): [row] for row in (late,)}
    (note,) = phases.late_returns(there)
    assert (
        note == "Time (s) goes on after the last lap (late-return): 1.5 of 5.5 s of a, as-written"
    )
    prompt = timed(make_result, "b", steady=2.0, total=30.0)
    assert phases.late_returns({Configuration(prompt.tool, prompt.mode): [prompt]}) == []


def test_no_flip_where_one_tool_is_lower_in_both(make_result):
    quick = timed(make_result, "quick", steady=2.0, total=21.0)
    assert flip(quick, timed(make_result, "slow", steady=3.0, total=31.0)) == []
    assert flip(quick) == []


def test_one_epoch_tells_nothing_of_ranks(make_result):
    short = timed(make_result, "a", steady=2.0, total=30.0, epochs=1)
    assert flip(short, timed(make_result, "b", steady=3.0, total=4.0, epochs=1)) == []


def test_rows_that_differ_in_mode_or_layout_have_no_winner(make_result):
    layout = {"attestation": {"framework": {"layout": "channels_first"}}}
    settings = {"settings": {"mode": "tuned"}}
    base = timed(make_result, "a", steady=2.0, total=30.0)
    first = timed(make_result, "b", steady=2.0, total=30.0, **layout)
    tuned = timed(make_result, "a", steady=2.0, total=30.0, job=settings)
    (section,) = grouped([base, first, tuned])
    words = "no row is named a winner over one that differs"
    notes = [note for note in section.notes if words in note]
    assert any("differ in mode (as-written: a, b; tuned: a)" in note for note in notes)
    assert [line.name.mode for line in section.lines].count("tuned") == 1
    (section,) = grouped([base, base])
    assert section.notes == []
