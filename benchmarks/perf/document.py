"""The Markdown document of one run: what was measured, with intervals, and each goal's verdict."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import median

from benchmarks.perf import sampler_cost
from benchmarks.perf.records import Record, Records
from harness.stats.verdicts import Comparison, compare

HAND_GOAL = 1.01
OVERHEAD_GOAL_S = 1.0
SAMPLER_GOAL = 1.01

_NONE = "-"


def text(records: Records, conditions: Record, machine: Iterable[str], sampled: Record) -> str:
    """The whole document.

    Args:
        records: everything that was measured.
        conditions: the work of each arm.
        machine: lines that name machine and state.
        sampled: rate in Hz to CPU seconds that the sampler's process takes in a second.
    """
    backends = list(dict.fromkeys(line["backend"] for line in records.lines))
    work = ", ".join(f"{key} {value}" for key, value in conditions.items())
    parts = [
        f"# Speed of benchdl, {records.date}",
        "\n".join(f"- {line}" for line in machine),
        f"Made by `make perf`: {work}. In each block every arm of every backend ran once, in "
        "shuffled order. Ratios are medians of the ratios within the blocks, with the 95 % "
        "interval of order statistics (of 5 blocks 93.75 %); below 5 there is none "
        "(docs/method.md).",
        _by_hand(records, backends),
        _modes(records, backends),
        _overhead(records, backends),
        _sampler(records, backends, sampled),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _by_hand(records: Records, backends: list[str]) -> str:
    rows = []
    for name in backends:
        hand = records.samples(name, "by hand", "fit_s")
        ours = records.samples(name, "as-written", "fit_s")
        if hand and ours:
            found = compare(hand, ours)
            times = f"{found.a.median:.2f} | {found.b.median:.2f}"
            rows.append(f"| {name} | {times} | {_ratio(found)} | {_goal(found, HAND_GOAL)} |")
    return _table(
        "## A job of benchdl against the script by hand",
        "Time of the training call, as written: in a job (harness, container hardening, sampler), "
        "and of `benchmarks/by_hand/` in the same image by `docker run`. Goal: at most "
        f"{HAND_GOAL}.",
        ["Backend", "By hand (s)", "benchdl (s)", "Ratio", "Interval", "Blocks", "Goal"],
        rows,
    )


def _modes(records: Records, backends: list[str]) -> str:
    steady = {
        (name, mode): median(values)
        for name in backends
        for mode in ("as-written", "tuned")
        if (values := records.values(name, mode, "steady_epoch_s"))
    }
    if not steady:
        return ""
    floor = min(steady.values())
    fastest = next(key for key, value in steady.items() if value == floor)
    rows = []
    for name in dict.fromkeys(name for name, _ in steady):
        written = records.samples(name, "as-written", "steady_epoch_s")
        tuned = records.samples(name, "tuned", "steady_epoch_s")
        cells = [
            f"{steady[name, mode]:.3f}" if (name, mode) in steady else _NONE
            for mode in ("as-written", "tuned")
        ]
        ratio = _ratio(compare(written, tuned)) if written and tuned else "- | - | -"
        over = [
            f"{steady[name, mode] / floor:.2f}" if (name, mode) in steady else _NONE
            for mode in ("as-written", "tuned")
        ]
        rows.append(f"| {name} | {' | '.join(cells)} | {ratio} | {' | '.join(over)} |")
    return _table(
        "## As written, tuned, and the floor",
        "Steady epoch (median of all but the first) in a job, in seconds. The floor is the fastest "
        f"row on this device: {fastest[0]}, {fastest[1]}, {floor:.3f} s.",
        ["Backend", "As written", "Tuned", "Tuned / as written", "Interval", "Blocks",
         "As written / floor", "Tuned / floor"],
        rows,
    )  # fmt: skip


def _overhead(records: Records, backends: list[str]) -> str:
    rows = []
    for name in backends:
        jobs = [
            line
            for line in records.lines
            if line["backend"] == name and line["arm"] in ("as-written", "tuned")
        ]
        empty = records.values(name, "empty container", "wall_s")
        if not jobs or not empty:
            continue
        around = median(job["wall_s"] - job["runner_s"] - job["idle_s"] for job in jobs)
        container = median(job["container_s"] - job["runner_s"] for job in jobs)
        more = around - median(empty)
        proofs = [job["proof_s"] for job in jobs if job["proof_s"] is not None]
        proof = f"{median(proofs):.2f}" if proofs else _NONE
        verdict = "met" if more <= OVERHEAD_GOAL_S else "missed"
        rows.append(
            f"| {name} | {around:.2f} | {container:.2f} | {around - container:.2f} "
            f"| {median(empty):.2f} | {more:+.2f} | {len(jobs)} | {verdict} | {proof} |"
        )
    waits = [line["idle_s"] for line in records.lines if "idle_s" in line]
    waited = (
        f"; benchdl waits for an idle machine besides (median {median(waits):.1f} s)"
        if waits
        else ""
    )
    return _table(
        "## What a job costs around the runner",
        "Wall clock of `benchdl run` less the runner's own time, in seconds: in the container "
        "(start, Python, end) and before and after it (benchdl's start, checks, storing). The "
        "runner's own time ends with the second opinion, computed in NumPy. "
        "Beside it a container of the same image that does nothing. Goal: at most "
        f"{OVERHEAD_GOAL_S:.0f} s more than that{waited}.",
        ["Backend", "Around the runner", "in the container", "outside", "Empty container",
         "More", "Jobs", "Goal", "Second opinion"],
        rows,
    )  # fmt: skip


def _sampler(records: Records, backends: list[str], sampled: Record) -> str:
    rows = []
    for rate in sampler_cost.RATES_HZ:
        share = sampled.get(str(rate))
        own = f"{100 * share:.2f} %" if share is not None else _NONE
        for name in backends:
            without = records.samples(name, sampler_cost.WITHOUT, "fit_s")
            with_it = records.samples(name, sampler_cost.arm(rate), "fit_s")
            if not without or not with_it:
                continue
            found = compare(without, with_it)
            rows.append(
                f"| {rate} | {own} | {name} | {_ratio(found)} | {_goal(found, SAMPLER_GOAL)} |"
            )
            own = ""
        if own and share is not None:
            rows.append(f"| {rate} | {own} | - | - | - | - | - |")
    return _table(
        "## What the sampler costs",
        "CPU time of its own process as a share of one core, and the time of training with it over "
        f"that without. Goal at the usual 10 Hz: at most {SAMPLER_GOAL}.",
        ["Rate (Hz)", "Own CPU", "Backend", "Ratio", "Interval", "Blocks", "Goal"],
        rows,
    )


def _ratio(found: Comparison) -> str:
    span = _NONE if found.low is None else f"{found.low:.3f} to {found.high:.3f}"
    return f"{found.ratio:.3f} | {span} | {found.pairs or found.b.n}"


def _goal(found: Comparison, limit: float) -> str:
    """Met or missed only where the interval says so."""
    if found.low is None or found.high is None:
        return "open: too few blocks"
    if found.high <= limit:
        return "met"
    return "missed" if found.low > limit else "open: the times scatter too much"


def _table(title: str, words: str, head: list[str], rows: list[str]) -> str:
    if not rows:
        return ""
    ruler = "|" + "|".join(["---"] + ["---:"] * (len(head) - 1)) + "|"
    return "\n".join([title, "", words, "", f"| {' | '.join(head)} |", ruler, *rows])
