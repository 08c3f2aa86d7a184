"""samples.csv read back: what is taken of a file, and quantities at and between its moments."""

from __future__ import annotations

import json

import pytest

from runner.contract import samples
from runner.contract.samples import Samples, facts_path, parse_samples, read_samples

TIMES = [10.0, 11.0, 13.0, 14.0]


def made(values=(0.0, 2.0, 10.0, 11.0), interval_s=0.5):
    return Samples({"t_s": TIMES, "q": list(values)}, TIMES, interval_s)


@pytest.mark.parametrize(
    ("start_s", "end_s", "window"),
    [
        (10.0, 14.0, (10.0, 14.0)),
        (10.5, 13.5, (10.5, 13.5)),
        (9.5, 14.5, (10.0, 14.0)),  # a sample may be missing at either end
        (9.4, 14.0, None),
        (10.0, 14.6, None),
        (11.0, 11.0, None),
        (12.0, 11.0, None),
        (9.6, 10.0, None),  # nothing of it was sampled
        (14.0, 14.4, None),
    ],
)
def test_a_window_is_cut_to_what_was_sampled(start_s, end_s, window):
    assert made().covered(start_s, end_s) == window


@pytest.mark.parametrize(("times", "window"), [([], None), ([2.0], None), ([2.0, 3.0], (2.0, 3.0))])
def test_a_window_takes_two_samples(times, window):
    assert Samples(times=times, interval_target_s=2.0).covered(1.0, 4.0) == window


@pytest.mark.parametrize(
    ("start_s", "end_s", "gap_s"),
    [
        (10.0, 14.0, 2.0),
        (10.0, 10.5, 1.0),
        (10.2, 10.5, 1.0),
        (11.5, 12.5, 2.0),  # around the window
        (13.0, 14.0, 1.0),
        (10.5, 11.0, 1.0),
        (11.0, 11.5, 2.0),
        (5.0, 11.0, 1.0),
        (14.0, 15.0, 0.0),
    ],
)
def test_the_longest_gap_in_or_around_a_window(start_s, end_s, gap_s):
    assert made().longest_gap(start_s, end_s) == gap_s


def test_without_samples_there_is_no_gap():
    assert Samples().longest_gap(1.0, 2.0) == 0.0


@pytest.mark.parametrize(
    ("moment_s", "value"),
    [(10.0, 0.0), (10.5, 1.0), (11.0, 2.0), (11.5, 4.0), (13.0, 10.0), (13.25, 10.25),
     (14.0, 11.0), (9.9, None), (14.1, None)],
)  # fmt: skip
def test_a_quantity_between_two_samples_is_on_the_line(moment_s, value):
    assert made().at("q", moment_s) == value
    assert made().at("absent", moment_s) is None


@pytest.mark.parametrize(
    ("moment_s", "value"),
    [(10.0, 0.0), (10.5, None), (11.0, None), (12.0, None), (13.0, 10.0), (13.5, 10.5)],
)
def test_beside_a_missing_value_nothing_is_known(moment_s, value):
    assert made([0.0, None, 10.0, 11.0]).at("q", moment_s) == value


@pytest.mark.parametrize(
    ("values", "ends", "grown"),
    [
        ((0.0, 2.0, 10.0, 11.0), (10.5, 13.0), 9.0),
        ((5.0, 4.0, 4.0, 4.0), (10.0, 14.0), 0.0),  # a counter does not fall
        ((0.0, 2.0, 10.0, 11.0), (9.0, 13.0), None),
        ((0.0, 2.0, 10.0, 11.0), (13.0, 15.0), None),
        ((0.0, 0.25, 0.5, 0.5), (10.0, 13.0), 0.5),
    ],
)
def test_growth_is_of_both_ends(values, ends, grown):
    assert made(values).growth("q", *ends) == grown


@pytest.mark.parametrize(
    ("values", "ends", "area"),
    [
        ((0.0, 2.0, 10.0, 11.0), (10.0, 14.0), 1.0 + 12.0 + 10.5),
        ((0.0, 2.0, 10.0, 11.0), (10.5, 11.0), 0.75),
        ((0.0, 2.0, 10.0, 11.0), (11.5, 12.5), 6.0),
        ((0.0, None, 10.0, 10.0), (10.0, 14.0), 15.0 + 10.0),  # from 10 to 13 s on one line
        ((None, 2.0, 10.0, 11.0), (10.0, 14.0), None),
        ((0.0, 2.0, 10.0, None), (10.0, 14.0), None),
    ],
)
def test_the_area_is_of_trapezoids(values, ends, area):
    assert made(values).integral("q", *ends) == area


def test_values_inside_take_both_ends_and_leave_out_what_is_missing():
    assert made().inside("q", 11.0, 13.0) == [2.0, 10.0]
    assert made([0.0, None, 10.0, 11.0]).inside("q", 11.0, 14.0) == [10.0, 11.0]
    assert made().inside("absent", 11.0, 13.0) == []


def test_columns_have_the_names_that_they_have_in_every_file_so_far():
    assert (samples.TIME_COLUMN, samples.STEAL_COLUMN) == ("t_s", "steal_s")
    assert (samples.JOB_CPU_COLUMN, samples.RSS_COLUMN) == ("job_cpu_s", "rss_bytes")
    assert samples.core_column(12) == "cpu12_busy_s"
    assert samples.gpu_column(3, samples.FOREIGN) == "gpu3_foreign_processes"
    assert samples.PERIODS_COLUMN == "periods"
    assert samples.THROTTLED_PERIODS_COLUMN == "throttled_periods"
    assert samples.THROTTLED_COLUMN == "throttled_s"


def parsed(*lines, **facts):
    return parse_samples([f"{line}\n" for line in lines], json.dumps(facts).encode())


def test_rows_are_taken_that_fit_the_first_line():
    found = parsed("t_s,X", "1,2", "2,", ",5", "3", "4,5,6", "x,1", "4,5X", "5,0.5")
    assert found.times == [1.0, 2.0, 5.0]
    assert found.columns == {"t_s": [1.0, 2.0, 5.0], "X": [2.0, None, 0.5]}


def test_a_line_that_was_cut_off_ends_it():
    found = parse_samples(["t_s,q\n", "1,2\n", "2,3", "3,4\n"], b"{}")
    assert found.times == [1.0]


@pytest.mark.parametrize("header", ["q,t_s", "t,q", ""])
def test_a_file_that_does_not_begin_with_the_time_is_no_samplers(header):
    found = parsed(header, "1,2")
    assert (found.columns, found.times) == ({}, [])


@pytest.mark.parametrize(
    ("value", "taken"),
    [("1e20", True), ("-1e20", True), ("1.01e20", False), ("-1.01e20", False), ("nan", False),
     ("inf", False)],
)  # fmt: skip
def test_what_no_counter_reaches_is_damage(value, taken):
    assert parsed("t_s,q", f"1,{value}").times == ([1.0] if taken else [])


def test_of_a_file_without_end_16_million_figures_are_read():
    """Of a million columns that are 16 rows; in the one after them the reading ends."""
    given = []

    def endless():
        for number in range(1000):
            given.append(number)
            yield "1\n" if number else "t_s" + "," * (10**6 - 1) + "\n"

    parse_samples(endless(), b"{}")
    assert given[-1] == 17


@pytest.mark.parametrize(
    ("value", "interval_s"),
    [(0.25, 0.25), (2, 2.0), (0, 0.1), (-0.5, 0.1), ("1", 0.1), (None, 0.1), (1e999, 0.1)],
)
def test_the_interval_is_a_positive_number_or_the_usual_one(value, interval_s):
    assert parsed("t_s", interval_target_s=value).interval_target_s == interval_s
    assert parsed("t_s").interval_target_s == 0.1


@pytest.mark.parametrize(
    ("value", "cores"),
    [(0.5, 0.5), (2, 2.0), (1.1e-6, 1.1e-6), (1e-6, None), (999_999, 999_999.0), (10**6, None),
     (-1, None), ("1", None), (None, None)],
)  # fmt: skip
def test_a_quota_is_a_number_of_cores_that_a_machine_can_have(value, cores):
    assert parsed("t_s", quota_cores=value).quota_cores == cores


@pytest.mark.parametrize(
    ("value", "cores"), [([0, 3], [0, 3]), ([1, "2", None, 4], [1, 4]), ("01", []), (None, [])]
)
def test_cores_are_numbers(value, cores):
    assert parsed("t_s", cores=value).cores == cores


@pytest.mark.parametrize(("value", "gpu"), [({"state": "ok"}, {"state": "ok"}), ([1], {})])
def test_what_is_known_of_gpus_stands_by_name(value, gpu):
    assert parsed("t_s", gpu=value).gpu == gpu


@pytest.mark.parametrize(
    "facts",
    [b'{"interval_target_s": 1e999}', b'{"interval_target_s": NaN}', b'{"quota_cores": 1e999}'],
)
def test_no_number_of_the_facts_is_endless(facts):
    found = parse_samples((), facts)
    assert (found.interval_target_s, found.quota_cores) == (0.1, None)


@pytest.mark.parametrize("facts", [b"", b"[1]", b"{", b"7", b"\xff"])
def test_facts_that_cannot_be_read_are_none(facts):
    found = parse_samples(["t_s\n", "1\n"], facts)
    assert (found.times, found.cores, found.gpu, found.quota_cores) == ([1.0], [], {}, None)


def test_files_are_read_as_they_are_written(tmp_path):
    file = tmp_path / "samples.csv"
    assert facts_path(file) == tmp_path / "samples.json"
    file.write_bytes(b"t_s,q\n1,2\n\xff,3\n4,5\n")
    assert read_samples(file).times == [1.0, 4.0]
    assert read_samples(file).cores == []  # the facts are missing
    (tmp_path / "samples.json").write_text('{"cores": [7]}')
    assert read_samples(file).cores == [7]
    file.write_bytes(b"t_s,q\r1,2\r")
    assert read_samples(file).times == []  # no sampler ends lines so
    file.unlink()
    assert read_samples(file) == Samples(cores=[7])
