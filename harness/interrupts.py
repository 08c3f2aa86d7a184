"""Ctrl-C, SIGTERM and SIGHUP as one exception, raised once, and never while state is in hand.

A signal comes between any two steps of a program. Where something is begun that must be ended (a
process, a container, a result on its way to the store) it therefore only sets a flag, which
:func:`check`, :func:`sleep` and the end of :func:`held` look at; elsewhere it raises at once.

A signal that was ignored when benchdl was started stays ignored: ``nohup`` ignores SIGHUP, and a
shell ignores SIGINT for a script's background job. What an embedding program handles in its own
way stays its own. Only the main thread can be interrupted; elsewhere all of this does nothing.
"""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

EXIT_CODE = 130
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)  # the last: the terminal was closed
_DEFAULTS = (signal.SIG_DFL, signal.default_int_handler)
_LOOK_S = 0.2


@dataclass
class _State:
    """``held``: how many bodies of :func:`held` the main thread is in. All of it is its alone."""

    watching: bool = False
    held: int = 0
    received: bool = False
    raised: bool = False
    hook: Callable[[sys.UnraisableHookArgs], object] = sys.__unraisablehook__


_state = _State()


@contextmanager
def once(*, last: bool = False) -> Iterator[None]:
    """Within the body the first signal raises KeyboardInterrupt; later ones are ignored.

    Args:
        last: the process ends after the body: what comes then has no effect any more.
    """
    if not _in_main_thread() or _state.watching:
        yield
        return
    _state.watching, _state.received, _state.raised = True, False, False
    taken = {}
    try:
        for sign in _SIGNALS:
            before = signal.getsignal(sign)
            if before in _DEFAULTS:  # neither ignored nor an embedding program's
                taken[sign] = before
                signal.signal(sign, _handle)
        _state.hook, sys.unraisablehook = sys.unraisablehook, _unraisable
        yield
        check()
    finally:
        for sign, before in taken.items():
            signal.signal(sign, _pass_over if last else before)
        if sys.unraisablehook is _unraisable:
            sys.unraisablehook = _state.hook
        _state.watching = False


@contextmanager
def held() -> Iterator[None]:
    """Within the body a signal waits for :func:`check`, :func:`sleep` or the body's end.

    Raises:
        KeyboardInterrupt: at the end, if a signal came and was not raised yet.
    """
    with once():
        if not _in_main_thread():
            yield
            return
        _state.held += 1
        try:
            yield
        finally:
            _state.held -= 1
        check()


@contextmanager
def released() -> Iterator[None]:
    """Within the body, which may be long and has nothing to lose, a signal raises at once."""
    if not _in_main_thread():
        yield
        return
    check()
    before, _state.held = _state.held, 0
    try:
        yield
    finally:
        _state.held = before


def pending() -> bool:
    """Whether a signal waits to be raised in this thread."""
    return _state.received and not _state.raised and _in_main_thread()


def check() -> None:
    """Raise the signal that waits, if one does: for where nothing is half-done.

    Raises:
        KeyboardInterrupt: one does.
    """
    if pending():
        _state.raised = True
        raise KeyboardInterrupt


def sleep(seconds: float, stop: threading.Event | None = None) -> None:
    """Sleep, unless a signal comes.

    Args:
        seconds: how long.
        stop: set by another thread, it is as good as a signal.

    Raises:
        KeyboardInterrupt: a signal came, or ``stop`` was set.
    """
    until = time.monotonic() + seconds
    while True:
        check()
        if stop is not None and stop.is_set():
            raise KeyboardInterrupt
        left = until - time.monotonic()
        if left <= 0:
            return
        if stop is None:
            time.sleep(min(left, _LOOK_S))
        else:
            stop.wait(min(left, _LOOK_S))


def _handle(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
    _state.received = True
    if not _state.held and not _state.raised:
        _state.raised = True
        raise KeyboardInterrupt


def _unraisable(problem: sys.UnraisableHookArgs) -> None:
    """An interrupt that came in a finaliser went no further: it waits, to be raised elsewhere."""
    if _state.watching and isinstance(problem.exc_value, KeyboardInterrupt):
        _state.raised = False
    else:
        _state.hook(problem)


def _pass_over(number: int, frame: FrameType | None) -> None:
    """Not SIG_IGN, which programs that are started later would inherit."""


def _in_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()
