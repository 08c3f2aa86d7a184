"""``benchdl run --against``: old and new in one campaign of shuffled blocks."""

from __future__ import annotations

import pytest
import small_data

from harness.campaign import checked, conduct, foresight, one_job, plan, records, resolved
from harness.campaign.plan import Options
from harness.compare import comparing, earlier, text
from harness.errors import BenchdlError, UsageError
from harness.hosts import idle
from harness.launchers.launcher import Exit, Prepared
from harness.launchers.local import LocalLauncher
from harness.store import Store
from harness.tables import rows
from harness.tables.sections import grouped
from harness.tables.selection import Selection
from runner.contract.job import Pins, Provenance, load_job
from runner.contract.result import Idle

OLD, NEW = "sha256:" + 64 * "a", "sha256:" + 64 * "b"
PINNED = {OLD: {"numpy": "1.23.5"}, NEW: {"keras": "2.11.0"}}


class Launcher:
    """Runs no container; ``image`` is what a build gives now, ``images`` what the engine has."""

    name = "docker"

    def __init__(self, make_result):
        self.make_result = make_result
        self.image = OLD
        self.images = {OLD, NEW}
        self.started = []
        self.kept = []
        self.stop_after = None

    def provenance(self, image, name="tf"):
        return Provenance(
            kind="image", reference=f"benchdl/{name}:cpu", flavour="cpu", image_id=image
        )

    def refuse(self, backend): ...

    def prepare(self, backend, flavour, say):
        return Prepared(self.provenance(self.image, backend.name), self.pins(backend, flavour), "")

    def pins(self, backend, flavour):
        return Pins(python="3.9", packages=PINNED[self.image])

    def known(self, image, whose):
        if image not in self.images:
            raise BenchdlError(f"the image of {whose} is gone: {image}", "keep one")
        return self.provenance(image)

    def earlier(self, image, whose, say):
        self.kept.append(image)
        return self.known(image, whose)

    def inside(self, host_dir, role):
        return f"/{role}"

    def check_gpu(self, backend, say): ...

    def check_data(self, files, prepared): ...

    def start(self, order, on_event):
        if self.stop_after == len(self.started):
            raise KeyboardInterrupt
        self.started.append(order)
        job = load_job((order.job_dir / "job.json").read_text())
        slow = 1.2 if job.provenance.image_id == NEW else 1.0
        seconds = slow * (100 + 0.1 * len(self.started))
        result = self.make_result(
            status="ok", run_id=job.run_id, job=job.model_dump(),
            measurement={"phases": {"fit_s": seconds}},
        )  # fmt: skip
        (order.job_dir / "result.json").write_text(result.model_dump_json())
        return Exit("exited", 0)

    def settle(self, say, stop): ...

    def clear(self, campaign_id, say): ...


class Watcher:
    def __init__(self):
        self.lines = []

    def say(self, line):
        self.lines.append(line)

    def download(self, name, size_bytes): ...

    def standing(self, standing): ...
    def job_started(self, job, number, total): ...
    def event(self, job, event): ...
    def job_ended(self, result): ...


@pytest.fixture
def launcher(make_result):
    return Launcher(make_result)


@pytest.fixture
def store(tmp_path, monkeypatch):
    small_data.provided(monkeypatch, "synthetic-mnist", tmp_path)
    monkeypatch.setenv("BENCHDL_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(idle, "wait", lambda **asked: Idle(reached=True, waited_s=0.5))
    # No container ran, so its clock fits nothing that was seen from outside.
    monkeypatch.setattr(one_job.registry, "findings", lambda case: [])
    return Store(tmp_path / "results")


def run(launcher, store, watcher=None, **changes):
    asked = Options(**{"backends": ["tf"], "repeat": 6, "order_seed": 5, **changes})
    plan = resolved.asked(checked.combined(asked), launcher, store)
    return conduct.run(plan, store, watcher or Watcher())


@pytest.fixture
def first(launcher, store):
    """A campaign of the old image, whose settings are no longer those of image.toml."""
    done = run(launcher, store, repeat=1, overrides={"environment.OF_THEN": "1"})
    launcher.image = NEW
    launcher.started.clear()
    return done[0].job.campaign_id


def begun(store):
    """The record of the campaign with an earlier build; ids of one second are in no order."""
    return next(record for record in records.load(store)[0] if record.options.against)


@pytest.mark.parametrize("word", ["latest", "campaign", OLD])
def test_old_and_new_run_in_the_same_shuffled_blocks(launcher, store, first, word):
    done = run(launcher, store, against=word)
    blocks = {}
    for result in done:
        blocks.setdefault(result.job.repeat, []).append(result.job.provenance.image_id)
    assert [sorted(block) for block in blocks.values()] == [[OLD, NEW]] * 6
    assert len({tuple(block) for block in blocks.values()}) == 2  # in both orders
    by_image = {result.job.provenance.image_id: result.job for result in done}
    assert by_image[OLD].settings.environment["OF_THEN"] == "1"
    assert "OF_THEN" not in by_image[NEW].settings.environment
    assert {image: job.pins.packages for image, job in by_image.items()} == PINNED
    assert {order.prepared.provenance.image_id for order in launcher.started} == {OLD, NEW}
    assert len({job.campaign_id for job in by_image.values()}) == 1


def test_the_verdict_is_that_of_pairs(launcher, store, first):
    done = run(launcher, store, against="latest", repeat=8)
    record = records.find(store, done[0].job.campaign_id)
    outcome = earlier.outcome(record, done)
    (line,) = outcome.lines
    assert (line.verdict, line.comparison.pairs) == ("slower", 8)
    assert "image (aaaaaaaaaaaa / bbbbbbbbbbbb)" in text.to_text(outcome)


def test_later_both_builds_are_named_by_their_images(launcher, store, first):
    from harness.compare import sides

    done = run(launcher, store, against="latest", repeat=8)
    found = sides.resolve(
        ("tf:image=aaaa", "tf:image=bbbb"),
        [store],
        print,
        Selection(campaign=done[0].job.campaign_id),
    )
    outcome = comparing.between(found.rows, found.questions, names=found.names)
    assert found.questions == ("image",)
    assert [line.verdict for line in outcome.lines] == ["slower"]
    with pytest.raises(UsageError, match="only one side names its image"):
        sides.resolve(("tf:image=aaaa", "tf:tuned"), [store], print)
    with pytest.raises(UsageError, match="expected image=ID"):
        sides.resolve(("tf:image=nothing", "tf"), [store], print)


def test_the_table_has_a_line_for_each_build(launcher, store, first):

    done = run(launcher, store, against="latest")
    (section,) = grouped([rows.row(result) for result in done])
    assert [len(line.members) for line in section.lines] == [6, 6]


def test_it_can_be_resumed_in_the_same_images(launcher, store, first):
    launcher.stop_after = 5
    with pytest.raises(KeyboardInterrupt):
        run(launcher, store, against="latest")
    launcher.stop_after = None
    record = begun(store)
    done = conduct.resume(record, launcher, store, Watcher())
    good = [result for result in done if result.status == "ok"]
    assert len(good) == 12
    assert not [
        result for result in good if any(f.code == "campaign-changed" for f in result.findings)
    ]
    for result in good:
        old = record.jobs[result.job.campaign_position - 1].configuration.image
        assert result.job.provenance.image_id == (old or NEW)


def test_a_campaign_whose_image_is_gone_cannot_go_on(launcher, store, first):
    launcher.stop_after = 3
    with pytest.raises(KeyboardInterrupt):
        run(launcher, store, against="latest")
    launcher.images.remove(OLD)
    with pytest.raises(BenchdlError, match="the image of tf of an earlier build is gone"):
        conduct.resume(begun(store), launcher, store, Watcher())


@pytest.mark.parametrize(
    ("word", "change", "words"),
    [
        ("latest", "gone", "the image of tf in campaign .* is gone: sha256:aaaa"),
        ("latest", "same", "is still the same .* nothing to compare"),
        ("latest", "other", "has no build of theano for the cpu"),
        (OLD, "other", "it is an image of tf for the cpu, and theano cpu is to run as well"),
        ("nonsense", "", "no campaign 'nonsense'"),
        (64 * "c", "", "is gone"),
    ],
)
def test_what_cannot_be_run_again_is_told_in_one_line(launcher, store, word, change, words):
    run(launcher, store, repeat=1)
    launcher.image = OLD if change == "same" else NEW
    if change == "gone":
        launcher.images.remove(OLD)
    backends = ["tf", "theano"] if change == "other" else ["tf"]
    launcher.started.clear()
    with pytest.raises(BenchdlError, match=words) as refused:
        run(launcher, store, against=word, backends=backends)
    assert "\n" not in str(refused.value)
    assert launcher.started == []


def test_local_environments_have_no_earlier_builds(store):
    with pytest.raises(UsageError, match="earlier builds are images"):
        run(LocalLauncher(), store, against="latest")


def test_records_without_earlier_builds_are_as_before(launcher, store, first):
    record = records.find(store, first)
    assert [environment.earlier for environment in record.environments] == [False]
    assert record.jobs[0].settings is None
    assert plan.Configuration(backend="tf", device="cpu") == record.jobs[0].configuration


@pytest.mark.parametrize(
    ("comparisons", "repeats", "words"),
    [
        (7, 5, "of 7 comparisons at once with 5 repeats none can be called faster or slower"),
        (7, 5, "--repeat 9 can"),
        (1, 3, "3 repeats give medians and no verdict; --repeat 5 can give one"),
    ],
)
def test_repeats_that_cannot_give_a_verdict_are_told_before(comparisons, repeats, words):
    assert words in "\n".join(foresight.notes(comparisons, repeats))


@pytest.mark.parametrize(("comparisons", "repeats"), [(6, 5), (7, 9), (0, 3), (3, 1), (1, 5)])
def test_nothing_is_told_where_a_verdict_is_possible_or_none_was_asked(comparisons, repeats):
    assert list(foresight.notes(comparisons, repeats)) == []


def test_a_campaign_says_it_before_its_first_job(launcher, store):
    watcher = Watcher()
    with pytest.raises(KeyboardInterrupt):
        launcher.stop_after = 0
        run(launcher, store, watcher, repeat=5, threads=[*range(1, 9)])
    assert any("of 7 comparisons at once with 5 repeats none" in line for line in watcher.lines)


def test_a_bundle_asks_nothing_of_an_earlier_build(tmp_path, monkeypatch):
    """Its results go along; its sources and its image never were of this checkout."""
    import bundled

    from harness.bundle import carried, sources

    bundled.as_root(bundled.checkout(tmp_path / "root"), monkeypatch)
    record = bundled.campaign()
    (now,) = record.environments
    then = now.model_copy(update={"image_toml_sha256": "", "earlier": True})
    both = record.model_copy(update={"environments": [then]})
    assert sources.changed(both, None) == []
    assert carried.find(both, object()) == []  # the engine is not asked
