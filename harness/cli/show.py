"""``benchdl show RUN``: one result in full."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from harness import checksums
from harness.checks import conformity
from harness.checks.verdict import verdict
from harness.cli import common, out
from harness.tables import columns, rows
from harness.tables.score_columns import settled
from runner.contract.result import Result

_UNCHANGED = f"its files are unchanged since it was stored ({checksums.NAME})"
_UNKNOWN = "no checksum: it was stored before there were any"


@click.command("show")
@click.argument("run")
@click.option("--json", "as_json", is_flag=True, help="The stored result.json as it is.")
@common.results_option
def command(run: str, as_json: bool, results: Path | None) -> None:
    """Show one result: RUN is its id, a part of it, or `latest`."""
    result, folder = common.store(results).find(run, out.say)
    if as_json:
        out.json(result.model_dump_json(indent=1))
        return
    job = result.job
    out.line(f"{result.run_id}: {verdict(result.status, result.findings)}")
    out.line(f"  files      {folder}")
    known = checksums.read(folder) is not None
    out.line(f"  checksum   {_UNCHANGED if known else _UNKNOWN}")
    out.line(f"  started    {result.started_at}")
    facts = job.model_dump(include={"backend", "variant", "workload", "dataset", "launcher",
             "device", "train_samples", "threads", "batch_size", "seed", "overrides",
             "campaign_id", "campaign_position", "repeat", "attempt"})  # fmt: skip
    _section("job", {**facts, "budget": str(job.budget)})
    _section("settings", job.settings.model_dump())
    _section("software", {**job.pins.packages, "reference": job.provenance.reference,
             "image": job.provenance.image_id, "note": job.provenance.note})  # fmt: skip
    _section("figures", _figures(result))
    if result.failure:
        _section("failure", result.failure.model_dump())
    if result.measurement:
        dumped = result.measurement.model_dump()
        word = "epoch" if job.budget.unit == "epochs" else "lap"
        for lap in dumped.pop("laps"):
            loss = "" if lap["loss"] is None else f"  loss {lap['loss']:.4f}"
            out.line(f"  {word} {lap['number']:>3}  {lap['duration_s']:.2f} s{loss}")
        _section("proofs", {proof["name"]: _proof(proof) for proof in dumped.pop("proofs")})
        for peak in dumped.pop("peaks"):
            _section("peak", peak)
        for name, facts in dumped.items():
            _section(name, facts)
    if result.conformance:
        checks = result.conformance.checks
        _section("conformance", {check.name: conformity.in_words(check) for check in checks})
    if result.launch:
        _section("launch", result.launch.model_dump())
    for finding in result.findings:
        out.line(f"  {finding.severity} {finding.code}: {finding.evidence}. {finding.advice}")


def _figures(result: Result) -> dict[str, object]:
    """Every figure that the run has and a result alone can tell, as tables print it."""
    values = rows.row(result).values
    return {
        column.head: column.text(values)
        for column in settled(columns.shown_in("detail"), [values])
        if column.applies(values)
        if values[column.key] not in (None, "")
        or (result.measurement and column.digits is not None)
    }


def _proof(proof: dict[str, Any]) -> str:
    """``8 tensors, expected 8``: what the judge found, and what it was to be or was claimed."""
    words = [] if proof["value"] is None else [f"{proof['value']:.4g} {proof['unit']}".strip()]
    for name in ("expected", "claimed"):
        words += [] if proof[name] is None else [f"{name} {proof[name]:.4g}"]
    return ", ".join(words + ([proof["detail"]] if proof["detail"] else []))


def _section(name: str, facts: dict[str, object]) -> None:
    out.line(f"  {name}")
    for key, value in facts.items():
        if value not in (None, {}, []):
            shown = f"{value:.4g}" if isinstance(value, float) else str(value)
            out.line(f"    {key:<24} {shown}")
