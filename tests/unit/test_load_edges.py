"""Load of others at the very figure from which on it is told, and from which on it disturbs."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from harness.checks import contention
from harness.checks.seen import Seen
from harness.checks.witness import Witness
from runner.contract.samples import Samples, core_column

BEGIN_S = 100.0
TENTHS = 10


def counted(rates, seconds, begin=0.0):
    """A counter that grows by rates of CPU seconds a second: ``[(until_s, rate), ...]``."""
    total, values = 0.0, []
    for tick in range(round(seconds * TENTHS) + 1):
        values.append(begin + total)
        now = (tick + 0.5) / TENTHS
        total += next(rate for until, rate in rates if now < until or until == rates[-1][0]) / 10
    return values


def machine(cores, job, foreign, seconds=10.0):
    """Samples of ``cores`` cores; rates of the job and of others, each spread over all of them."""
    mine, theirs = counted(job, seconds), counted(foreign, seconds)
    columns = {core_column(core): [(a + b) / cores for a, b in zip(mine, theirs, strict=True)]
               for core in range(cores)}  # fmt: skip
    columns["job_cpu_s"] = mine
    times = [BEGIN_S + tick / TENTHS for tick in range(len(mine))]
    return Samples(columns, times, 0.1, list(range(cores)))


def case(samples=None, *, own_s=10.0, host_s=None, cores=20, fit_s=10.0, **beside):
    marks = {"fit": BEGIN_S, "fit_end": BEGIN_S + fit_s} if samples else {"fit": BEGIN_S}
    measured = SimpleNamespace(
        cpu=SimpleNamespace(job_cpu_s=own_s, host_cpu_s=host_s, visible_cores=cores),
        phases=SimpleNamespace(fit_s=fit_s),
        marks=marks,
    )
    return SimpleNamespace(measured=measured, seen=Seen(Witness(), samples or Samples(), beside))


def told(asked):
    return [(finding.code, finding.severity) for finding in contention.others(asked)]


FOREIGN, NEIGHBOUR = "foreign-load", "own-neighbour"


@pytest.mark.parametrize(
    ("own_s", "host_s", "cores", "found"),
    [
        (100.0, 110.0, 20, []),  # a tenth of the job's
        (100.0, 110.1, 20, [(FOREIGN, "info")]),
        (1.0, 1.5, 20, []),  # half a second
        (1.0, 1.51, 20, [(FOREIGN, "info")]),
        # Of 20 cores two have to be idle, of 4 one.
        (100.0, 180.0, 20, [(FOREIGN, "info")]),
        (100.0, 180.1, 20, [(FOREIGN, "suspect")]),
        (15.0, 30.0, 4, [(FOREIGN, "info")]),
        (15.0, 30.1, 4, [(FOREIGN, "suspect")]),
        (None, 30.1, 4, []),
        (15.0, None, 4, []),
    ],
)
def test_without_samples_the_averages_of_the_window_tell(own_s, host_s, cores, found):
    assert told(case(own_s=own_s, host_s=host_s, cores=cores)) == found


def test_it_is_said_what_others_used_and_what_to_do():
    (free,) = contention.others(case(own_s=100.0, host_s=120.0))
    assert free.evidence == (
        "20.0 s of CPU time in the fit window were not the job's (2.0 cores; the job used "
        "100.0 s), 0.0 s of it while hardly a core was idle"
    )
    assert free.advice.startswith("there were cores left")
    (full,) = contention.others(case(own_s=100.0, host_s=190.0))
    assert full.evidence.endswith("90.0 s of it while hardly a core was idle")
    assert full.advice == "close other programs and run again"


def test_cores_are_short_by_intervals_of_a_second():
    """The eight cores are full for the fifth second of ten."""
    burst = machine(8, [(10.0, 1.0)], [(4.0, 0.0), (5.0, 7.0), (10.0, 0.0)])
    (finding,) = contention.others(case(burst))
    assert (finding.code, finding.severity) == (FOREIGN, "suspect")
    assert finding.evidence.startswith("7.0 s of CPU time")
    assert finding.evidence.endswith("7.0 s of it while hardly a core was idle")


@pytest.mark.parametrize(("own_s", "severity"), [(10.0, "info"), (9.9, "suspect")])
def test_a_tenth_of_the_job_while_cores_are_short_is_no_matter(own_s, severity):
    """Others use a second while both cores are busy, and another beside a core that is idle."""
    job = [0.0, 1.0, 2.0, 3.0, 3.0, 4.0]
    busy = [0.0, 1.0, 2.0, 4.0, 5.0, 6.0]
    columns = {core_column(core): [seconds / 2 for seconds in busy] for core in (0, 1)}
    times = [BEGIN_S + number for number in range(6)]
    seen = Samples({**columns, "job_cpu_s": job}, times, 1.0, [0, 1])
    assert told(case(seen, own_s=own_s, fit_s=5.0)) == [(FOREIGN, severity)]


def test_a_training_call_below_a_second_is_one_interval():
    """Full for the first half of 0.4 s: on the whole more than a core was idle."""
    burst = machine(8, [(0.4, 1.0)], [(0.2, 7.0), (0.4, 0.0)], seconds=0.4)
    assert told(case(burst, own_s=0.4, fit_s=0.4)) == [(FOREIGN, "info")]


def test_where_cores_are_missing_nothing_is_told():
    full = machine(2, [(10.0, 1.0)], [(10.0, 1.0)])
    assert told(case(full)) == [(FOREIGN, "suspect")]
    without = Samples({"job_cpu_s": full.columns["job_cpu_s"]}, full.times, 0.1, [])
    assert told(case(without, other=full)) == []
    # In the first six of ten seconds one core was not read, or the job was not.
    for column in (core_column(1), "job_cpu_s"):
        part = {**full.columns, column: [None] * 60 + full.columns[column][60:]}
        (finding,) = contention.others(case(Samples(part, full.times, 0.1, [0, 1])))
        assert finding.evidence.startswith("4.0 s of CPU time")


def job_beside(seconds=10.0, rate=1.0, begin_s=0.0):
    values = counted([(seconds, rate)], seconds)
    times = [BEGIN_S + begin_s + tick / TENTHS for tick in range(len(values))]
    return Samples({"job_cpu_s": values}, times, 0.1)


@pytest.mark.parametrize(
    ("near", "own_s", "found"),
    [
        (job_beside(), 99.0, [(NEIGHBOUR, "info")]),
        (job_beside(), 101.0, []),
        (Samples({"job_cpu_s": [0.0, 10.0]}, [100.0, 110.0], 10.0), 100.0, []),  # a tenth exactly
        (job_beside(begin_s=-10.0), 10.0, [(FOREIGN, "info")]),  # it had ended before
        (job_beside(begin_s=9.0), 99.0, []),
        (Samples({}, [100.0, 110.0]), 10.0, [(FOREIGN, "info")]),  # nobody knows what it used
    ],
)
def test_a_neighbour_is_told_from_a_tenth_of_the_job_on(near, own_s, found):
    """10 s of CPU time were not the job's: the neighbour's, or a stranger's."""
    here = machine(20, [(10.0, own_s / 10)], [(10.0, 1.0)])
    assert told(case(here, own_s=own_s, near=near)) == found


def test_neighbours_are_named_together_and_small_ones_are_not():
    here = machine(64, [(10.0, 2.0)], [(10.0, 3.1)])
    beside = {"b": job_beside(rate=2.0), "a": job_beside(rate=1.0), "c": job_beside(rate=0.1)}
    (finding,) = contention.others(case(here, own_s=20.0, cores=64, **beside))
    assert finding.evidence == (
        "beside it ran a, b of the same campaign and used 30.0 s of CPU time in its fit window, "
        "0.0 s of it while hardly a core was idle"
    )
    assert finding.advice.startswith("there were cores left for both")
    full = machine(5, [(10.0, 2.0)], [(10.0, 3.0)])
    beside.pop("c")
    (finding,) = contention.others(case(full, own_s=20.0, cores=5, **beside))
    assert finding.severity == "suspect"
    assert finding.evidence.endswith("30.0 s of it while hardly a core was idle")
    assert finding.advice.startswith("the jobs wait for each other's cores")
