"""Signals: raised once, never while state is in hand, and never where they were ignored before."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from harness import interrupts

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@pytest.fixture(autouse=True)
def defaults():
    before = {sign: signal.getsignal(sign) for sign in SIGNALS}
    for sign in SIGNALS:
        signal.signal(sign, signal.default_int_handler if sign == signal.SIGINT else signal.SIG_DFL)
    yield
    for sign, handler in before.items():
        signal.signal(sign, handler)


def handlers():
    return [signal.getsignal(sign) for sign in SIGNALS]


@pytest.mark.parametrize("sign", SIGNALS)
def test_outside_of_what_is_held_a_signal_raises_at_once_and_only_once(sign):
    before, steps = handlers(), []
    with pytest.raises(KeyboardInterrupt), interrupts.once():
        try:
            signal.raise_signal(sign)
            steps.append("not reached")
        finally:
            for further in SIGNALS:
                signal.raise_signal(further)
            steps.append("cleaned up")
    assert steps == ["cleaned up"]
    assert handlers() == before


@pytest.mark.parametrize("sign", SIGNALS)
def test_what_is_held_comes_to_its_end_first(sign):
    steps = []
    with pytest.raises(KeyboardInterrupt), interrupts.held():
        signal.raise_signal(sign)
        steps.append("began")
        with pytest.raises(KeyboardInterrupt), interrupts.held():
            steps.append("ended")
        interrupts.check()  # it was raised: clean-up is not disturbed by it again
        signal.raise_signal(sign)
        steps.append("cleaned up")
        raise KeyboardInterrupt
    assert steps == ["began", "ended", "cleaned up"]


def test_safe_places_raise_what_waits():
    for place in (interrupts.check, lambda: interrupts.sleep(60)):
        with interrupts.held():
            signal.raise_signal(signal.SIGTERM)
            assert interrupts.pending()
            with pytest.raises(KeyboardInterrupt):
                place()
            assert not interrupts.pending()


def test_a_sleep_notices_a_signal_that_comes_later():
    threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
    with interrupts.held(), pytest.raises(KeyboardInterrupt):
        interrupts.sleep(60)


def test_a_long_part_with_nothing_to_lose_is_cut_short():
    steps = []
    with interrupts.held():
        with pytest.raises(KeyboardInterrupt), interrupts.released():
            signal.raise_signal(signal.SIGINT)
            steps.append("not reached")
        signal.raise_signal(signal.SIGINT)
    assert steps == []


def test_what_was_ignored_stays_ignored():
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with interrupts.held():
        assert handlers()[0] is signal.SIG_IGN
        signal.raise_signal(signal.SIGHUP)
        signal.raise_signal(signal.SIGINT)
        interrupts.check()
    assert handlers()[2] is signal.SIG_IGN
    with pytest.raises(KeyboardInterrupt), interrupts.once():
        signal.raise_signal(signal.SIGTERM)


def test_an_embedding_programs_own_handler_stays():
    heard = []
    signal.signal(signal.SIGTERM, lambda number, frame: heard.append(number))
    with interrupts.held():
        signal.raise_signal(signal.SIGTERM)
        assert not interrupts.pending()
    assert heard == [signal.SIGTERM]


def test_another_thread_holds_and_sleeps_without_signals():
    """As in a notebook whose cell runs in a thread: signal.signal would raise ValueError there."""
    problems, done, stop = [], [], threading.Event()

    def work():
        try:
            with interrupts.once(), interrupts.held(), interrupts.released():
                interrupts.sleep(0.01)
                interrupts.check()
                done.append(True)
            stop.set()
            interrupts.sleep(60, stop)
        except BaseException as problem:
            problems.append(problem)

    with pytest.raises(KeyboardInterrupt), interrupts.held():
        signal.raise_signal(signal.SIGINT)  # the main thread's, not the other's
        thread = threading.Thread(target=work)
        thread.start()
        thread.join(20)
        assert done == [True]
    assert [type(problem) for problem in problems] == [KeyboardInterrupt]  # the event's


COMMAND = """
import sys
from harness import interrupts
with interrupts.once(last=True):
    print("ready", flush=True)
    sys.stdin.readline()
print("ended", flush=True)
sys.stdin.readline()
"""


@pytest.mark.parametrize("sign", SIGNALS)
def test_a_signal_after_the_command_has_ended_changes_nothing(sign):
    process = subprocess.Popen(
        [sys.executable, "-c", COMMAND], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout.readline() == "ready\n"
    process.stdin.write("\n")
    process.stdin.flush()
    assert process.stdout.readline() == "ended\n"
    process.send_signal(sign)
    time.sleep(0.2)
    _, err = process.communicate("\n", timeout=60)
    assert (process.returncode, err) == (0, "")


@pytest.mark.parametrize("sign", [signal.SIGHUP, signal.SIGINT])
def test_a_command_begun_under_nohup_or_in_the_background_of_a_script_goes_on(sign):
    ignoring = f'trap \'\' {sign.name[3:]}; exec "$0" "$@"'
    process = subprocess.Popen(
        ["sh", "-c", ignoring, sys.executable, "-c", COMMAND],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout.readline() == "ready\n"
    process.send_signal(sign)
    time.sleep(0.2)
    out, _ = process.communicate("\n\n", timeout=60)
    assert (process.returncode, out) == (0, "ended\n")


def test_an_interrupt_in_a_finaliser_is_raised_elsewhere_and_is_no_traceback(capfd):
    class Ends:
        def __del__(self):
            signal.raise_signal(signal.SIGTERM)
            time.sleep(0.01)  # the handler runs here, where nothing can be raised to anybody

    with pytest.raises(KeyboardInterrupt), interrupts.once():
        Ends()
        assert interrupts.pending()
        interrupts.check()
    assert "Traceback" not in capfd.readouterr().err
