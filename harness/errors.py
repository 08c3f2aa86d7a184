"""The one exception that reaches a user: what is wrong, and what to do about it."""

from __future__ import annotations


class BenchdlError(Exception):
    """A problem that the user can act on; the CLI prints it on one line, without a traceback.

    Args:
        message: what is wrong.
        advice: what to do; may be empty.
        exit_code: the process's exit status.
    """

    def __init__(self, message: str, advice: str = "", exit_code: int = 1) -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice
        self.exit_code = exit_code

    def __str__(self) -> str:
        text = f"{self.message}: {self.advice}" if self.advice else self.message
        return " ".join(text.split())


class UsageError(BenchdlError):
    """The command line or a configuration file asks for something that does not exist."""

    def __init__(self, message: str, advice: str = "") -> None:
        super().__init__(message, advice, exit_code=2)
