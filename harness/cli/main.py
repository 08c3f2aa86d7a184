"""The command ``benchdl``: how it begins and ends."""

from __future__ import annotations

import gc
import signal
import sys
import threading

_SELDOM = 200_000
"""Objects made between two looks for cycles; Python's own number is 700 to 2,000."""


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit; :func:`harness.cli.command.run` has the exit statuses."""
    # Until there is something to be kept Ctrl-C ends the process as it ends any other: importing
    # takes a while, and a traceback of it would tell nobody anything.
    ours = threading.current_thread() is threading.main_thread()
    if ours and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from harness import checkout
    from harness.errors import BenchdlError

    try:
        checkout.check(sys.argv[0])
    except BenchdlError as error:
        from harness.cli import out

        out.say(f"benchdl: {error}")
        sys.exit(error.exit_code)
    # Results are many objects, which live to the end: looking for cycles among those of ten
    # thousand takes a third of a report's time.
    gc.set_threshold(_SELDOM, 20, 100)
    from harness.cli import command

    code = command.run(arguments)
    gc.freeze()  # the interpreter's last look for cycles takes 0.1 s, and frees nothing of use
    sys.exit(code)
