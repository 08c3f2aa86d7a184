"""The verbs of ``benchdl``, and errors as one line on standard error."""

from __future__ import annotations

import importlib
import os
from typing import Any

import click

from harness import checkout, files, interrupts
from harness.cli import out, streams, twice
from harness.errors import BenchdlError

_VERBS = (
    "run", "resume", "fleet", "images", "data", "list", "runs", "show", "table", "compare",
    "history", "report", "bundle", "import", "gallery", "conform", "selftest", "doctor", "peak",
    "docs", "shard",
)  # fmt: skip
_MODULES = {
    "import": "import_results",
    "list": "listing",
    "peak": "peak_here",
    "runs": "stored_runs",
}


class _Verbs(click.Group):
    """Imports a verb's module when it is used: ``benchdl table`` needs no Docker."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(_VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _VERBS:
            return None
        module = importlib.import_module(f"harness.cli.{_MODULES.get(cmd_name, cmd_name)}")
        command: click.Command = module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name, command, rest = super().resolve_command(ctx, args)
        if command is not None:
            with click.Context(command, info_name=name, parent=ctx) as within:
                twice.refuse(command, within, rest)
        return name, command, rest


@click.group(
    cls=_Verbs, no_args_is_help=False, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(package_name="benchdl")
def benchdl() -> None:
    """How fast does a deep-learning tool train on this machine, and can the number be trusted?"""


def run(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit status.

    0 well, 1 a problem, 2 a wrong request, 74 standard output cannot be written, 130 interrupted,
    141 the reader of our output has gone (``| head``).
    """
    # Whatever the umask is, nobody but the user and his group writes to results and cache.
    # Our own user's part is ours: without it no folder that we make could be used by ourselves.
    os.umask(os.umask(0o077) & 0o077 | 0o002)
    with streams.guarded():
        code = _run(arguments)
    streams.leave()
    return code


def _run(arguments: list[str] | None) -> int:
    try:
        checkout.note(lambda line: out.say(f"benchdl: {line}"))
        with interrupts.once(last=True):
            outcome: Any = benchdl.main(arguments, prog_name="benchdl", standalone_mode=False)
        return outcome if isinstance(outcome, int) else 0
    except streams.OutputClosedError as closed:
        return closed.exit_code
    except BenchdlError as error:
        return _fail(str(error), error.exit_code)
    except click.ClickException as error:
        where = getattr(error, "ctx", None)
        more = f" See: {where.command_path} --help" if where else ""
        return _fail(" ".join(error.format_message().split()) + more, error.exit_code)
    except OSError as error:
        return _fail(_unasked(error), 1)
    except (KeyboardInterrupt, click.Abort):
        return _fail("interrupted", interrupts.EXIT_CODE)


def _unasked(error: OSError) -> str:
    """Of a place that nothing asked about: what is wrong there is all that there is to say.

    Raises:
        OSError: it names no place, and is no full disk.
    """
    if error.filename is not None:
        return f"{files.shown(error.filename)}: {files.reason(error)}"
    if files.is_full(error):
        return "a disk is full, here or of the temporary folder: make room there"
    raise error


def _fail(line: str, code: int) -> int:
    out.say(f"benchdl: {line}")
    return code
