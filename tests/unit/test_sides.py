"""The same runs by instance, by device and by variant: who may meet, and what a ratio is to."""

from __future__ import annotations

import pytest
from printed import cells as cells_of

from harness.tables import rows, views
from harness.tables.markdown import cells, to_markdown
from harness.tables.sections import grouped

K80 = "Tesla K80"


def on_gpu(make_result, time_s, visible=1, used=1, machine="Xeon, 4 cores", **job):
    devices = [
        {"index": n, "uuid": f"GPU-{n}", "name": K80, "utilisation_percent": 66.0, "used": n < used}
        for n in range(visible)
    ]
    return rows.row(
        make_result(
            job={"device": "gpu", **job},
            measurement={"phases": {"fit_s": time_s}, "gpu": {"state": "ok", "devices": devices}},
            launch={"machine": machine},
        )
    )


def on_cpu(make_result, time_s, machine="Xeon, 4 cores", **job):
    changes = {"measurement": {"phases": {"fit_s": time_s}}, "launch": {"machine": machine}}
    return rows.row(make_result(job=job, **changes))


def printed_lines(section):
    return [cells(line, section.columns) for line in section.lines]


def test_by_instance_is_the_seeds_second_table(make_result):
    table = [
        on_gpu(make_result, 37.0),
        on_gpu(make_result, 36.0, visible=8, machine="Xeon, 32 cores"),
        on_cpu(make_result, 130.0, machine="Xeon, 32 cores"),
    ]
    (section,) = grouped(table, views.INSTANCE)
    assert section.caption.startswith("Keras (tensorflow) · as-written · cnn-mnist")
    lines = printed_lines(section)
    shown = [(line[0], line[2], line[3], line[5]) for line in lines]
    assert shown == [
        ("Xeon, 32 cores · 8 × Tesla K80", "36.0", "1.00", "1/8"),
        ("Xeon, 4 cores · Tesla K80", "37.0", "1.03", "1/1"),
        ("Xeon, 32 cores", "130.0", "3.61", "-"),
    ]


def test_gpu_and_cpu_of_one_machine(make_result):
    theano = {"backend": "theano", "title": "Keras (theano)"}
    table = [
        on_cpu(make_result, 326.0),
        on_gpu(make_result, 37.0),
        on_cpu(make_result, 900.0, **theano),  # never on the GPU: nothing to compare
        on_cpu(make_result, 130.0, machine="Xeon, 32 cores"),
    ]
    (section,) = grouped(table, views.DEVICE)
    assert [line[:4] for line in printed_lines(section)] == [
        ("Keras (tensorflow)", K80, "37.0", "8.81"),
        ("Keras (tensorflow)", "cpu", "326.0", "1.00"),
    ]
    assert "CPU / this" in to_markdown(table, views.DEVICE)


def test_devices_of_one_tool_follow_one_another(make_result):
    theano = {"backend": "theano", "title": "Keras (theano)"}
    table = [on_cpu(make_result, 300.0), on_gpu(make_result, 37.0),
             on_cpu(make_result, 200.0, **theano), on_gpu(make_result, 20.0, **theano)]  # fmt: skip
    (section,) = grouped(table, views.DEVICE)
    assert [line[2] for line in printed_lines(section)] == [
        "20.0",
        "200.0",
        "37.0",
        "300.0",
    ]


def test_variants_are_compared_with_the_default(make_result):
    table = [
        on_gpu(make_result, 100.0, variant="default"),
        on_gpu(make_result, 130.0, variant="no-pool"),
        on_gpu(make_result, 90.0, variant="no-pool", overrides={"memory_pool.fraction": 0.5}),
    ]
    (section,) = grouped(table, views.VARIANT)
    assert [(line[0], line[3]) for line in printed_lines(section)] == [
        ("no-pool, memory_pool.fraction=0.5", "0.90"),
        ("default", "1.00"),
        ("no-pool", "1.30"),
    ]
    without = grouped(table[1:], views.VARIANT)
    assert [line.values["ratio"] for line in without[0].lines] == [None, None]


@pytest.mark.parametrize(
    "side", [views.INSTANCE, views.DEVICE, views.VARIANT], ids=lambda s: s.name
)
def test_a_side_with_nothing_to_compare_says_how_to_get_it(make_result, side):
    assert grouped([on_cpu(make_result, 1.0)], side) == []
    assert to_markdown([on_cpu(make_result, 1.0)], side) == side.empty


@pytest.mark.parametrize("side", list(views.SIDES.values()), ids=lambda s: s.name)
def test_an_invalid_run_is_in_no_median_of_any_side(make_result, side):
    finding = {"code": "not-learned", "severity": "invalid", "evidence": "90 %", "advice": "again"}
    spoilt = make_result(findings=[finding], measurement={"phases": {"fit_s": 1.0}})
    table = [
        rows.row(spoilt),
        on_cpu(make_result, 30.0),
        on_cpu(make_result, 40.0, variant="no-pool"),
        on_gpu(make_result, 3.0),
    ]
    members = [
        row for section in grouped(table, side) for line in section.lines for row in line.members
    ]
    assert members
    assert spoilt.run_id not in {row.run_id for row in members}


def test_the_command_prints_a_side(make_result, stored, benchdl, tmp_path):
    for variant, seconds in (("default", 30.0), ("no-pool", 45.0)):
        changes = {"job": {"variant": variant}, "measurement": {"phases": {"fit_s": seconds}}}
        stored(tmp_path / "results", make_result(**changes))
    printed = benchdl("table", "--by", "variant").stdout
    lines = [cells_of(line) for line in printed.splitlines() if line.startswith("|")]
    assert lines[0][:4] == ["Variant", "Mode", "Time (s)", "vs default"]
    assert [line[3] for line in lines[2:4]] == ["1.00", "1.50"]
    refused = benchdl("table", "--by", "variant", "--format", "csv")
    assert refused.returncode == 2
    assert "--by variant with --format csv" in refused.stderr
