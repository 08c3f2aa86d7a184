"""``benchdl run --dry-run``: all that a run would do, and nothing of it done."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import small_data
from pretending import Launcher, campaign
from test_against import NEW, OLD
from test_against import Launcher as WithImages

from harness import catalog, engine
from harness.campaign import checked, estimate, records, resolved
from harness.campaign.display import quiet
from harness.campaign.plan import Options
from harness.cli import command
from harness.errors import BenchdlError, UsageError
from harness.hosts import idle, this_machine
from harness.images import context, pending
from harness.launchers import choice
from harness.store import Store
from runner.contract.result import Idle

RUN = ["run", "tf", "theano", "--device", "cpu", "--repeat", "2", "--order-seed", "3"]
HERE = "a machine of tests, 2 cores"


@pytest.fixture
def surroundings(tmp_path, monkeypatch):
    """Small data that can be generated, no download, and a machine of a known name."""
    kinds = ("mnist", "synthetic-mnist")
    specs = [small_data.spec(name, small_data.contents(name, 70, 50)) for name in kinds]
    small_data.instead(monkeypatch, *specs)
    monkeypatch.setattr(this_machine, "words", lambda machine: HERE)
    for name in ("BENCHDL_DATA", "BENCHDL_MACHINE", "OMP_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("BENCHDL_MIRRORS", "none")
    monkeypatch.setenv("BENCHDL_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("BENCHDL_RESULTS", str(tmp_path / "results"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def order(monkeypatch, make_result):
    """What the launcher was asked for."""
    asked = []
    made = Launcher(make_result, asked)
    monkeypatch.setattr(choice, "launcher", lambda *words, **more: made)
    return asked


@pytest.mark.usefixtures("surroundings")
def test_it_says_everything_and_does_nothing(order, tmp_path, capsys):
    words = ["--variant", "default", "--variant", "no-pool", "--unsupported", "skip"]
    assert command.run([*RUN, *words, "--dry-run"]) == 0
    out, err = capsys.readouterr()
    assert order == []
    assert list(tmp_path.iterdir()) == []
    lines = out.splitlines()
    assert lines[:2] == [
        f"cnn-mnist on synthetic-mnist, 10 epochs a job, launcher local, on {HERE}",
        "jobs: 6 in 2 blocks",
    ]
    named = {
        f"    {number}. {configuration}"
        for number in range(1, 7)
        for configuration in ("tf cpu", "theano cpu", "theano no-pool cpu")
    }
    assert len(named & set(lines)) == 6
    with pytest.raises(UsageError) as refused:
        checked.combined(Options(backends=["tf"], variants=["no-pool"]))
    assert lines[lines.index("environments") + 1 :] == [
        "  environment of tf: to be made: not made",
        "  environment of theano: to be made: not made",
        "data",
        f"  synthetic-mnist in {tmp_path}/cache/datasets/synthetic-mnist-1: to be generated",
        "downloads",
        "  wheels of cpu",
        "left out",
        f"  tf no-pool cpu: {refused.value}",
        "time, without what is built, downloaded, proven or waited for",
        "  not known yet: no earlier result of this machine tells",
    ]
    assert "note: variant no-pool of theano is about the GPU; this is the cpu" in err


@pytest.mark.usefixtures("surroundings", "order")
def test_the_order_is_the_one_that_run_takes(make_result, tmp_path, monkeypatch, capsys):
    assert command.run([*RUN, "--dry-run", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    monkeypatch.setattr(idle, "wait", lambda **asked: Idle(reached=True, waited_s=0.0))
    command.run([*RUN, "--no-conform"])
    (record,), _ = records.load(Store(tmp_path / "results"))
    assert told["jobs"] == [job.model_dump(mode="json") for job in record.jobs]
    assert (told["order_seed"], told["order_drawn"]) == (3, False)


@pytest.mark.usefixtures("surroundings", "order")
def test_an_order_that_was_drawn_can_be_kept(capsys):
    words = ["run", "tf", "theano", "--device", "cpu", "--repeat", "4", "--dry-run"]
    command.run([*words, "--json"])
    drawn = json.loads(capsys.readouterr().out)
    assert drawn["order_drawn"] is True
    command.run([*words, "--json", "--order-seed", str(drawn["order_seed"])])
    assert json.loads(capsys.readouterr().out)["jobs"] == drawn["jobs"]
    command.run(words)
    assert ", --order-seed " in capsys.readouterr().out


def test_the_real_command_leaves_nothing_behind(benchdl, tmp_path):
    """Neither of ours nor of uv's, which is asked for a Python."""
    env = {"HOME": str(tmp_path / "home"), "UV_CACHE_DIR": None, "XDG_CACHE_HOME": None}
    words = ["all", "--launcher", "local", "--device", "cpu", "--unsupported", "skip"]
    done = benchdl("run", *words, "--dry-run", env={**env, "BENCHDL_DATA": None})
    assert done.returncode == 0, done.stderr
    assert "local environment of tf (" in done.stdout
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("surroundings", "order")
def test_a_campaign_file_can_be_looked_at_as_well(tmp_path, capsys):
    (tmp_path / "wanted.toml").write_text('repeat = 3\n[matrix]\nbackends = ["tf"]\n')
    assert command.run(["run", "--campaign", "wanted.toml", "--dry-run"]) == 0
    assert "jobs: 3 in 3 blocks" in capsys.readouterr().out


@pytest.mark.usefixtures("surroundings", "order")
@pytest.mark.parametrize(
    "words",
    [
        ["teano"],
        ["tf", "--variant", "pol"],
        ["tf", "--workload", "cnn-minst"],
        ["tf", "--train-samples", "60001"],
        ["tf", "--budget", "2", "--epochs", "2"],
        ["tf", "--memory", "1"],
        ["tf", "--against", "latest"],
        ["tf", "--data-dir", "nowhere"],
        ["tf", "--dataset", "mnist"],
        ["tf", "--threads", "64"],
    ],
    ids=" ".join,
)
def test_what_run_refuses_is_refused_in_the_same_line(words, capsys, monkeypatch):
    monkeypatch.setenv("SLURM_CPUS_PER_TASK", "1")
    ends = []
    for more in ([], ["--dry-run"]):
        code = command.run(["run", *words, "--device", "cpu", "--no-conform", *more])
        out, err = capsys.readouterr()
        assert out == ""
        ends.append((code, err.splitlines()[-1]))
    assert ends[0] == ends[1]
    assert ends[0][0] in (1, 2)


# Time


@pytest.fixture
def ran(make_result, tmp_path):
    """Puts a result of this machine into the store: 100 s, of which 80 s trained."""
    store = Store(tmp_path / "results")

    def put(seconds=100.0, fit_s=80.0, machine=HERE, **job):
        told = {"launcher": "local", "dataset": "synthetic-mnist", **job}
        launch = {"launcher": "local", "machine": machine, "wall_s": seconds}
        phases = {"phases": {"fit_s": fit_s}}
        store.add(make_result(job=told, launch=launch, measurement=phases))

    return put


def planned(make_result, tmp_path, **asked):
    options = Options(**{"backends": ["tf"], "order_seed": 1, **asked})
    store = Store(tmp_path / "results")
    return resolved.asked(checked.combined(options), Launcher(make_result, []), store)


def estimated(plan, tmp_path):
    results, _ = Store(tmp_path / "results").load()
    return estimate.of(plan, "synthetic-mnist", HERE, results)


@pytest.mark.usefixtures("surroundings")
def test_earlier_results_tell_how_long_it_takes(ran, make_result, tmp_path):
    for seconds in (100.0, 110.0, 180.0):
        ran(seconds)
    plan = planned(make_result, tmp_path, repeat=3, cool_down_s=2)
    found = estimated(plan, tmp_path)
    assert (found.known_s, found.known, found.unknown) == (3 * 110 + 2 * 2, 3, ())
    fewer = planned(make_result, tmp_path, epochs=5)  # of 10: the training alone is halved
    assert estimated(fewer, tmp_path).known_s == 70  # medians of 60, 70 and 140


@pytest.mark.usefixtures("surroundings")
@pytest.mark.parametrize(
    "other",
    [
        {"machine": "another machine"},
        {"dataset": "mnist"},
        {"launcher": "docker"},
        {"variant": "pool"},
        {"settings": {"mode": "tuned"}},
        {"threads": 1},
        {"batch_size": 64},
        {"device": "gpu"},
        {"backend": "theano"},
        {"train_samples": 50},
        {"overrides": {"environment.A": "1"}},
        {"budget": {"unit": "updates", "count": 10}},
    ],
    ids=lambda other: next(iter(other)),
)
def test_what_was_another_job_tells_nothing(ran, make_result, tmp_path, other):
    ran(**other)
    plan = planned(make_result, tmp_path)
    assert estimated(plan, tmp_path).unknown == tuple(plan.configurations)
    ran(20.0, 10.0)
    assert estimated(plan, tmp_path).known_s == 20


@pytest.mark.usefixtures("surroundings")
def test_jobs_of_as_many_gpus_tell_how_long_it_takes(ran, make_result, tmp_path):
    """One GPU of an axis is told no number of ranks, and a job of all that are named neither."""
    ran(10.0, 10.0, device="gpu", gpus=["0"])
    ran(7.0, 7.0, device="gpu", gpus=["0", "1"], ranks=2,
        settings={"strategy": "data-parallel"})  # fmt: skip
    ran(9.0, 9.0, device="gpu", gpus=["0", "1"])
    asked = {"devices": ["gpu"], "gpus": ["0", "1"], "cool_down_s": 0}

    def known_s(**more):
        return estimated(planned(make_result, tmp_path, **asked, **more), tmp_path).known_s

    assert [known_s(ranks=[number]) for number in (1, 2, None)] == [10, 7, 9]
    beside = replace(planned(make_result, tmp_path, **asked), gpus=("0", "1"))
    assert estimated(beside, tmp_path).known_s == 10 / 2


@pytest.mark.usefixtures("surroundings")
def test_a_job_that_failed_tells_nothing(make_result, tmp_path):
    failed = {"status": "failed", "measurement": None, "launch": {"machine": HERE, "wall_s": 3}}
    failure = {"reason": "crashed", "message": "it did"}
    job = {"launcher": "local", "dataset": "synthetic-mnist"}
    Store(tmp_path / "results").add(make_result(job=job, failure=failure, **failed))
    assert estimated(planned(make_result, tmp_path), tmp_path).known == 0


@pytest.mark.usefixtures("surroundings", "order")
def test_what_is_known_of_some_jobs_is_told_of_those(ran, capsys):
    ran()
    command.run([*RUN, "--dry-run"])
    assert capsys.readouterr().out.splitlines()[-2:] == [
        "  about 3 min for 2 of 4 jobs, by earlier results here",
        "  theano cpu: not known yet",
    ]


# Images


@pytest.mark.usefixtures("surroundings")
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_an_earlier_build_is_looked_for_and_not_kept(make_result, tmp_path, monkeypatch, capsys):
    launcher = WithImages(make_result)
    launcher.readiness = lambda backend, flavour: Launcher(make_result, []).readiness(
        backend, flavour
    )
    monkeypatch.setattr(choice, "launcher", lambda *words, **more: launcher)
    monkeypatch.setattr(idle, "wait", lambda **asked: Idle(reached=True, waited_s=0.0))
    first = campaign(Options(backends=["tf"]), launcher, Store(tmp_path / "results"), quiet())
    launcher.image, launcher.kept = NEW, []
    before = sorted(tmp_path.rglob("*"))
    words = ["run", "tf", "--device", "cpu", "--against", first[0].job.campaign_id, "--dry-run"]
    assert command.run(words) == 0
    out = capsys.readouterr().out
    assert f"  benchdl/tf:cpu, image {OLD[7:19]}: ready\n" in out
    assert f". tf cpu image {OLD[7:19]}\n" in out
    assert launcher.kept == []
    assert sorted(tmp_path.rglob("*")) == before


class Image:
    def __init__(self, image_id, **labels):
        self.id, self.attrs = image_id, {}
        self.labels = {f"benchdl.{key}": value for key, value in labels.items()}


BASE = "debian:bullseye-slim"


@pytest.fixture
def had(monkeypatch):
    """The images of an engine, by name."""
    images = {}
    monkeypatch.setattr(engine, "find_image", lambda client, name: images.get(name))
    return images


def up_to_date(base_id="sha256:b", mirror=None):
    backend = catalog.load("tf")
    arguments = context.arguments(backend, "cpu", mirror)
    print_ = context.fingerprint(context.files(backend, "cpu"), arguments, base_id)
    locks = json.dumps(context.lock_hashes(backend, "cpu"))
    return Image("sha256:a", fingerprint=print_, locks=locks, base_id=base_id, mirror=mirror or "")


def lacks(mirror=None):
    return pending.readiness(None, catalog.load("tf"), "cpu", mirror).lacks


def test_an_image_is_ready_if_build_would_find_it(had):
    had |= {BASE: Image("sha256:b"), "benchdl/tf:cpu": up_to_date()}
    found = pending.readiness(None, catalog.load("tf"), "cpu", None)
    assert (found.name, found.lacks, found.downloads) == ("benchdl/tf:cpu", "", ())


def test_else_it_is_said_why_it_is_built(had):
    assert lacks() == "not built"
    downloads = pending.readiness(None, catalog.load("tf"), "cpu", None).downloads
    assert downloads[0] == f"base image {BASE}"
    had["benchdl/tf:cpu"] = up_to_date()
    had[BASE] = Image("sha256:c")
    assert lacks() == "its base image or Debian mirror is another now"
    had[BASE] = Image("sha256:b")
    assert lacks("http://deb.example.org/debian") != ""
    had["benchdl/tf:cpu"] = Image("sha256:a", fingerprint="other", locks="{}")
    assert "image.toml changed since the build" in lacks()
    assert len(pending.readiness(None, catalog.load("tf"), "cpu", None).downloads) == 1


def test_an_image_that_was_moved_without_its_base_is_ready(had):
    had["benchdl/tf:cpu"] = up_to_date(mirror="http://deb.example.org/debian")
    assert lacks() == ""
    assert lacks("http://another.example.org/debian") != ""
    had["benchdl/tf:cpu"] = Image("sha256:a", fingerprint="other", locks="{}", base_id="sha256:b")
    assert "image.toml changed since the build" in lacks()
    downloads = pending.readiness(None, catalog.load("tf"), "cpu", None).downloads
    assert downloads[0] == f"base image {BASE}"


def test_a_mirror_that_cannot_be_one_is_refused_as_by_build(had):
    with pytest.raises(BenchdlError):
        lacks("http://user:secret@deb.example.org/")
