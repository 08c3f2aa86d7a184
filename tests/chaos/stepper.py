"""benchdl with a signal at one exact step of its own code: for tests/integration/test_chaos.py.

    python stepper.py SIGNAL FILE:LINE TIME DELAY_S WHOM -- VERB ...

A step is one line of the harness, or of what it starts, moves and locks things with, that the main
thread comes to for the TIME-th time once the campaign has a folder. ``WHOM`` is ``alone``, or
``group`` as a terminal does. ``SIGNAL`` 0 only counts: how often each line came, as JSON in the
file ``WHOM``.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

import filelock

import harness
from harness.cli import main

HARNESS = Path(harness.__file__).parent
WATCHED = (
    *(str(HARNESS / part) for part in ("campaign/", "launchers/", "store.py", "interrupts.py")),
    subprocess.__file__,
    str(Path(filelock.__file__).parent),
)
EXCEPT = ("campaign/checked.py", "campaign/plan.py", "campaign/outlook.py", "launchers/choice.py")


class Stepper:
    def __init__(self, sign: int, place: str, time: int, delay_s: float, whom: str) -> None:
        self.sign, self.place, self.time = sign, place, time
        self.delay_s, self.whom = delay_s, whom
        self.armed = False
        self.seen: Counter[str] = Counter()

    def heard(self, event: str, args: tuple) -> None:
        if event == "os.mkdir" and not self.armed and ".staging" in os.fsdecode(args[0]):
            self.armed = True

    def call(self, frame, event, arg):
        file = frame.f_code.co_filename
        if file.startswith(WATCHED) and not file.endswith(EXCEPT):
            return self.line
        return None

    def line(self, frame, event, arg):
        if self.armed and event == "line":
            place = f"{frame.f_code.co_filename}:{frame.f_lineno}"
            self.seen[place] += 1
            if place == self.place and self.seen[place] == self.time:
                if self.delay_s:
                    threading.Timer(self.delay_s, self.send).start()
                else:
                    self.send()
        return self.line

    def send(self) -> None:
        if self.whom == "group":
            os.killpg(0, self.sign)
        else:
            os.kill(os.getpid(), self.sign)


def run(words: list[str]) -> None:
    sign, place, time, delay_s, whom = words[:5]
    stepper = Stepper(int(sign), place, int(time), float(delay_s), whom)
    arguments = words[words.index("--") + 1 :]
    sys.addaudithook(stepper.heard)
    sys.settrace(stepper.call)
    try:
        main.main(arguments)
    finally:
        sys.settrace(None)
        if not stepper.sign:
            Path(whom).write_text(json.dumps(stepper.seen))


if __name__ == "__main__":
    run(sys.argv[1:])
