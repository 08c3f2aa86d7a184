"""``python -m benchmarks.many_gpus --python PATH --out FOLDER``: one call on a host of GPUs.

Every tool by itself with all GPUs before it and with one; data-parallel over 1, 2, 4, 8 in float32
and bfloat16, of a small network and of one that fills a GPU; a job on each GPU side by side; and
somebody else's load on one of them. All of it is ``benchdl run``, printed before it runs, for
``--minutes`` at the most. FOLDER gets the tables, what was seen, the log, and all results in one
archive, packed anew after each step. What did not fit is named, with the call that runs it.

No image is proven on the way (``--no-conform``): ``benchdl conform`` does that at another time.
Words after ``--`` go to every ``benchdl run``, as in ``-- --data-dir FOLDER``, in place of ours.
"""

from __future__ import annotations

import argparse
import shlex
import sys
import tempfile
import time
from contextlib import nullcontext
from pathlib import Path

from benchmarks.many_gpus import kept, steps, timed
from benchmarks.many_gpus.steps import Machine, Step
from benchmarks.many_gpus.timed import Ended, Ran
from benchmarks.many_gpus.typed import Commands
from harness.errors import BenchdlError
from harness.nvidia import host_driver

_RESERVE_S = 25.0
"""For the tables and the archive."""


def _arguments(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.many_gpus",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--python", required=True, metavar="PATH", help="it has the tools")
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--tool", action="append", help=f"default: {', '.join(steps.TOOLS)}")
    parser.add_argument("--step", action="append", metavar="NAME", help="only this one; repeat")
    parser.add_argument(
        "--cpu-ranks", type=int, metavar="N", help="no GPUs: N parts of the CPU, to try it"
    )
    end = words.index("--") if "--" in words else len(words)
    asked = parser.parse_args(words[:end])
    asked.more = words[end + 1 :]
    asked.tool = asked.tool or list(steps.TOOLS)
    return asked


class Session:
    """One call: the steps, and what is kept of them."""

    def __init__(self, asked: argparse.Namespace, commands: Commands, results: Path) -> None:
        self._asked, self._commands, self._results = asked, commands, results
        gpus = host_driver.examine().gpus
        self._last_gpu = gpus[-1].uuid if gpus else ""
        ranks = asked.cpu_ranks
        self.machine = Machine(len(gpus)) if ranks is None else Machine(ranks, "cpu")

    def steps(self) -> list[Step]:
        """Those that are asked for.

        Raises:
            ValueError: one has no such name, or there is nothing to share a job among.
        """
        if self.machine.device == "cpu" and self.machine.count < 1:
            raise ValueError(f"--cpu-ranks {self.machine.count}: give 1 or more")
        if not self.machine.count:
            raise ValueError("the driver shows no GPU: --cpu-ranks N tries it on a CPU")
        every = steps.planned(self.machine, self._asked.tool)
        names = [step.name for step in every]
        for name in self._asked.step or []:
            if name not in names:
                raise ValueError(f"no step {name!r}: {', '.join(names)}")
        return [step for step in every if step.name in (self._asked.step or names)]

    def start(self, step: Step, within_s: float) -> Ran:
        """One step."""
        commands, python, more = self._commands, self._asked.python, self._asked.more
        own = [*step.words, "--idle-wait", "0" if step.loaded else "5", "--cool-down", "0"]
        words = ["run", *in_place(own, more), "--launcher", "python", "--python", python,
                 "--device", self.machine.device, "--no-conform", "--unsupported", "skip",
                 "--tag", step.name, "--results", str(self._results), *more]  # fmt: skip
        load = commands.stranger(python, self._last_gpu) if step.loaded else nullcontext()
        until_s = time.monotonic() + within_s  # the load takes seconds to begin
        try:
            with load:
                return commands.run(words, until_s - time.monotonic())
        except RuntimeError as error:
            self._commands.say(f"many_gpus: {error}")
            return Ran(-1)

    def after(self, ended: Ended) -> None:
        """Whatever happens next, these results are kept."""
        self._commands.say(f"many_gpus: {ended.step.name}: {ended.state}, {ended.seconds:.0f} s")
        self._pack()

    def end(self, ended: list[Ended]) -> int:
        """Tables, and what was seen; 0 if nothing failed."""
        out, ran = self._asked.out, [end for end in ended if end.state != "left out"]
        for side in kept.SIDES if ran else ():
            words = ["table", "--by", side, "--format", "md", "--results", str(self._results)]
            (out / f"by-{side}.md").write_text(self._commands.printed(words), encoding="utf-8")
        seen = kept.text(self._results, ended)
        (out / "seen.md").write_text(seen, encoding="utf-8")
        self._commands.say("\n" + seen)
        self._pack()
        left = [end.step.name for end in ended if end.state in ("left out", "cut off")]
        if left:
            more = shlex.join([word for name in left for word in ("--step", name)])
            self._commands.say(f"many_gpus: no time for {len(left)} steps; again with {more}")
        return 1 if any(end.state == "failed" for end in ended) else 0

    def _pack(self) -> None:
        if self._results.exists():
            kept.pack(self._results, self._asked.out)


def in_place(own: list[str], more: list[str]) -> list[str]:
    """Our words, without the options that the user gives in their place: each may stand once."""
    left, given = list(own), [word for word in own if word.startswith("--") and word in more]
    for option in given:
        at = left.index(option)
        valued = at + 1 < len(left) and not left[at + 1].startswith("--")
        del left[at : at + 1 + valued]
    return left


def main(words: list[str]) -> int:
    """All that fits into the time."""
    begin = time.monotonic()
    asked = _arguments(words)
    asked.out = asked.out.absolute()
    asked.out.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="many-gpus-") as folder,
        (asked.out / "log.txt").open("w", encoding="utf-8") as log,
    ):
        commands = Commands(log)
        session = Session(asked, commands, Path(folder) / "results")
        try:
            wanted = session.steps()
        except (BenchdlError, ValueError) as error:
            sys.stderr.write(f"many_gpus: {error}\n")
            return 2
        until_s = begin + 60 * asked.minutes - _RESERVE_S
        ended = timed.within(wanted, until_s, session.start, session.after, time.monotonic)
        return session.end(ended)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
