"""benchdl's backends on the frameworks of the Python that runs this, whatever their versions.

For machines that have frameworks and no way to build images or environments: no network, no engine.
Jobs, sampler, checks and results are those of ``benchdl run --launcher local``; what is not is the
pinned environment, and every result says so in its note and in its pins, which are what is there.

    python benchmarks/frameworks_here.py torch jax --device gpu --mode as-written --mode tuned
"""

from __future__ import annotations

import argparse
import platform
import sys
from importlib import metadata
from pathlib import Path

from harness.campaign import checked, conduct, resolved
from harness.campaign.display import quiet
from harness.campaign.plan import Options
from harness.campaign.question import DEFAULT_WORKLOAD
from harness.catalog import Backend, Flavour
from harness.cli import request
from harness.errors import BenchdlError
from harness.launchers.launcher import Prepared, Say
from harness.launchers.local import LocalLauncher
from harness.provision.discovery import AUTO
from harness.store import Store
from harness.tables.markdown import to_markdown
from harness.tables.rows import row
from runner.contract.job import Pins, Provenance

NOTE = "the frameworks that this machine had, not the image's"


class Here(LocalLauncher):
    """The local launcher without an environment of its own: jobs run in the present Python."""

    def prepare(self, backend: Backend, flavour: Flavour, say: Say) -> Prepared:
        """Promise what is installed; a distribution that is not here is not promised."""
        found = {}
        for name in backend.spec.framework.pinned(flavour):
            try:
                found[name] = metadata.version(name).partition("+")[0]
            except metadata.PackageNotFoundError:
                say(f"{backend.name}: {name} is not installed here")
        return Prepared(
            provenance=Provenance(
                kind="environment",
                reference=f"{backend.name} (this Python)",
                flavour=flavour,
                note=NOTE,
            ),
            pins=Pins(
                python=".".join(platform.python_version_tuple()[:2]),
                packages=found,
            ),
            python=sys.executable,
            environment=dict(backend.spec.environment),
        )


def main() -> int:
    """Run what the command line asks for and print its tables; 1 if a job failed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("backends", nargs="+")
    parser.add_argument("--mode", dest="modes", action="append", default=[])
    parser.add_argument("--device", choices=["cpu", "gpu"], default="cpu")
    parser.add_argument("--gpus", help="indices or UUIDs separated by commas; default: all")
    parser.add_argument("--workload", default=DEFAULT_WORKLOAD)
    parser.add_argument("--dataset", default=AUTO)
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--train-samples", type=int)
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--cool-down", type=float)
    parser.add_argument("--data-dir", type=Path)
    parser.add_argument("--results", type=Path, default=Path("results"))
    asked = parser.parse_args()
    try:
        options = Options(
            backends=asked.backends,
            modes=asked.modes or ["as-written"],
            devices=[asked.device],
            gpus=request.gpus(asked.gpus, [asked.device]),
            workload=asked.workload,
            dataset=asked.dataset,
            epochs=asked.epochs,
            train_samples=asked.train_samples,
            repeat=asked.repeat,
            cool_down_s=asked.cool_down,
            data_dir=asked.data_dir,
        )
        store = Store(asked.results)
        plan = resolved.asked(checked.combined(options), Here(), store)
        done = conduct.run(plan, store, quiet())
    except (BenchdlError, ValueError) as error:
        sys.stderr.write(f"frameworks_here: {error}\n")
        return 2
    sys.stdout.write(to_markdown([row(result) for result in done]) + "\n")
    return 0 if all(result.status == "ok" for result in done) else 1


if __name__ == "__main__":
    sys.exit(main())
