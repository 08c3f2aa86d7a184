"""The end of a shard's process is written down, whatever else fails."""

from __future__ import annotations

import pytest

from harness.errors import BenchdlError
from harness.fleet import shard_process
from harness.fleet.shard_files import ShardFolder


def test_what_is_kept_is_in_the_end_file(tmp_path):
    folder = ShardFolder(tmp_path)
    with (
        pytest.raises(BenchdlError),
        shard_process.ended(folder, "7", None, lambda: ["a-run"]),
    ):
        raise BenchdlError("results stay here", "make room")
    end = folder.ends()["7"]
    assert (end.how, end.message, end.kept) == ("failed", "results stay here", ["a-run"])


def test_it_is_written_though_nobody_knows_what_is_kept(tmp_path):
    def kept():
        raise BenchdlError("the local disk is away")

    folder = ShardFolder(tmp_path)
    with shard_process.ended(folder, "7", None, kept):
        pass
    assert (folder.ends()["7"].how, folder.ends()["7"].kept) == ("done", [])
