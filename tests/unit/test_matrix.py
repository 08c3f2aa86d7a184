"""Campaign files: a matrix, read strictly; every mistake is one line that names the place."""

from __future__ import annotations

import re

import pytest

from harness.campaign import matrix
from harness.errors import UsageError

MATRIX = '[matrix]\nbackends = ["tf"]\n'


@pytest.fixture
def read(tmp_path):
    def call(text):
        file = tmp_path / "campaign.toml"
        file.write_text(text)
        return matrix.read(file, lambda word: "cpu" if word == "auto" else word)

    return call


def test_every_key_arrives(read):
    options = read(
        """
        repeat = 5
        seed = 7
        order_seed = 9
        epochs = 2
        train_samples = 6000
        dataset = "mnist"
        timeout_s = 60
        cool_down_s = 1.5
        idle_wait_s = 0
        unsupported = "skip"
        [matrix]
        backends = ["tf", "theano"]
        modes = ["as-written", "tuned"]
        variants = ["default", "no-pool"]
        devices = ["auto", "cpu", "gpu"]
        threads = ["default", 2]
        batch_sizes = [64, "default"]
        [set]
        "memory_pool.fraction" = 0.5
        "cudnn.enabled" = false
        "environment.OMP_PROC_BIND" = "true"
        """
    )
    assert options.backends == ["tf", "theano"]
    assert options.modes == ["as-written", "tuned"]
    assert options.devices == ["cpu", "gpu"]
    assert options.threads == [None, 2]
    assert options.batch_sizes == [64, None]
    assert options.overrides == {
        "memory_pool.fraction": 0.5,
        "cudnn.enabled": False,
        "environment.OMP_PROC_BIND": "true",
    }
    assert (options.repeat, options.seed, options.order_seed) == (5, 7, 9)
    assert (options.epochs, options.train_samples, options.dataset) == (2, 6000, "mnist")
    assert (options.timeout_s, options.cool_down_s, options.idle_wait_s) == (60, 1.5, 0)
    assert options.unsupported == "skip"


def test_what_is_left_out_is_as_on_the_command_line(read):
    options = read(MATRIX)
    assert (options.variants, options.devices) == (["default"], ["cpu"])
    assert (options.threads, options.batch_sizes) == ([None], [None])
    assert (options.repeat, options.seed, options.order_seed) == (1, 123, None)
    assert options.unsupported == "refuse"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("repeat = 3\n", "key 'matrix' is missing"),
        ("[matrix]\n", "key 'matrix.backends' is missing"),
        ("[matrix]\nbackends = []\n", "matrix.backends"),
        ('[matrix]\nbackends = "tf"\n', "matrix.backends"),
        (
            MATRIX + "batchsizes = [64]\n",
            "allowed keys there: backends, batch_per_gpu, batch_sizes",
        ),
        ("repeats = 3\n" + MATRIX, "unknown key 'repeats'"),
        (MATRIX + "batch_sizes = [0]\n", "matrix.batch_sizes.0"),
        (MATRIX + 'batch_sizes = [64, "128"]\n', 'from 1 to 1,000,000, or "default"'),
        (MATRIX + "threads = [true]\n", "matrix.threads.0"),
        (MATRIX + "threads = [1.5]\n", "matrix.threads.0"),
        (MATRIX + "threads = []\n", "matrix.threads"),
        (MATRIX + 'devices = ["tpu"]\n', "matrix.devices.0"),
        (MATRIX + 'modes = ["fast"]\n', "matrix.modes.0"),
        ('repeat = "3"\n' + MATRIX, "'repeat'"),
        ("repeat = 0\n" + MATRIX, "'repeat'"),
        ("timeout_s = nan\n" + MATRIX, "'timeout_s'"),
        ("cool_down_s = -1\n" + MATRIX, "'cool_down_s'"),
        ('unsupported = "ignore"\n' + MATRIX, "'unsupported'"),
        (MATRIX + "[set]\nmemory_pool.fraction = 0.5\n", "keys with a dot are quoted"),
        (MATRIX + '[set]\n"memory_pool.fracton" = 0.5\n', "did you mean 'memory_pool.fraction'?"),
        ("repeat = = 3\n", "is not valid TOML"),
    ],
)
def test_mistakes_are_one_line(read, text, words):
    with pytest.raises(UsageError) as caught:
        read(text)
    said = str(caught.value)
    assert words in said
    assert "\n" not in said


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(UsageError, match="does not exist"):
        matrix.read(tmp_path / "no.toml", lambda word: "cpu")


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["tf"], "--campaign together with BACKEND"),
        (["--repeat", "1"], "--campaign together with --repeat"),
        (["--batch-size", "64"], "--campaign together with --batch-size"),
        (["--device", "cpu"], "--campaign together with --device"),
        (["--gpus", "0"], "add --device gpu"),
    ],
)
def test_the_command_line_does_not_say_it_again(benchdl, tmp_path, args, words):
    (tmp_path / "c.toml").write_text(MATRIX + 'devices = ["cpu"]\n')
    done = benchdl("run", "--campaign", "c.toml", *args)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert words in line
    assert not (tmp_path / "results").exists()


def test_a_combination_that_cannot_run_is_refused_before_anything_starts(benchdl, tmp_path):
    (tmp_path / "c.toml").write_text(MATRIX + 'devices = ["cpu"]\nvariants = ["no-pool"]\n')
    done = benchdl("run", "--campaign", "c.toml")
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert "backend 'tf' has no variant 'no-pool'" in line


def test_the_page_of_campaigns_names_every_key(repo):
    page = (repo / "docs" / "campaigns.md").read_text()
    keys = {*matrix.CampaignFile.model_fields, *matrix.Matrix.model_fields}
    assert [key for key in sorted(keys) if not re.search(rf"\b{key}\b", page)] == []
