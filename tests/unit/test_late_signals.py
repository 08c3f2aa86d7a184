"""Ctrl-C at the beginning, twice, and at the very end of the command: never a traceback."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

# Not the installed command, which passes over Python's variables.
BEGIN = "import sys; sys.argv[0] = 'benchdl'; from harness.cli.main import main; main()"
# Sends this process signals when a module is imported, or when the interpreter ends.
SITE = """
import atexit, os, signal, sys
when, _, signs = os.environ["TEST_SIGNALS"].partition(":")
def send():
    for sign in signs.split(","):
        os.kill(os.getpid(), int(sign))
if when == "exit":
    atexit.register(send)
def hook(event, arguments):
    global when
    if event == "import" and arguments[0] == when:
        when = None
        send()
sys.addaudithook(hook)
"""
INT, TERM = int(signal.SIGINT), int(signal.SIGTERM)


@pytest.mark.parametrize(
    ("when", "signs", "status", "words"),
    [
        ("click", [INT], -INT, ""),
        ("harness.errors", [INT, INT], -INT, ""),
        ("harness.tables.reference_rows", [INT], 130, "benchdl: interrupted"),
        ("harness.tables.reference_rows", [INT, INT, INT], 130, "benchdl: interrupted"),
        ("harness.tables.reference_rows", [TERM, INT], 130, "benchdl: interrupted"),
        ("harness.tables.reference_rows", [INT, TERM, INT], 130, "benchdl: interrupted"),
        ("exit", [INT], 0, ""),
        ("exit", [TERM, INT, INT], 0, ""),
    ],
)
def test_no_traceback(tmp_path, when, signs, status, words):
    (tmp_path / "sitecustomize.py").write_text(SITE)
    env = {
        **os.environ,
        "PYTHONPATH": str(tmp_path),
        "TEST_SIGNALS": f"{when}:{','.join(map(str, signs))}",
        "BENCHDL_RESULTS": str(tmp_path / "results"),
    }
    done = subprocess.run(
        [sys.executable, "-c", BEGIN, "table"],
        env=env,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == status, done.stderr
    said = [line for line in done.stderr.splitlines() if line.strip()]
    assert len(said) == bool(words)
    assert all(line.startswith(words) for line in said)
    assert (done.stdout != "") == (status == 0)
