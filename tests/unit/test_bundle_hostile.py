"""A stranger's bundle: what it would run is told first, and what is not plain is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace

import bundled
import pytest

from harness import paths
from harness.bundle import choosing, plain, reading, rerun
from harness.bundle.choosing import OfBundle
from harness.bundle.create import Wanted, create
from harness.bundle.plain import Limits
from harness.bundle.rerun import Here
from harness.campaign import conduct
from harness.campaign.question import DEFAULT_TIMEOUT_S
from harness.campaign.records import Campaign
from harness.catalog import load
from harness.errors import UsageError
from harness.images import baseimage, build
from harness.store import Store


@pytest.fixture(autouse=True)
def checkout(tmp_path, monkeypatch):
    folder = bundled.checkout(tmp_path / "checkout")
    bundled.as_root(folder, monkeypatch)
    return folder


@pytest.fixture
def file(tmp_path, make_result):
    """A bundle of two results."""
    store = Store(tmp_path / "results")
    record = bundled.campaign()
    bundled.put(store, record, make_result)
    create(record, store, tmp_path / "a.tar", Wanted(), None, force=False, say=print)
    return tmp_path / "a.tar"


@pytest.fixture
def begun(monkeypatch):
    """Runs nothing; the options with which something would begin."""
    told = []

    def begin(plan, store, watcher):
        told.append(plan.question.options)
        return []

    monkeypatch.setattr(conduct, "run", begin)
    monkeypatch.setattr(rerun, "_launcher", lambda *args: None)
    return told


def changed(file, change):
    """The bundle with another campaign record, by one who knows the format."""
    members = bundled.contents(file)
    record = json.loads(members["campaign.json"])
    change(record)
    members["campaign.json"] = json.dumps(record).encode()
    bundled.rewritten(file, members)
    return file


def run(file, tmp_path, **here):
    lines = []
    with reading.opened(file) as bundle:
        watcher = SimpleNamespace(say=lines.append)
        rerun.rerun(bundle, Here(**here), Store(tmp_path / "here"), watcher)
    return lines


def overrides(**pairs):
    named = {key.replace("__", "."): value for key, value in pairs.items()}
    return lambda record: record["options"].update(overrides=named)


def on_job(**pairs):
    return lambda record: record["jobs"][0].update(pairs)


def on_configuration(**pairs):
    return lambda record: record["jobs"][0]["configuration"].update(pairs)


def on_provenance(**pairs):
    return lambda record: record["environments"][0]["provenance"].update(pairs)


def on_options(**pairs):
    return lambda record: record["options"].update(pairs)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (overrides(environment__PYTHONWARNINGS="all:0:antigravity.x:0:0"), "no plain setting"),
        (overrides(environment__BROWSER="sh -c evil %s"), "no plain setting"),
        (overrides(environment__LD_PRELOAD="/tmp/evil.so"), "no plain setting"),
        (overrides(environment__THEANO_FLAGS="cxx=evil"), "no plain setting"),
        (overrides(environment__XLA_FLAGS="--xla_dump_to=/home"), "no plain setting"),
        (overrides(environment__PATH="."), "no plain setting"),
        (overrides(environment__OMP_NUM_THREADS="1; evil"), "no plain setting"),
        (overrides(environment__OMP_NUM_THREADS=1), "no plain setting"),
        (overrides(framework__wheels="evil"), "unknown key 'framework.wheels'"),
        (overrides(memory_pool__mode=True), "cannot be"),
        (overrides(memory_pool__fraction="0.5; evil"), "expected a number"),
        (overrides(cudnn__enabled=1), "expected on or off"),
        (on_options(epochs=10_000), "has 10,000 epochs, more than 100"),
        (on_options(cool_down_s=80_000), "waits 80,000 s between jobs"),
        (on_options(workload="../evil"), "unknown workload"),
        (on_job(repeat=10**9), "has a repeat in job 1 that is none"),
        (on_job(position=7), "not numbered from 1"),
        (lambda record: record.update(jobs=[]), "not numbered from 1"),
        (lambda record: record.update(jobs=record["jobs"] * 400), "not numbered from 1"),
        (lambda record: record.update(order_seed=-1), "an order seed that is none"),
        (on_configuration(threads=10**6), "more threads or a larger batch"),
        (on_configuration(batch_size=10**12), "more threads or a larger batch"),
        (on_configuration(backend="../../etc"), "'../../etc', which is no name of one"),
        (on_configuration(backend="a" * 200), "which is no name of one"),
        (on_configuration(backend="small\x1b[2J"), "'small\\x1b[2J', which is no name of one"),
        (on_configuration(variant="none"), "has no variant 'none'"),
        (on_provenance(image_id="debian:bullseye-slim"), "where an id is expected"),
        (on_provenance(base_id="debian:bullseye-slim"), "where an id is expected"),
        (on_provenance(locks_sha256={"../../../etc/passwd": "0" * 64}), "which is no file's name"),
        (on_provenance(locks_sha256={"/dev/zero": "0" * 64}), "which is no file's name"),
    ],
)
def test_what_is_not_plain_is_refused_in_one_line(file, begun, tmp_path, change, why):
    """Whatever the user trusts: with every word that can be said for it."""
    changed(file, change)
    for words in ({}, {"sources": "here"}, {"sources": "bundle", "trusted": True}):
        with pytest.raises(UsageError) as caught:
            run(file, tmp_path, **words)
        line = str(caught.value)
        assert why in line
        assert line.isprintable()
        assert len(line) < 500
    assert begun == []


def test_many_jobs(file, begun, tmp_path):
    job = bundled.campaign().jobs[0].model_dump(mode="json")
    jobs = [{**job, "position": number, "repeat": number} for number in range(1, 601)]
    changed(file, lambda record: record.update(jobs=jobs))
    with pytest.raises(UsageError, match="has 600 jobs, more than 500: allow it with --max-jobs"):
        run(file, tmp_path)
    run(file, tmp_path, limits=Limits(jobs=600))
    assert len(begun) == 1


@pytest.mark.parametrize(
    "pairs",
    [
        {"environment__OMP_NUM_THREADS": "2", "environment__TF_ENABLE_ONEDNN_OPTS": "0"},
        {"memory_pool__mode": "growth", "precision__tf32": False},
        {"environment__OWN": "ours, of image.toml"},
    ],
)
def test_plain_settings_run(file, begun, tmp_path, checkout, pairs):
    with (checkout / "docker/small/image.toml").open("a") as stream:
        stream.write('[environment]\nOWN = "ours, of image.toml"\n')
    changed(file, overrides(**pairs))
    run(file, tmp_path, sources="here")
    assert begun[0].overrides == {key.replace("__", "."): value for key, value in pairs.items()}


def test_limits_and_places_are_the_user_s(file, begun, tmp_path):
    theirs = {
        "timeout_s": 1e9, "memory_limit_bytes": 2**60, "data_dir": "/etc", "gpus": ["7"],
        "allow_unpinned": True, "idle_wait_s": 80_000, "epochs": 3,
    }  # fmt: skip
    changed(file, on_options(**theirs))
    lines = run(file, tmp_path)
    (options,) = begun
    assert options.timeout_s == DEFAULT_TIMEOUT_S
    assert (options.memory_limit_bytes, options.data_dir, options.gpus) == (None, None, None)
    assert not options.allow_unpinned
    assert options.idle_wait_s == 10
    assert options.epochs == 3
    run(file, tmp_path, limits=Limits(timeout_s=60, memory_limit_bytes=2**30))
    assert (begun[1].timeout_s, begun[1].memory_limit_bytes) == (60, 2**30)
    assert any("limits, yours: 7200 s a job, in all 4 h at most" in line for line in lines)


def test_what_would_run_is_told_first(file, begun, tmp_path):
    changed(file, overrides(environment__OMP_NUM_THREADS="2"))
    text = "\n".join(run(file, tmp_path, only_show=True))
    assert begun == []
    for needle in (
        "campaign 20261124t050000z-campaign-cpu-00c0ffee of 2026-11-24T05:00:00+00:00, on AMD EPYC",
        "SHA-256 of its manifest ",
        "jobs, from the bundle: 2: small cpu x2",
        "environment.OMP_NUM_THREADS=2",
        "environments: this checkout's sources, which are those of the bundle",
        "launcher: docker, each job in a container of its own",
        "data mnist, yours, compared by SHA-256",
    ):
        assert needle in text


def test_never_local_without_two_words(file, begun, tmp_path):
    changed(file, lambda record: record.update(launcher="local"))
    for words in ({}, {"launcher": "local"}, {"trusted": True}, {"sources": "bundle"}):
        with pytest.raises(UsageError, match="here they would run as you") as caught:
            run(file, tmp_path, **words)
        assert "--launcher local --trust-maker" in str(caught.value)
    lines = run(file, tmp_path, launcher="local", trusted=True)
    assert any("AS YOU ON THIS MACHINE, WITHOUT PROTECTION" in line for line in lines)
    assert len(begun) == 1


def test_jobs_of_containers_are_not_run_without(file, begun, tmp_path):
    with pytest.raises(UsageError, match="ran in containers"):
        run(file, tmp_path, launcher="local", trusted=True)


def test_a_stranger_s_sources_need_a_word(file, begun, tmp_path, checkout):
    (checkout / "docker/small/Dockerfile").write_text("FROM another\n")
    with pytest.raises(UsageError, match="its build steps and code"):
        run(file, tmp_path)
    with pytest.raises(UsageError, match="own build steps and code on this machine, with network"):
        run(file, tmp_path, sources="bundle")
    lines = run(file, tmp_path, sources="bundle", trusted=True)
    assert any("THE BUNDLE'S SOURCES" in line for line in lines)


def test_variables_of_a_stranger_s_image_toml(file, begun, tmp_path, checkout):
    members = bundled.contents(file)
    evil = bundled.IMAGE_TOML + '[environment]\nLD_PRELOAD = "./evil.so"\n'
    members["sources/docker/small/image.toml"] = evil.encode()
    bundled.rewritten(file, members)
    with pytest.raises(UsageError, match=r"image\.toml sets 'LD_PRELOAD'"):
        run(file, tmp_path, sources="bundle", trusted=True)


def test_what_is_built_has_no_name_of_ours(file, tmp_path, monkeypatch, checkout):
    """Nor is the base made by a script of the bundle, nor pulled under a name of ours."""
    seen = []
    monkeypatch.setattr(
        baseimage, "ensure", lambda client, base, make, say: seen.append((paths.root(), base, make))
    )
    monkeypatch.setattr(build, "build", lambda client, backend, flavour, say: backend)
    backend = load("small")
    with reading.opened(file) as bundle, paths.rooted(tmp_path):
        given = OfBundle(None, bundle, [], checkout, True)
        built = given(backend, "cpu", print)
        assert built.name == f"small.bundle-{bundle.manifest_sha256[:16]}"
        assert built.folder == backend.folder
        assert seen == [(checkout, "debian:bullseye-slim", True)]
        for name in ("benchdl/tf:cpu", "docker.io/benchdl/tf:cpu"):
            base = backend.spec.base.model_copy(update={"image": name})
            evil = replace(backend, spec=backend.spec.model_copy(update={"base": base}))
            with pytest.raises(UsageError, match="a name of ours"):
                given(evil, "cpu", print)


def test_environments_of_a_bundle_are_apart(file, monkeypatch, make_result):
    def prepared(self, backend, flavour, say):
        origin = make_result().job.provenance
        told = origin.model_copy(update={"reference": f"{backend.name} (local.lock)"})
        return choosing.Prepared(told, None, backend.name)

    monkeypatch.setattr(choosing.LocalLauncher, "prepare", prepared)
    with reading.opened(file) as bundle:
        ready = choosing.LocalOfBundle(bundle).prepare(load("small"), "cpu", print)
    assert ready.python.startswith("small.bundle-")
    assert ready.provenance.reference == "small (local.lock)"


def test_the_attack_of_the_review(file, benchdl, tmp_path, checkout):
    """Python warns through a module that opens a browser: a command, at the start of each job."""
    evil = overrides(
        environment__PYTHONWARNINGS="all:0:antigravity.x:0:0",
        environment__BROWSER=f"/bin/sh -c 'touch {tmp_path}/owned' #%s",
    )

    def change(record):
        evil(record)
        record.update(launcher="local")

    changed(file, change)
    for words in ([], ["--launcher", "local", "--trust-maker"], ["--sources", "bundle"]):
        done = benchdl("bundle", "rerun", file, *words, env={"BENCHDL_ROOT": str(checkout)})
        assert done.returncode == 2
        assert "refused: the bundle's campaign sets 'environment.PYTHONWARNINGS'" in done.stderr
    assert not (tmp_path / "owned").exists()


def test_a_stranger_s_folder_of_results_is_not_resumed_just_so(benchdl, tmp_path, checkout):
    """Its records are a stranger's as well, and `resume` would run them here as they say."""
    record = bundled.campaign().model_copy(update={"launcher": "local"})
    for overrides, why in (
        ({"environment.BROWSER": "evil"}, "sets 'environment.BROWSER' for programs on this host"),
        ({"framework.wheels": "evil"}, "unknown key 'framework.wheels'"),
        ({"cudnn.enabled": "evil"}, "expected on or off"),
    ):
        options = record.options.model_copy(update={"overrides": overrides})
        file = tmp_path / "results" / "campaigns" / f"{record.campaign_id}.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(record.model_copy(update={"options": options}).model_dump_json())
        done = benchdl("resume", env={"BENCHDL_ROOT": str(checkout)})
        assert done.returncode == 2
        assert why in done.stderr
        assert len(done.stderr.strip().splitlines()) == 1


def test_a_repetition_has_the_axes_of_its_jobs(tmp_path):
    record = bundled.campaign()
    huge = record.options.model_copy(update={"threads": [*range(1, 5000)], "repeat": 10**9})
    options = plain.options(record.model_copy(update={"options": huge}), Limits())
    assert (options.threads, options.repeat) == ([None], 2)
    assert Campaign.model_validate(record.model_copy(update={"options": options}).model_dump())
