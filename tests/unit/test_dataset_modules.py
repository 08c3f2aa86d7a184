"""A dataset is one module: what it states is true of its workloads, in the docs, and found."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys

import pytest
from conftest import REPO

from harness.errors import UsageError
from harness.provision import discovery, workload_data
from runner.data.labelled_format import LabelledFormat
from runner.workloads import lookup
from runner.workloads.game_workload import EPISODES, GameWorkload
from runner.workloads.tabular_workload import TabularWorkload

SPECS = [discovery.load(name) for name in discovery.names()]


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_what_a_module_states(spec):
    assert discovery.load(spec.name) is spec
    assert len({file.name for file in spec.files}) == len(spec.files)
    proven = spec.files
    if not spec.pinned:  # the source proves it, or a program makes it
        proven = () if spec.program else (*spec.made_from.files, *spec.made_from.downloads)
    if spec.name in ("airline", "airline-1m"):  # nobody published a checksum of benchm-ml's files
        proven = ()
        assert not spec.made_from.pinned
    assert all(re.fullmatch(r"[0-9a-f]{64}", file.sha256) for file in proven)
    assert all(file.size_bytes > len(file.head) for file in spec.files)
    ways = [bool(way) for way in (spec.mirrors, spec.generate, spec.made_from)]
    assert ways.count(True) == (0 if spec.played else 1)
    assert bool(spec.made_from) == bool(spec.prepare)
    assert spec.generate or not spec.program
    assert all(re.fullmatch(r"https://\S+/", mirror) for mirror in spec.mirrors)
    assert spec.source
    assert spec.licence
    if spec.stand_in:
        stand_in = discovery.load(spec.stand_in)
        assert stand_in.generate
        assert (stand_in.sample_shape, stand_in.classes) == (spec.sample_shape, spec.classes)
        assert (stand_in.train_samples, stand_in.test_samples) == (
            spec.train_samples,
            spec.test_samples,
        )


@pytest.mark.slow
@pytest.mark.parametrize(
    "spec", [spec for spec in SPECS if spec.generate and spec.pinned], ids=lambda spec: spec.name
)
def test_what_is_generated_is_what_is_stated(spec):
    for name, content in spec.generate():
        assert hashlib.sha256(content).hexdigest() == spec.sha256[name], name


@pytest.mark.parametrize("workload", lookup.names())
def test_a_workload_fits_its_datasets(workload):
    known = lookup.load(workload)
    for name in workload_data.choices(workload)[1:]:
        spec = discovery.load(name)
        if isinstance(known, GameWorkload):
            assert spec.played
            assert (spec.sample_shape, spec.classes) == (known.rules.shape, known.rules.actions)
            assert (spec.train_samples, spec.test_samples) == (0, EPISODES)
            continue
        rows = known.rows if isinstance(known, TabularWorkload) else None
        assert rows in (None, spec.train_samples)
        whole = isinstance(known.format, LabelledFormat)  # others cut samples out of a text
        assert spec.sample_shape == (known.format.stored.shape if whole else ())
        assert spec.classes == known.format.classes


def test_auto_is_the_first_that_the_workload_names_and_others_are_refused():
    assert workload_data.choices("cnn-mnist") == ["auto", "mnist", "synthetic-mnist"]
    assert workload_data.chosen("auto", "cnn-mnist").name == "mnist"
    with pytest.raises(UsageError, match="unknown dataset 'cifar': choose from auto, mnist, syn"):
        workload_data.chosen("cifar", "cnn-mnist")


def test_the_docs_have_a_row_for_each():
    """To mend it, put the lines that pytest shows into docs/definitions.md, section Datasets."""
    section = (REPO / "docs/definitions.md").read_text().partition("\n## Datasets\n")[2]
    rows = [line for line in section.partition("\n## ")[0].splitlines() if line.startswith("| `")]
    assert rows == [
        f"| `{spec.name}` | {spec.holds} | {_amount(spec)} | "
        f"{'×'.join(map(str, spec.sample_shape)) or 1}{_classes(spec)} | {spec.source} | "
        f"{spec.licence} |"
        for spec in SPECS
    ]


def _amount(spec):
    if spec.played:
        return f"played; {spec.test_samples} episodes to judge by"
    return f"{spec.train_samples:,} + {spec.test_samples:,}"


def _classes(spec):
    return f", {spec.classes} actions" if spec.played else f" in {spec.classes} classes"


@pytest.fixture(scope="module")
def with_another(tmp_path_factory):
    """benchdl with one more dataset, which is one more file."""
    root = tmp_path_factory.mktemp("another") / "root"
    skip = shutil.ignore_patterns("__pycache__", "_root")
    for tree in (REPO, REPO / "tests" / "dummy"):
        for part in ("docker", "harness", "runner"):
            shutil.copytree(tree / part, root / part, ignore=skip, dirs_exist_ok=True)

    def run(*words):
        return subprocess.run(
            [sys.executable, "-c", "from harness.cli.main import main; main()", *words],
            cwd=root,
            env={"PATH": "/usr/bin:/bin", "HOME": str(root), "PYTHONPATH": str(root)},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def test_a_dataset_is_added_by_adding_its_file(with_another):
    done = with_another("data", "fetch", "dummy-squares")
    assert done.returncode == 0, done.stderr
    assert "squares of one shade: this recipe; licence: that of benchdl" in done.stderr
    listed = with_another("data", "list")
    assert re.search(r"^dummy-squares +complete +/", listed.stdout, re.MULTILINE), listed.stdout


def test_a_workload_is_not_trained_on_what_it_does_not_name(with_another):
    done = with_another("run", "tf", "--launcher", "local", "--dataset", "dummy-squares")
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == (
        "benchdl: workload cnn-mnist is not trained on dataset dummy-squares: "
        "choose from auto, mnist, synthetic-mnist"
    )
