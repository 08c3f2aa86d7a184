"""``make mutants``: change the code, one thing at a time, and see whether a test fails.

A mutant that survives is a test that is missing, or is explained in explained.toml. Each module is
tried against the tests of tests/unit that reach it, in a copy of the checkout. Not in CI: it takes
hours for all modules, and minutes for one: ``make mutants ARGS=harness/stats/medians.py``.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from mutants import concerned, explained, session, trial  # noqa: E402
from mutants.reached import TestsFailError  # noqa: E402
from mutants.trial import Tried  # noqa: E402


def main() -> int:
    """Try the modules that were asked for; 1 if a survivor is not explained."""
    parser = argparse.ArgumentParser(prog="make mutants", description=__doc__)
    parser.add_argument(
        "modules", nargs="*", metavar="MODULE", help="paths; default: all of concerned.toml"
    )
    try:
        words = parser.parse_args().modules
        return _try(_chosen(words) if words else concerned.modules(ROOT))
    except ValueError as error:
        sys.stderr.write(f"mutants: {error}\n")
        return 2
    except TestsFailError as error:
        sys.stderr.write(f"mutants: tests fail without a mutant, mend them first: {error}\n")
        return 2
    except KeyboardInterrupt:
        sys.stderr.write("mutants: interrupted\n")
        return 130


def _chosen(words: list[str]) -> list[str]:
    files = [Path(word).resolve() for word in words]
    for word, file in zip(words, files, strict=True):
        if not file.is_file() or not file.is_relative_to(ROOT):
            raise ValueError(f"no module {word} in {ROOT.name}")
    return [str(file.relative_to(ROOT)) for file in files]


def _try(modules: list[str]) -> int:
    session.preload()
    known = explained.read()
    tried: list[Tried] = []
    _out("module | mutants | killed | timeouts | survived | explained | minutes")
    _out("--- | --- | --- | --- | --- | --- | ---")
    with tempfile.TemporaryDirectory(prefix="benchdl-mutants-") as folder:
        copy = Path(folder) / "checkout"
        trial.copy(ROOT, copy)
        for module in modules:
            began = time.monotonic()
            found = trial.module(copy, module, concerned.tests(module))
            tried += found
            _out(_line(module, found, known, f"{(time.monotonic() - began) / 60:.1f}"))
            _tell(found, known)
    if len(modules) > 1:
        _out(_line("all", tried, known, ""))
    judged = explained.judge(tried, known)
    for words in judged.idle:
        _out(f"explained, and did not survive: {words}")
    return 1 if judged.unexplained or judged.idle else 0


def _line(name: str, tried: list[Tried], known: list[explained.Explained], minutes: str) -> str:
    counts = Counter(attempt.outcome for attempt in tried)
    left = len(explained.judge(tried, known).unexplained)
    cells = [len(tried), counts["killed"], counts["timeout"], left, counts["survived"] - left]
    return " | ".join([name, *map(str, cells), minutes])


def _tell(tried: list[Tried], known: list[explained.Explained]) -> None:
    for survivor in explained.judge(tried, known).unexplained:
        reach = f"{survivor.tests} tests" if survivor.tests else "no test"
        _show(
            f"survived: {survivor.module}:{survivor.mutant.line}, which {reach} may notice",
            survivor,
        )
    for late in tried:
        if late.outcome == "timeout":  # whether it hangs, or the machine had no time, one reads
            _show(f"met its time limit: {late.module}:{late.mutant.line}", late)


def _show(words: str, attempt: Tried) -> None:
    _err(words)
    for sign, text in (("-", attempt.mutant.was), ("+", attempt.mutant.now)):
        for line in text.splitlines():
            _err(f"  {sign} {line}")


def _out(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _err(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
