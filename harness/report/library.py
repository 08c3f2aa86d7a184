"""The charting library as one script without imports: Vega-Embed with Vega and Vega-Lite.

vl-convert bundles the JavaScript that it carries, offline, in a second or two; the bundle is kept
in the cache under the versions that it was made of.
"""

from __future__ import annotations

import contextlib
from importlib import metadata

from harness import cache, files
from harness.files import FileError

_MOST_BYTES = 64 * 2**20
_EXPOSE = "window.vegaEmbed = vegaEmbed;"

LICENCE = (
    "Vega, Vega-Lite and Vega-Embed, Copyright (c) University of Washington Interactive Data Lab "
    "and contributors, BSD 3-Clause licence."
)


def script() -> str:
    """A module script that leaves ``vegaEmbed`` on ``window``, kept in the cache if that can be.

    Raises:
        BenchdlError: there is no home directory for the cache.
    """
    directory = cache.cache_dir() / "report"
    kept = directory / f"vega-of-vl-convert-{metadata.version('vl-convert-python')}.js"
    with contextlib.suppress(FileError):
        return files.read_text(kept, _MOST_BYTES)
    import vl_convert  # noqa: PLC0415 - 30 MB, and needed once

    made = vl_convert.javascript_bundle(_EXPOSE)
    # Inside a page nothing may look like the end of the script.
    text = str(made).replace("</script", r"<\/script").replace("<!--", r"<\!--")
    with contextlib.suppress(OSError):
        directory.mkdir(parents=True, exist_ok=True)
        files.write_whole(kept, text)
    return text
