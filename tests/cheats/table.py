"""Each way to cheat, run for real, and what finds it.

    python tests/cheats/table.py --data-dir DIR --dataset mnist --seeds 1 2 -- honest skips-batches

Runs the judge with the NumPy backend of tests/dummy and one of its cheats, stamps what it says as
the harness does, and passes what comes of it through the checks. Prints for each cheat what a proof
of its image finds wrong, and one line a seed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
if __name__ == "__main__":
    sys.path.insert(0, str(REPO))

from harness.checks import recomputed, registry  # noqa: E402
from harness.checks.case import Case, Proof  # noqa: E402
from harness.checks.seen import Seen  # noqa: E402
from harness.checks.verdict import verdict  # noqa: E402
from harness.checks.witness import Witness  # noqa: E402
from harness.provision import discovery  # noqa: E402
from runner.contract.conformance import Check, Conformance  # noqa: E402
from runner.contract.job import Job, Provenance, Settings  # noqa: E402
from runner.contract.result import Launch, load_result  # noqa: E402
from runner.contract.schema import ContractError  # noqa: E402
from runner.contract.work_and_score import Budget  # noqa: E402

GOOD = Check(name="update", expected=0.0, seen=0.0)
PROVEN = Proof(
    Conformance(
        backend="dummy", mode="as-written", device="cpu", at="", took_s=0.0, checks=[GOOD],
    )
)  # fmt: skip


def overlay(folder):
    """A root whose runner has the test backend as well."""
    skip = shutil.ignore_patterns("__pycache__")
    for tree in (REPO, REPO / "tests" / "dummy"):
        shutil.copytree(tree / "runner", folder / "runner", ignore=skip, dirs_exist_ok=True)
    return folder


def outcome(cheat, root, data_dir, dataset, *, train_samples, epochs, seed=1, proof=PROVEN):
    """The status that a row would have, and its findings as (code, severity).

    Args:
        cheat: one of tests/dummy's; empty is an honest backend.
        root: what :func:`overlay` made.
        data_dir, dataset, train_samples, epochs, seed: what is trained on, and for how long.
        proof: what is known of the image: by itself that all is well.

    Returns:
        ``("failed: REASON", [])`` where no measurement came of it.
    """
    checksums = {
        name: hashlib.sha256((Path(data_dir) / name).read_bytes()).hexdigest()
        for name in discovery.load(dataset).sha256
    }
    job = a_job(
        dataset=dataset, budget=Budget(unit="epochs", count=epochs), seed=seed,
        train_samples=train_samples, data_dir=str(data_dir), dataset_sha256=checksums,
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as made:
        witness, began = Witness(), time.monotonic()
        result, code = run(job, cheat, root, Path(made), witness.event)
        witness.wall_s = time.monotonic() - began
        samples = recomputed.read(Path(made) / "samples.csv")
    if result is None or (result.failure is None and result.measurement is None):
        return "failed: invalid-result", []
    if result.failure:
        return f"failed: {result.failure.reason}", []
    case = Case(
        job=job,
        launch=Launch(
            launcher="local", harness_version="", machine="", wall_s=witness.wall_s, exit_code=code
        ),
        started_at=result.started_at,
        finished_at=result.finished_at,
        seen=Seen(witness, samples),
        measurement=recomputed.recomputed(result.measurement, samples),
        proof=proof,
    )
    found = registry.findings(case)
    findings = [(finding.code, finding.severity) for finding in found]
    return verdict(result.status, found), findings


def proven(cheat, root, briefly=(), workload="cnn-mnist"):
    """What a proof of an image with this cheat says; ``briefly`` of these workloads."""
    job = a_job(
        workload=workload,
        purpose="prove", dataset="none", budget=Budget(unit="epochs", count=1), data_dir="none",
        dataset_sha256={}, briefly=list(briefly),
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as made:
        result, code = run(job, cheat, root, Path(made), lambda event: None)
    conformance = result.conformance if result else None
    return Proof(conformance, reason=f"it ended with status {code}", tried=True)


def a_job(**asked):
    """A job of the NumPy backend."""
    return Job(
        run_id="20200101t000000z-cheat-00000000", campaign_id="cheats", backend="dummy",
        title="cheat", launcher="local", device="cpu", settings=Settings(),
        provenance=Provenance(kind="environment", reference="here", flavour="cpu"),
        **{"workload": "cnn-mnist", **asked},
    )  # fmt: skip


def run(job, cheat, root, folder, heard):
    """Its result (None where there is none that can be read) and how the judge ended."""
    (folder / "job.json").write_text(job.model_dump_json())
    environment = {
        **os.environ,
        "PYTHONPATH": f"{root}{os.pathsep}{os.environ.get('PYTHONPATH', '')}",
    }
    environment.pop("DUMMY_CHEAT", None)
    if cheat:
        environment["DUMMY_CHEAT"] = cheat
    process = subprocess.Popen(
        [sys.executable, "-m", "runner", str(folder)],
        env=environment, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    for line in process.stdout:
        heard(json.loads(line))
    process.wait()
    try:
        return load_result((folder / "result.json").read_text()), process.returncode
    except (OSError, ContractError):
        return None, process.returncode


def main():
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data-dir", type=Path, required=True, help="raw IDX files")
    parser.add_argument("--dataset", default="mnist")
    parser.add_argument("--train-samples", type=int, default=6000)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    parser.add_argument("cheats", nargs="*")
    asked = parser.parse_args()
    data_dir = asked.data_dir.resolve()  # the judge runs elsewhere
    with tempfile.TemporaryDirectory() as folder:
        root = overlay(Path(folder))
        for cheat in asked.cheats:
            own = "" if cheat == "honest" else cheat
            proof = proven(own, root)
            wrong = proof.conformance.wrong() if proof.conformance else []
            names = ", ".join(check.name for check in wrong) or "-"
            print(f"| {cheat} | wrong: {names} |", flush=True)  # noqa: T201
            for seed in asked.seeds:
                status, found = outcome(
                    own, root, data_dir, asked.dataset, train_samples=asked.train_samples,
                    epochs=asked.epochs, seed=seed, proof=proof,
                )  # fmt: skip
                words = ", ".join(f"{code} ({severity})" for code, severity in found)
                line = f"| {cheat} | {asked.train_samples} x {asked.epochs} | {seed} | {status} |"
                print(f"{line} {words} |", flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
