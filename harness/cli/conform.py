"""``benchdl conform``: do the images do the workload's updates? A few, compared with NumPy's."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harness.campaign.question import Question
from harness.cli import common, gpu_shares, out, spoken

if TYPE_CHECKING:  # they import the engine's client, which --help needs not
    from harness.campaign.plan import Configuration
    from harness.checks.case import Proof


@click.command("conform")
@click.argument("backends", nargs=-1, metavar="[BACKEND...]")
@spoken.options(Question, "workload")
@common.launcher_option
@common.python_option
@click.option(
    "--device", type=click.Choice(["auto", "cpu", "gpu"]), default="auto", show_default=True
)
@common.gpus_option
@gpu_shares.options
@common.injection_option
@click.option(
    "--mode",
    "modes",
    multiple=True,
    type=click.Choice(["as-written", "tuned"]),
    help="Repeat for both; default: both.",
)
@common.precision_option
@click.option("--variant", "variants", multiple=True, help="Repeat for several (default: none).")
@click.option(
    "--set", "pairs", multiple=True, metavar="KEY=VALUE", help="Change a setting of image.toml."
)
@click.option(
    "--brief",
    is_flag=True,
    help="One small batch's updates of every workload that BACKEND has (or of --workload alone).",
)
@click.option("--again", is_flag=True, help="Prove anew what was proven before.")
@common.make_base_option
@click.option("--json", "as_json", is_flag=True, help="Print every check with its figures.")
def command(
    backends: tuple[str, ...], brief: bool, again: bool, as_json: bool, **asked: Any
) -> int:
    """Compare a few updates of each BACKEND (or all) with NumPy's.

    It takes up to a minute or two for a build, and holds for it from then on: `benchdl run` does it
    by itself after the first good job. Exit status: 0, or 1 if something is wrong or could not be
    shown.
    """
    from harness import catalog
    from harness.campaign import conform_builds
    from harness.campaign.plan import Options
    from harness.cli import request
    from harness.errors import UsageError
    from harness.launchers import choice
    from harness.store import Store
    from runner.contract.precision import MIXED

    mixed = [precision for precision in asked["precisions"] if precision in MIXED]
    if brief and mixed:
        raise UsageError(
            f"--brief with --precision {mixed[0]}", "the brief proof is of float32: leave one out"
        )
    device = choice.device(asked["device"], out.say)
    options = Options(
        workload=asked["workload"],
        backends=list(backends or catalog.names()),
        devices=[device],
        gpus=request.gpus(asked["gpus"], [device]),
        python=choice.python(asked["launcher"], asked["python"]),
        modes=list(asked["modes"]) or ["as-written", "tuned"],
        precisions=list(asked["precisions"]) or ["float32"],
        variants=list(asked["variants"]) or ["default"],
        ranks=gpu_shares.axis(asked, device),
        overrides=request.overrides(asked),
        unsupported="refuse" if backends else "skip",
    )
    launcher = choice.launcher(
        asked["launcher"],
        python=options.python,
        make_base=asked["make_base"],
        injection=asked["injection"],
        say=out.say,
    )
    choice.check_limits(launcher, memory=None, injection=asked["injection"])
    given = click.get_current_context().get_parameter_source("workload")
    chosen = given != click.core.ParameterSource.DEFAULT
    briefly = None
    if brief:
        briefly = (lambda _: [options.workload]) if chosen else conform_builds.networks_of
    good, told = True, []
    with tempfile.TemporaryDirectory(prefix="benchdl-conform-") as folder:
        store = Store(Path(folder))
        for configuration, proof in conform_builds.prove(
            options, launcher, store, again=again, say=out.say, briefly=briefly
        ):
            good = _show(configuration, proof, quiet=as_json) and good
            told.append(proof.conformance)
    if as_json:
        whole = [found.model_dump(mode="json") for found in told if found]
        out.json(json.dumps(whole, indent=1))
    return 0 if good else 1


def _show(configuration: Configuration, proof: Proof, *, quiet: bool) -> bool:
    """One line, and one for each check that does not hold; whether all is well."""
    from harness.checks.conformity import in_words

    found = proof.conformance
    bad = found.wrong() + found.unsettled() if found else []
    if found is None:
        text = f"unproven {configuration}: {proof.reason}"
    else:
        what = (found.image_id or "locked versions").removeprefix("sha256:")[:15]
        mark = "not ok" if found.wrong() else "unproven" if bad else "ok"
        looked, left = len(found.checks) - len(found.skipped()), len(found.skipped())
        held = f"{looked - len(bad)} of {looked} checks hold"
        held += f", {left} are not looked at" if left else ""
        text = f"{mark} {configuration}: {held} ({what}, {found.took_s:.0f} s, {found.at[:10]})"
    if quiet:
        if found is None or bad:
            out.say(text)
    else:
        for line in (text, *(f"    {check.name} {in_words(check)}" for check in bad)):
            out.line(line)
    return found is not None and not bad
