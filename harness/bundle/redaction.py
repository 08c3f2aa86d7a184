"""A bundle tells nothing of its maker's folders: their paths become names for what they are.

Results and logs of local jobs are full of them: the data's folder, the environment's in a cache
below a home, the user's name with it. What is measured is not touched.
"""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterable
from pathlib import Path

from harness import cache, paths
from harness.campaign.records import Campaign
from harness.errors import BenchdlError
from harness.store import Store
from runner.contract.result import Result

_IN_CONTAINERS = ("/data", "/job", "/cache", "/tmp")  # noqa: S108 - the same on every machine
_HOMES = re.compile(rb"(?<![\w.-])(?:/home/[\w.+-]+|/Users/[\w.+-]+|/root(?![\w.-]))")
_EVERYWHERE = "/usr"  # a system's own Python says nothing of anybody
_HOST = "$HOSTNAME"
_SHORTEST_HOST = 3


class Redaction:
    """Replaces the paths of this machine, and of the machine that ran the jobs, in texts."""

    def __init__(self, campaign: Campaign, results: Iterable[Result], store: Store) -> None:
        told = {result.job.data_dir for result in results}
        told |= {str(campaign.options.data_dir or "")}
        known = dict.fromkeys(told, "$BENCHDL_DATA")
        python = campaign.options.python
        if python and not python.is_relative_to(_EVERYWHERE):
            known[str(python.parent.parent)] = "$BENCHDL_PYTHON"
        known[str(store.directory.absolute())] = "$BENCHDL_RESULTS"
        known[str(store.directory.resolve())] = "$BENCHDL_RESULTS"
        for name, place in (("$BENCHDL_CACHE", cache.cache_dir), ("$BENCHDL_ROOT", paths.root),
                            ("~", Path.home)):  # fmt: skip
            try:
                known.setdefault(str(place().absolute()), name)
            except (BenchdlError, RuntimeError):
                continue
        words = {word: named for path, named in known.items() for word in _written(path)}
        longest_first = sorted(words, key=len, reverse=True)
        self._names = {word: words[word].encode() for word in longest_first}
        any_of = b"|".join(map(re.escape, longest_first))
        self._paths = re.compile(rb"(?<![\w.-])(?:%s)(?![\w.-])" % any_of) if any_of else None
        host = socket.gethostname()
        known_host = len(host) >= _SHORTEST_HOST and host != "localhost"
        self._host = re.compile(rb"\b%s\b" % re.escape(host.encode())) if known_host else None

    def text(self, content: bytes) -> bytes:
        """A record or a result, as JSON, without paths of the maker's machine."""
        if self._paths:
            content = self._paths.sub(lambda found: self._names[found[0]], content)
        return _HOMES.sub(b"~", content)

    def log(self, content: bytes) -> bytes:
        """A log, which may hold the machine's name as well."""
        content = self.text(content)
        return self._host.sub(_HOST.encode(), content) if self._host else content

    def words(self, text: str) -> str:
        """A message."""
        return self.text(text.encode("utf-8", "replace")).decode("utf-8", "replace")


def _written(path: str) -> set[bytes]:
    """How a path may stand in a text or in JSON; nothing for what says nothing of a machine."""
    if len(Path(path).parts) < 2 or path in _IN_CONTAINERS or not path.startswith("/"):
        return set()
    escaped = (json.dumps(path)[1:-1], json.dumps(path, ensure_ascii=False)[1:-1])
    return {spelling.encode("utf-8", "surrogateescape") for spelling in (path, *escaped)}
