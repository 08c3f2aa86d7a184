"""After an engine went away: waiting for it, and removing what it may have kept running.

An engine with live-restore keeps containers over its own restart, and one that was killed leaves
them to its successor: until the engine itself says that a container is gone, it may still run.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import docker
from docker.errors import APIError, NotFound

from harness import engine, interrupts, marks
from harness.engine import EngineFullError, EngineLostError
from harness.errors import BenchdlError
from harness.notices import Say

DEFAULT_WAIT_S = 300.0
_LOOK_S = 1.0


class Recovery:
    """What an engine still owes: containers to be removed, and room for the next one.

    Args:
        client: the engine.
        wait_s: how long it is waited for.
        sleep: waits some seconds, or until the event is set. Tests give another.
    """

    def __init__(
        self,
        client: docker.DockerClient,
        wait_s: float = DEFAULT_WAIT_S,
        sleep: Callable[[float, threading.Event | None], None] | None = None,
    ) -> None:
        self._client = client
        self._wait_s = wait_s
        self._sleep = sleep or interrupts.sleep
        self._owed: dict[str, str] = {}
        self._problem: EngineLostError | None = None

    def note(self, name: str, image: str, problem: EngineLostError | None = None) -> None:
        """The container ``name`` of ``image`` may be there, because of ``problem``."""
        self._problem = problem or self._problem
        self._owed[name] = image

    def settle(self, say: Say, stop: threading.Event | None = None) -> None:
        """Come back once nothing is owed any more; at once if nothing is.

        Raises:
            BenchdlError: not in time.
            KeyboardInterrupt: a signal came, or ``stop`` was set.
        """
        if not self._owed:
            return
        full = isinstance(self._problem, EngineFullError)
        words = "has no room for a container" if full else "went away"
        where = f"the Docker engine at {engine.name(self._client)}"
        say(f"{where} {words}: waiting up to {self._wait_s:.0f} s for it, no job starts meanwhile")
        begin = time.monotonic()
        while True:
            try:
                self._ask(full=full)
            except BenchdlError as problem:
                if time.monotonic() - begin >= self._wait_s:
                    raise BenchdlError(
                        f"{where} {words} and was waited for {self._wait_s:.0f} s: "
                        f"{problem.message}",
                        "mend it, then go on with the campaign; longer with --engine-wait",
                    ) from None
            else:
                self._problem = None
                say(f"the Docker engine is well again after {time.monotonic() - begin:.0f} s")
                return
            self._sleep(_LOOK_S, stop)

    def _ask(self, *, full: bool) -> None:
        """Remove what is owed, and see that the engine has room if it had none."""
        for name, image in list(self._owed.items()):
            with engine.calls(self._client, f"removing container {name}"):
                self._remove(name)
                if full:
                    self._room(f"{name}-room", image)
            self._owed.pop(name, None)

    def _remove(self, name: str) -> None:
        try:
            self._client.api.remove_container(name, force=True, v=True)
        except NotFound:
            return
        except APIError as error:
            if error.response is not None and error.response.status_code == 409:  # it is being
                raise EngineLostError(f"container {name} is not gone yet") from None
            raise

    def _room(self, name: str, image: str) -> None:
        """Make a container and remove it, which is all that tells whether one can be made."""
        try:
            self._client.api.create_container(
                image,
                ["true"],
                name=name,
                labels={marks.HARNESS_LABEL: marks.own()},
                use_config_proxy=False,
            )
        finally:
            self._remove(name)
