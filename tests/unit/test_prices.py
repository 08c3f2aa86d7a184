"""What a run cost: by prices of the reader, matched by type, and never in two currencies."""

from __future__ import annotations

import json

import pytest
from printed import cells as cells_of

from harness import prices
from harness.cli import command
from harness.errors import UsageError
from harness.prices import Price, Prices
from harness.tables import views
from harness.tables.markdown import to_markdown
from harness.tables.sections import grouped
from harness.tables.told_beside import Beside

XEON = "Intel Xeon, 8 cores, 61 GiB"
P3, P3_LARGER = f"Amazon EC2 p3.2xlarge, {XEON}", f"Amazon EC2 p3.2xlarger, {XEON}"
H100 = "NVIDIA H100 80GB HBM3"


def price(per_hour=3.06, currency="USD", **more):
    return Price(price_per_hour=per_hour, currency=currency, **more)


def test_a_price_is_of_a_machine_or_of_the_gpus_that_the_job_saw():
    known = Prices({"p3.2xlarge": price(3.06), "NVIDIA H100": price(2.0), "nvidia": price(1.0)})
    assert known.of(P3, None, None).price_per_hour == 3.06
    assert known.of(P3, H100, 8).price_per_hour == 3.06
    assert known.of(P3_LARGER, None, None) is None
    assert known.of(XEON, H100, 8).price_per_hour == 16.0
    assert known.of(XEON, "NVIDIA A100", 1).price_per_hour == 1.0
    assert known.of(XEON, H100, None) is None
    assert known.of(None, None, None) is None
    assert Prices(only=price(5.0)).of(None, None, None).price_per_hour == 5.0
    with pytest.raises(UsageError, match="are both prices of"):
        Prices({"Intel": price(1), "cores": price(2)}).of(P3, None, None)


@pytest.mark.parametrize(
    ("words", "name", "per_hour", "currency"),
    [
        ("3.06", None, 3.06, "USD"),
        ("p3.2xlarge=3.06eur", "p3.2xlarge", 3.06, "EUR"),
        ("lab = 3=0 CHF", "lab = 3", 0.0, "CHF"),
        ("Tesla K80=1", "Tesla K80", 1.0, "USD"),
    ],
)
def test_what_is_given(words, name, per_hour, currency):
    found = prices.read(None, [words], [])
    known = found.only if name is None else found.by_type[name]
    assert (known.price_per_hour, known.currency) == (per_hour, currency)


@pytest.mark.parametrize(
    "words", ["", "x=", "=3", "3.06 dollars", "-1", "p3=-1", "nan", "inf", "1e3", "9999999", "٣"]
)
def test_what_is_no_price(words):
    with pytest.raises(UsageError, match="is no price"):
        prices.read(None, [words], [])


FILE = """
["p3.2xlarge"]
price_per_hour = 3.06
currency = "USD"
date = 2026-11-26
source = "a price list"
["NVIDIA H100"]
price_per_hour = 2.5
currency = "USD"
"""


def test_a_file_by_name_by_variable_and_beside_the_results(tmp_path, monkeypatch):
    monkeypatch.delenv(prices.VARIABLE, raising=False)
    assert not prices.read(None, [], [tmp_path])
    (tmp_path / prices.NAME).write_text(FILE)
    beside = prices.read(None, ["NVIDIA H100=9EUR"], [tmp_path])
    assert beside.by_type["p3.2xlarge"].told == "2026-11-26, a price list"
    assert beside.by_type["NVIDIA H100"] == price(9, "EUR", source="--price")
    other = tmp_path / "other.toml"
    other.write_text('["lab 3"]\nprice_per_hour = 0.2\ncurrency = "EUR"\n')
    monkeypatch.setenv(prices.VARIABLE, str(other))
    assert list(prices.read(None, [], [tmp_path]).by_type) == ["lab 3"]
    named = prices.read(tmp_path / prices.NAME, [], [])
    assert list(named.by_type) == ["p3.2xlarge", "NVIDIA H100"]
    monkeypatch.delenv(prices.VARIABLE)
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / prices.NAME).write_text(FILE.replace("2.5", "2.6"))
    with pytest.raises(UsageError, match="has another price of 'NVIDIA H100'"):
        prices.read(None, [], [tmp_path, tmp_path / "b"])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (FILE.replace('["p3.2xlarge"]', "[p3.2xlarge]"), 'needs quotes: ["p3.2xlarge"]'),
        (FILE.replace("price_per_hour = 3.06", "price = 3.06"), "unknown key 'price': allowed"),
        (FILE.replace('currency = "USD"', "", 1), "key 'currency' is missing"),
        (FILE.replace("USD", "dollars"), "key 'currency'"),
        (FILE.replace("3.06", "-1"), "key 'price_per_hour'"),
        (FILE.replace("3.06", "nan"), "key 'price_per_hour'"),
        ("p3 = 3.06", "is no table"),
        ('[""]\nprice_per_hour = 1.0\ncurrency = "USD"', "a type has no name"),
        ("[", "is not valid TOML"),
    ],
)
def test_a_file_that_is_wrong_is_one_line(tmp_path, text, words):
    file = tmp_path / "prices.toml"
    file.write_text(text)
    with pytest.raises(UsageError) as caught:
        prices.read(file, [], [])
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert str(file) in str(caught.value)


def run_on(make_result, machine, time_s, gpus=0, **job):
    devices = [
        {"index": n, "uuid": f"GPU-{n}", "name": H100, "used": n == 0, "energy_j": 900.0,
         "energy_source": "counter"}
        for n in range(gpus)
    ]  # fmt: skip
    gpu = {"gpu": {"state": "ok", "devices": devices}} if gpus else {}
    return make_result(
        job={"device": "gpu" if gpus else "cpu", **job},
        measurement={"phases": {"fit_s": time_s, "total_s": time_s + 3600}, **gpu},
        launch={"machine": machine},
    )


def test_by_instance_shows_gpus_energy_cost_and_on_which_prices_it_stands(make_result):
    known = Prices({"p3.2xlarge": price(3.6, date="2026-11-26"), "NVIDIA H100": price(2.0)})
    results = [
        *(run_on(make_result, P3, seconds) for seconds in (10.0, 20.0)),
        run_on(make_result, XEON, 9.0, gpus=8),
    ]
    rows = Beside(prices=known).rows(results)
    (section,) = grouped(rows, views.INSTANCE)
    heads = [column.head for column in section.columns]
    assert heads[-2:] == ["GPU energy (J)", "Cost"]
    lines = [line for line in to_markdown(rows, views.INSTANCE).splitlines() if "Xeon" in line]
    first, second = (cells_of(line) for line in lines[:2])
    assert first[0] == f"{XEON} · 8 × {H100}"
    assert (first[5], first[-2], first[-1]) == ("1/8", "900", "0.04000 USD")
    assert second[0] == f"{P3} (median of 2)"
    assert second[-1] == "0.01500 USD"
    (note,) = [note for note in section.remarks if note.startswith("cost at")]
    assert f"3.6000 USD an hour (2026-11-26): {P3}" in note
    assert f"16.0000 USD an hour: {XEON} · 8 × {H100}" in note
    assert rows[0].values["job_cost"] == pytest.approx(3.6 + 0.01)


def test_without_a_price_there_is_no_column_and_no_cost(make_result):
    results = [run_on(make_result, P3, 10.0), run_on(make_result, XEON, 9.0)]
    without = to_markdown(Beside().rows(results), views.INSTANCE)
    assert "Cost" not in without
    assert "cost at" not in without
    part = Beside(prices=Prices({"p3.2xlarge": price()})).rows(results)
    assert [row.values["cost"] is None for row in part] == [False, True]


def test_a_run_without_a_measurement_costs_nothing_that_is_known(make_result):
    failed = make_result(
        status="failed", measurement=None, failure={"reason": "crashed", "message": "x"},
        launch={"machine": P3},
    )  # fmt: skip
    (row,) = Beside(prices=Prices(only=price())).rows([failed])
    assert (row.values["cost"], row.values["job_cost"]) == (None, None)


def test_two_currencies_are_refused_and_a_bare_price_is_of_one_machine(make_result):
    results = [run_on(make_result, P3, 10.0), run_on(make_result, f"g5, {XEON}", 9.0)]
    mixed = Prices({"p3.2xlarge": price(), "g5": price(currency="EUR")})
    with pytest.raises(UsageError, match=r"prices are in EUR for g5.* and USD for .*p3"):
        Beside(prices=mixed).rows(results)
    with pytest.raises(UsageError, match=r"of 2 machines: .*--price '.*p3.2xlarge=3.06USD'"):
        Beside(prices=Prices(only=price())).rows(results)
    alone = Prices({"p3.2xlarge": price(), "h100": price(currency="EUR")})
    assert Beside(prices=alone).rows(results)[0].values["currency"] == "USD"


@pytest.mark.parametrize("words", [["compare", "tf", "theano"], ["history"]])
@pytest.mark.parametrize(
    ("figure", "instead"), [("cost", "(figure time)"), ("job_cost", "(figure total)"),
                            ("cost_to_loss", "compare its time;")],
)  # fmt: skip
def test_a_cost_has_no_verdict_and_the_line_says_what_has(capfd, words, figure, instead):
    assert command.run([*words, "--figure", figure]) == 2
    (line,) = capfd.readouterr().err.splitlines()
    assert f"{figure} has no verdict" in line
    assert instead in line
    assert "--by instance --price" in line


def test_the_verbs_take_prices(make_result, stored, tmp_path, monkeypatch, capfd):
    monkeypatch.delenv(prices.VARIABLE, raising=False)
    monkeypatch.setenv("BENCHDL_CACHE", str(tmp_path / "cache"))
    store = tmp_path / "results"
    stored(store, run_on(make_result, P3, 1000.0))
    here = ["--results", str(store)]

    def printed(*words, status=0):
        assert command.run([*words, *here]) == status
        return capfd.readouterr()

    assert "Cost" not in printed("table").out
    assert "Cost" not in printed("show", "latest").out
    assert "0.85000 USD" in printed("table", "--price", "3.06").out
    assert "0.85000 USD" in printed("show", "latest", "--price", "p3.2xlarge=3.06").out
    assert "0.85000 EUR" in printed("report", "--format", "md", "--price", "3.06EUR").out
    page = tmp_path / "page.html"
    printed("report", "-o", str(page), "--price", "3.06")
    assert "0.85000 USD" in page.read_text()
    (row,) = json.loads(printed("table", "--format", "json", "--price", "3.06").out)
    assert (row["cost"], row["currency"]) == (pytest.approx(0.85), "USD")
    (store / prices.NAME).write_text(FILE)
    assert "(2026-11-26, a price list)" in printed("table").out
    assert "Time to the loss (s)" in printed("table", "--to-loss", "0.05").out
    assert "Time to the loss" in printed("show", "latest", "--to-loss", "0.05").out
    assert "[x>=0]" in printed("table", "--help").out
    assert "is no price" in printed("table", "--price", "x", status=2).err
    missing = printed("table", "--prices", str(tmp_path / "no.toml"), status=2).err
    assert "no.toml does not exist" in missing
    result = next(store.glob("*/result.json")).read_text()
    assert "3.06" not in result
    assert "price" not in result


def learning(make_result, losses, machine=P3, **job):
    laps = [{"number": n, "duration_s": 10.0 * n, "loss": loss} for n, loss in enumerate(losses, 1)]
    return make_result(job=job, measurement={"laps": laps}, launch={"machine": machine})


@pytest.mark.parametrize(
    ("losses", "seconds"),
    [([0.3, 0.1, 0.05], 30.0), ([0.1], 10.0), ([0.3, 0.2], None), ([None, None], None), ([], None)],
)
def test_time_and_cost_to_a_loss_are_of_whole_laps(make_result, losses, seconds):
    beside = Beside(prices=Prices(only=price(36.0)), to_loss=0.1)
    (row,) = beside.rows([learning(make_result, losses)])
    assert row.values["time_to_loss_s"] == seconds
    assert row.values["cost_to_loss"] == (None if seconds is None else seconds * 0.01)


def test_a_line_came_to_a_loss_if_each_of_its_runs_did(make_result):
    beside = Beside(to_loss=0.1)
    both = beside.rows([learning(make_result, [0.05]), learning(make_result, [0.3, 0.1])])
    (section,) = grouped(both)
    assert section.lines[0].values["time_to_loss_s"] == 20.0
    assert [column.key for column in section.columns][-1] == "time_to_loss_s"
    (section,) = grouped([*both, *beside.rows([learning(make_result, [0.3])])])
    assert section.lines[0].values["time_to_loss_s"] is None
    (section,) = grouped(Beside().rows([learning(make_result, [0.05])]))
    assert "time_to_loss_s" not in [column.key for column in section.columns]


def test_a_loss_is_of_one_workload(make_result):
    other = learning(make_result, [0.1], dataset="synthetic-mnist")
    with pytest.raises(UsageError, match=r"--to-loss 0.1, and the runs are of 2 workloads"):
        Beside(to_loss=0.1).rows([learning(make_result, [0.1]), other])
