"""benchm-ml's airline data from files of their form, which no published checksum proves."""

from __future__ import annotations

import codecs
import dataclasses
import functools
import hashlib
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
import small_data

from harness import airline_columns, airline_dataset
from harness.errors import BenchdlError, UsageError
from harness.preparing import airline_rows
from harness.provision import discovery, obtain, prospect
from runner.data.airline_table import AIRLINE
from runner.data.table_format import Levels

HEAD = "Month,DayofMonth,DayOfWeek,DepTime,UniqueCarrier,Origin,Dest,Distance,dep_delayed_15min"
TRAIN = "train-0.1m.csv"
TRAIN_LINES = [
    "c-8,c-21,c-7,1934,AA,ATL,DFW,732,N",
    "c-4,c-20,c-3,1548,US,PIT,MCO,834,Y",
    "c-12,c-31,c-1,2410,AA,DFW,ATL,5095,N",
]
TEST_LINES = ["c-7,c-25,c-3,615,YV,MRY,PHX,598,N", "c-1,c-1,c-2,5,US,PIT,DFW,1067,Y"]
OWN = {name: discovery.load(name) for name in ("airline", "airline-1m")}


def table(lines, head=HEAD):
    return "\n".join([head, *lines, ""]).encode()


SOURCE = {TRAIN: table(TRAIN_LINES), "test.csv": table(TEST_LINES)}


def made(source=SOURCE, train=TRAIN, count=3, tests=2):
    return dict(airline_rows.rows(source, {train: count, "test.csv": tests}))


def stored(content, width=8):
    return np.frombuffer(content, ">i2", offset=12).reshape(-1, width).tolist()


def test_rows_by_hand():
    files = made()
    assert list(files) == [file.name for file in OWN["airline"].files]
    # Carriers AA, US; airports ATL, DFW, MCO, PIT: from 1 on. YV, MRY and PHX are others: 0.
    assert stored(files["train-rows-idx2-short"]) == [
        [7, 20, 6, 1934, 1, 1, 2, 732],
        [3, 19, 2, 1548, 2, 4, 3, 834],
        [11, 30, 0, 2410, 1, 2, 1, 5095],
    ]
    assert stored(files["test-rows-idx2-short"]) == [
        [6, 24, 2, 615, 0, 0, 0, 598],
        [0, 0, 1, 5, 2, 4, 2, 1067],
    ]
    assert list(files["train-labels-idx1-ubyte"][8:]) == [0, 1, 0]
    assert list(files["test-labels-idx1-ubyte"][8:]) == [0, 1]


def test_quoted_values_and_other_orders_of_columns_are_the_same():
    names = HEAD.split(",")
    turned = [",".join(f'"{value}"' for value in reversed(line.split(","))) for line in TRAIN_LINES]
    quoted = table(turned, ",".join(f'"{name}"' for name in reversed(names)))
    assert made({**SOURCE, TRAIN: quoted}) == made()


def test_the_workloads_table_has_room_for_what_is_prepared():
    assert [column.name for column in AIRLINE.columns] == list(airline_columns.COLUMNS)
    for column in AIRLINE.columns:
        if isinstance(column, Levels):
            assert column.count == airline_columns.LEVELS[column.name]
        else:
            assert column.most == airline_columns.MOST[column.name]


@pytest.mark.parametrize(
    ("name", "train", "rows"),
    [("airline", "train-0.1m.csv", 100_000), ("airline-1m", "train-1m.csv", 1_000_000)],
)
def test_each_size_has_its_own_file_and_the_tests_of_all(name, train, rows):
    spec = OWN[name]
    assert (spec.train_samples, spec.test_samples) == (rows, 100_000)
    assert [file.name for file in spec.made_from.files] == [train, "test.csv"]
    assert spec.made_from.urls == (f"https://s3.amazonaws.com/benchm-ml--main/{train}",)
    longest = '"c-12","c-31","c-7",2930,"AA","ATL","DFW",5095,"N"\n'  # as R quotes it
    assert spec.made_from.shipped.size_bytes > rows * len(longest)


def changed(at, value, lines=TRAIN_LINES):
    values = lines[0].split(",")
    values[at] = value
    return [",".join(values), *lines[1:]]


@pytest.mark.parametrize(
    ("train", "words"),
    [
        (table(changed(0, "c-13")), f"{TRAIN}, line 2: month 13 is not from 1 to 12"),
        (table(changed(1, "c-0")), "day 0 is not from 1 to 31"),
        (table(changed(2, "Sunday")), "line 2: weekday is 'Sunday', not a number"),
        (table(changed(3, "NA")), "line 2: departure is 'NA', not a number"),
        (table(changed(3, "nan")), "line 2: departure is 'nan', not a number"),
        (table(changed(3, "--5")), "line 2: departure is '--5', not a number"),
        (table(changed(3, "1_0")), "line 2: departure is '1_0', not a number"),
        (table(changed(3, "9" * 5000)), f"departure is '{'9' * 20}', not a number"),
        (table([line[:-1] + "N" for line in TRAIN_LINES]), "none of its flights are late"),
        (table([line[:-1] + "Y" for line in TRAIN_LINES]), "all of its flights are late"),
        (table(changed(3, "4800")), "departure 4800 is not from 0 to 4799"),
        (table(changed(4, "NA")), "NA among carriers"),
        (table(changed(5, "")), "nothing among airports"),
        (table(changed(7, "-1")), "distance -1 is not from 0 to 6000"),
        (table(changed(8, "y")), "late is 'y', not Y or N"),
        (table(TRAIN_LINES[:-1]), f"{TRAIN} has 2 flights, not 3"),
        (table([]), "has 0 flights, not 3"),
        (b"", "has no column Month, DayofMonth"),
        (table(TRAIN_LINES, HEAD.replace("DepTime", "Time")), "has no column DepTime"),
        (table(["c-8,c-21", *TRAIN_LINES[1:]]), "line 2: 2 values for 9 columns"),
        (b"\x80\x04 a pickle", "has no column"),
    ],
)
def test_a_table_that_is_not_as_it_should_be_is_a_line(train, words):
    with pytest.raises(ValueError, match=words) as error:
        made({**SOURCE, TRAIN: train})
    assert "\n" not in str(error.value)


def test_more_levels_than_there_is_room_for_are_refused():
    lines = [f"c-1,c-1,c-1,5,{number},A,B,9,{'NY'[number % 2]}" for number in range(32)]
    with pytest.raises(ValueError, match="32 carriers to train with, not at most 31"):
        made({**SOURCE, TRAIN: table(lines)}, count=32)
    made({**SOURCE, TRAIN: table(lines[:31])}, count=31)
    with pytest.raises(ValueError, match="number of airports 10001 is not from 0 to 10000"):
        made({**SOURCE, TRAIN: table([f"c-1,c-1,c-1,5,A,{n},B,9,N" for n in range(10_001)])})


# As a dataset


@pytest.fixture(autouse=True)
def small(monkeypatch, tmp_path):
    """The files here in the place of the real ones, an empty cache, no network."""
    title = OWN["airline"].title
    own = airline_dataset.of(
        name="airline", title=title, train=TRAIN, rows=3, test_rows=2, prepare=airline_rows.rows
    )
    small_data.instead(monkeypatch, own)
    for module in (obtain, prospect):
        monkeypatch.setattr(module, "chosen", lambda name, workload: discovery.load(name))
    monkeypatch.setenv("BENCHDL_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("BENCHDL_MIRRORS", "none")
    monkeypatch.delenv("BENCHDL_DATA", raising=False)
    return own


@pytest.fixture
def folder(tmp_path):
    """What others published: a folder."""
    given = tmp_path / "given"
    given.mkdir()
    for name, content in SOURCE.items():
        (given / name).write_bytes(content)
    return given


@pytest.fixture
def web(folder, monkeypatch):
    """The same on a server."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format, *args):
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder)))
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


def resolve(folder, said=None):
    return obtain.resolve("airline", "any", folder, (said if said is not None else []).append)


def cached(tmp_path):
    place = tmp_path / "cache" / "datasets" / "airline-1"
    return {path.name: path.read_bytes() for path in place.iterdir()} if place.exists() else {}


def test_a_named_folder_has_both_files(folder, tmp_path):
    said = []
    assert prospect.of("airline", "any", folder).action == "prepare"
    found = resolve(folder, said)
    assert said == [
        "preparing benchm-ml's airline data",
        "nobody publishes checksums of benchm-ml's airline data: they are recorded now",
    ]
    files = made()
    assert found.sha256 == {n: hashlib.sha256(part).hexdigest() for n, part in files.items()}
    assert {name: cached(tmp_path)[name] for name in files} == files
    assert resolve(None).sha256 == found.sha256  # from the cache
    assert prospect.of("airline", "any", None).action == "use"


@pytest.mark.parametrize("missing", [TRAIN, "test.csv"])
def test_one_file_alone_is_not_enough(folder, missing):
    (folder / missing).unlink()
    with pytest.raises(UsageError, match=rf"lacks {TRAIN} and test.csv: name the directory of"):
        resolve(folder)


def test_both_are_downloaded_and_cleared_away(web, monkeypatch, tmp_path, small):
    monkeypatch.setenv("BENCHDL_MIRRORS", web)
    assert prospect.of("airline", "any", None).download_bytes == (3 + 2) * 60 + 2 * 200
    assert set(resolve(None).sha256) == set(made())
    assert set(cached(tmp_path)) == {*made(), "SHA256SUMS"}


def test_the_second_file_lies_beside_the_first(web, monkeypatch, small):
    monkeypatch.delenv("BENCHDL_MIRRORS")
    at_home = dataclasses.replace(small.made_from, urls=(f"{web}{TRAIN}",))
    small_data.instead(monkeypatch, dataclasses.replace(small, made_from=at_home))
    assert set(resolve(None).sha256) == set(made())


def test_what_was_wrong_is_fetched_anew(web, folder, monkeypatch, tmp_path):
    monkeypatch.setenv("BENCHDL_MIRRORS", web)
    (folder / "test.csv").write_bytes(b"<html>please log in</html>")
    with pytest.raises(BenchdlError, match=r"cannot be prepared: test.csv has no column") as error:
        resolve(None)
    assert f"take {TRAIN} and test.csv as they are published (https://s3." in str(error.value)
    assert cached(tmp_path) == {}
    (folder / "test.csv").write_bytes(SOURCE["test.csv"])
    assert resolve(None).sha256


def test_a_byte_order_mark_is_no_part_of_the_first_column():
    assert made({**SOURCE, TRAIN: codecs.BOM_UTF8 + SOURCE[TRAIN]}) == made()


def test_a_file_that_is_larger_than_it_can_be_is_not_read_on(folder, web, monkeypatch):
    (folder / TRAIN).write_bytes(table(TRAIN_LINES * 500))
    with pytest.raises(BenchdlError, match=f"{TRAIN} is corrupt: it has more than 380 bytes"):
        resolve(folder)
    monkeypatch.setenv("BENCHDL_MIRRORS", web)
    with pytest.raises(BenchdlError, match=f"{web}{TRAIN} it has more than 380 bytes"):
        resolve(None)


def test_without_a_network_it_is_told_what_to_do():
    with pytest.raises(BenchdlError, match="could not be had") as error:
        resolve(None)
    assert f"name the directory of {TRAIN} and test.csv with --data-dir" in str(error.value)
    assert "\n" not in str(error.value)


def test_damaged_rows_are_found_and_made_again(folder, tmp_path):
    sums = resolve(folder).sha256
    (tmp_path / "cache/datasets/airline-1/test-labels-idx1-ubyte").write_bytes(b"x")
    with pytest.raises(BenchdlError, match="could not be had"):
        resolve(None)
    assert resolve(folder).sha256 == sums
