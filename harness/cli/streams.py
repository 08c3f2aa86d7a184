"""Standard output and standard error of the command: what cannot be written ends no work.

Standard output is for results: where it cannot be written the command ends with one line, or
without any where its reader has gone. Standard error is for notices: one that cannot be written is
dropped, and the work goes on. Both show text from elsewhere as :mod:`harness.printable` makes it.
"""

from __future__ import annotations

import contextlib
import io
import os
import signal
import sys
from collections.abc import Iterator
from typing import Any, TextIO

from harness import printable
from harness.errors import BenchdlError

UNWRITABLE = 74
"""Exit status where standard output cannot be written: EX_IOERR of sysexits(3), and never the 1
that ``compare --fail-on`` ends with."""

CLOSED_PIPE = 128 + signal.SIGPIPE
"""Exit status where the reader of our output has gone: that of a program ended by SIGPIPE."""


class OutputClosedError(BenchdlError):
    """Who read our standard output has gone (``| head``): there is nobody to tell."""

    def __init__(self) -> None:
        super().__init__("standard output was closed", exit_code=CLOSED_PIPE)


class _Door(io.TextIOBase):
    """What stands before a stream of the process; it says of itself what the stream says."""

    def __init__(self, inner: TextIO) -> None:
        self.inner = inner

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return getattr(self.inner, "encoding", None) or "utf-8"

    @property
    def errors(self) -> str:  # type: ignore[override]
        return "backslashreplace"

    def isatty(self) -> bool:
        return self.inner.isatty()

    def fileno(self) -> int:
        return self.inner.fileno()

    def writable(self) -> bool:
        return True

    def _put(self, text: str) -> None:
        """Write what the stream's encoding has, and the rest as escapes."""
        try:
            self.inner.write(text)
        except UnicodeEncodeError:
            name = self.encoding
            self.inner.write(text.encode(name, "backslashreplace").decode(name))


class Results(_Door):
    """Standard output: every write arrives, or the command ends with the reason.

    Raises (on every write):
        OutputClosedError: its reader has gone.
        BenchdlError: it cannot be written, for example to a full disk.
    """

    def write(self, text: str) -> int:
        """Write and flush."""
        try:
            self._put(self._made_safe(text))
            self.inner.flush()
        except BrokenPipeError:
            raise OutputClosedError from None
        except (OSError, ValueError) as error:  # ValueError: the program around us closed it
            reason = getattr(error, "strerror", None) or error
            raise BenchdlError(
                f"cannot write to standard output ({reason})",
                "send it elsewhere and repeat the command; stored results are kept",
                UNWRITABLE,
            ) from None
        return len(text)

    def _made_safe(self, text: str) -> str:
        return printable.document(text)


class Screen(Results):
    """Standard output for tables with colours: their cells were made safe, the colours stay."""

    def _made_safe(self, text: str) -> str:
        return text


class Terminal(_Door):
    """Standard error for a display that writes its own escape sequences: never an error."""

    def write(self, text: str) -> int:
        """Write and flush, or drop it."""
        with contextlib.suppress(OSError, ValueError):
            self._put(text)
            self.inner.flush()
        return len(text)

    def flush(self) -> None:
        """Flush what can be written."""
        with contextlib.suppress(OSError, ValueError):
            self.inner.flush()


class Notices(Terminal):
    """Standard error for text: shown safely, never an error."""

    def write(self, text: str) -> int:
        """Write what shows, or drop it."""
        return super().write(printable.document(text))


def results() -> Results:
    """The door before standard output."""
    return sys.stdout if isinstance(sys.stdout, Results) else Results(sys.stdout)


def screen() -> Screen:
    """Standard output for what writes its own escape sequences."""
    inner: Any = sys.stdout.inner if isinstance(sys.stdout, _Door) else sys.stdout
    return Screen(inner)


def notices() -> Notices:
    """The door before standard error."""
    return sys.stderr if isinstance(sys.stderr, Notices) else Notices(sys.stderr)


def terminal() -> Terminal:
    """Standard error for a display."""
    inner: Any = sys.stderr.inner if isinstance(sys.stderr, _Door) else sys.stderr
    return Terminal(inner)


@contextlib.contextmanager
def guarded() -> Iterator[None]:
    """Within the body whoever prints, a library too, prints through these doors."""
    _complete()
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = results(), notices()
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


def leave() -> None:
    """Let go of what cannot be written, lest the interpreter's end complains of it."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            with contextlib.suppress(OSError, ValueError):
                nowhere = os.open(os.devnull, os.O_WRONLY)
                os.dup2(nowhere, stream.fileno())
                os.close(nowhere)


def _complete() -> None:
    """Give a process that was started without standard streams (``>&-``) some.

    Else the next file that is opened takes the number, and text goes into it. What should be
    written cannot be read and the other way round, so that writing results fails as it should.
    """
    for number, mode in ((0, os.O_WRONLY), (1, os.O_RDONLY), (2, os.O_WRONLY)):
        try:
            os.fstat(number)
        except OSError:
            opened = os.open(os.devnull, mode)  # the lowest number that is free
            if opened == number:
                os.set_inheritable(number, True)
            else:
                os.close(opened)
    if sys.stdout is None:
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    if sys.stderr is None:
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
