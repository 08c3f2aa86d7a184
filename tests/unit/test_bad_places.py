"""Folders that one may not enter, and names that no file can have: one line from every verb.

In a child without privileges: root may enter everything.
"""

from __future__ import annotations

import contextlib
import ctypes
import io
import os
import select
import shutil
import signal
import sys
import traceback
from pathlib import Path

import pytest

from harness.bundle import create, replay, rerun  # noqa: F401
from harness.cli import bundle, report, run  # noqa: F401
from harness.cli import command as cli
from harness.launchers import environments
from harness.report import page, texts  # noqa: F401
from harness.stats import verdicts  # noqa: F401
from harness.store import Store

SECONDS = 60
GOLDEN = Path(__file__).resolve().parents[1] / "golden"
GOLDEN_BUNDLE = GOLDEN / "bundle-1" / "unfinished.tar"
GOLDEN_RECORD = GOLDEN / "campaign-1" / "two-backends.json"
RECORD_ID = "20261124t050000z-campaign-cpu-00c0ffee"
WAITS = ("report to", "run file")
"""A pipe that the user names is waited for, as a shell does."""

PLACES = {
    "closed": lambda top: top / "closed",
    "in a closed one": lambda top: top / "closed" / "below" / "it",
    "5,000 characters": lambda top: "/".join([str(top), *["n" * 100] * 50]),
    "a part of 300": lambda top: top / ("n" * 300) / "it",
    "below a file": lambda top: top / "file" / "it",
    "a file": lambda top: top / "file",
    "NUL": lambda top: f"{top}/a\0b",
    "a loop": lambda top: top / "loop",
    "below a loop": lambda top: top / "loop" / "it",
    "read-only": lambda top: top / "read-only",
    "new in a read-only one": lambda top: top / "read-only" / "new",
    "a pipe": lambda top: top / "pipe",
    "not UTF-8": lambda top: os.fsdecode(os.fsencode(top) + b"/\xff\xfe"),
}

VERBS = {
    "table": "table --results {}",
    "table json": "table --format json --results {}",
    "report": "report --results {} -o {top}/out.html",
    "report to": "report --results {top}/results -o {}",
    "report below": "report --results {top}/results -o {}/report.html",
    "show": "show latest --results {}",
    "compare folders": "compare {} {top}/results",
    "compare": "compare tf theano --results {}",
    "resume": "resume --results {}",
    "bundle create": "bundle create --results {} -o {top}/out.tar",
    "bundle create to": "bundle create --results {top}/results --unfinished -o {}/a.tar",
    "bundle verify": "bundle verify {}",
    "bundle replay": "bundle replay {} -o {top}/out",
    "bundle replay to": "bundle replay {top}/bundle.tar -o {}",
    "bundle rerun": "bundle rerun {} --results {top}/results",
    "gallery": "gallery {} -o {top}/site",
    "gallery to": "gallery {top}/bundle.tar -o {}",
    "run file": "run --campaign {} --results {top}/results",
    "run": "run tf --launcher local --results {}",
    "run data": "run tf --launcher local --results {top}/results --data-dir {}",
    "data list": "data list --data-dir {}",
    "data list, cache": "BENCHDL_CACHE={} data list",
    "data fetch, cache": "BENCHDL_CACHE={} data fetch synthetic-mnist",
    "run, cache": "BENCHDL_CACHE={} run tf --launcher local --results {top}/results",
    "table, results": "BENCHDL_RESULTS={} table",
    "list, root": "BENCHDL_ROOT={} list",
    "run, root": "BENCHDL_ROOT={} run tf --launcher local",
    "data list, data": "BENCHDL_DATA={} data list",
    "data list, home": "HOME={} data list",
    "data fetch, XDG": "XDG_CACHE_HOME={} data fetch synthetic-mnist",
    "table, home": "HOME={} table --results ~/results",
    "doctor": "doctor --results {} --data-dir {}",
    "doctor, cache": "BENCHDL_CACHE={} doctor",
}


@pytest.fixture
def top(tmp_path, make_result):
    """Bad places, a store with a result, and a bundle, to find."""
    for folder in ("closed", "read-only", "home"):
        (tmp_path / folder).mkdir()
    (tmp_path / "closed" / "below").mkdir()
    (tmp_path / "file").write_text("in the way")
    (tmp_path / "loop").symlink_to("loop")
    os.mkfifo(tmp_path / "pipe")
    shutil.copy(GOLDEN_BUNDLE, tmp_path / "bundle.tar")
    Store(tmp_path / "results").add(make_result())
    (tmp_path / "results" / "campaigns").mkdir()
    shutil.copy(GOLDEN_RECORD, tmp_path / "results" / "campaigns" / f"{RECORD_ID}.json")
    (tmp_path / "closed").chmod(0)
    (tmp_path / "read-only").chmod(0o555)
    yield tmp_path
    (tmp_path / "closed").chmod(0o755)


def without_privileges():
    """Give up all capabilities of this process; root is then a user like others (capset(2))."""
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    if ctypes.CDLL(None, use_errno=True).capset(header, (ctypes.c_uint32 * 6)()) != 0:
        raise OSError(ctypes.get_errno(), "capset")


def as_nobody(top, words, environment):
    """Exit status and what was printed, by a child without privileges."""
    readable, writable = os.pipe()
    child = os.fork()
    if child == 0:
        _child(top, words, environment, writable)
    os.close(writable)
    said = b""
    with os.fdopen(readable, "rb") as stream:
        while select.select([stream], [], [], SECONDS)[0]:
            piece = os.read(stream.fileno(), 2**16)
            if not piece:
                break
            said += piece
        else:
            os.kill(child, signal.SIGKILL)
            said += b"\nTraceback: it waits for ever"
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status), said.decode("utf-8", "backslashreplace")


def _child(top, words, environment, writable):
    code = 99
    try:
        text = io.StringIO()
        os.chdir(top)
        without_privileges()
        os.environ.update({"HOME": str(top / "home"), "BENCHDL_CACHE": str(top / "home" / "c")})
        for name in ("BENCHDL_DATA", "BENCHDL_RESULTS", "XDG_CACHE_HOME"):
            os.environ.pop(name, None)
        if "XDG_CACHE_HOME" in environment or "HOME" in environment:
            del os.environ["BENCHDL_CACHE"]
        os.environ.update(environment)
        with contextlib.redirect_stdout(text), contextlib.redirect_stderr(text):
            try:
                code = cli._run(words)
            except BaseException:
                traceback.print_exc()
        os.write(writable, text.getvalue().encode("utf-8", "backslashreplace")[: 2**15])
    finally:
        os._exit(code)


@pytest.mark.slow
@pytest.mark.parametrize("place", PLACES)
def test_every_verb_has_one_line_for_a_bad_place(top, monkeypatch, place):
    # What doctor asks of uv takes seconds, and has nothing to do with places.
    monkeypatch.setattr(
        environments, "choose", lambda backend: (backend.spec.local[0], sys.executable)
    )
    monkeypatch.setenv("DOCKER_HOST", "unix:///nonexistent")
    bad = str(PLACES[place](top))
    wrong = {}
    for name, line in VERBS.items():
        words = [word.replace("{top}", str(top)).replace("{}", bad) for word in line.split()]
        environment = {}
        if "=" in words[0]:
            key, _, value = words.pop(0).partition("=")
            if "\0" in value:
                continue  # no environment can hold it
            environment[key] = value
        if place == "a pipe" and name in WAITS:
            continue
        code, said = as_nobody(top, words, environment)
        told = code == 0 or "benchdl: " in said or name.startswith("doctor")
        if "Traceback" in said or code not in (0, 1, 2) or not told:
            wrong[name] = (code, said[-600:])
    lines = [f"== {name}: {code}\n{said}" for name, (code, said) in wrong.items()]
    assert wrong == {}, "\n".join(lines)
