"""What all tests share: the command, a tree with a test backend, an engine, data, made results."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import docker
import few_tests
import pytest
import stand_in_data
from browser import browser  # noqa: F401
from checking import conformance
from fleets import fleet_bench, fleet_cache  # noqa: F401
from gpu_stub.fixtures import on_stub, stub_engine, stub_library, stub_nvml  # noqa: F401
from slurm_cluster import slurm, slurm_session  # noqa: F401

from harness import engine as engine_module
from harness.campaign.conforming import Proving
from harness.checks.case import Proof
from harness.errors import BenchdlError
from harness.store import Store
from runner.contract.result import Result

REPO = Path(__file__).resolve().parents[1]
BENCHDL = Path(sys.executable).parent / "benchdl"
_NUMBERS = itertools.count(1)

# A proof takes as long as a test's job; tests/integration/test_conform.py makes them.
os.environ.setdefault("BENCHDL_CONFORM", "0")

# Under nohup, or in the background of a script, signals are ignored from the start, and so they
# would be by every command that a test starts and then interrupts.
for _sign in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP, signal.SIGTERM):
    if signal.getsignal(_sign) is signal.SIG_IGN:
        _usual = signal.default_int_handler if _sign is signal.SIGINT else signal.SIG_DFL
        signal.signal(_sign, _usual)


@pytest.fixture(scope="session")
def repo() -> Path:
    """The checkout."""
    return REPO


@pytest.fixture
def benchdl(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the real command in a folder of this test; its results and cache are there as well.

    ``env`` adds to the environment; a value of None takes a variable out. Arguments may be paths.
    A traceback fails the test, whatever it expects.
    """

    def run(
        *args: object, env: dict[str, str | None] | None = None, timeout: float = 120
    ) -> subprocess.CompletedProcess[str]:
        wanted: dict[str, str | None] = {
            **os.environ,
            "BENCHDL_RESULTS": str(tmp_path / "results"),
            "BENCHDL_CACHE": str(tmp_path / "cache"),
            **(env or {}),
        }
        done = subprocess.run(
            [str(BENCHDL), *map(str, args)],
            env={name: value for name, value in wanted.items() if value is not None},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        assert "Traceback" not in done.stderr + done.stdout, done.stderr + done.stdout
        return done

    return run


@pytest.fixture(autouse=True)
def surroundings_restored() -> Iterator[None]:
    """A test may call the command in this process, which leaves signals without effect."""
    before = {sign: signal.getsignal(sign) for sign in (2, 15, 1)}
    mask = os.umask(0o022)
    os.umask(mask)
    yield
    os.umask(mask)
    for sign, handler in before.items():
        signal.signal(sign, handler)


@pytest.fixture(autouse=True)
def real_proof(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Proof]:
    """In this process every image is proven already; returns what would have proven it.

    Else a campaign would start a further job after the first. Commands prove what they run.
    """
    real = Proving.of
    monkeypatch.setattr(Proving, "of", lambda *asked: Proof(conformance()))
    return real


@pytest.fixture(scope="session")
def whole_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """docker/ and runner/ with the test backend of tests/dummy laid over them: a BENCHDL_ROOT."""
    root = tmp_path_factory.mktemp("dummy") / "root"
    skip = shutil.ignore_patterns("__pycache__")
    for tree in (REPO, REPO / "tests" / "dummy"):
        for part in ("docker", "runner"):
            shutil.copytree(tree / part, root / part, ignore=skip, dirs_exist_ok=True)
    return root


@pytest.fixture(scope="session")
def dummy_root(whole_root: Path) -> Path:
    """``whole_root``, whose jobs read few test pictures: a row is ``suspect: unproven`` for it."""
    root = whole_root.parent / "brief"
    shutil.copytree(whole_root, root)
    few_tests.leave_few(root)
    return root


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One cache for each file of tests, with the stand-in: environments are made once in it."""
    return stand_in_data.given(tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="session")
def engine() -> Iterator[docker.DockerClient]:
    """A client of the Docker engine; without one the test is skipped, or fails where CI asks."""
    try:
        client = engine_module.connect()
    except BenchdlError as error:
        reason = f"no Docker engine answers: container tests skipped ({error})"
        if os.environ.get("BENCHDL_REQUIRE_DOCKER") == "1":
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)
    yield client
    client.close()


@pytest.fixture(scope="session")
def mnist_dir() -> Path:
    """The real MNIST, from $BENCHDL_DATA or beside the checkout."""
    folder = Path(os.environ.get("BENCHDL_DATA") or REPO.parent / "shared" / "data" / "mnist")
    if not list(folder.glob("train-images-idx3-ubyte*")):
        pytest.skip(f"no MNIST in {folder}: set BENCHDL_DATA to its folder")
    return folder


@pytest.fixture(scope="session")
def flights_dir() -> Path:
    """The real table of flights, from $BENCHDL_DATA or beside the checkout."""
    beside = REPO.parent / "shared" / "data" / "flights"
    folders = [Path(os.environ.get("BENCHDL_DATA") or beside), beside]
    for folder in folders:
        if list(folder.glob("flights.csv*")):
            return folder
    pytest.skip(f"no flights.csv in {folders[0]}: set BENCHDL_DATA to its folder")


@pytest.fixture
def make_result() -> Callable[..., Result]:
    """Build a result that the contract accepts: a plausible full run of tf on a CPU in a container.

    Keywords change it, dictionaries go into the depth: ``make_result(job={"variant": "pool"})``.
    ``run_id`` (a new one each time) goes into the job as well.
    """

    def make(**changes: Any) -> Result:
        run_id = changes.pop("run_id", f"20261123t120000z-tf-cpu-{next(_NUMBERS):08x}")
        data = merged(tf_on_cpu(), {"run_id": run_id, "job": {"run_id": run_id}})
        return Result.model_validate(merged(data, changes))

    return make


@pytest.fixture
def stored() -> Callable[[Path, Result], Path]:
    """Put a result into the store at a folder, as a campaign does; returns where it is."""

    def put(store_dir: Path, result: Result) -> Path:
        return Store(store_dir).add(result)

    return put


def merged(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """``base`` with ``changes``; where both have a dictionary, those are merged likewise."""
    both = dict(base)
    for key, value in changes.items():
        before = both.get(key)
        deeper = isinstance(before, dict) and isinstance(value, dict)
        both[key] = merged(before, value) if deeper else value
    return both


def tf_on_cpu() -> dict[str, Any]:
    """A result of tf: the full workload, on a CPU, in a container, with nothing to complain of."""
    losses = [0.31, 0.083, 0.065, 0.054, 0.047, 0.041, 0.039, 0.034, 0.033, 0.031]
    job = {
        "campaign_id": "20261123t115900z-campaign-cpu-00c0ffee",
        "backend": "tf",
        "title": "Keras (tensorflow)",
        "workload": "cnn-mnist",
        "dataset": "mnist",
        "launcher": "docker",
        "device": "cpu",
        "budget": {"unit": "epochs", "count": 10},
        "data_dir": "/data",
        "dataset_sha256": {"train-images-idx3-ubyte": "ba891046" + 56 * "0"},
        "pins": {
            "python": "3.9",
            "packages": {"tensorflow-gpu": "2.11.0", "keras": "2.11.0", "numpy": "1.23.5"},
        },
        "provenance": {
            "kind": "image",
            "reference": "benchdl/tf:cpu",
            "flavour": "cpu",
            "image_id": "sha256:" + 64 * "a",
            "base": "debian:bullseye-slim",
            "base_id": "sha256:" + 64 * "b",
            "locks_sha256": {"requirements.lock": 64 * "c"},
            "debian_packages": {"libc6": "2.31-13+deb11u13"},
        },
    }
    measurement = {
        "phases": {
            "import_s": 3.1,
            "load_s": 0.4,
            "build_s": 0.3,
            "fit_s": 176.4,
            "evaluate_s": 1.2,
            "total_s": 182.0,
        },
        "laps": [
            {"number": number, "duration_s": 18.6 if number == 1 else 17.5, "loss": loss}
            for number, loss in enumerate(losses, 1)
        ],
        "work": {
            "unit": "updates",
            "count": 4690,
            "samples": 600_000,
            "train_samples": 60_000,
            "batch_size": 128,
            "parameters": 65_402,
        },
        "score": {
            "metric": "error_rate",
            "value": 0.0083,
            "unit": "share",
            "better": "lower",
            "samples": 10_000,
            "sampling_error": 0.000908,
            "claimed": 0.0083,
        },
        "proofs": [{"name": "test_loss", "unit": "nats", "claimed": 0.026}],
        "cpu": {
            "visible_cores": 2,
            "busy_cores": 2.0,
            "busiest_core_percent": 96.5,
            "job_cpu_s": 320.0,
            "host_cpu_s": 331.0,
            "interval_s": 1.0,
        },
        "gpu": {"state": "hidden", "detail": "a CPU job"},
        "memory": {"rss_peak_bytes": 1_234_567_890},
        "sampler": {"interval_target_s": 0.1, "interval_median_s": 0.1, "samples": 1764},
        "attestation": {
            "python": "3.9.2",
            "packages": {"tensorflow-gpu": "2.11.0", "keras": "2.11.0", "numpy": "1.23.5"},
            "device": "cpu",
        },
        "isolation": {
            "uid": 1000,
            "gid": 1000,
            "capabilities_effective": "0000000000000000",
            "no_new_privileges": True,
            "seccomp": True,
            "root_read_only": True,
            "network_interfaces": ["lo"],
            "memory_limit_bytes": 22_000_000_000,
            "pids_limit": 4096,
        },
        "host": {
            "machine": "x86_64",
            "kernel": "6.1.0-28-amd64",
            "cpu_model": "Intel(R) Xeon(R) CPU E5-2686 v4 @ 2.30GHz",
            "logical_cores": 2,
            "memory_bytes": 25_000_000_000,
        },
    }
    launch = {
        "launcher": "docker",
        "harness_version": "0.1.0",
        "machine": "Intel(R) Xeon(R) CPU E5-2686 v4 @ 2.30GHz, 2 cores",
        "wall_s": 184.0,
        "exit_code": 0,
    }
    return {
        "schema_version": 2,
        "status": "ok",
        "started_at": "2026-11-23T12:00:00+00:00",
        "finished_at": "2026-11-23T12:03:04+00:00",
        "job": job,
        "measurement": measurement,
        "launch": launch,
    }


@pytest.hookimpl(tryfirst=True)  # before `-m` chooses
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks that follow: only tests/unit is fast, and there what starts no real command; one engine
    and one GPU are shared, but for tests that say that they look at nothing there but their own.
    """
    for item in items:
        fixtures = getattr(item, "fixturenames", ())
        unit = item.path.is_relative_to(REPO / "tests" / "unit")
        if "benchdl" in fixtures or not unit:
            item.add_marker("slow")
        # An engine in tests/unit is made of Python.
        on_engine = item.get_closest_marker("docker") or ("engine" in fixtures and not unit)
        if item.get_closest_marker("gpu") or (on_engine and not item.get_closest_marker("beside")):
            item.add_marker("alone")


def _skipped(reporter: Any) -> list[Any]:
    return [report for report in reporter.stats.get("skipped", []) if len(report.longrepr) == 3]


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """One line for each reason why tests were skipped, however many they are."""
    reasons = Counter(report.longrepr[2] for report in _skipped(terminalreporter))
    for reason, count in reasons.items():
        plural = "s" if count > 1 else ""
        terminalreporter.write_line(
            f"{count} test{plural} skipped: {reason.removeprefix('Skipped: ')}"
        )


def pytest_sessionfinish(session: Any) -> None:
    """Where container or browser tests must run, one that was skipped is a failure."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None:  # a worker of pytest-xdist: the process that started it counts
        return
    for mark, variable, what in (
        ("docker", "BENCHDL_REQUIRE_DOCKER", "container"),
        ("browser", "BENCHDL_REQUIRE_CHROMIUM", "browser"),
    ):
        missed = [report for report in _skipped(reporter) if mark in report.keywords]
        if os.environ.get(variable) == "1" and missed:
            reporter.write_line(
                f"FAILED: {len(missed)} {what} tests were skipped, and must run here"
            )
            session.exitstatus = 1
