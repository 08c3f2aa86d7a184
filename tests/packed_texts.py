"""Small archives of texts in the place of the real ones, for tests of how they are prepared."""

from __future__ import annotations

import dataclasses
import gzip
import hashlib
import io
import tarfile

from harness.dataset_spec import Source
from harness.idx_files import texts_and_labels


def archive(members):
    """A ``.tar.gz`` of (path, contents); contents that are None make a link to ``/etc/passwd``."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for path, content in members:
            entry = tarfile.TarInfo(path)
            if content is None:
                entry.type, entry.linkname = tarfile.SYMTYPE, "/etc/passwd"
            else:
                entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content or b""))
    return gzip.compress(packed.getvalue(), mtime=0)  # the same bytes each time


def spec(own, packed, prepare, train, test):
    """The dataset of texts with ``packed`` as its archive, and without stated checksums."""
    shipped = dataclasses.replace(
        own.made_from.shipped, sha256=hashlib.sha256(packed).hexdigest(), size_bytes=len(packed)
    )
    return dataclasses.replace(
        own,
        files=texts_and_labels(train, test, ("", "", "", ""), ""),
        made_from=Source(files=(shipped,), shipped=shipped, urls=own.made_from.urls),
        prepare=prepare,
    )
