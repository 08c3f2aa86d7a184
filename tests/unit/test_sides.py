"""The same runs by instance, by device and by variant: who may meet, and what a ratio is to."""

from __future__ import annotations

import pytest
from printed import cells as cells_of

from harness.compare import conditions, naming
from harness.tables import all_sides, rows, views
from harness.tables.markdown import cells, to_markdown
from harness.tables.sections import grouped
from runner.workloads import lookup

K80 = "Tesla K80"


def on_gpu(make_result, time_s, visible=1, used=1, machine="Xeon, 4 cores", each_j=None, **job):
    devices = [
        {
            "index": n,
            "uuid": f"GPU-{n}",
            "name": K80,
            "utilisation_percent": 66.0,
            "used": n < used,
            "energy_j": each_j,
        }
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


def on_flights(make_result, workload, time_s, tool="xgboost", auc=0.78, **job):
    known = lookup.load(workload)
    unit = known.budget.unit
    score = {"metric": "auc", "value": auc, "unit": "", "better": "higher",
             "samples": 100_000, "sampling_error": 0.0018}  # fmt: skip
    job = {"workload": workload, "dataset": "flights", "backend": tool, "title": tool,
           "budget": {"unit": unit, "count": 1 if unit == "fits" else 100}, **job}  # fmt: skip
    work = {"batch_size": known.batch_size}
    measured = {"phases": {"fit_s": time_s}, "score": score, "work": work}
    return rows.row(make_result(job=job, measurement=measured))


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
    assert "Speed-up over CPU" in to_markdown(table, views.DEVICE)


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


def test_by_dataset_models_stand_beside_each_other_and_times_are_of_one_model(make_result):
    table = [
        on_flights(make_result, "mlp-flights", 9.0, tool="torch", auc=0.77),
        on_flights(make_result, "boosting-flights", 3.0),
        on_flights(make_result, "boosting-flights", 6.0, tool="lightgbm", auc=0.79),
        on_flights(make_result, "boosting-flights", 4.0, settings={"mode": "tuned"}),
        on_flights(make_result, "mlp-flights", 9.0, dataset="flights-days"),  # nothing beside it
        on_cpu(make_result, 2.0),
    ]
    (section,) = grouped(table, views.DATASET)
    assert section.caption.startswith("dataset flights · ")
    assert "rows · judged by AUC · launcher" in section.caption
    assert [line[:4] for line in printed_lines(section)] == [
        ("xgboost", "boosting-flights, 100 rounds", "3.0", "1.00"),
        ("xgboost, tuned", "boosting-flights, 100 rounds", "4.0", "1.33"),
        ("lightgbm", "boosting-flights, 100 rounds", "6.0", "2.00"),
        ("torch", "mlp-flights, 100 epochs", "9.0", "1.00"),
    ]
    heads = [column.head for column in section.columns]
    assert heads[-2:] == ["AUC", "GPU energy (J)"]
    assert printed_lines(section)[0][-2] == "0.7800 ±0.0018"


def test_models_judged_by_different_metrics_share_no_table(make_result):
    table = [
        on_flights(make_result, "mlp-flights", 9.0),
        on_flights(make_result, "cnn-mnist", 9.0),
    ]
    assert grouped(table, views.DATASET) == []


@pytest.mark.parametrize(
    "side", [views.INSTANCE, views.DEVICE, views.VARIANT, views.DATASET], ids=lambda s: s.name
)
def test_a_side_with_nothing_to_compare_says_how_to_get_it(make_result, side):
    assert grouped([on_cpu(make_result, 1.0)], side) == []
    assert to_markdown([on_cpu(make_result, 1.0)], side) == side.empty


@pytest.mark.parametrize("side", list(all_sides.SIDES.values()), ids=lambda s: s.name)
def test_an_invalid_run_is_in_no_median_of_any_side(make_result, side):
    finding = {"code": "not-learned", "severity": "invalid", "evidence": "90 %", "advice": "again"}
    spoilt = make_result(findings=[finding], measurement={"phases": {"fit_s": 1.0}})
    table = [
        rows.row(spoilt),
        on_cpu(make_result, 30.0),
        on_cpu(make_result, 40.0, variant="no-pool"),
        on_gpu(make_result, 3.0),
        on_gpu(make_result, 2.0, visible=2, ranks=2, settings={"strategy": "data-parallel"}),
        on_flights(make_result, "mlp-flights", 7.0),
        on_flights(make_result, "boosting-flights", 2.0),
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


def test_a_machine_whose_image_was_built_anew_still_has_both_devices(make_result):
    """None of its CPU's builds is the GPU's: the ratio is left open, the lines are not hidden."""
    newer = {"provenance": {"image_id": "sha256:" + 64 * "d"}}
    table = [on_cpu(make_result, 300.0), on_cpu(make_result, 200.0, **newer)]
    (section,) = grouped([*table, on_gpu(make_result, 40.0)], all_sides.SIDES["device"])
    assert [line.values["ratio"] for line in section.lines] == [None, 1.0, 1.0]


@pytest.mark.parametrize("side", ["tool", "device", "variant", "instance"])
def test_runs_that_saw_other_numbers_of_gpus_share_no_median(make_result, side):
    table = [on_gpu(make_result, 40.0, visible=1), on_gpu(make_result, 60.0, visible=4)]
    table += [on_cpu(make_result, 300.0), on_gpu(make_result, 50.0, variant="pool")]
    lines = [line for section in grouped(table, all_sides.SIDES[side]) for line in section.lines]
    assert not [line for line in lines if len(line.members) > 1]
    found = {line.values["time_s"]: line.values["ratio"] for line in lines}
    assert {40.0, 60.0} <= set(found)
    if side == "device":
        assert (found[40.0], found[60.0]) == (7.5, 5.0)


def test_a_caption_groups_the_digits_of_what_was_asked(make_result):
    budget = {
        "workload": "dqn-bricks",
        "dataset": "bricks",
        "budget": {"unit": "steps", "count": 200_000},
    }
    only = rows.row(make_result(job=budget))
    assert "played, 200,000 steps" in views.work(only.kind)
    assert "200,000 steps" in conditions.work(only, frozenset())
    assert naming.of_rows([only]) == ["tf cpu 200,000 steps"]
