"""The command line: one line and the right status for every wrong request, never a traceback."""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from harness import catalog
from harness.cli import command
from harness.cli.main import main

BENCHDL = Path(sys.executable).parent / "benchdl"
DEAD = {"DOCKER_HOST": "unix:///nonexistent"}
RUN = ["run", "tf", "--launcher", "local", "--device", "cpu"]


@pytest.fixture(autouse=True)
def handlers():
    """The command leaves signals without effect, since its process ends."""
    before = {
        sign: signal.getsignal(sign) for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    }
    yield
    for sign, handler in before.items():
        signal.signal(sign, handler)


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ([], "--help"),
        (["bench"], "No such command 'bench'"),
        (["run"], "BACKEND"),
        (["run", "teano", "--device", "cpu"], "did you mean 'theano'?"),
        ([*RUN, "--variant", "pol"], "did you mean 'pool'?"),
        ([*RUN, "--set", "cudnn.enable=off"], "did you mean 'cudnn.enabled'?"),
        ([*RUN, "--set", "lib.cnmem=2"], "0 is off"),
        ([*RUN, "--workload", "cnn-minst"], "did you mean 'cnn-mnist'?"),
        ([*RUN, "--gpus", "0"], "add --device gpu"),
        (["run", "tf", "--device", "gpu", "--gpus", "first"], "as in --gpus 0,2"),
        (["run", "tf", "--device", "gpu", "--gpus", ""], "as in --gpus 0,2"),
        (["run", "tf", "--device", "tpu"], "--device"),
        ([*RUN, "--epochs", "0"], "--epochs"),
        ([*RUN, "--repeat", "many"], "--repeat"),
        ([*RUN, "--timeout", "0"], "--timeout"),
        ([*RUN, "--timeout", "nan"], "--timeout"),
        ([*RUN, "--memory", "nan"], "--memory"),
        ([*RUN, "--memory", "inf"], "--memory"),
        ([*RUN, "--dataset", "cifar"], "--dataset"),
        ([*RUN, "--colour", "red"], "--colour"),
        ([*RUN, "--batch-size", "0"], "--batch-size"),
        ([*RUN, "--cool-down", "nan"], "--cool-down"),
        ([*RUN, "--idle-wait", "1e9"], "--idle-wait"),
        ([*RUN, "--order-seed", "-1"], "--order-seed"),
        (["run", "--campaign", "no.toml"], "no.toml does not exist"),
        (["resume"], "no campaign 'latest'"),
        (["resume", "gone"], "no campaign 'gone'"),
        (["table", "--format", "xml"], "--format"),
        (["show"], "RUN"),
        (["show", "latest"], "no run 'latest'"),
        (["images", "build", "teano"], "did you mean 'theano'?"),
        (["images", "burn"], "No such command 'burn'"),
        (["data", "fetch", "cifar"], "NAME"),
        (["docs", "methods"], "did you mean 'method'?"),
    ],
    ids=lambda value: " ".join(value)[-36:] if isinstance(value, list) else "",
)
def test_wrong_requests_are_one_line_and_status_2(monkeypatch, capsys, tmp_path, args, words):
    """In this process, since they are many; below are some of them as the real command."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DOCKER_HOST", DEAD["DOCKER_HOST"])
    monkeypatch.setenv("BENCHDL_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("BENCHDL_RESULTS", raising=False)
    with pytest.raises(SystemExit) as left:
        main(args)
    out, err = capsys.readouterr()
    assert left.value.code == 2, err
    (line,) = err.splitlines()
    assert line.startswith("benchdl: ")
    assert words in line
    assert out == ""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "args", [[], ["run", "teano", "--device", "cpu"], [*RUN, "--gpus", "0"], ["show", "latest"]]
)
def test_wrong_requests_of_the_real_command(benchdl, tmp_path, args):
    done = benchdl(*args)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("benchdl: ")
    assert done.stdout == ""
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_that_nobody_asked_about_is_one_line(monkeypatch, capsys):
    """A write to an open file does not know its name."""

    def full(*_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(command.benchdl, "main", full)
    assert command.run(["list"]) == 1
    assert capsys.readouterr().err == (
        "benchdl: a disk is full, here or of the temporary folder: make room there\n"
    )


def test_json_of_a_wrong_request_keeps_standard_output_empty(benchdl):
    done = benchdl("run", "teano", "--json")
    assert (done.returncode, done.stdout) == (2, "")


def test_broken_image_toml_is_one_line_and_does_not_hide_the_others(benchdl, dummy_root, tmp_path):
    root = tmp_path / "root"
    shutil.copytree(dummy_root, root)
    file = root / "docker" / "dummy" / "image.toml"
    file.write_text(file.read_text().replace("title", "titel"))
    env = {**DEAD, "BENCHDL_ROOT": str(root)}

    done = benchdl("run", "dummy", "--device", "cpu", env=env)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert str(file) in line

    listed = benchdl("list", env=env)
    assert listed.returncode == 0
    assert "broken: " in listed.stdout
    assert "no-cudnn" in listed.stdout

    (mended,) = [
        printed
        for printed in benchdl("doctor", env=env).stdout.splitlines()
        if "backend dummy" in printed
    ]
    assert mended.startswith("broken ")


@pytest.mark.parametrize("words", [["list"], ["run", "all", "--device", "cpu"]])
def test_no_backend_at_all_is_one_line(benchdl, tmp_path, words):
    """As beside an installed package, where a folder docker/ is that of the engine's client."""
    for name in ("docker/api", "runner"):
        (tmp_path / "root" / name).mkdir(parents=True)
    done = benchdl(*words, env={**DEAD, "BENCHDL_ROOT": str(tmp_path / "root")})
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"benchdl: no backend in {tmp_path}/root/docker: ")


@pytest.mark.parametrize("word", ["method", "docs/method.md"])
def test_a_page_that_a_message_names_can_be_read(benchdl, repo, word):
    assert benchdl("docs", word).stdout == (repo / "docs" / "method.md").read_text()
    assert f"\n{'method':<12} " in benchdl("docs").stdout


def test_messages_name_pages_that_are_there(repo):
    texts = [file.read_text() for file in (repo / "harness").rglob("*.py")]
    named = {name for text in texts for name in re.findall(r"docs/([a-z]+)\.md", text)}
    assert named
    assert not named - {file.stem for file in (repo / "docs").glob("*.md")}


def test_a_root_that_is_none(benchdl, tmp_path):
    done = benchdl("list", env={"BENCHDL_ROOT": str(tmp_path)})
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "BENCHDL_ROOT" in line


def test_list_shows_backends_variants_and_workloads(benchdl):
    done = benchdl("list")
    assert done.returncode == 0
    for words in ("tf", "theano", "no-pool", "no-cudnn", "pool", "cnn-mnist", "65,402 parameters"):
        assert words in done.stdout
    _, _, workload = done.stdout.partition("  cnn-mnist ")
    assert workload.splitlines()[1].split() == [
        "backends",
        *", ".join(catalog.having("cnn-mnist")).split(),
    ]


@pytest.mark.parametrize(
    ("form", "empty"), [("md", "no results yet: make bench\n"), ("json", "[]\n")]
)
def test_table_of_an_empty_store(benchdl, tmp_path, form, empty):
    done = benchdl("table", "--format", form)
    assert (done.returncode, done.stdout, done.stderr) == (0, empty, "")
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize(
    "words", [("table",), ("report",), ("compare", "tf", "torch"), ("history",), ("runs",)]
)
def test_a_folder_of_results_that_is_named_and_not_there_is_refused(benchdl, tmp_path, words):
    done = benchdl(*words, "--results", "reuslts")
    assert done.returncode == 2
    assert done.stderr == (
        "benchdl: there is no folder reuslts: name one of results with --results\n"
    )
    assert not (tmp_path / "reuslts").exists()


def test_csv_of_an_empty_store_is_its_header(benchdl):
    done = benchdl("table", "--format", "csv")
    assert done.stdout.startswith("run_id,")
    assert done.stdout.count("\n") == 1


def test_damaged_results_are_named_and_skipped(benchdl, stored, make_result, tmp_path):
    stored(tmp_path / "results", make_result())
    (tmp_path / "results" / "20260101t000000z-broken").mkdir()
    done = benchdl("table", "--format", "json")
    assert done.returncode == 0
    assert len(json.loads(done.stdout)) == 1
    assert done.stderr.startswith("skipped ")


def test_show_tells_everything_of_one_run(benchdl, stored, make_result, tmp_path):
    result = make_result(job={"overrides": {"cudnn.enabled": False}})
    stored(tmp_path / "results", result)
    shown = benchdl("show", result.run_id[-8:]).stdout
    assert "E5-2686" not in shown
    assert "are shown by -v" in shown
    shown = benchdl("show", "-v", result.run_id[-8:]).stdout
    assert "are shown by -v" not in shown
    for words in (
        result.run_id,
        "176.4",
        "tensorflow-gpu",
        "65402",
        "Error rate                   0.83 ±0.09 %",
        "Memory, peak (GiB)",
        "epoch  10",
        "E5-2686",
        "cudnn.enabled",
    ):
        assert words in shown
    assert json.loads(benchdl("show", "latest", "--json").stdout)["run_id"] == result.run_id


def test_results_option_wins_over_the_environment(benchdl, stored, make_result, tmp_path):
    stored(tmp_path / "elsewhere", make_result())
    assert benchdl("table", "--format", "json").stdout == "[]\n"
    there = benchdl("table", "--format", "json", "--results", tmp_path / "elsewhere").stdout
    assert len(json.loads(there)) == 1


def test_docker_by_name_without_an_engine(benchdl, tmp_path):
    done = benchdl("run", "tf", "--launcher", "docker", "--device", "cpu", env=DEAD)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith(
        "benchdl: no Docker engine answers at unix:///nonexistent ($DOCKER_HOST): "
    )
    assert "--launcher local" in line


@pytest.mark.parametrize("verb", ["build", "list", "verify"])
def test_images_without_an_engine(benchdl, verb):
    done = benchdl("images", verb, env=DEAD)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "no Docker engine answers" in line


def test_doctor_names_the_dead_engine_with_its_fix(benchdl, tmp_path):
    done = benchdl("doctor", env={**DEAD, "BENCHDL_DATA": str(tmp_path)})
    assert done.returncode == 1
    *lines, answer = done.stdout.splitlines()
    assert all(line.startswith(("ok        ", "first use ", "broken    ")) for line in lines)
    assert all(("  -> " in line) == line.startswith("broken") for line in lines)
    assert "broken, each with its fix" in answer
    (engine,) = [line for line in lines if "Docker engine" in line]
    assert engine.startswith(
        "broken    Docker engine: no Docker engine answers at unix:///nonexistent"
    )
    assert "  -> start it (sudo systemctl start docker)" in engine
    for subject in (
        "Python",
        "tf without Docker",
        "theano without Docker",
        "disk for results",
        "dataset mnist",
        "GPU",
    ):
        assert any(subject in line for line in lines), subject
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize("verb", ["run", "images", "data", "list", "show", "table", "doctor"])
def test_every_verb_has_help(benchdl, verb):
    done = benchdl(verb, "--help")
    assert done.returncode == 0
    assert "Usage: benchdl" in done.stdout


def test_version_and_help(benchdl):
    assert "benchdl, version" in benchdl("--version").stdout
    done = benchdl("-h")
    assert done.returncode == 0
    assert "doctor" in done.stdout


@pytest.mark.parametrize("group", [[], ["fleet"], ["images"], ["data"], ["bundle"], ["runs"]])
def test_a_list_of_verbs_cuts_no_sentence(capsys, group):
    with pytest.raises(SystemExit) as ended:
        main([*group, "--help"])
    assert ended.value.code == 0
    verbs = capsys.readouterr().out.partition("Commands:\n")[2]
    assert verbs
    assert "..." not in verbs


def test_a_reader_that_went_away_is_no_traceback(benchdl, stored, make_result, tmp_path):
    for _ in range(40):
        stored(tmp_path / "results", make_result())
    command = [
        BENCHDL,
        "table",
        "--format",
        "json",
        "--results",
        str(tmp_path / "results"),
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    process.stdout.close()
    said = process.stderr.read()
    process.stderr.close()
    process.wait(20)
    assert "Traceback" not in said
    assert "Exception" not in said
