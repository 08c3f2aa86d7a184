"""The flights: what a row holds, how they are split, the real table, and the stand-in."""

from __future__ import annotations

import hashlib
import zipfile

import numpy as np
import pytest

from harness import flight_columns
from harness.generators import late_flights
from harness.preparing import flight_rows
from harness.provision import discovery, obtain
from runner.contract.idx_header import Kind, header

LINE = "2013,{month},{day},1,{departure},{delay},{carrier},{origin},{dest},{distance}"
HEAD = "year,month,day,dep_time,sched_dep_time,dep_delay,carrier,origin,dest,distance"
SYNTHETIC = discovery.load("synthetic-flights")


def table(**changes):
    usual = {"month": 1, "day": 1, "departure": 515, "delay": 2, "carrier": "UA", "origin": "EWR",
             "dest": "IAH", "distance": 1400}  # fmt: skip
    return flight_rows.table("\n".join((HEAD, LINE.format(**{**usual, **changes}))).encode())


def test_a_row_by_hand():
    rows, labels = table()
    # January 1st 2013 was a Tuesday; 5:15 is 315 minutes; UA is the 12th carrier, IAH the 44th
    assert rows.tolist() == [[0, 0, 1, 315, 11, 0, 43, 1400]]
    assert labels.tolist() == [0]
    rows, _ = table(month=12, day=31, departure=2359, carrier="9E", origin="LGA", dest="XNA")
    assert rows.tolist() == [[11, 30, 1, 1439, 0, 2, 103, 1400]]


@pytest.mark.parametrize(("delay", "late"), [(-43, 0), (14, 0), (15, 1), (1301, 1)])
def test_late_is_15_minutes_or_more(delay, late):
    assert table(delay=delay)[1].tolist() == [late]


def test_a_flight_that_never_left_is_left_out():
    assert len(table(delay="NA")[0]) == 0


def test_the_columns_are_the_stated_ones():
    assert flight_columns.COLUMNS[3] == "departure"
    for name in ("CARRIERS", "ORIGINS", "DESTINATIONS"):
        levels = getattr(flight_columns, name)
        assert list(levels) == sorted(set(levels))
    assert list(flight_columns.LEVELS.values()) == [12, 31, 7, 16, 3, 104]


def test_shorts_are_written_as_the_format_states():
    assert header((2, 8), Kind.SHORT).hex() == "00000b02" + "00000002" + "00000008"
    stated = discovery.load("flights").files[0]
    assert stated.size_bytes == 12 + 228_521 * 8 * 2


def arrays(contents):
    rows, labels, test_rows, test_labels = contents.values()
    return (
        np.frombuffer(rows, ">i2", offset=12).reshape(-1, 8),
        np.frombuffer(labels, np.uint8, offset=8),
        np.frombuffer(test_rows, ">i2", offset=12).reshape(-1, 8),
        np.frombuffer(test_labels, np.uint8, offset=8),
    )


@pytest.fixture(scope="module")
def real(flights_dir):
    with zipfile.ZipFile(flights_dir / "flights.csv.zip") as archive:
        return {"flights.csv": archive.read("flights.csv")}


@pytest.mark.slow
@pytest.mark.parametrize("name", ["flights", "flights-days"])
def test_the_real_table_gives_the_pinned_files(real, name):
    spec = discovery.load(name)
    made = dict(spec.prepare(real))
    sums = {file: hashlib.sha256(content).hexdigest() for file, content in made.items()}
    assert sums == spec.sha256
    rows, labels, test_rows, test_labels = arrays(made)
    every = np.concatenate([rows, test_rows])
    assert [len(rows), len(test_rows)] == [spec.train_samples, spec.test_samples]
    for at, column in enumerate(flight_columns.COLUMNS):
        seen = np.unique(every[:, at])
        levels = flight_columns.LEVELS.get(column)
        assert levels is None or seen.tolist() == list(range(levels)), column
    assert np.concatenate([labels, test_labels]).mean() == pytest.approx(0.222, abs=0.0005)
    days, test_days = ({tuple(row) for row in part[:, :2]} for part in (rows, test_rows))
    if name == "flights":
        assert days == test_days
        assert abs(labels.mean() - test_labels.mean()) < 0.005
    else:
        assert (len(days), len(test_days)) == (253, 112)
        assert not days & test_days
        for day in test_days:  # of all three airports
            assert len(np.unique(test_rows[(test_rows[:, :2] == day).all(1), 5])) == 3


@pytest.mark.slow
def test_the_real_table_is_found_in_its_folder(flights_dir, tmp_path, monkeypatch):
    monkeypatch.setenv("BENCHDL_CACHE", str(tmp_path))
    monkeypatch.setattr(obtain, "chosen", lambda name, workload: discovery.load(name))
    found = obtain.resolve("flights", "any", flights_dir, lambda line: None)
    assert set(found.served()) == set(found.spec.sha256)


def test_the_stand_in_is_the_pinned_one():
    made = dict(SYNTHETIC.generate())
    sums = {file: hashlib.sha256(content).hexdigest() for file, content in made.items()}
    assert sums == SYNTHETIC.sha256
    rows, labels, test_rows, test_labels = arrays(made)
    for part in (rows, test_rows):
        for at, column in enumerate(flight_columns.COLUMNS):
            levels = flight_columns.LEVELS.get(column)
            assert levels is None or np.unique(part[:, at]).tolist() == list(range(levels)), column
        assert part[:, 3].min() >= 0
        assert part[:, 3].max() <= 1439
    # The days of a year begin with a Tuesday, as 2013 did.
    first = rows[(rows[:, 0] == 0) & (rows[:, 1] == 0)]
    assert set(first[:, 2]) == {1}
    assert labels.mean() == pytest.approx(0.222, abs=0.005)
    assert test_labels.mean() == pytest.approx(0.222, abs=0.005)


def auc(labels, scores):
    """By the ranks of the late ones (Mann-Whitney); ties share theirs."""
    _, places, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[places]
    late = labels == 1
    above = ranks[late].sum() - late.sum() * (late.sum() + 1) / 2
    return above / late.sum() / (~late).sum()


def test_the_stand_in_can_be_learned_as_well_as_it_says():
    count = SYNTHETIC.test_samples
    rows, labels = late_flights.make(count, late_flights.TEST_STREAM)
    best = auc(labels, late_flights.best(count, late_flights.TEST_STREAM))
    assert best == pytest.approx(0.760, abs=0.003)
    assert 0.55 < auc(labels, rows[:, 3]) < best - 0.05  # the hour alone says some of it


def test_a_flight_of_the_stand_in_depends_on_its_number_only():
    many, labels = late_flights.make(1_201, late_flights.TEST_STREAM)
    few, few_labels = late_flights.make(7, late_flights.TEST_STREAM)
    assert np.array_equal(many[:7], few)
    assert np.array_equal(labels[:7], few_labels)
