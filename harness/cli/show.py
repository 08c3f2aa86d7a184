"""``benchdl show RUN``: one result: what people ask for first, and with ``-v`` all of it."""

from __future__ import annotations

from pathlib import Path

import click

from harness import checksums, origins
from harness.checks import conformity
from harness.checks.verdict import verdict
from harness.cli import common, completion, on_screen, out, priced
from harness.cli.priced import Asked
from harness.store import CAMPAIGNS
from harness.tables import columns
from harness.tables.column import Values
from harness.tables.score_columns import settled
from runner.contract.result import Result
from runner.contract.work_and_score import Proof

_GRAVE = ["invalid", "suspect", "info"]
_UNCHANGED = f"its files are unchanged since it was stored ({checksums.NAME})"
_UNTOLD: tuple[object, ...] = (None, "", {}, [])
_UNKNOWN = "no checksum: it was stored before there were any"
_REST = "Phases, devices, attestation and checks are shown by -v, and by --json."


@click.command("show")
@click.argument("run", shell_complete=completion.runs)
@click.option("--json", "as_json", is_flag=True, help="The stored result.json as it is.")
@priced.options
@common.verbose_option
@common.results_option
def command(run: str, as_json: bool, priced: Asked, verbose: bool, results: Path | None) -> None:
    """Show one result: RUN is its id, a part of it, or `latest`."""
    store = common.store(results)
    beside = priced.read([store])
    result, folder = store.find(run, out.say)
    if as_json:
        out.json(result.model_dump_json(indent=1))
        return
    status = verdict(result.status, result.findings)
    on_screen.paragraph(f"{result.run_id}: {status}", status)
    _answer(result)
    (row,) = beside.rows([result])
    _section("figures", _figures(result, row.values))
    _laps(result)
    _job(result)
    known = checksums.read(folder) is not None
    origin = origins.read(folder.parent / CAMPAIGNS, result.job.campaign_id)
    _section("stored", {"started": result.started_at, "from": origin and origin.place,
             "files": folder,
             "checksum": _UNCHANGED if known else _UNKNOWN})  # fmt: skip
    _proofs(result)
    if not verbose:
        out.line(_REST)
        return
    _measured(result)
    if result.conformance:
        checks = result.conformance.checks
        _section("conformance", {check.name: conformity.in_words(check) for check in checks})
    if result.launch:
        _section("launch", result.launch.model_dump())


def _answer(result: Result) -> None:
    """What came of it: why there is nothing, and what to be careful with, the gravest first."""
    failure = result.failure
    if failure:
        code = "" if failure.exit_code is None else f" (exit status {failure.exit_code})"
        why = f"{failure.reason}: {failure.message}{code}"
        on_screen.paragraph(why, result.status, indent=2)
        on_screen.paragraph(failure.advice, indent=4)
    for finding in sorted(result.findings, key=lambda finding: _GRAVE.index(finding.severity)):
        seen = f"{finding.severity} {finding.code}: {finding.evidence}"
        on_screen.paragraph(seen, finding.severity, indent=2)
        on_screen.paragraph(finding.advice, indent=4)


def _laps(result: Result) -> None:
    word = "epoch" if result.job.budget.unit == "epochs" else "lap"
    for lap in result.measurement.laps if result.measurement else []:
        loss = "" if lap.loss is None else f"  loss {lap.loss:.4f}"
        out.line(f"  {word} {lap.number:>3}  {lap.duration_s:.2f} s{loss}")


def _job(result: Result) -> None:
    job = result.job
    facts = job.model_dump(include={"backend", "variant", "workload", "dataset", "launcher",
             "device", "train_samples", "threads", "batch_size", "seed", "overrides", "tags",
             "note", "campaign_id", "campaign_position", "repeat", "attempt"})  # fmt: skip
    _section("job", {**facts, "budget": str(job.budget)})
    _section("settings", job.settings.model_dump())
    _section("software", {**job.pins.packages, "reference": job.provenance.reference,
             "image": job.provenance.image_id, "note": job.provenance.note})  # fmt: skip


def _proofs(result: Result) -> None:
    """What the judge found."""
    if result.measurement:
        _section("proofs", {proof.name: _proof(proof) for proof in result.measurement.proofs})


def _measured(result: Result) -> None:
    """All else that the job told of itself. Marks are on a clock of no meaning: here from begin."""
    if result.measurement is None:
        return
    dumped = result.measurement.model_dump(exclude={"laps", "proofs"})
    marks = dumped.pop("marks") or {}
    begin = min(marks.values(), default=0.0)
    _section("marks", {name: f"{mark - begin:.2f} s" for name, mark in marks.items()})
    devices = dumped["gpu"].pop("devices")
    for name, parts in (
        ("peak", dumped.pop("peaks")),
        ("GPU", devices),
        ("rank", dumped.pop("ranks")),
    ):
        _several(name, parts)
    for name, facts in dumped.items():
        _section(name, facts or {})


def _figures(result: Result, values: Values) -> dict[str, object]:
    """Every figure that the run has and a result alone can tell, as tables print it."""
    return {
        column.head: column.text(values)
        for column in settled(columns.shown_in("detail"), [values])
        if column.applies(values)
        if values[column.key] not in (None, "")
        or (result.measurement and column.digits is not None and not column.brought)
    }


def _proof(proof: Proof) -> str:
    """``8 tensors, expected 8``: what the judge found, and what it was to be or was claimed."""
    words = [] if proof.value is None else [f"{proof.value:.4g} {proof.unit}".strip()]
    for name, value in (("expected", proof.expected), ("claimed", proof.claimed)):
        words += [] if value is None else [f"{name} {value:.4g}"]
    return ", ".join(words + ([proof.detail] if proof.detail else []))


def _several(name: str, parts: list[dict[str, object]]) -> None:
    """Of each its own facts, and once those that all have alike."""
    alike = {
        key: value
        for key, value in (parts[0] if len(parts) > 1 else {}).items()
        if all(part[key] == value for part in parts)
    }
    if _known(alike):
        _section(f"each {name}", alike)
    for part in parts:
        _section(name, {key: value for key, value in part.items() if key not in alike})


def _section(name: str, facts: dict[str, object]) -> None:
    """A head and its facts; nothing where nothing is known."""
    told = _known(facts)
    if told:
        out.line(f"  {name}")
        on_screen.facts(told, indent=4)


def _known(facts: dict[str, object]) -> dict[str, str]:
    """What is known, in words."""
    told = {key: _fact(value) for key, value in facts.items() if value not in _UNTOLD}
    return {key: words for key, words in told.items() if words}


def _fact(value: object) -> str:
    """A value in words: lists and objects without the marks of a programming language."""
    if isinstance(value, dict):
        return ", ".join(f"{name} {text}" for name, text in _known(value).items())
    if isinstance(value, list):
        return ", ".join(map(_fact, value))
    return f"{value:.4g}" if isinstance(value, float) else str(value)
