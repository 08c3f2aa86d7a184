"""Limits that round to none, and settings that would not be in force, are refused in one line."""

from __future__ import annotations

import sys

import click
import pytest

from harness import catalog, overruled, toml_models
from harness.campaign import checked, limits
from harness.campaign.matrix import CampaignFile
from harness.campaign.plan import Options
from harness.cli.command import benchdl
from harness.errors import UsageError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

RUN = ["run", "tf", "--launcher", "local", "--device", "cpu"]


@pytest.fixture
def refused(monkeypatch, tmp_path, capsys):
    """The one line with which the command refuses."""
    from harness.cli.main import main

    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        with pytest.raises(SystemExit) as ended:
            main(list(arguments))
        said = capsys.readouterr()
        assert (ended.value.code, said.out) == (2, "")
        assert "Traceback" not in said.err
        assert list(tmp_path.iterdir()) == []
        return said.err.strip().splitlines()[-1]

    return run


@pytest.mark.parametrize("gib", ["0.0000000001", "1e-300", "0.005", "1e300", "1e11"])
def test_a_memory_limit_that_is_none_or_too_little(refused, gib):
    assert "a memory limit of" in refused(*RUN, "--memory", gib)


def helps(command):
    """What the help says of each option, of a verb and of those below it."""
    for option in command.params:
        yield str(option.get_help_record(click.Context(command)))
    for verb in command.list_commands(None) if isinstance(command, click.Group) else ():
        yield from helps(command.get_command(None, verb))


def test_a_help_text_tells_no_end_of_a_range_that_has_none():
    """click writes ``x<=None`` of a range without ends."""
    told = list(helps(benchdl))
    assert len(told) > 100
    assert [line for line in told if "=None" in line] == []


@pytest.mark.parametrize("seconds", ["1e-300", "0.5", "1e300", "1e10"])
def test_a_timeout_that_is_none_or_too_short(refused, seconds):
    assert "'--timeout'" in refused(*RUN, "--timeout", seconds)


def test_the_same_in_a_file_and_in_a_program():
    with pytest.raises(UsageError, match=r"key 'timeout_s': .* greater than or equal to 1"):
        toml_models.validate({"backends": ["tf"], "timeout_s": 1e-300}, Options, "here")
    with pytest.raises(UsageError, match="a memory limit"):
        checked.combined(Options(backends=["tf"], memory_limit_bytes=1))
    assert limits.memory(0.25) == 2**28


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--tag", "a b"], "benchdl: --tag: expected a word of at most 64 letters"),
        (["--note", ""], "benchdl: --note: expected a word or more (found '')"),
    ],
)
def test_what_stands_in_no_file_has_the_options_name(refused, words, said):
    assert said in refused(*RUN, *words)


@pytest.mark.parametrize(
    ("matrix", "said"),
    [
        ({"backends": []}, "here: key 'matrix.backends': expected at least one value"),
        ({"backends": ["tf"], "threads": [0]}, "'matrix.threads.0': expected a number from 1"),
        ([1], "here: key 'matrix': expected a table"),
    ],
)
def test_a_file_is_refused_in_words_that_are_not_pythons(matrix, said):
    with pytest.raises(UsageError) as refusal:
        toml_models.validate({"matrix": matrix}, CampaignFile, "here")
    assert said in str(refusal.value)


@pytest.mark.parametrize("key", ["memory_pool.fraction", "lib.cnmem"])
def test_a_share_of_memory_that_rounds_to_none(refused, key):
    assert "0.001 to 1" in refused("run", "theano", "--device", "cpu", "--set", f"{key}=1e-9")


@pytest.mark.parametrize(
    "words",
    [
        ["compare", "tf", "theano", "--margin", "nan"],
        ["selftest", "--idle-wait", "nan"],
        ["run", "tf", "--idle-wait", "inf"],
        ["run", "tf", "--cool-down", "nan"],
        ["report", "--timelines", "9" * 5000],
        ["report", "--timelines", "²"],
        ["run", "tf", "--device", "gpu", "--gpus", "²"],
        ["compare", "tf:threads=" + "9" * 5000, "tf"],
    ],
    ids=lambda words: " ".join(words)[:40],
)
def test_numbers_that_are_none(refused, words):
    assert len(refused(*words)) < 2500


@pytest.mark.parametrize("more", [["--memory", "2"], ["--injection", "cdi"]])
def test_options_of_containers_are_refused_without_one(refused, more):
    assert "with launcher local" in refused(*RUN, *more)


OVERRULED = {
    "HOME=/x": "benchdl's own",
    "TMPDIR=/x": "benchdl's own",
    "PYTHONPATH=/x": "benchdl's own",
    "BENCHDL_CACHE_DIR=/x": "benchdl's own",
    "NVIDIA_VISIBLE_DEVICES=0": "--gpus",
    "CUDA_VISIBLE_DEVICES=0": "--gpus",
    "KERAS_BACKEND=torch": "another backend",
    "NVIDIA_TF32_OVERRIDE=1": "--precision",
    "TF_FORCE_GPU_ALLOW_GROWTH=false": "memory_pool.mode",
    "THEANO_FLAGS=blas.ldflags=,floatX=float64": "--precision",
    "THEANO_FLAGS=device=cuda1": "--gpus",
}


@pytest.mark.parametrize("pair", OVERRULED)
def test_a_variable_that_benchdl_sets_itself(refused, pair):
    line = refused("run", "theano", "--device", "cpu", "--set", f"environment.{pair}")
    assert "itself" in line
    assert OVERRULED[pair] in line


def test_threads_said_twice(refused):
    pair = ["--set", "environment.OMP_NUM_THREADS=4"]
    assert "--threads sets it" in refused(*RUN, "--threads", "2", *pair)
    overruled.refuse("tf", "as-written", None, {"environment.OMP_NUM_THREADS": "4"})


def test_what_a_mode_sets():
    pair = {"environment.OMP_NUM_THREADS": "4"}
    overruled.refuse("mxnet", "as-written", None, pair)
    with pytest.raises(UsageError, match="mode tuned of mxnet sets it"):
        overruled.refuse("mxnet", "tuned", None, pair)


def test_no_image_file_says_what_would_be_overruled(repo):
    """Each file's own variables and those of its modes and variants are in force."""
    for name in catalog.names():
        spec = tomllib.loads((repo / "docker" / name / "image.toml").read_text(encoding="utf-8"))
        parts = [spec, spec.get("tuned", {}), *spec.get("variants", {}).values()]
        for part in [*parts, *spec.get("local", [])]:
            pairs = {f"environment.{key}": v for key, v in part.get("environment", {}).items()}
            overruled.refuse(name, "tuned" if part is spec.get("tuned") else "as-written", 2, pairs)


def test_the_runner_notices_what_is_not_in_force(make_result, monkeypatch):
    from runner import trainer

    job = make_result(job={"overrides": {"environment.ONE": "1", "memory_pool.mode": "off"}}).job
    monkeypatch.setenv("ONE", "1")
    trainer._in_force(job)
    monkeypatch.setenv("ONE", "1,more")  # as with THEANO_FLAGS
    trainer._in_force(job)
    monkeypatch.setenv("ONE", "2")
    with pytest.raises(RuntimeError, match=r"environment\.ONE is overruled: ONE is '2'"):
        trainer._in_force(job)
