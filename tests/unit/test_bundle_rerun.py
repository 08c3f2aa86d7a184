"""Which environments a repetition takes, what it keeps of the campaign, and the verdict."""

from __future__ import annotations

import hashlib
from types import SimpleNamespace

import bundled
import pytest

from harness import paths
from harness.bundle import reading, rerun, sources
from harness.bundle.create import Wanted, create
from harness.bundle.rerun import Here
from harness.bundle.unpacking import unpack
from harness.campaign import conduct, records
from harness.compare import text
from harness.errors import UsageError
from harness.store import Store


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    folder = bundled.checkout(tmp_path / "checkout")
    bundled.as_root(folder, monkeypatch)
    return folder


@pytest.fixture
def bundle(checkout, tmp_path, make_result):
    """An open bundle of two results."""
    store = Store(tmp_path / "results")
    bundled.put(store, bundled.campaign(), make_result)
    record = records.find(store, "latest")
    create(record, store, tmp_path / "a.tar", Wanted(), None, force=False, say=print)
    with reading.opened(tmp_path / "a.tar") as opened:
        yield opened


@pytest.fixture
def begun(monkeypatch, bundle):
    """Runs no job: what ``conduct.run`` would begin, and in which root."""
    told = []

    def begin(plan, store, watcher):
        text = (paths.root() / "docker/small/image.toml").read_text()
        assert plan.backends["small"].sha256 == hashlib.sha256(text.encode()).hexdigest()
        told.append(SimpleNamespace(plan=plan, image_toml=text, root=paths.root()))
        return []

    monkeypatch.setattr(conduct, "run", begin)
    monkeypatch.setattr(rerun, "_launcher", lambda *args: None)
    return told


class Watcher:
    def __init__(self):
        self.lines = []

    def say(self, line):
        self.lines.append(line)


def run(bundle, tmp_path, **here):
    watcher = Watcher()
    rerun.rerun(bundle, Here(**here), Store(tmp_path / "here"), watcher)
    return watcher.lines


def test_the_sources_of_a_bundle_are_a_root(bundle, checkout, tmp_path):
    root = unpack(bundle, "sources/", tmp_path / "root")
    both = [
        {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
        for folder in (root, checkout)
    ]
    assert both[0] == both[1]
    with paths.rooted(root):
        assert paths.root() == root
    assert paths.root() == checkout
    assert sources.differing(bundle.campaign(), root) == []


def test_the_same_sources_are_taken_from_here(bundle, begun, checkout, tmp_path):
    lines = run(bundle, tmp_path, gpus=["0"], data_dir=tmp_path)
    assert "environments: this checkout's sources, which are those of the bundle" in lines
    (told,) = begun
    assert told.root == checkout
    assert told.plan.bundle_sha256 == bundle.manifest_sha256
    assert told.plan.repeats == bundled.campaign()
    assert list(told.plan.jobs) == bundled.campaign().jobs
    kept = {"backends", "data_dir", "gpus"}
    before = bundled.campaign().options
    options = told.plan.question.options
    assert options.model_dump(exclude=kept) == before.model_dump(exclude=kept)
    assert (options.gpus, options.data_dir) == (["0"], tmp_path)


def test_other_sources_are_a_choice_of_the_user(bundle, begun, checkout, tmp_path):
    (checkout / "docker/small/Dockerfile").write_text("FROM another\n")
    (checkout / "docker/small/new.sh").write_text("new\n")
    (checkout / "docker/small/image.toml").write_text(bundled.IMAGE_TOML + "# changed\n")
    with pytest.raises(UsageError) as caught:
        run(bundle, tmp_path)
    line = str(caught.value)
    assert (
        "differ from the bundle's in 3 files: docker/small/Dockerfile, docker/small/image" in line
    )
    assert "--sources bundle" in line
    assert "--sources here" in line
    assert begun == []
    run(bundle, tmp_path, sources="bundle", trusted=True)
    run(bundle, tmp_path, sources="here")
    assert [told.image_toml.endswith("# changed\n") for told in begun] == [False, True]
    assert not begun[0].root.exists()  # the extracted ones are gone


def test_a_configuration_that_the_sources_do_not_have(bundle, begun, checkout, tmp_path):
    text = bundled.IMAGE_TOML.replace('python = "3.9"', 'python = "3.9"\n[cuda]\n')
    (checkout / "docker/small/image.toml").write_text(text)
    (checkout / "docker/small").rename(checkout / "docker/renamed")
    with pytest.raises(UsageError, match="unknown backend 'small'"):
        run(bundle, tmp_path, sources="here")
    run(bundle, tmp_path, sources="bundle", trusted=True)
    assert len(begun) == 1


def test_nothing_to_resume(bundle, begun, tmp_path):
    with pytest.raises(UsageError, match=r"no repetition of .*a.tar in"):
        run(bundle, tmp_path, resume=True)


def side(make_result, seconds, machine, **more):
    """Six runs of one configuration on one machine."""
    return [
        make_result(
            job={"campaign_id": f"campaign-of-{machine}", "repeat": n, **more},
            launch={"machine": machine},
            measurement={"phases": {"fit_s": seconds * (1 + 0.001 * n), "total_s": 200.0}},
        )
        for n in range(1, 7)
    ]


def of(results):
    """Stands for a bundle that holds these."""
    return SimpleNamespace(results=lambda: results, campaign=bundled.campaign)


@pytest.mark.parametrize("factor", [1.0, 1.5, 0.5])
def test_the_verdict(checkout, make_result, factor):
    then = side(make_result, 100.0, "AMD EPYC, 2 cores")
    outcome = rerun.verdict(of(then), side(make_result, 100.0 * factor, "Xeon, 4 cores"))
    (line,) = outcome.lines
    assert line.verdict == "ambiguous"  # the bundle's campaign and this one are of different times
    assert line.comparison.other_times
    assert line.comparison.ratio == pytest.approx(factor, rel=1e-3)
    assert list(line.differs) == ["machine"]
    shown = text.to_text(outcome)
    assert "A: the bundle, AMD EPYC, 2 cores   B: here, " in shown
    assert "question: machine\n" in shown


def test_other_versions_are_told_where_there_is_no_image(checkout, make_result):
    then = side(make_result, 100.0, "m-1", launcher="local", provenance={"image_id": None})
    pins = {"packages": {"numpy": "9.9"}}
    now = side(make_result, 99.0, "m-2", launcher="local", provenance={"image_id": None}, pins=pins)
    (line,) = rerun.verdict(of(then), now).lines
    assert set(line.differs) == {"machine", "software"}
    with pytest.raises(UsageError, match="differ in software"):
        rerun.verdict(of(side(make_result, 100.0, "m-1")), side(make_result, 99.0, "m", pins=pins))


def test_no_verdict_from_one_run_or_none(checkout, make_result):
    (line,) = rerun.verdict(of([make_result()]), [make_result()]).lines
    assert line.verdict == "ambiguous"
    failure = {"reason": "crashed", "message": "it crashed"}
    failed = make_result(status="failed", failure=failure, measurement=None)
    with pytest.raises(UsageError, match=r"no usable run of here, "):
        rerun.verdict(of([make_result()]), [failed])
