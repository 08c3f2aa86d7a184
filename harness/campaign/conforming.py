"""The proof that an image does the workload's updates: found, or tried once, and kept.

It belongs to what ran: the image (or locked versions and the runner's code), mode and settings,
device and processor. So every later job of the same is proven by it, in whatever campaign.
"""

from __future__ import annotations

import hashlib
import json
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.campaign import kept_proofs
from harness.campaign.beside import Beside
from harness.campaign.changes import runner_sha256
from harness.campaign.resolved import Plan
from harness.checks import recomputed
from harness.checks.case import Proof
from harness.errors import BenchdlError
from harness.hosts.host import Host
from harness.launchers.exchange import Exchange, data_dir
from harness.launchers.launcher import CUT_OFF, Launcher, Order, Prepared
from harness.notices import Say
from harness.store import Store, new_run_id
from runner.contract.job import Job
from runner.contract.precision import Precision
from runner.contract.result import Failure
from runner.contract.work_and_score import Budget
from runner.workloads import lookup

LONGEST_S = 1800.0
"""Theano compiles each trial; half an hour is for a slow machine that others use as well."""

_SEED = 123
_REFUSED, _REFUSAL = 2, "cannot read the job"
"""How runner/__main__.py ends where job.json says what it does not know."""


@dataclass
class Proving:
    """What all proofs of a campaign share, and those that it has.

    Attributes:
        launcher: how a trial starts.
        staging: where its folder is meanwhile.
        host: where it runs, and within what.
        memory_limit_bytes: of a container, as for jobs.
        again: whether a proof that was kept is passed over.
    """

    launcher: Launcher
    staging: Path
    host: Host
    memory_limit_bytes: int | None = None
    again: bool = False
    _known: dict[str, Proof] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def of(
        self,
        job: Job,
        prepared: Prepared,
        say: Say,
        stop: threading.Event | None = None,
        beside: Beside | None = None,
    ) -> Proof:
        """What is known of what ``job`` runs in; it is tried where nothing is.

        Args:
            job: whose build it is.
            prepared: that build.
            say: is told that a proof begins.
            stop: ends it.
            beside: is told what the proof uses, for the campaign's jobs that run meanwhile.

        Raises:
            KeyboardInterrupt: Ctrl-C or SIGTERM while it was tried.
            BenchdlError: the folder of the trial cannot be made.
        """
        if not lookup.load(job.workload).provable:
            return Proof(reason=f"no proof is known of {job.workload}")
        with self._lock:  # of two jobs side by side the second waits for the first one's proof
            trial, key = self._trial(job), self._key_of(job)
            if key not in self._known:
                kept = None if self.again else kept_proofs.read(kept_proofs.file_of(key))
                self._known[key] = (
                    Proof(kept) if kept else self._tried(trial, prepared, say, stop, beside)
                )
            return self._known[key]

    def knows(self, job: Job) -> bool:
        """Whether :meth:`of` has nothing to try."""
        return not lookup.load(job.workload).provable or self._key_of(job) in self._known

    def _key_of(self, job: Job) -> str:
        return _key(self._trial(job), self.host)

    def _trial(self, job: Job) -> Job:
        run_id = new_run_id(job.backend, job.device)
        return job.model_copy(
            update={
                "run_id": run_id,
                "purpose": "prove",
                "campaign_position": None,
                "attempt": 1,
                "repeat": 1,
                "budget": Budget(unit=job.budget.unit, count=1),
                "train_samples": None,
                "threads": None,
                "batch_size": None,
                "batch_per_gpu": None,
                "seed": _SEED,
                "data_dir": self.launcher.inside(data_dir(self.staging, run_id), "data"),
                "dataset_sha256": {},
                "settings": job.settings.model_copy(update={"precision": _provable(job)}),
            }
        )

    def _tried(
        self,
        trial: Job,
        prepared: Prepared,
        say: Say,
        stop: threading.Event | None,
        beside: Beside | None,
    ) -> Proof:
        mixed = [trial.settings.precision] if trial.settings.precision != "float32" else []
        name = " ".join([trial.backend, trial.settings.mode, trial.device, *mixed])
        briefly = f" ({', '.join(trial.briefly)})" if trial.briefly else ""
        say(f"proving {name}: a few updates beside NumPy's, once for this build{briefly}")
        exchange = Exchange(self.staging, trial)
        among = beside or Beside(recomputed.read)
        called = f"{trial.run_id} (a proof)"
        cores = self.host.allotment.cores
        among.begin(called, exchange.job_dir, time.monotonic(), cores)
        try:
            exit_ = self.launcher.start(
                Order(
                    job=trial,
                    prepared=prepared,
                    job_dir=exchange.job_dir,
                    data_files={},
                    compile_cache=self.host.compile_cache(trial),
                    timeout_s=LONGEST_S,
                    memory_limit_bytes=self.memory_limit_bytes,
                    allotment=self.host.allotment,
                    stop=stop,
                ),
                _unheard,
            )
            said = exchange.result(exit_)
        finally:
            among.end(called, time.monotonic())
            exchange.remove()
        if exit_.ended in CUT_OFF:
            return Proof(reason=exit_.detail or "it was cut off")
        if exit_.code == _REFUSED and _REFUSAL in exit_.tail:
            return Proof(reason="the image has a runner of before there were proofs")
        failure = said if isinstance(said, Failure) else said.failure
        if isinstance(said, Failure) or said.conformance is None:
            reason = failure.message if failure else "the runner says nothing of it"
            return Proof(reason=reason, tried=True)
        found = said.conformance.model_copy(update=_whose(trial))
        if not found.unsettled():
            kept_proofs.keep(kept_proofs.file_of(_key(trial, self.host)), found)
        return Proof(found)


def wanted(plan: Plan, store: Store, host: Host) -> Proving | None:
    """How the builds of a campaign are proven; None where the user wants none of it."""
    if not plan.options.conform:
        return None
    return Proving(plan.launcher, store.staging(), host, plan.options.memory_limit_bytes)


def is_settled(proving: Proving | None, job: Job) -> bool:
    """Whether :func:`after` starts nothing on the devices of ``job``."""
    return proving is None or proving.knows(job)


def after(
    proving: Proving | None,
    job: Job,
    prepared: Prepared,
    say: Say,
    stop: threading.Event | None,
    beside: Beside,
) -> tuple[Proof, bool]:
    """What is known of the image of a job that went well, and whether we were interrupted there.

    Whatever happens, the job's own result stands.
    """
    if proving is None:
        return Proof(), False
    try:
        return proving.of(job, prepared, say, stop, beside), False
    except BenchdlError as error:
        return Proof(reason=str(error)), False
    except KeyboardInterrupt:
        return Proof(reason="it was interrupted"), True


def _unheard(event: dict[str, Any]) -> None:
    """The phases and epochs of trials say nothing to a reader."""


def _provable(job: Job) -> Precision:
    """Ten bits of a product say nothing of the rest: ``tf32-mismatch`` guards the switch."""
    asked = job.settings.precision
    return "float32" if asked == "tf32" else asked


def _whose(trial: Job) -> dict[str, object]:
    """What the proof is of, which is not the runner's to say."""
    return {
        "image_id": trial.provenance.image_id,
        "locks_sha256": trial.provenance.locks_sha256,
        "backend": trial.backend,
        "mode": trial.settings.mode,
        "device": trial.device,
    }


def _key(trial: Job, host: Host) -> str:
    facts = [
        trial.launcher,
        trial.backend,
        trial.briefly or trial.workload,
        trial.device,
        trial.provenance.image_id,
        trial.provenance.locks_sha256,
        trial.settings.model_dump(mode="json"),
        *([trial.ranks] if trial.ranks else []),  # so that what was proven before is still known
        runner_sha256() if trial.launcher != "docker" else None,
        host.machine.cpu_model,  # libraries choose their code by the processor
    ]
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:32]
