"""The cores that a job really kept busy, and Time (s) with what was compiled ahead of it."""

from __future__ import annotations

import csv
import io

import pytest

from harness.tables import rows
from harness.tables.data_formats import to_csv
from harness.tables.markdown import phase_cells, phase_header, to_markdown
from harness.tables.sections import grouped

THEANO = {"backend": "theano", "title": "Keras (theano)"}


def cell(section, name, line=0):
    return phase_cells(section.lines[line])[phase_header().index(name)]


def timed(make_result, fit_s, compile_s=None, **job):
    seconds = {"fit_s": fit_s, "total_s": 500.0, "compile_s": compile_s}
    return rows.row(make_result(measurement={"phases": seconds}, job=job))


def test_one_thread_that_wanders_is_one_core(make_result):
    use = {"busy_cores": 2.0, "busiest_core_percent": 50.0, "job_cpu_s": 100.0, "host_cpu_s": 101.0}
    row = rows.row(make_result(measurement={"phases": {"fit_s": 100.0}, "cpu": use}))
    assert row.job_cpus == pytest.approx(1.0)
    (section,) = grouped([row])
    assert cell(section, "Job CPUs") == "1.00"
    (listed,) = csv.DictReader(io.StringIO(to_csv([row])))
    assert float(listed["job_cpus"]) == pytest.approx(1.0)


def test_what_was_not_measured_is_a_dash(make_result):
    row = rows.row(make_result(measurement={"cpu": {"job_cpu_s": None}}))
    assert row.job_cpus is None
    assert cell(grouped([row])[0], "Job CPUs") == "-"


def test_time_and_compile_is_for_every_tool(make_result):
    found = [timed(make_result, 10.0, 8.0, **THEANO), timed(make_result, 12.0)]
    (section,) = grouped(found)
    assert [cell(section, "Time + compile", line) for line in (0, 1)] == ["18.00", "12.00"]
    assert [cell(section, "Compile", line) for line in (0, 1)] == ["8.00", "-"]
    (note,) = [note for note in section.notes if "ranks change" in note]
    assert note.endswith(
        "Keras (tensorflow), as-written 12.0 s, Keras (theano), as-written 18.0 s, in this order"
    )


def test_no_note_where_ranks_stay(make_result):
    found = [timed(make_result, 10.0, 1.0, **THEANO), timed(make_result, 12.0)]
    (section,) = grouped(found)
    assert not [note for note in section.notes if "ranks change" in note]


def test_both_are_defined_below_the_table(make_result):
    below = to_markdown([timed(make_result, 10.0)]).partition("> ")[2]
    assert "Job CPUs: " in below
    assert "Time + compile: " in below
